"""Hair and fur: curved, tapering, clumped strands that shade one another and grow from soft bodies.

Guides set the course of a lock; its strands follow the guide and converge towards the tip.  Far
strands are drawn first; each is darker at the root, in the shadow of its neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matteplug.training.scenes.drawn import outlines
from matteplug.training.scenes.drawn.cutout import NEUTRAL, Canvas, Cutout
from matteplug.training.scenes.noise import Rng, log_uniform, smooth_steps

Floats = NDArray[np.float64]
SAMPLES = 3
POINTS = 13
PIECES = 4
"""A strand is drawn in four pieces of three segments, each thinner and lit differently."""
TOGETHER = 16
"""Strands of the same light and tone: drawing them in one call makes the drawing fast."""


def courses(rng: Rng, roots: Floats, angles: Floats, lengths: Floats, curl: float) -> Floats:
    """Return (L, POINTS, 2) curves from roots (L, 2), starting at `angles`, bending as they go."""
    count = len(roots)
    along = np.linspace(0.0, 1.0, POINTS)[None]
    bend = rng.normal(0, curl, (count, 1)) * along + rng.normal(0, curl, (count, 1)) * along**2
    if rng.random() < 0.4:
        waves = rng.uniform(3, 18)
        bend = bend + rng.uniform(0, 0.6) * np.sin(waves * along + rng.uniform(0, 6.28, (count, 1)))
    heading = angles[:, None] + bend
    step = lengths[:, None, None] / (POINTS - 1)
    steps = step * np.stack([np.cos(heading), np.sin(heading)], axis=2)
    steps[:, 0] = 0
    paths: Floats = roots[:, None] + np.cumsum(steps, axis=1)
    return paths


def fall(paths: Floats, strength: float) -> Floats:
    """Return curves bent downwards, the more the farther from their root."""
    along = np.linspace(0.0, 1.0, paths.shape[1])[None]
    reach = np.linalg.norm(paths[:, -1] - paths[:, 0], axis=1)[:, None]
    dropped: Floats = paths.copy()
    dropped[..., 1] += strength * reach * along**2
    return dropped


def locks(rng: Rng, guides: Floats, strands: int, spread_px: float, pinch: float) -> Floats:
    """Return (strands, POINTS, 2): each beside a guide, closer to it towards the tip."""
    of = np.sort(rng.integers(0, len(guides), strands))
    along = np.linspace(0.0, 1.0, POINTS)[None, :, None]
    beside = rng.normal(0, spread_px, (strands, 1, 2)) * (1 - pinch * along)
    astray = rng.normal(0, spread_px * 0.7, (strands, 1, 2)) * along**2
    root = guides[of][:, :1]
    return root + (guides[of] - root) * rng.uniform(0.55, 1.1, (strands, 1, 1)) + beside + astray


def paint(
    rng: Rng, canvas: Canvas, paths: Floats, widths: Floats, *, tone: float, contrast: float = 0.35
) -> None:
    """Draw tapering strands (L, POINTS, 2) in order, far to near; `widths` in enlarged pixels."""
    segments = (POINTS - 1) // PIECES
    light = np.linspace(0.75, 1.1, PIECES) if rng.random() < 0.8 else np.ones(PIECES)
    gloss = rng.uniform(0, 0.6) if rng.random() < 0.4 else 0.0
    shine_at = int(rng.integers(0, PIECES))
    taper = np.linspace(1.0, rng.uniform(0.25, 0.7), PIECES)
    for start in range(0, len(paths), TOGETHER):
        group = paths[start : start + TOGETHER]
        shade = NEUTRAL * np.exp(rng.normal(-0.05, contrast))
        group_tone = np.clip(tone + rng.normal(0, 60), 0, 255)
        width = float(widths[start])
        for piece in range(PIECES):
            part = group[:, piece * segments : (piece + 1) * segments + 1]
            lit = shade * light[piece] * (1 + gloss * (piece == shine_at))
            canvas.strokes(part, width * taper[piece], lit, group_tone)


def rooted(
    rng: Rng, outline: Floats, count: int, depth: float, kept: NDArray[np.bool_] | None = None
) -> tuple[Floats, Floats, Floats]:
    """Choose roots near an outline: positions (count, 2), outward angles, places along it [0, 1).

    Roots lie up to the fraction `depth` of the way to the middle, sorted outermost first.  `kept`
    (points of the outline,) says where roots may be.
    """
    index = rng.integers(0, len(outline), count)
    if kept is not None:
        index = rng.choice(np.flatnonzero(kept), count)
    inward = np.sort(rng.uniform(0, depth, count) ** 1.3)[:, None]
    roots = outline[index] * (1 - inward) + outline.mean(axis=0) * inward
    outward = outlines.normals(outline)[index]
    return roots, np.arctan2(outward[:, 1], outward[:, 0]), index / len(outline)


def stretch(rng: Rng, outline: Floats, longest: float) -> NDArray[np.bool_]:
    """Return a mask (points of the outline,) of a stretch, a fifth to `longest` of an outline."""
    first, fraction = rng.random(), rng.uniform(0.2, longest)
    chosen: NDArray[np.bool_] = (
        np.linspace(0, 1, len(outline), endpoint=False) - first
    ) % 1 < fraction
    return chosen


def bodies(rng: Rng, canvas: Canvas) -> list[Floats]:
    """Return the outlines that strands grow from: a body, sometimes with ears, head or limbs."""
    edge = canvas.edge
    main = outlines.blob(
        rng, outlines.somewhere(rng, edge), rng.uniform(0.18, 0.5) * edge, rng.uniform(0.02, 0.3)
    )
    parts = [main]
    for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.6 else 0):
        root = main[int(rng.integers(len(main)))]
        reach = np.linalg.norm(root - main.mean(axis=0))
        parts.append(
            outlines.blob(rng, root, reach * rng.uniform(0.2, 0.7), rng.uniform(0.02, 0.3))
        )
    return parts


def stroke_widths(rng: Rng, count: int, finest: float, coarsest: float) -> Floats:
    """Draw widths in enlarged pixels, mostly thin."""
    return finest + (coarsest - finest) * rng.random(count) ** 2


def fur(rng: Rng, size_px: int) -> Cutout:
    """Draw a furry body: thousands of short strands, over the body as well as around it."""
    canvas = Canvas(size_px, SAMPLES)
    parts = bodies(rng, canvas)
    strands = int(log_uniform(rng, 1500, 4500))
    spans = np.array([np.ptp(part) for part in parts])
    longest = log_uniform(rng, 0.02, 0.11) * canvas.edge
    tone, depth, lock = rng.uniform(0, 255), rng.uniform(0.3, 0.9), log_uniform(rng, 1.5, 16)
    shade = NEUTRAL * rng.uniform(0.55, 1.0)
    coarsest = rng.uniform(3.0, 8.0)
    comb = rng.uniform(0, 2 * np.pi)
    combed = rng.uniform(0.2, 1.3) if rng.random() < 0.7 else 0.0
    unruly = rng.uniform(0.05, 0.45)
    for outline, fraction in zip(parts, spans / spans.sum(), strict=True):
        canvas.fill(outline, shade, tone)
        count = max(60, int(strands * fraction))
        guides = max(30, int(count / lock))
        roots, angles, place = rooted(rng, outline, guides, depth)
        angles = angles + np.sin(comb - angles) * combed
        angles = angles + smooth_steps(rng, 40, place, rng.uniform(0.05, 0.4))
        angles = angles + rng.normal(0, unruly, guides)
        lengths = (
            longest * rng.uniform(0.4, 1.2, guides) * np.exp(smooth_steps(rng, 20, place, 0.35))
        )
        paths = courses(rng, roots, angles, lengths, rng.uniform(0.05, 0.9))
        spread = longest * rng.uniform(0.05, 0.2)
        paths = locks(rng, paths, count, spread, rng.uniform(0.0, 0.8))
        widths = stroke_widths(rng, count, 1.5, coarsest)
        paint(rng, canvas, paths, widths, tone=tone, contrast=rng.uniform(0.1, 0.4))
    return canvas.focused(rng, "strands")


def hair(rng: Rng, size_px: int) -> Cutout:
    """Draw a head of long hair: locks that fall and fly, dense near the head, single at tips."""
    canvas = Canvas(size_px, SAMPLES)
    outline = bodies(rng, canvas)[0]
    strands = int(log_uniform(rng, 1000, 4500))
    guides = max(10, int(strands / log_uniform(rng, 8, 80)))
    kept = stretch(rng, outline, 0.7) if rng.random() < 0.6 else np.ones(len(outline), bool)
    roots, angles, place = rooted(rng, outline, guides, rng.uniform(0.1, 0.7), kept)
    angles = angles + smooth_steps(rng, 16, place, rng.uniform(0.1, 0.7))
    angles = angles + rng.normal(0, rng.uniform(0.03, 0.25), guides)
    longest = rng.uniform(0.1, 0.45) * canvas.edge
    lengths = longest * rng.uniform(0.4, 1.1, guides)
    leading = courses(rng, roots, angles, lengths, rng.uniform(0.05, 0.7))
    if rng.random() < 0.7:
        leading = fall(leading, rng.uniform(0.1, 1.6))
    thickness = longest * rng.uniform(0.03, 0.12)
    paths = locks(rng, leading, strands, thickness, rng.uniform(0.0, 0.7))
    widths = stroke_widths(rng, strands, 1.0, rng.uniform(2.5, 5.0))
    tone = rng.uniform(0, 255)
    if behind := rng.random() < 0.5:
        paint(rng, canvas, paths, widths, tone=tone)
    canvas.fill(outline, NEUTRAL * rng.uniform(0.5, 1.1), rng.uniform(0, 255))
    paint(rng, canvas, paths[:: 2 if behind else 1], widths, tone=tone)
    stray(rng, canvas, roots, longest, tone)
    return canvas.focused(rng, "strands")


def mane(rng: Rng, size_px: int) -> Cutout:
    """Draw a mass of hair that flows: opaque inside, wisps along its sides and at its end."""
    canvas = Canvas(size_px, SAMPLES)
    edge = canvas.edge
    strands = int(log_uniform(rng, 1500, 4500))
    guides = max(20, int(strands / log_uniform(rng, 6, 50)))
    tilt = outlines.rotation(rng.normal(0, 0.3))
    wide, high = rng.uniform(0.1, 0.4) * edge, rng.uniform(0.1, 0.35) * edge
    # Most roots lie in the middle; the bell shape thins the mass out towards its sides.
    across = np.clip(rng.normal(0, 0.45, guides), -1.1, 1.1)
    down = np.sort(rng.uniform(-1, 0.6, guides))
    middle = outlines.somewhere(rng, edge, 0.35, 0.65)
    roots = middle + np.stack([across * wide, down * high], axis=1) @ tilt
    parting = rng.uniform(0, 0.9) * across + smooth_steps(rng, 12, (across + 1.1) / 2.2, 0.25)
    angles = np.pi / 2 - parting + rng.normal(0, rng.uniform(0.02, 0.25), guides)
    longest = rng.uniform(0.15, 0.5) * edge
    lengths = longest * rng.uniform(0.5, 1.1, guides)
    leading = courses(rng, roots, angles, lengths, rng.uniform(0.05, 0.6))
    thickness = longest * rng.uniform(0.03, 0.1)
    paths = locks(rng, leading, strands, thickness, rng.uniform(0.0, 0.6))
    widths = stroke_widths(rng, strands, 1.0, rng.uniform(3.0, 6.0))
    tone = rng.uniform(0, 255)
    paint(rng, canvas, paths, widths, tone=tone, contrast=rng.uniform(0.15, 0.5))
    stray(rng, canvas, roots, longest, tone)
    return canvas.focused(rng, "strands")


def veil(rng: Rng, size_px: int) -> Cutout:
    """Draw loose hair beside a body: strands so few and fine that most of it is see-through."""
    canvas = Canvas(size_px, SAMPLES)
    edge = canvas.edge
    outline = bodies(rng, canvas)[0]
    kept = stretch(rng, outline, 0.6)
    strands = int(log_uniform(rng, 250, 2000))
    guides = max(10, int(strands / log_uniform(rng, 2, 25)))
    roots, angles, place = rooted(rng, outline, guides, rng.uniform(0.05, 0.4), kept)
    # Strands hang side by side, more or less along the outline.
    hang = np.pi / 2 + rng.normal(0, 0.4) + smooth_steps(rng, 8, place, rng.uniform(0.05, 0.4))
    lean = rng.uniform(0.0, 0.6)
    angles = hang + lean * np.sin(angles - hang) + rng.normal(0, rng.uniform(0.02, 0.2), guides)
    longest = rng.uniform(0.2, 0.6) * edge
    lengths = longest * rng.uniform(0.4, 1.1, guides)
    leading = courses(rng, roots, angles, lengths, rng.uniform(0.05, 0.6))
    paths = locks(rng, leading, strands, longest * rng.uniform(0.02, 0.2), rng.uniform(0.0, 0.5))
    widths = stroke_widths(rng, strands, 1.0, rng.uniform(1.5, 4.0))
    tone = rng.uniform(0, 255)
    paint(rng, canvas, paths, widths, tone=tone, contrast=rng.uniform(0.15, 0.5))
    canvas.fill(outline, NEUTRAL * rng.uniform(0.5, 1.1), rng.uniform(0, 255))
    over = rng.random(strands) < rng.uniform(0.1, 0.6)
    paint(rng, canvas, paths[over], widths[over], tone=tone)
    stray(rng, canvas, roots, longest, tone)
    return canvas.focused(rng, "strands")


def stray(rng: Rng, canvas: Canvas, roots: Floats, longest: float, tone: float) -> None:
    """Draw some of the finest strands in any direction."""
    count = int(rng.integers(1, 60))
    from_ = roots[rng.integers(0, len(roots), count)]
    lengths = longest * rng.uniform(0.3, 1.0, count)
    paths = courses(rng, from_, rng.uniform(0, 2 * np.pi, count), lengths, 1.5)
    paint(rng, canvas, paths, np.ones(count), tone=tone)


def tuft(rng: Rng, size_px: int) -> Cutout:
    """Draw a bunch of stiff strands from one spot: a brush, a thistle, grass, a broom."""
    canvas = Canvas(size_px, SAMPLES)
    count = int(log_uniform(rng, 150, 2000))
    middle = outlines.somewhere(rng, canvas.edge, 0.2, 0.8)
    roots = middle + rng.normal(0, rng.uniform(0.01, 0.16) * canvas.edge, (count, 2))
    angles = rng.uniform(0, 6.28) + rng.normal(0, log_uniform(rng, 0.1, 2.5), count)
    lengths = rng.uniform(0.1, 0.45) * canvas.edge * rng.uniform(0.4, 1.0, count)
    paths = courses(rng, roots, angles, lengths, rng.uniform(0.02, 0.7))
    widths = stroke_widths(rng, count, 2.0, log_uniform(rng, 5, 18))
    paint(rng, canvas, paths, widths, tone=rng.uniform(0, 255))
    if rng.random() < 0.6:
        radius = rng.uniform(0.05, 0.2) * canvas.edge
        canvas.fill(outlines.blob(rng, middle, radius, 0.15), NEUTRAL * rng.uniform(0.5, 1.1), 128)
        near = rng.random(count) < 0.4
        paint(rng, canvas, paths[near], widths[near], tone=rng.uniform(0, 255))
    return canvas.focused(rng, "strands")
