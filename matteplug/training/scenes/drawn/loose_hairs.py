"""Single long loose hairs, far outside the body that they grow from."""

from __future__ import annotations

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout
from matteplug.training.scenes.drawn.strands import (
    SAMPLES,
    courses,
    fall,
    paint,
    rooted,
    stroke_widths,
)
from matteplug.training.scenes.noise import Rng, log_uniform


def loose_hairs(rng: Rng, size_px: int) -> Cutout:
    """Draw a body with a short dense coat, and a few hairs several times as long."""
    canvas = Canvas(size_px, SAMPLES)
    edge = canvas.edge
    centre = outlines.somewhere(rng, edge, 0.25, 0.75)
    outline = outlines.blob(rng, centre, rng.uniform(0.12, 0.28) * edge, rng.uniform(0.02, 0.25))
    tone, shade = rng.uniform(0, 255), NEUTRAL * rng.uniform(0.5, 1.1)
    singles = int(log_uniform(rng, 8, 90))
    roots, angles, _ = rooted(rng, outline, singles, 0.15)
    angles = angles + rng.normal(0, rng.uniform(0.1, 0.7), singles)
    lengths = rng.uniform(0.25, 0.8) * edge * rng.uniform(0.4, 1.1, singles)
    hairs = courses(rng, roots, angles, lengths, rng.uniform(0.2, 1.6))
    if rng.random() < 0.5:
        hairs = fall(hairs, rng.uniform(0.1, 0.9))
    canvas.fill(outline, shade, tone)
    coat = int(log_uniform(rng, 150, 1200))
    roots, angles, _ = rooted(rng, outline, coat, 0.4)
    angles = angles + rng.normal(0, 0.35, coat)
    short = courses(rng, roots, angles, rng.uniform(0.02, 0.1, coat) * edge, 0.4)
    paint(rng, canvas, short, stroke_widths(rng, coat, 1.5, 4.0), tone=tone)
    paint(rng, canvas, hairs, stroke_widths(rng, singles, 1.0, 3.5), tone=tone, contrast=0.5)
    return canvas.focused(rng, "strands")
