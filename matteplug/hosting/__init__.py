"""Hosts on this machine: where their plug-ins go, installing ours, and whether it works there."""
