"""The body's shape: morph targets for sex, age, build and ancestry, a face, an expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.training.people.body.parts import Parts
from matteplug.training.people.traits import Traits
from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
_FACE = {"asym": (0.3, 0.35), "eyes": (0.25, 0.35), "ears": (0.25, 0.35)} | dict.fromkeys(
    ("head", "nose", "mouth", "chin", "cheek", "forehead", "eyebrows", "neck"), (0.35, 0.45)
)
"""Probability that a detail of a group is changed, and the deviation of the change."""
_UNCHANGED = ("head/head-trans", "head/head-angle", "neck/neck-trans", "neck/neck-scale-vert")


def draw_body(parts: Parts, rng: Rng, traits: Traits) -> Array:
    """Return the body's vertices (V, 3) in rest pose, decimetres, y up."""
    shape = _Shape(parts)
    sexes = {"male": traits.male, "female": 1 - traits.male}
    ages = _between(traits.age, {"young": 25.0, "old": 90.0})
    muscles = _between(traits.muscle, {"minmuscle": 0.0, "averagemuscle": 0.5, "maxmuscle": 1.0})
    builds = _between(traits.weight, {"minweight": 0.0, "averageweight": 0.5, "maxweight": 1.0})
    tall = "maxheight" if traits.height > 0 else "minheight"
    for sex, a in sexes.items():
        for age, b in ages.items():
            for people, c in traits.ancestry.items():
                shape.add(f"macrodetails/{people}-{sex}-{age}", a * b * c)
            for muscle, c in muscles.items():
                for build, d in builds.items():
                    name = f"macrodetails/universal-{sex}-{age}-{muscle}-{build}"
                    shape.add(name, a * b * c * d)
            build = f"macrodetails/height/{sex}-{age}-averagemuscle-averageweight-{tall}"
            shape.add(build, a * b * abs(traits.height))
    _features(parts, rng, shape)
    _expression(parts, rng, shape, traits)
    return shape.vertices


class _Shape:
    def __init__(self, parts: Parts) -> None:
        self._targets = parts.targets
        self.vertices: Array = parts.body.copy()

    def add(self, target: str, amount: float) -> None:
        if target in self._targets and abs(amount) > 1e-3:
            index, delta = self._targets[target]
            self.vertices[index] += amount * delta


def _between(value: float, knots: Mapping[str, float]) -> dict[str, float]:
    """Return the fractions of the two knots next to a value."""
    names, places = list(knots), list(knots.values())
    high = int(np.clip(np.searchsorted(places, value), 1, len(places) - 1))
    fraction = float(np.clip((value - places[high - 1]) / (places[high] - places[high - 1]), 0, 1))
    return {names[high - 1]: 1 - fraction, names[high]: fraction}


def _features(parts: Parts, rng: Rng, shape: _Shape) -> None:
    for target in parts.targets:
        group = target.split("/")[0]
        if group in _FACE and "/r-" not in target and not target.startswith(_UNCHANGED):
            often, spread = _FACE[group]
            if rng.random() < often:
                amount = min(abs(rng.normal()) * spread, 1.0)
                shape.add(target, amount)
                if "/l-" in target:
                    shape.add(target.replace("/l-", "/r-"), amount)
        elif group == "torso" and "trans" not in target and rng.random() < 0.25:
            shape.add(target, min(abs(rng.normal()) * 0.35, 0.8))


def _expression(parts: Parts, rng: Rng, shape: _Shape, traits: Traits) -> None:
    for target in parts.targets:
        if not target.startswith("expression/"):
            continue
        name = target.split("/")[-1]
        if name == "mouth-corner-puller":
            shape.add(target, traits.smile)
        elif name == "mouth-open":
            shape.add(target, traits.open_mouth)
        elif "closure" in name:
            shape.add(target, float(traits.blink))
        elif any(word in name for word in ("brow", "mouth", "slit")) and rng.random() < 0.15:
            shape.add(target, min(abs(rng.normal()) * 0.3, 0.6))
