"""The backdrop of composites: colours, a picture scaled to cover, or the original out of focus."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.images import files, formats, pixels
from matteplug.images.files import Picture
from matteplug.types import Alpha, Image, Size

_BLUR = 0.02
_MOST_BLUR_PX = 500


@dataclass(frozen=True)
class Backdrop:
    """A backdrop as given.

    It is a colour ("#204060", "white", "32,64,96"), two from top to bottom ("white..black"), "blur"
    or "blur:40" for the picture itself out of focus, or, if it may be one, the path of a picture or
    of a folder of pictures, `pick` of which is for each.  Colours are sRGB.
    """

    text: str
    may_be_file: bool = True

    @cached_property
    def status(self) -> os.stat_result | None:
        """The status of the picture's file when the batch started; None for a colour."""
        path = Path(self.text)
        return path.stat() if self.may_be_file and path.is_file() else None

    @cached_property
    def _folder(self) -> tuple[Path, ...]:
        """The pictures of the folder, sorted; nothing where it is none."""
        place = Path(self.text)
        if not (self.may_be_file and place.is_dir()):
            return ()
        named = sorted(path for path in place.iterdir() if not path.name.startswith("."))
        return tuple(path for path in named if path.suffix.lower() in formats.readable())

    def pick(self, name: str) -> Backdrop:
        """Return the backdrop for the picture of that name: of a folder one, else this.

        The name alone decides, so that a picture keeps its backdrop whatever other pictures come.
        """
        if not self._folder:
            return self
        return Backdrop(str(self._folder[zlib.crc32(name.encode()) % len(self._folder)]))

    @property
    def is_blur(self) -> bool:
        """Tell whether it is the picture itself."""
        return self.status is None and self.text.partition(":")[0] == "blur"

    def check(self) -> None:
        """Read it once, so that a mistake is found before any work is done.

        Of a folder the headers are read.

        Raises:
            RequestError: it is neither a colour nor a picture that can be read, or a folder
                without one ("backdrop-empty").
        """
        if self._folder:
            for path in self._folder:
                files.size(path)
        elif self.may_be_file and Path(self.text).is_dir():
            raise RequestError(
                "backdrop-empty",
                f"There is no picture in the folder {self.text} of backdrops.",
                f"Pictures end in {', '.join(sorted(formats.readable()))}.",
            )
        elif self.is_blur:
            self._blur_px(1)
        else:
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
            ramp = _ramp(pixels.to_float(colours), size.height)
            colours = np.broadcast_to(pixels.from_float(ramp, dtype), shape)
            if opacity is not None:
                opacity = np.broadcast_to(_ramp(opacity[..., None], size.height)[..., 0], shape[:2])
        else:
            covering, opacity = _cover(pixels.to_float(colours), opacity, size)
            colours = pixels.from_float(covering, dtype)
        return colours if opacity is None else pixels.cutout(colours, opacity)

    @cached_property
    def _picture(self) -> Picture:
        if self.status is not None:
            return files.read(Path(self.text))
        ends = [_colour(text) for text in self.text.split("..", 1)]
        opaque = all(len(colour) == 3 for colour in ends)
        column = np.array([(*colour, 255)[:4] for colour in ends], np.uint8)[:, None]
        alpha = None if opaque else pixels.to_float(column[..., 3])
        return Picture(image=np.ascontiguousarray(column[..., :3]), alpha=alpha)

    def blurred(self, image: Image, alpha: Alpha) -> Image:
        """Return the picture's background out of focus; nothing of the subject runs into it.

        Args:
            image: (H, W, 3).
            alpha: (H, W) of the subject.

        Returns:
            (H, W, 3) of the image's dtype.
        """
        from matteplug.opencv import cv2

        sigma = self._blur_px(max(image.shape[:2]))
        weight = np.maximum(1 - alpha, np.float32(1e-4))
        light = cv2.GaussianBlur(pixels.to_float(image) * weight[..., None], (0, 0), sigma)
        weights = cv2.GaussianBlur(weight, (0, 0), sigma)
        return pixels.from_float(light / weights[..., None], image.dtype)

    def _blur_px(self, side_px: int) -> float:
        """Return the standard deviation of the blur: as given, or 2% of the longer side."""
        given = self.text.partition(":")[2]
        if not given:
            return max(1.0, _BLUR * side_px)
        if not (given.isdigit() and 1 <= int(given) <= _MOST_BLUR_PX):
            raise RequestError(
                "backdrop-unknown",
                f"{given} is not a number of pixels to blur by.",
                f"Give 1 to {_MOST_BLUR_PX}: blur:40",
            )
        return float(given)


def _ramp(column: NDArray[np.float32], height: int) -> NDArray[np.float32]:
    """Return a column of one colour as it is, or one of two as a gradient of `height` pixels."""
    if len(column) == 1:
        return column
    part = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    ramp: NDArray[np.float32] = column[:1] * (1 - part) + column[1:] * part
    return ramp


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
            "Give a colour such as white, '#204060' or 32,64,96, two of them (white..black), blur, "
            "or the path of a picture.",
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
