"""Measure mattes as the field does: the errors, the folders of pictures, the methods, the tables.

folder ─► samples ─► methods' alphas ─► errors ─► table, JSON or report page
"""
