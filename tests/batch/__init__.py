"""Tests of ``matteplug batch``."""
