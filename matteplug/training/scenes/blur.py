"""Blur by a lens or by motion; colours are blurred premultiplied, together with alpha."""

from __future__ import annotations

import cv2
import numpy as np

from matteplug.training.scenes import colour_maps
from matteplug.training.scenes.noise import Field, Rng, fractal, log_uniform


def optics(rng: Rng, colour: Field, alpha: Field) -> tuple[Field, Field]:
    """Return the layer as a lens may render it: mostly sharp, else soft, moved or out of focus."""
    kind = rng.random()
    if kind < 0.55:
        return colour, alpha
    layer = colour_maps.premultiplied(colour, alpha)
    if kind < 0.84:
        blurred = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.35, 1.0))
    elif kind < 0.9:
        blurred = defocus(layer, log_uniform(rng, 1.0, 4.0))
    elif kind < 0.95:
        blurred = motion(rng, layer, int(log_uniform(rng, 4, 26)))
    else:  # depth: sharp here, out of focus there
        mask = np.clip((fractal(rng, alpha.shape[0], (1, 2)) - rng.uniform(0.3, 0.6)) * 4, 0, 1)
        far = defocus(layer, log_uniform(rng, 1.5, 7.0))
        blurred = layer + (far - layer) * cv2.merge([mask.astype(np.float32)] * 4)
    return straight(blurred, colour)


def soft(colour: Field, alpha: Field, deviation_px: float) -> tuple[Field, Field]:
    """Return the layer out of focus by a Gaussian of this standard deviation; 0 leaves it sharp."""
    if deviation_px == 0:
        return colour, alpha
    layer = colour_maps.premultiplied(colour, alpha)
    return straight(cv2.GaussianBlur(layer, (0, 0), deviation_px), colour)


def straight(blurred: Field, sharp: Field) -> tuple[Field, Field]:
    """Return straight colours and alpha of a blurred premultiplied layer.

    Where alpha is almost 0 the division is unstable, and the sharp colours stay.
    """
    alpha = np.clip(blurred[..., 3], 0, 1)
    weight = np.minimum(alpha * 20, 1)
    divided = blurred[..., :3] / colour_maps.spread(np.maximum(alpha, np.float32(1e-3)))
    return np.clip(colour_maps.mixed(sharp, divided, weight), 0, 1), alpha


def defocus(layer: Field, radius: float) -> Field:
    """Convolve (H, W, C) with a disc whose edge is one pixel soft."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return convolve(layer, disc)


def motion(rng: Rng, layer: Field, length: int) -> Field:
    """Convolve with a straight line of `length` pixels."""
    edge = length | 1
    kernel = np.zeros((edge, edge), np.float32)
    angle, middle = rng.uniform(0, np.pi), edge // 2
    step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    a, b = np.round(middle - step).astype(int), np.round(middle + step).astype(int)
    cv2.line(kernel, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), 1.0, 1, cv2.LINE_8)
    return convolve(layer, kernel)


def convolve(layer: Field, kernel: Field) -> Field:
    """Convolve every channel with a kernel, normalised to sum 1."""
    result: Field = cv2.filter2D(layer, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return result
