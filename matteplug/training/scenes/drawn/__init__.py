"""Synthetic objects with exact alpha, grouped by style."""
