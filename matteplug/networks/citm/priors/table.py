"""Tabulate how often each colour is known foreground and known background, over the whole image."""

from __future__ import annotations

import math
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

_BINS = 13  # per side; linear interpolation between them
_SIGMA = 0.065  # of the Gaussian around a sample
_FAR = -20.0  # of the Gaussians' exponents: the products of smaller ones are slow, denormal numbers
_STRIDE = 16  # of the samples
_FLOOR = 1e-5  # density of a colour that was never seen
_SCALE = -math.log(_FLOOR) / 2


def likelihoods(image: Tensor, foreground: Tensor, background: Tensor) -> Tensor:
    """Return (B, 2, H, W): log density of each colour in the known foreground, background.

    The densities are Gaussian sums over a regular sample of the known pixels, tabulated on a grid
    of colours and looked up by trilinear interpolation.  Scaled to about -1 (never seen) to 1; an
    empty area gives -1 everywhere.
    """
    picked = slice(_STRIDE // 4, None, _STRIDE // 2)  # of the half-size image
    both = F.avg_pool2d(torch.cat([image, foreground, background], dim=1), 2)[:, :, picked, picked]
    both = both.flatten(2)
    samples, known = both[:, :3], both[:, 3:].transpose(1, 2)  # (B, 3, N), (B, N, 2)
    known = (known > 0.99).to(image.dtype)
    weights = known / (known.sum(dim=1, keepdim=True) + 1e-3)

    # The Gaussian is separable, so is the table: red × green by blue.
    axis = torch.linspace(0, 1, _BINS, dtype=image.dtype, device=image.device)
    exponent = (axis[:, None] - samples[:, :, None]).square() * (-0.5 / _SIGMA**2)
    kernel = exponent.clamp(min=_FAR).exp()
    red, green, blue = kernel.unbind(dim=1)  # (B, bins, N) each
    plane = (red[:, :, None] * green[:, None]).flatten(1, 2)  # (B, bins², N)
    line = (weights[:, :, :, None] * blue.transpose(1, 2)[:, :, None]).flatten(2)  # (B, N, 2·bins)
    density = (plane @ line).reshape(-1, _BINS, _BINS, 2, _BINS)
    density = density.permute(0, 3, 1, 2, 4)  # (B, 2, bins, bins, bins)
    table = (density + _FLOOR).log() / _SCALE + 1
    return _read(table.flatten(2), image)


def _read(table: Tensor, image: Tensor) -> Tensor:
    """Interpolate (B, 2, bins³) linearly between the eight bins around each colour of (B, 3, H, W).

    Exported by indices, because not every provider samples a volume.
    """
    if not torch.compiler.is_exporting():
        volume = table.reshape(-1, 2, _BINS, _BINS, _BINS)
        at = (2 * image - 1).flip(1).movedim(1, -1).unsqueeze(1)  # (B, 1, H, W, 3): blue first
        return F.grid_sample(
            volume, at, mode="bilinear", padding_mode="border", align_corners=True
        ).squeeze(2)
    at = (image * (_BINS - 1)).clamp(0, _BINS - 1).flatten(2)  # (B, 3, H·W)
    low = at.floor().clamp(max=_BINS - 2)
    fraction = at - low
    red, green, blue = low.long().unbind(dim=1)  # (B, H·W) each
    corner = (red * _BINS + green) * _BINS + blue
    read = torch.zeros_like(fraction[:, :2])
    for r, g, b in product((0, 1), repeat=3):
        weight = torch.ones_like(fraction[:, :1])
        for axis, upper in enumerate((r, g, b)):
            part = fraction[:, axis : axis + 1]
            weight = weight * (part if upper else 1 - part)
        index = (corner + (r * _BINS + g) * _BINS + b).unsqueeze(1).expand(-1, 2, -1)
        read = read + weight * table.gather(2, index)
    return read.reshape(-1, 2, *image.shape[2:])


def posterior(likelihoods: Tensor) -> Tensor:
    """Return (B, 1, H, W): the probability of foreground by `likelihoods`, with even priors."""
    return (_SCALE * (likelihoods[:, :1] - likelihoods[:, 1:])).sigmoid()
