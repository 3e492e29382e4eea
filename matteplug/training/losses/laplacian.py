"""The Laplacian pyramid loss of Hou and Liu, Context-Aware Image Matting, ICCV 2019 (eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from matteplug.training.losses.alpha import area


def laplacian(prediction: Tensor, truth: Tensor, unknown: Tensor, levels: int = 5) -> Tensor:
    """Return Σᵢ 2^(i−1)·‖Lⁱ(α̂) − Lⁱ(α)‖₁ over the number of unknown pixels.

    The pyramid is linear, so it is computed once, for the error; the known area counts as exact.
    The last level is the remaining low-pass picture.

    Args:
        prediction: alpha, (B, 1, H, W); any size; levels below 2 px are skipped.
        truth: alpha, (B, 1, H, W).
        unknown: (B, 1, H, W), 1 where the loss counts.
        levels: number of levels, 5 in the paper.
    """
    low_pass = (prediction - truth) * unknown
    loss: Tensor = low_pass.new_zeros(())
    for level in range(levels - 1):
        if min(low_pass.shape[-2:]) < 4:
            break
        smaller = shrink(low_pass)
        loss = loss + 2**level * (low_pass - enlarge(smaller, low_pass.shape[-2:])).abs().sum()
        low_pass = smaller
    else:
        level = levels - 1
    loss = loss + 2**level * low_pass.abs().sum()
    return loss.div(area(unknown))


def shrink(picture: Tensor) -> Tensor:
    """Smooth (B, 1, H, W) with the 5×5 binomial kernel, mirrored at borders, and halve its size."""
    return _halve(_halve(picture).mT).mT


def enlarge(picture: Tensor, size: torch.Size) -> Tensor:
    """Upsample to `size` (H, W): insert the pixels at every second place and smooth."""
    return _double(_double(picture.mT).mT)[..., : size[0], : size[1]]


# Sums of slices: a convolution with one channel is ten times slower on a CPU.


def _halve(picture: Tensor) -> Tensor:
    row = functional.pad(picture, (2, 2, 0, 0), mode="reflect")
    width = (picture.shape[-1] + 1) // 2
    two, one, middle, more, last = (row[..., i : i + 2 * width : 2][..., :width] for i in range(5))
    return (two + last) / 16 + (one + more) / 4 + middle * (3 / 8)


def _double(picture: Tensor) -> Tensor:
    row = functional.pad(picture, (1, 1, 0, 0), mode="replicate")
    left, middle, right = row[..., :-2], row[..., 1:-1], row[..., 2:]
    even = (left + right) / 8 + middle * (3 / 4)
    return torch.stack((even, (middle + right) / 2), dim=-1).flatten(-2)
