"""The graph that hosts run: 0–255 in, alpha out, at any size in bounded work.

picture ──► at most side_px ──► semantic branch ──┐
   │   └──► at most detail_px ──► detail branch ──┴► fusion ──► picture's own detail ──► alpha
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.hfam.model import MARGIN, MULTIPLE, Hfam, fuse
from matteplug.networks.ops.box_filter import box
from matteplug.networks.ops.padding import replicate_to_multiple
from matteplug.networks.ops.resizing import bounded, resize

WINDOW_PX = 9
"""Of the windows in which alpha is taken to be a linear function of brightness."""
SMOOTHNESS = 1e-3
"""Variance of brightness below which a window says nothing about detail."""
UNCERTAIN = 0.1
"""α(1 − α) from which on an alpha takes all of the detail."""
PRESENT = 0.01
"""Fraction of the picture that a subject covers at least, if the confidence is to be full."""


class HfamGraph(nn.Module):
    """Preprocessing, both branches at bounded sizes and the way back to the full size.

    Args:
        model: put in eval mode.
    """

    def __init__(self, model: Hfam) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the matte.

        ==========  ============  =======  =================================================
        name        shape         dtype    range
        ==========  ============  =======  =================================================
        image       (B, 3, H, W)  float32  0 to 255, RGB
        alpha       (B, 1, H, W)  float32  0 to 1
        confidence  (B, 1, H, W)  float32  0 to 1, how good the matte is, the same everywhere
        ==========  ============  =======  =================================================
        """
        image = image / 255
        config = self.model.config
        small = bounded(image, config.side_px)
        logits = self.model.semantic(self.model.encode(replicate_to_multiple(small, MULTIPLE)))
        logits = logits[:, :, : small.shape[2], : small.shape[3]]

        large = bounded(image, config.detail_px)
        probabilities = softmax(resize(logits, large.shape[2], large.shape[3]))
        detail = self.model.detail(
            self.model.encode(replicate_to_multiple(large, MULTIPLE)),
            replicate_to_multiple(probabilities, MULTIPLE),
        )
        alpha = fuse(probabilities, detail[:, :, : large.shape[2], : large.shape[3]])
        sure = calibrated(expected_overlap(probabilities, alpha), config.calibration)
        return restore_detail(alpha, sure, large, image)


def softmax(logits: Tensor) -> Tensor:
    """Return the softmax over the channels; ONNX Runtime's own wants them last."""
    powers = (logits - logits.amax(dim=1, keepdim=True)).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def expected_overlap(probabilities: Tensor, alpha: Tensor) -> Tensor:
    """Return the expected intersection over union with the truth, near 0 without a subject.

    Of independent pixels, each of which belongs to the subject as likely as the classes say.

    Args:
        probabilities: (B, 3, H, W): background, unknown, foreground.
        alpha: (B, 1, H, W), the matte; its mask is where it is above 0.5.

    Returns:
        (B, 1, H, W) in [0, 1], the same number all over a picture.
    """
    inside = probabilities[:, 2:] + probabilities[:, 1:2] * alpha
    mask = ((alpha - 0.5) / MARGIN).clamp(0, 1)
    common = (inside * mask).mean(dim=(2, 3), keepdim=True)
    covered = mask.mean(dim=(2, 3), keepdim=True)
    union = inside.mean(dim=(2, 3), keepdim=True) + covered - common
    expected = common / union.clamp(min=1e-6) * (covered / PRESENT).clamp(max=1)
    return expected.expand_as(alpha)


def calibrated(expected: Tensor, calibration: tuple[float, float]) -> Tensor:
    """Return the confidence, linear between the overlaps 0, nothing, doubt and 1.

    Args:
        expected: (B, 1, H, W) in [0, 1].
        calibration: the overlaps that stand for 0.1 and 0.5.
    """
    nothing, doubt = calibration
    low = (expected / nothing).clamp(0, 1)
    middle = ((expected - nothing) / (doubt - nothing)).clamp(0, 1)
    high = ((expected - doubt) / (1 - doubt)).clamp(0, 1)
    return 0.1 * low + 0.4 * middle + 0.5 * high


def restore_detail(
    alpha: Tensor, sure: Tensor, seen: Tensor, image: Tensor
) -> tuple[Tensor, Tensor]:
    """Bring alpha and confidence to the image's size, alpha with detail that was not seen.

    In small windows alpha is taken as a linear function of brightness, as the guided filter does;
    what the image has beyond `seen` then moves alpha by that slope.  An image that was not shrunk
    leaves alpha as it is.

    Args:
        alpha: (B, 1, h, w).
        sure: (B, 1, h, w), the confidence.
        seen: (B, 3, h, w), the image as the network saw it.
        image: (B, 3, H, W).

    Returns:
        Both, (B, 1, H, W) in [0, 1]; alpha exactly 0 and 1 where the enlarged one is.
    """
    height, width = image.shape[2:]
    brightness = seen.mean(dim=1, keepdim=True)
    mean, mean_alpha = box(brightness, WINDOW_PX), box(alpha, WINDOW_PX)
    covariance = box((brightness - mean) * (alpha - mean_alpha), WINDOW_PX)
    variance = box((brightness - mean) ** 2, WINDOW_PX)
    maps = torch.cat([alpha, sure, brightness, covariance / (variance + SMOOTHNESS)], dim=1)
    # together, because ONNX Runtime gives each channel a thread
    enlarged, sure, brightness, slope = resize(maps, height, width).chunk(4, dim=1)
    unseen = image.mean(dim=1, keepdim=True) - brightness
    # gradually: a switch at exactly 0 and 1 would show the last bits of a float
    uncertain = (enlarged * (1 - enlarged) / UNCERTAIN).clamp(0, 1)
    restored = (enlarged + uncertain * slope * unseen).clamp(0, 1)
    return restored, sure.clamp(0, 1)
