"""Pixels and picture files: arrays and their checks, colour, reading and writing."""
