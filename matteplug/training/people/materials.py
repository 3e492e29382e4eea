"""Materials: skin, cloth, eyes, hair; colours are linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.images.srgb import linear_from_srgb
from matteplug.training.people.traits import Traits
from matteplug.training.scenes.noise import Rng, log_uniform

Array = NDArray[Any]
TEXTURE_PX = 512
SKIN, CLOTH, EYE, LASH, PLAIN = range(5)
"""Kinds of material; the textures of eyes and lashes cut holes."""
STRIPES, CHECKS, MOTTLED, RIBS, DOTS = range(1, 6)
"""Patterns of cloth; 0 is none."""
MATERIAL = np.dtype(
    [
        ("kind", "i4"),
        ("texture", "i4"),
        ("pattern", "i4"),
        ("colour", "f4", 3),
        ("second", "f4", 3),
        ("roughness", "f4"),
        ("gloss", "f4"),
        ("repeat", "f4"),
        ("turn", "f4", 2),
        ("shift", "f4", 2),
        ("balance", "f4"),
        ("dyed", "f4"),
        ("stain", "f4"),
        ("stain_scale", "f4"),
        ("bump", "f4"),
        ("bump_scale", "f4"),
    ]
)
_TONES = {
    "caucasian": (0.87, 0.69, 0.59),
    "asian": (0.83, 0.66, 0.52),
    "african": (0.38, 0.25, 0.18),
}
_HAIR = np.array(
    [
        [0.055, 0.048, 0.045], [0.09, 0.07, 0.06], [0.17, 0.115, 0.085], [0.27, 0.19, 0.135],
        [0.40, 0.29, 0.20], [0.62, 0.50, 0.34], [0.78, 0.68, 0.50], [0.45, 0.20, 0.10],
    ]
)  # fmt: skip
_HAIR_PROBABILITIES = [0.2, 0.2, 0.2, 0.15, 0.09, 0.07, 0.05, 0.04]


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """A material; `matteplug.training.people.render.shading` defines what the fields mean.

    `texture` is (TEXTURE_PX, TEXTURE_PX, 4) uint8 sRGB with alpha.
    """

    kind: int
    texture: Array | None = None
    pattern: int = 0
    colour: Array | tuple[float, float, float] = (1, 1, 1)
    second: Array | tuple[float, float, float] = (1, 1, 1)
    roughness: float = 0.6
    gloss: float = 1.0
    repeat: float = 1.0
    turn_rad: float = 0.0
    shift: Array | tuple[float, float] = (0, 0)
    balance: float = 0.0
    dyed: float = 0.0
    stain: float = 0.0
    stain_scale: float = 20.0
    bump: float = 0.0
    bump_scale: float = 20.0

    def record(self, texture: int) -> Array:
        """Return a record of `MATERIAL`; `texture` is the texture's place in the scene, or -1."""
        record = np.zeros((), MATERIAL)
        for name in MATERIAL.names or ():
            if name not in ("texture", "turn"):
                record[name] = getattr(self, name)
        record["texture"] = texture
        record["turn"] = np.cos(self.turn_rad), np.sin(self.turn_rad)
        return record


def dye(rng: Rng) -> Array:
    """Draw a linear RGB colour (3,) of cloth: mostly dark, else light, any, muted or greyish."""
    kind = int(rng.choice(5, p=[0.32, 0.18, 0.2, 0.18, 0.12]))
    if kind == 0:
        srgb = np.full(3, rng.uniform(0.02, 0.3)) * rng.uniform(0.85, 1.15, 3)
    elif kind == 1:
        srgb = np.full(3, rng.uniform(0.7, 0.97)) * rng.uniform(0.93, 1.0, 3)
    elif kind == 2:
        srgb = rng.random(3)
    elif kind == 3:
        srgb = rng.uniform(0.05, 0.9) * rng.uniform(0.75, 1.2, 3)
    else:
        srgb = np.full(3, rng.uniform(0.2, 0.7)) * rng.uniform(0.97, 1.03, 3)
    return linear_from_srgb(np.clip(srgb, 0.01, 0.97))


