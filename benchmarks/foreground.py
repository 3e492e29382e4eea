"""Compare estimated foreground colours with plain copying and pymatting.

Prints quality and time.  Composites are made of scikit-image's photographs, so that foreground,
background and alpha are known.  Run with the extra ``dev``: ``python
benchmarks/foreground.py [--size 1024]``.

* recomposed: mean |αF + (1 − α)B − I| over the original background, in 1/255.
* fringe: Σ α|F − F_true|, relative to that of plain copying.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from matteplug.matting import foreground

Floats = NDArray[np.float32]
GREEN = (0.05, 0.85, 0.1)


class Composite(NamedTuple):
    """A composite and the layers it was made of."""

    name: str
    image: Floats
    alpha: Floats
    foreground: Floats
    background: Floats


def scenes(size_px: int) -> Iterator[Composite]:
    """Yield every alpha with every pair of foreground and background."""
    rng = np.random.default_rng(7)
    alphas = {"hair": _hair(size_px, rng), "blur": _blur(size_px), "smoke": _smoke(size_px, rng)}
    fronts = {"photo": _photo("chelsea", size_px), "smooth": _clouds(size_px, rng)}
    backs = {
        "green": np.full((size_px, size_px, 3), GREEN, np.float32),
        "photo": _photo("coffee", size_px),
    }
    for shape, alpha in alphas.items():
        opacity = alpha[..., np.newaxis]
        for front, F in fronts.items():
            for back, B in backs.items():
                noise = rng.normal(0, 1.5 / 255, F.shape)
                mixed = np.clip(opacity * F + (1 - opacity) * B + noise, 0, 1)
                image = (np.rint(mixed * 255) / 255).astype(np.float32)
                yield Composite(f"{shape}, {front} on {back}", image, alpha, F, B)


def recomposed(scene: Composite, F: Floats) -> float:
    """Return the mean error of the composite over the original background, in 1/255."""
    opacity = scene.alpha[..., np.newaxis]
    return float(np.abs(opacity * F + (1 - opacity) * scene.background - scene.image).mean() * 255)


def fringe(scene: Composite, F: Floats) -> float:
    """Return the error of the colours weighted by alpha, relative to that of plain copying."""

    def error(colours: Floats) -> float:
        return float((np.abs(colours - scene.foreground).mean(axis=2) * weight).sum())

    weight = np.where(scene.alpha < 1, scene.alpha, 0)
    return error(F) / error(scene.image)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="side of the composites in pixels")
    size_px = parser.parse_args().size
    methods: dict[str, Callable[[Floats, Floats], Any]] = {
        "copy": lambda image, alpha: image,
        "matteplug": foreground.estimate,
        "pymatting": _pymatting(),
    }
    table = Table(title=f"Straight colours, {size_px}² pixels (recomposed /255 · fringe · seconds)")
    table.add_column("scene", no_wrap=True)
    for name in methods:
        table.add_column(name, justify="right", no_wrap=True)
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in methods}
    for scene in scenes(size_px):
        for name, estimate in methods.items():
            started = time.perf_counter()
            colours = estimate(scene.image, scene.alpha)
            elapsed_s = time.perf_counter() - started
            rows[name].append((recomposed(scene, colours), fringe(scene, colours), elapsed_s))
        table.add_row(scene.name, *(_cell(rows[name][-1]) for name in methods))
    table.add_section()
    table.add_row("mean", *(_cell(np.mean(rows[name], axis=0)) for name in methods))
    Console(width=100).print(table)


def _pymatting() -> Callable[[Floats, Floats], Any]:
    from pymatting import estimate_foreground_ml

    tiny = np.zeros((4, 4, 3), np.float32)
    estimate_foreground_ml(tiny, tiny[..., 0])  # compiles, so that it is not timed
    return estimate_foreground_ml  # type: ignore[no-any-return]


def _cell(row: Any) -> str:
    return f"{row[0]:.2f} · {row[1]:.2f} · {row[2]:.2f}"


def _photo(name: str, size_px: int) -> Floats:
    photo: NDArray[np.uint8] = getattr(skimage.data, name)()
    side = min(photo.shape[:2])
    square = cv2.resize(photo[:side, :side], (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(square / 255, np.float32)


def _clouds(size_px: int, rng: np.random.Generator) -> Floats:
    noise = rng.uniform(0, 1, (6, 6, 3)).astype(np.float32)
    grown = cv2.resize(noise, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return np.clip(grown, 0, 1).astype(np.float32)


def _hair(size_px: int, rng: np.random.Generator) -> Floats:
    canvas = np.zeros((2 * size_px, 2 * size_px), np.uint8)
    radius = 0.45 * size_px
    cv2.circle(canvas, (size_px, size_px), round(radius), 255, -1, cv2.LINE_AA)
    for angle in rng.uniform(0, 2 * np.pi, 700):
        bend = angle + rng.normal(0, 0.3) + np.cumsum(np.full(24, rng.normal(0, 0.02)))
        steps = np.stack([np.cos(bend), np.sin(bend)], axis=1) * rng.uniform(0.2, 0.9) * radius / 24
        root = size_px + 0.95 * radius * np.array([np.cos(angle), np.sin(angle)])
        strand = np.rint((root + np.cumsum(steps, axis=0)) * 16).astype(np.int32)
        cv2.polylines(canvas, [strand], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA, 4)
    half = cv2.resize(canvas, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.asarray(half / 255, np.float32)


def _blur(size_px: int) -> Floats:
    disc = np.zeros((size_px, size_px), np.float32)
    cv2.circle(disc, (size_px // 2, size_px // 2), size_px // 3, 1, -1)
    blurred = cv2.GaussianBlur(disc, (0, 0), size_px / 100)
    return (np.rint(blurred * 255) / 255).astype(np.float32)


def _smoke(size_px: int, rng: np.random.Generator) -> Floats:
    away = np.hypot(*np.meshgrid(*[np.linspace(-1, 1, size_px)] * 2))
    puffs = _clouds(size_px, rng)[..., 0]
    return np.clip(1.3 - 2 * away + 0.6 * puffs, 0, 1).astype(np.float32)


if __name__ == "__main__":
    main()
