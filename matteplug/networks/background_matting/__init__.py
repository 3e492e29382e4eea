"""Adversarial background matting: a network guided by a clean plate.

The package lists the spec and loads nothing; `model` (torch) is for training and export.
"""

from __future__ import annotations

from matteplug.hookspecs import hookimpl
from matteplug.network import NetworkSpec
from matteplug.weights import default_specs


@hookimpl
def matteplug_networks() -> list[NetworkSpec]:
    """Return background matting's spec where its weights are installed."""
    return default_specs(["background-matting"])
