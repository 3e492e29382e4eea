"""Pixels: arrays and their checks, colour, and reading and writing picture files."""
