"""The light on a scene: sun, lamps, flash, backlight, colours, and a sky from a photograph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.noise import Rng

Array = NDArray[Any]
SKY_LIGHTS = 18
WARM, COLD = np.array([1, 0.82, 0.6]), np.array([0.72, 0.86, 1])


class Lights(NamedTuple):
    """Directional lights, (L, 7) float64: direction to it, RGB, softness in texels of its shadow.

    `keys` cast shadows with edges, `sky` comes from all around. `exposure` is the linear grey that
    the person's mean becomes: low in dim light and for a backlit person.
    """

    keys: Array
    sky: Array
    exposure: float


def draw_lights(rng: Rng, sky_photo: Array | None, facing_rad: float) -> Lights:
    """Draw the light of a scene, of one of several kinds.

    Args:
        rng: random numbers.
        sky_photo: (8, 16, 3) linear, the surroundings; None for an even sky.
        facing_rad: azimuth of the camera, 0 in front of the person.
    """
    kinds: dict[Callable[[Rng, float], tuple[list[Array], float, float]], float] = {
        _plain: 0.4, _backlit: 0.18, _dim: 0.12, _coloured: 0.12, _flash: 0.08, _overcast: 0.1,
    }  # fmt: skip
    kind = list(kinds)[int(rng.choice(len(kinds), p=list(kinds.values())))]
    keys, ambient, exposure = kind(rng, facing_rad)
    tint = rng.uniform(0.4, 1, 3) if kind is _coloured else rng.uniform(0.75, 1, 3)
    stacked = np.stack(keys) if keys else np.zeros((0, 7))
    return Lights(stacked, _sky(rng, sky_photo, ambient, tint), exposure)


def lamp(azimuth_deg: float, elevation_deg: float, colour: Array, softness: float) -> Array:
    """Return a light (7,); azimuth 0 is in front of the person, positive to the person's left."""
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    towards = [np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)]
    return np.array([*towards, *colour, softness])


def _white(rng: Rng) -> Array:
    mix = rng.random()
    return WARM * mix + COLD * (1 - mix)


def _soft(rng: Rng) -> float:
    return float(rng.choice([1.0, 3.0, 8.0, 16.0]))


def _plain(rng: Rng, facing_rad: float) -> tuple[list[Array], float, float]:
    keys = []
    for number in range(int(rng.integers(0, 4))):
        azimuth = rng.uniform(-100, 100) if number == 0 else rng.uniform(-180, 180)
        strength = rng.uniform(1, 5) * (1 if number == 0 else rng.uniform(0.2, 1))
        keys.append(lamp(azimuth, rng.uniform(-5, 65), _white(rng) * strength, _soft(rng)))
    ambient = rng.uniform(0.4, 2.2) if keys else rng.uniform(1.5, 3)
    return keys, ambient, rng.uniform(0.10, 0.26)


def _backlit(rng: Rng, facing_rad: float) -> tuple[list[Array], float, float]:
    behind = np.degrees(facing_rad) + 180
    keys = [
        lamp(behind + rng.normal(0, 35), rng.uniform(0, 50), _white(rng) * rng.uniform(3, 14), s)
        for s in rng.choice([1.0, 3.0, 8.0], int(rng.integers(1, 3)))
    ]
    return keys, rng.uniform(0.3, 1.2), rng.uniform(0.04, 0.18)


def _dim(rng: Rng, facing_rad: float) -> tuple[list[Array], float, float]:
    side = lamp(rng.uniform(-150, 150), rng.uniform(-10, 70), _white(rng) * rng.uniform(0.5, 3), 8)
    return [side], rng.uniform(0.15, 0.8), rng.uniform(0.012, 0.06)


def _coloured(rng: Rng, facing_rad: float) -> tuple[list[Array], float, float]:
    keys = []
    for _ in range(int(rng.integers(1, 4))):
        hue = rng.uniform(0, 2 * np.pi) + np.array([0, 2.094, 4.189])
        vivid = rng.uniform(0.3, 1)
        colour = (1 - vivid) + vivid * (0.5 + 0.5 * np.cos(hue)) ** 1.5
        away, up = rng.uniform(-180, 180), rng.uniform(-20, 60)
        keys.append(lamp(away, up, colour * rng.uniform(1, 5), _soft(rng)))
    return keys, rng.uniform(0.2, 1.5), rng.uniform(0.03, 0.2)


def _flash(rng: Rng, facing_rad: float) -> tuple[list[Array], float, float]:
    near = np.degrees(facing_rad) + rng.normal(0, 6)
    flash = lamp(near, rng.uniform(0, 12), np.full(3, rng.uniform(4, 9)), 1.0)
    return [flash], rng.uniform(0.2, 0.8), rng.uniform(0.15, 0.35)


def _overcast(rng: Rng, facing_rad: float) -> tuple[list[Array], float, float]:
    return [], rng.uniform(1.5, 3), rng.uniform(0.08, 0.24)


def _sky(rng: Rng, photo: Array | None, ambient: float, tint: Array) -> Array:
    """Return `SKY_LIGHTS` lights, evenly spread in a spiral, coloured by the photograph."""
    number = np.arange(SKY_LIGHTS)
    up = 1 - 2 * (number + 0.5) / SKY_LIGHTS
    around = rng.uniform(0, 2 * np.pi) + number * 2.399963  # the golden angle
    flat = np.sqrt(1 - up**2)
    towards = np.stack([flat * np.cos(around), flat * np.sin(around), up], axis=1)
    if photo is None:
        colours = tint * (0.6 + 0.4 * up[:, None])
    else:
        scene = np.roll(photo ** rng.uniform(1, 1.8), rng.integers(16), axis=1)
        scene = 0.6 * scene / (scene.mean() + 0.02)
        gray = scene.mean(axis=2, keepdims=True)
        scene = gray + (scene - gray) * rng.uniform(0.1, 0.6)
        mean = scene.mean(axis=(0, 1))
        scene = scene * (mean.mean() / mean) ** rng.uniform(0.5, 1)
        row = ((1 - up) / 2 * 7.99).astype(int)
        column = (np.arctan2(towards[:, 1], towards[:, 0]) / (2 * np.pi) + 0.5) * 15.99
        colours = scene[row, column.astype(int)]
    strength = ambient * 12 / SKY_LIGHTS
    return np.concatenate([towards, colours * strength, np.ones((SKY_LIGHTS, 1))], axis=1)
