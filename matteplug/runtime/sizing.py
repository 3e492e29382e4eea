"""Fit pictures to a network's size rule: scale and pad before, crop and scale back after."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.network import SizeRule
from matteplug.types import Size


class Fit(NamedTuple):
    """How a picture was fitted to a size rule.

    Attributes:
        original: the picture's size.
        scaled: its size after scaling; the original if nothing was scaled.
        padded: the size the network sees, the picture in its top left corner.
    """

    original: Size
    scaled: Size
    padded: Size


def plan(size: Size, rule: SizeRule) -> Fit:
    """Return how a picture of `size` is fitted to `rule`."""
    if rule.fit == "square":
        side = rule.maximum_px or 1
        return Fit(size, Size(side, side), Size(side, side))
    if rule.fit == "shorter":
        scale = rule.minimum_px / min(size)
        limit = (rule.maximum_px or 1 << 20) // rule.multiple * rule.multiple
        sides = (round(side * scale / rule.multiple) * rule.multiple for side in size)
        scaled = Size(*(min(max(side, rule.minimum_px), limit) for side in sides))
        return Fit(size, scaled, scaled)
    scaled = size
    if rule.maximum_px is not None and max(size) > rule.maximum_px:
        scale = rule.maximum_px / max(size)
        scaled = Size(*(max(1, round(side * scale)) for side in size))
    padded = Size(*(_up(max(side, rule.minimum_px), rule.multiple) for side in scaled))
    return Fit(size, scaled, padded)


def fit(
    array: NDArray[np.float32], rule: SizeRule, nearest: bool = False
) -> tuple[NDArray[np.float32], Fit]:
    """Return a batch fitted to `rule`, and what `unfit` needs to undo it.

    Args:
        array: (B, C, H, W) float32.
        rule: the network's size rule.
        nearest: scale without mixing values, for trimaps.

    Returns:
        (B, C, H', W') float32, edges replicated to the right and below, and the `Fit`; the array
        itself if it fits already.
    """
    fitted = plan(Size(array.shape[3], array.shape[2]), rule)
    if fitted.scaled != fitted.original:
        array = _resize(array, fitted.scaled, "nearest" if nearest else _smooth(fitted))
    right = fitted.padded.width - fitted.scaled.width
    below = fitted.padded.height - fitted.scaled.height
    if right or below:
        array = np.pad(array, ((0, 0), (0, 0), (0, below), (0, right)), mode="edge")
    return array, fitted


def unfit(output: NDArray[np.float32], fitted: Fit) -> NDArray[np.float32]:
    """Return a (B, C, H', W') result cropped and scaled back to the picture's (B, C, H, W)."""
    output = output[:, :, : fitted.scaled.height, : fitted.scaled.width]
    if fitted.scaled != fitted.original:
        output = _resize(output, fitted.original, "linear")
    return output


def _smooth(fitted: Fit) -> str:
    """Return how a picture is resized: averages do for a smaller one, but not for a larger one."""
    smaller = (
        fitted.scaled.width * fitted.scaled.height < fitted.original.width * fitted.original.height
    )
    return "area" if smaller else "linear"


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _resize(array: NDArray[np.float32], size: Size, how: str) -> NDArray[np.float32]:
    from matteplug.opencv import cv2

    modes: dict[str, Any] = {
        "nearest": cv2.INTER_NEAREST_EXACT,
        "area": cv2.INTER_AREA,
        "linear": cv2.INTER_LINEAR,
    }
    planes = array.reshape(-1, *array.shape[2:])  # (B·C, H, W)
    resized = np.stack([cv2.resize(plane, size, interpolation=modes[how]) for plane in planes])
    return resized.reshape(*array.shape[:2], size.height, size.width)
