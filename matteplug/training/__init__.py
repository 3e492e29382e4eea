"""Trains networks: data, losses, recipes, runs.  Needs the extra “train”."""
