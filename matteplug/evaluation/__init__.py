"""Measures mattes as the field does: errors, folders of pictures, methods, tables.

folder ─► samples ─► methods' alphas ─► errors ─► table, JSON or report page
"""
