"""Likeness to the known areas: distances to the nearest known cells in frozen features and colour.

A cell is 16 × 16 pixels.  What a network learnt from ImageNet tells an opaque thing in colours of
its own from the background, which colours cannot.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

STRIDE = 16
CELLS = 128
"""Known cells of each area that are searched, at any size of the picture."""
NEAREST = 4
STEEPNESS = 6.0
"""Of the probability over the difference of the distances."""
FAR = 2.0
"""Distance to an area of which no cell is known; distances are at most this."""
_SPREAD = 0.1  # added to a channel's standard deviation; flat pictures would divide by rounding
_NEAR = 0.01  # added to squared distances, whose root would enlarge rounding
_GOLDEN = 0.6180339887  # fractions of its multiples are spread evenly


def distances(image: Tensor, regions: Tensor, features: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Return (B, 2, H/16, W/16) in [0, FAR]: distance to the known background, foreground.

    The mean root mean square difference to the nearest `NEAREST` of the known cells, in
    standardised colours and features.  Of more than `CELLS` known cells, a fixed sample counts.

    | name | shape | range |
    |---|---|---|
    | image | (B, 3, H, W), H and W multiples of 32 | [0, 1] |
    | regions | (B, 3, H, W) one-hot | background, unknown, foreground |
    | features | (B, ·, ·, ·) at strides 8, 16 and 32 | |
    """
    fine, middle, coarse = (feature.float() for feature in features)
    parts = [
        F.avg_pool2d(image, STRIDE),
        F.avg_pool2d(fine, 2),
        middle,
        F.interpolate(coarse, scale_factor=2.0, mode="nearest"),
    ]
    cells = torch.cat([_standardised(part) for part in parts], dim=1).flatten(2)  # (B, C, N)
    known = -F.max_pool2d(-regions[:, (0, 2)], STRIDE).flatten(2)  # (B, 2, N), 1 where all of it is
    rows, columns = middle.shape[2:]
    order = torch.arange(cells.shape[2], device=image.device).to(image.dtype)
    score = known * (1 + torch.frac(order * _GOLDEN))
    score = F.pad(score, (0, CELLS))  # there may be fewer cells than are taken
    best, index = score.topk(CELLS, dim=2)  # (B, 2, CELLS)
    padded = F.pad(cells, (0, CELLS)).transpose(1, 2)  # (B, N + CELLS, C)
    squares = cells.square().sum(dim=1)  # (B, N)
    found = []
    for area in range(2):
        pick = index[:, area, :, None].expand(-1, -1, padded.shape[2])
        sample = padded.gather(1, pick)  # (B, CELLS, C)
        square = squares[:, None] + sample.square().sum(dim=2)[:, :, None] - 2 * sample @ cells
        rms = (square.clamp(min=0) / cells.shape[1] + _NEAR).sqrt()  # (B, CELLS, N)
        rms = torch.where(best[:, area, :, None] > 0, rms, FAR).clamp(max=FAR)
        nearest = rms.transpose(1, 2).topk(NEAREST, dim=2, largest=False).values
        found.append(nearest.mean(dim=2).reshape(-1, 1, rows, columns))
    return torch.cat(found, dim=1)


def likeness(distances: Tensor) -> Tensor:
    """Return the logit of foreground by `distances` at full size, (B, 1, H, W); 0 without clue.

    There is none where an area is not known at all.
    """
    background, foreground = distances.chunk(2, dim=1)
    clue = ((background < FAR) & (foreground < FAR)).to(distances.dtype)
    logit = STEEPNESS * (background - foreground) * clue
    return F.interpolate(logit, scale_factor=float(STRIDE), mode="bilinear")


def _standardised(cells: Tensor) -> Tensor:
    """Return (B, C, H, W) less its mean over the picture, over its spread."""
    cells = cells - cells.mean(dim=(2, 3), keepdim=True)
    spread = cells.square().mean(dim=(2, 3), keepdim=True).sqrt()
    return cells / (spread + _SPREAD)