def hair_colour(rng: Rng, traits: Traits) -> Array:
    """Draw a linear RGB hair colour (3,): grey with age, sometimes dyed."""
    if rng.random() < 0.06:
        return linear_from_srgb(rng.uniform(0.1, 0.9, 3))
    if traits.age > 50 and rng.random() < 0.65:
        return linear_from_srgb(np.full(3, rng.uniform(0.35, 0.9)))
    shade = _HAIR[rng.choice(len(_HAIR), p=_HAIR_PROBABILITIES)]
    varied = shade * rng.uniform(0.85, 1.2) * (1 + rng.normal(0, 0.04, 3))
    return linear_from_srgb(np.clip(varied, 0.02, 0.95)) * 1.25


def skin(rng: Rng, traits: Traits) -> Material:
    """Draw a skin for these traits, with lips as the second colour."""
    tone = sum(fraction * np.array(_TONES[name]) for name, fraction in traits.ancestry.items())
    tone = tone * rng.uniform(0.8, 1.1) * (1 + rng.normal(0, 0.03, 3))
    base = linear_from_srgb(np.clip(tone, 0.06, 0.95))
    lips = (0.85, 0.5, 0.5) if traits.male > 0.5 else (rng.uniform(0.7, 1.1), 0.42, 0.45)
    return Material(
        kind=SKIN, colour=base, second=base * lips, roughness=rng.uniform(0.35, 0.55),
        gloss=rng.uniform(0.5, 1.1), stain=rng.uniform(0.15, 0.6),
        stain_scale=rng.uniform(15, 60), bump=rng.uniform(0, 0.025), bump_scale=400,
    )  # fmt: skip


def printed(rng: Rng, texture: Array) -> Material:
    """Return cloth with the texture of a garment, in varied colours."""
    return _cloth(
        rng, texture=texture, colour=rng.uniform(0.6, 1.3) * (1 + rng.normal(0, 0.12, 3)),
        second=np.clip(dye(rng) * 3, 0, 2.5), dyed=rng.choice([0, rng.random()]),
    )  # fmt: skip


def cloth(rng: Rng, photo: Array | None = None) -> Material:
    """Draw cloth: one colour, a pattern of two, or printed with a photograph."""
    placed: dict[str, Any] = {
        "repeat": rng.uniform(0.6, 4),
        "turn_rad": rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]),
        "shift": rng.random(2),
    }
    if photo is not None:
        return _cloth(
            rng, texture=photo, colour=np.full(3, rng.uniform(0.5, 1.3)),
            second=np.clip(dye(rng) * 3, 0, 2), dyed=rng.choice([0, rng.random()]), **placed,
        )  # fmt: skip
    pattern = rng.choice(
        [0, STRIPES, CHECKS, MOTTLED, DOTS, RIBS], p=[0.5, 0.15, 0.1, 0.08, 0.05, 0.12]
    )
    colour = dye(rng)
    second = colour * 0.35 if pattern == RIBS else dye(rng)
    return _cloth(
        rng,
        pattern=int(pattern),
        colour=colour,
        second=second,
        balance=rng.uniform(-0.8, 0.8),
        **placed,
    )


def knit(rng: Rng) -> Material:
    """Draw knitted wool with vertical ribs."""
    colour = dye(rng)
    return _cloth(
        rng, pattern=RIBS, colour=colour, second=colour * rng.uniform(0.15, 0.5), repeat=1.0
    )


def _cloth(rng: Rng, **fields: Any) -> Material:
    rough = rng.uniform(0.6, 1) if rng.random() < 0.8 else rng.uniform(0.3, 0.6)
    return Material(
        kind=CLOTH, roughness=rough, gloss=rng.uniform(0.05, 0.6),
        stain_scale=log_uniform(rng, 5, 200), bump=rng.uniform(0.05, 0.35),
        bump_scale=rng.uniform(10, 30), **fields,
    )  # fmt: skip


def solid(rng: Rng, colour: Array | None = None) -> Material:
    """Draw a smooth hard material, like plastic, leather, lacquer or metal."""
    colour = dye(rng) if colour is None else colour
    return Material(
        kind=PLAIN, colour=colour, roughness=rng.uniform(0.2, 0.6), gloss=rng.uniform(0.3, 1.5)
    )


def eye(texture: Array) -> Material:
    """Return the material of eyeballs."""
    return Material(kind=EYE, texture=texture, roughness=0.12, gloss=1.5)


def lashes(texture: Array, colour: Array) -> Material:
    """Return the material of brows or lashes: one colour, cut out by the texture."""
    return Material(kind=LASH, texture=texture, colour=colour, gloss=0.1)
