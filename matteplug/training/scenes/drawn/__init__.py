"""Objects drawn by the program, with exact alpha: one style per module."""
