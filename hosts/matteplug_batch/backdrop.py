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
from matteplug.images.files import Picture
from matteplug.types import Alpha, Image, Size


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
            (H, W, 3) of `size` and `dtype`, or (H, W, 4) with straight alpha where it is not
            opaque.
        """
        picture = self._picture
        colours, opacity = picture.image, picture.alpha
        if picture.icc != icc:
            colours = _between_profiles(colours, picture.icc, icc)
        if self.status is None:
            shape = (size.height, size.width, 3)
            colours = np.broadcast_to(pixels.from_float(pixels.to_float(colours), dtype), shape)
            opacity = None if opacity is None else np.broadcast_to(opacity, shape[:2])
        else:
            covering, opacity = _cover(pixels.to_float(colours), opacity, size)
            colours = pixels.from_float(covering, dtype)
        return colours if opacity is None else pixels.cutout(colours, opacity)

    @cached_property
    def _picture(self) -> Picture:
        if self.status is not None:
            return files.read(Path(self.text))
        colour = np.array(_colour(self.text), np.uint8).reshape(1, 1, -1)
        alpha = pixels.to_float(colour[..., 3]) if colour.shape[2] == 4 else None
        return Picture(image=colour[..., :3], alpha=alpha)


def _colour(text: str) -> tuple[int, ...]:
    from PIL import ImageColor

    if text.replace(",", "").replace(" ", "").isdigit() and text.count(",") == 2:
        text = f"rgb({text})"
    try:
        colour = ImageColor.getrgb(text)  # three values, or four with an alpha
        if max(colour) > 255:
            raise ValueError
    except ValueError:
        raise RequestError(
            "backdrop-unknown",
            f"{text} is neither a colour nor a file that exists.",
            "Give a colour such as white, '#204060' or 32,64,96, or the path of a picture.",
        ) from None
    return colour


def _cover(image: Image, opacity: Alpha | None, size: Size) -> tuple[Image, Alpha | None]:
    """Scale a float image and its alpha until they cover `size`, and cut out their middle."""
    from matteplug.opencv import cv2

    height, width = image.shape[:2]
    scale = max(size.width / width, size.height / height)
    scaled = Size(max(size.width, round(width * scale)), max(size.height, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (scaled.width - size.width) // 2, (scaled.height - size.height) // 2
    middle = (slice(top, top + size.height), slice(left, left + size.width))

    def resized(array: Image) -> Image:
        large: Image = cv2.resize(array, scaled, interpolation=how)
        return large[middle]

    if opacity is None:
        return resized(image), None
    covered = resized(opacity)  # what is transparent lends no colour to its neighbours
    colours = resized(image * opacity[..., None]) / np.maximum(covered, 1e-6)[..., None]
    return np.clip(colours, 0, 1), covered


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
