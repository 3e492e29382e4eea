"""Measure a change of the edge controls on a large picture: all of them together.

Prints seconds, and ratios to copying the picture's alpha and colours once in the same run.  The
alpha is a head of hair, so that little but the edge is neither 0 nor 1: ``python
benchmarks/edge_controls.py [--megapixels 12] [--rounds 5]``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from matteplug import MatteOptions
from matteplug.matting import edge_controls
from matteplug.types import Alpha

CHOSEN = MatteOptions(
    remove_islands_px=200,
    fill_holes_px=200,
    smooth_px=2,
    feather_px=3,
    contrast_percent=20,
    shift_edge_percent=-20,
    decontaminate_percent=80,
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    height = round((args.megapixels * 1e6 * 3 / 4) ** 0.5)
    alpha = head(height * 4 // 3, height)
    image = np.random.default_rng(0).integers(0, 256, (*alpha.shape, 3), np.uint8)
    foreground = 255 - image
    tidied = edge_controls.tidy(alpha, CHOSEN)

    def all_together() -> None:
        edge_controls.adjust(edge_controls.tidy(alpha, CHOSEN), CHOSEN)
        edge_controls.decontaminate(image, foreground, CHOSEN.decontaminate_percent)

    copying = best(lambda: (alpha.copy(), image.copy()), args.rounds)
    soft = float(((alpha > 0) & (alpha < 1)).mean())
    print(
        f"{alpha.shape[1]}×{alpha.shape[0]}, {soft:.1%} of it soft, {cv2.getNumThreads()} threads"
    )
    parts: dict[str, Callable[[], object]] = {
        "islands and holes": lambda: edge_controls.tidy(alpha, CHOSEN),
        "smooth to shift edge": lambda: edge_controls.adjust(tidied, CHOSEN),
        "decontaminate": lambda: edge_controls.decontaminate(image, foreground, 80),
        "all together": all_together,
    }
    for name, part in parts.items():
        seconds = best(part, args.rounds)
        print(f"{name:22} {seconds:6.3f} s  {seconds / copying:5.1f} × copying")


def head(width: int, height: int) -> Alpha:
    """Return the alpha of an ellipse with 2000 hairs and 300 specks and pinholes."""
    rng = np.random.default_rng(1)
    drawn = np.zeros((height, width), np.uint8)
    middle, axes = (width // 2, height // 2), (width // 5, height // 3)
    cv2.ellipse(drawn, middle, axes, 0, 0, 360, 255, cv2.FILLED)
    for angle in rng.uniform(0, 2 * np.pi, 2000):
        root = np.array(middle) + np.array(axes) * (np.cos(angle), np.sin(angle))
        tip = root + rng.normal(0, height / 60, 2)
        cv2.line(drawn, root.astype(int).tolist(), tip.astype(int).tolist(), 255, 2, cv2.LINE_AA)
    for x, y in rng.uniform((0.2 * width, 0.2 * height), (0.8 * width, 0.8 * height), (300, 2)):
        spot = drawn[int(y) : int(y) + 9, int(x) : int(x) + 9]
        spot[:] = 255 - spot
    alpha: Alpha = np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.5), np.float32) / np.float32(255)
    return alpha


def best(part: Callable[[], object], rounds: int) -> float:
    """Return the seconds of the quickest of some rounds."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        part()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


if __name__ == "__main__":
    main()
