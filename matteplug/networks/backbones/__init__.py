"""Encoders that several networks share, in torchvision's layout and under its parameter names."""
