"""Tiny: a network family in a package of its own. Listing it imports no torch."""

from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec


@hookimpl
def matteplug_families() -> list[FamilySpec]:
    """Return the one family of this package."""
    return [
        FamilySpec(
            id="tiny",
            module="matteplug_tiny.family",
            recipe="matteplug_tiny.recipe:recipe",
        )
    ]
