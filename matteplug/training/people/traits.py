"""A person's traits, which determine body, face and the choice of clothes and hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteplug.training.scenes.noise import Rng


@dataclass(frozen=True, kw_only=True)
class Traits:
    """An adult.

    Attributes:
        male: 0 to 1.
        age: years, 18 to 85.
        ancestry: fractions of "caucasian", "african" and "asian", the parts' names.
        muscle, weight: 0 to 1.
        height: about -1 to 1, 0 the mean.
        smile, open_mouth: 0 to 1.
        blink: eyes shut.
    """

    male: float
    age: float
    ancestry: dict[str, float]
    muscle: float
    weight: float
    height: float
    smile: float
    open_mouth: float
    blink: bool


def draw_traits(rng: Rng) -> Traits:
    """Draw an adult."""
    spans = [(18, 30), (18, 45), (30, 60), (40, 85)]
    low, high = spans[int(rng.integers(len(spans)))]
    fractions = rng.dirichlet([0.6, 0.6, 0.6])
    return Traits(
        male=float(np.clip(rng.choice([0.05, 0.95]) + rng.normal(0, 0.08), 0, 1)),
        age=float(rng.uniform(low, high)),
        ancestry=dict(zip(("caucasian", "african", "asian"), map(float, fractions), strict=True)),
        muscle=float(rng.uniform(0.2, 0.8)),
        weight=float(np.clip(rng.normal(0.5, 0.22), 0, 1)),
        height=float(rng.normal(0, 0.3)),
        smile=float(max(0, rng.uniform(-0.4, 1.0))),
        open_mouth=float(max(0, rng.uniform(-1.2, 0.5))),
        blink=bool(rng.random() < 0.06),
    )
