"""Structural similarity of two alphas (Wang et al. 2004; HFAM eq. 6)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SIGMA_PX, _RADIUS_PX = 1.5, 5
_C1, _C2 = 0.01**2, 0.03**2


def dissimilarity(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return 1 − SSIM, the mean over all 11×11 windows inside the picture (HFAM eq. 6).

    Args:
        prediction: alpha, (B, 1, H, W), [0, 1]; at least 11 px each way.
        truth: alpha, (B, 1, H, W).
    """
    with torch.autocast(prediction.device.type, enabled=False):  # variances are small differences
        prediction, truth = prediction.float(), truth.float()
        means = [_smooth(x) for x in (prediction, truth)]
        squares = [_smooth(x * x) for x in (prediction, truth)]
        variances = [square - mean * mean for square, mean in zip(squares, means, strict=True)]
        covariance = _smooth(prediction * truth) - means[0] * means[1]
    light = (2 * means[0] * means[1] + _C1) / (means[0].square() + means[1].square() + _C1)
    structure = (2 * covariance + _C2) / (variances[0] + variances[1] + _C2)
    return 1 - (light * structure).mean()


def _smooth(picture: Tensor) -> Tensor:
    offsets = torch.arange(-_RADIUS_PX, _RADIUS_PX + 1, device=picture.device, dtype=picture.dtype)
    taps = torch.exp(-offsets.square() / (2 * _SIGMA_PX**2))
    taps = taps / taps.sum()
    across = functional.conv2d(picture, taps.view(1, 1, 1, -1))
    return functional.conv2d(across, taps.view(1, 1, -1, 1))
