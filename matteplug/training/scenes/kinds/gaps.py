"""Gaps that show only background and lie wholly in the unknown area, as under an arm."""

from __future__ import annotations

from matteplug.training.scenes import holes
from matteplug.training.scenes.kinds.kind import SceneLayers, Supplies
from matteplug.training.scenes.noise import Rng

SMALLEST_PX = 4.0
"""Smallest mean radius of a gap."""
LARGEST = 0.22
"""Largest, as a fraction of the picture's side."""


def arrange(rng: Rng, scene: SceneLayers, supplies: Supplies) -> SceneLayers:
    """Cut gaps, larger than those of other scenes; the trimap gives none of them away."""
    alpha = holes.cut(rng, scene.alpha, SMALLEST_PX, LARGEST)
    return scene._replace(alpha=alpha, hidden=alpha < scene.alpha)
