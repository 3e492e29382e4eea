"""The backdrop of composites: one colour, or a picture that is scaled to cover the result."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from matteplug.errors import RequestError
from matteplug.images import files, pixels
from matteplug.types import Image, Size


@dataclass(frozen=True)
class Backdrop:
    """A colour ("#204060", "white", "32,64,96") or the path of a picture, as given.

    Colours are sRGB.
    """

    text: str

    @cached_property
    def status(self) -> os.stat_result | None:
        """The status of the picture's file when the batch started; None for a colour."""
        path = Path(self.text)
        return path.stat() if path.is_file() else None

    def check(self) -> None:
        """Read it once, so that a mistake is found before any work is done.

        Raises:
            RequestError: it is neither a colour nor a picture that can be read.
        """
        self.behind(Size(1, 1), np.dtype(np.uint8), None)

    def behind(self, size: Size, dtype: np.dtype[Any], icc: bytes | None) -> Image:
        """Return the backdrop for one picture, in its colour space.

        Args:
            size: the picture's size; a backdrop picture is scaled to cover it and cropped.
            dtype: the picture's dtype.
            icc: the picture's profile, None for sRGB.

        Returns:
            (H, W, 3) of `size` and `dtype`.
        """
        colours, profile = self._colours
        if profile != icc:
            colours = _between_profiles(colours, profile, icc)
        if self.status is None:
            converted = pixels.from_float(pixels.to_float(colours), dtype)
            return np.broadcast_to(converted, (size.height, size.width, 3))
        return pixels.from_float(_cover(pixels.to_float(colours), size), dtype)

    @cached_property
    def _colours(self) -> tuple[Image, bytes | None]:
        if self.status is None:
            return np.array(_colour(self.text), np.uint8).reshape(1, 1, 3), None
        picture = files.read(Path(self.text))
        return picture.image, picture.icc


def _colour(text: str) -> tuple[int, ...]:
    from PIL import ImageColor

    if text.replace(",", "").replace(" ", "").isdigit() and text.count(",") == 2:
        text = f"rgb({text})"
    try:
        colour = ImageColor.getrgb(text)[:3]
        if max(colour) > 255:
            raise ValueError
    except ValueError:
        raise RequestError(
            "backdrop-unknown",
            f"{text} is neither a colour nor a file that exists.",
            "Give a colour such as white, '#204060' or 32,64,96, or the path of a picture.",
        ) from None
    return colour


def _cover(image: Image, size: Size) -> Image:
    """Scale a float image to cover `size`, and crop its middle."""
    from matteplug.opencv import cv2

    height, width = image.shape[:2]
    scale = max(size.width / width, size.height / height)
    scaled = Size(max(size.width, round(width * scale)), max(size.height, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large = cv2.resize(image, scaled, interpolation=how)
    left, top = (scaled.width - size.width) // 2, (scaled.height - size.height) // 2
    middle: Image = large[top : top + size.height, left : left + size.width]
    return middle


def _between_profiles(colours: Image, source: bytes | None, target: bytes | None) -> Image:
    """Convert between colour spaces, in 8 bits."""
    from PIL import Image as Pillow
    from PIL import ImageCms

    def profile(icc: bytes | None) -> Any:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)) if icc else ImageCms.createProfile("sRGB")

    convert: Callable[..., Any] = ImageCms.profileToProfile
    picture = Pillow.fromarray(pixels.from_float(pixels.to_float(colours), np.uint8))
    try:
        return np.asarray(convert(picture, profile(source), profile(target)))
    except (ImageCms.PyCMSError, OSError):
        # A damaged profile says nothing about the colours, so they are kept.
        return colours
