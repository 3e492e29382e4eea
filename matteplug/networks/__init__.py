"""The built-in networks, one folder each: the spec (plain data) and the torch model."""
