"""Decoded samples and what they mean: gray, RGB, CMYK or Lab become upright RGB and straight alpha.

Every decoder ends here: `tiff`, Pillow's formats, and pictures that Python hands over.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.images import pixels, profiles
from matteplug.images.srgb import srgb_from_linear
from matteplug.types import Metadata

_STRIP_ROWS = 256
_SRGB_FROM_XYZ_D50 = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540],
     [0.0719453, -0.2289914, 1.4052427]], np.float32
)  # fmt: skip
_WHITE_D50 = np.array([0.9642, 1.0, 0.8249], np.float32)


class Space(Enum):
    """What colour samples are; the value is the profile signature (ICC.1:2010, table 19)."""

    GRAY = b"GRAY"
    RGB = b"RGB "
    LAB = b"Lab "
    CMYK = b"CMYK"

    @property
    def channels(self) -> int:
        """How many samples a colour has."""
        return {Space.GRAY: 1, Space.CMYK: 4}.get(self, 3)


@dataclass(frozen=True, kw_only=True)
class Samples:
    """What a decoder returns.

    Attributes:
        colours: (H, W, C) uint8, uint16 or, gray and RGB, float32, as stored: not turned, not
            converted.  CMYK is amount of ink; Lab is L*, a* and b* in full scale, a* and b* with
            their zero in the middle.
        space: what the colours are.
        alpha: (H, W) of the same dtype, or None.
        premultiplied: whether the colours are multiplied by alpha.
        linear: whether float colours are linear light, of sRGB's primaries.
        icc: the profile of the colours as stored.
        marks: what other marks say of the colours.
        orientation: EXIF's, 1 to 8.
        metadata: what travels to the result.
        notes: what a user should know.
    """

    colours: NDArray[Any]
    space: Space
    alpha: NDArray[Any] | None = None
    premultiplied: bool = False
    linear: bool = False
    icc: bytes | None = None
    marks: profiles.Meaning = field(default_factory=profiles.Meaning)
    orientation: int = 1
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What a picture holds.

    Attributes:
        image: (H, W, 3) RGB, uint8, uint16 or float32 [0, 1], upright.
        alpha: (H, W) of the same dtype, straight; None where everything is opaque.
        icc: the profile that belongs to `image`; None for sRGB.
        metadata: what travels to the result.
        notes: what a user should know about how it was read.
    """

    image: NDArray[Any]
    alpha: NDArray[Any] | None = None
    icc: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()

    @property
    def array(self) -> NDArray[Any]:
        """(H, W, 3) RGB, or (H, W, 4) RGB and straight alpha."""
        return self.image if self.alpha is None else np.dstack([self.image, self.alpha])


def interpret(samples: Samples, *, through_profile: bool = True) -> Decoded:
    """Return the picture that samples stand for.

    Args:
        samples: as a decoder returns them.
        through_profile: take gray and CMYK through their profiles to sRGB, Lab and linear light to
            sRGB; masks are numbers, and their gray stays as it is.
    """
    colours, alpha = samples.colours, samples.alpha
    if alpha is not None and samples.premultiplied:
        colours = _straight(colours, alpha)
    if samples.linear and through_profile:
        colours = _encoded(colours)
    icc, notes = samples.icc, samples.notes
    allowed = (
        (samples.space.value, b"RGB ") if samples.space is Space.GRAY else (samples.space.value,)
    )
    if icc is not None and icc[16:20] not in allowed:
        icc = None  # of another space than the colours are in, so it means nothing
    if icc is None and through_profile:
        icc = samples.marks.icc
        notes += samples.marks.notes
    if samples.space is Space.RGB:
        image = colours
    else:
        image, more = _CONVERSIONS[samples.space](colours, icc if through_profile else None)
        icc = icc if samples.space is Space.GRAY and icc and icc[16:20] == b"RGB " else None
        notes += more if through_profile else ()
    if alpha is not None and (alpha == pixels.full_scale(alpha.dtype)).all():
        alpha = None
    return Decoded(
        image=upright(image, samples.orientation),
        alpha=None if alpha is None else upright(alpha, samples.orientation),
        icc=icc,
        metadata=samples.metadata,
        notes=notes,
    )


def upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return an array as it is meant to be seen, by EXIF's orientation."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def _encoded(linear: NDArray[Any]) -> NDArray[Any]:
    result = np.empty_like(linear)
    for top in range(0, linear.shape[0], _STRIP_ROWS):
        result[top : top + _STRIP_ROWS] = srgb_from_linear(linear[top : top + _STRIP_ROWS])
    return result


def _straight(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    if colours.dtype.kind == "f":
        straight: NDArray[Any] = colours / np.maximum(alpha, np.float32(1e-6))[..., None]
        np.minimum(straight, 1, out=straight)
        return straight
    scale = pixels.full_scale(colours.dtype)
    result = np.empty_like(colours)
    for top in range(0, colours.shape[0], _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        divisor = np.maximum(alpha[rows, :, None], 1).astype(np.float64)
        result[rows] = np.rint(np.minimum(colours[rows] * scale / divisor, scale))
    return result


def _gray(colours: NDArray[Any], icc: bytes | None) -> tuple[NDArray[Any], tuple[str, ...]]:
    gray, notes = colours[..., 0], tuple[str, ...]()
    if icc is not None and icc[16:20] == b"GRAY":
        converted = profiles.gray_to_srgb(gray, icc)
        if converted is None:
            notes = (_DAMAGED_PROFILE,)
        else:
            gray = converted
    return np.repeat(gray[..., None], 3, axis=2), notes


def _cmyk(colours: NDArray[Any], icc: bytes | None) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return RGB, through the profile in 8 bits, or without one by the simplest formula."""
    if icc is None:
        notes = ("The CMYK picture has no colour profile, so its colours are approximate.",)
        return _without_ink(colours), notes
    from PIL import Image, ImageCms

    deep = colours.dtype != np.uint8
    ink = (colours >> 8).astype(np.uint8) if deep else colours
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        converted: Any = ImageCms.profileToProfile(
            Image.frombytes("CMYK", ink.shape[1::-1], np.ascontiguousarray(ink).tobytes()),
            source,
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError):
        return _without_ink(colours), (_DAMAGED_PROFILE,)
    image = np.asarray(converted)
    if not deep:
        return image, ()
    return image.astype(np.uint16) * 257, ("The CMYK picture was converted with 8 bits.",)


def _without_ink(colours: NDArray[Any]) -> NDArray[Any]:
    scale = int(pixels.full_scale(colours.dtype))
    result = np.empty((*colours.shape[:2], 3), colours.dtype)
    for top in range(0, colours.shape[0], _STRIP_ROWS):
        paper = scale - colours[top : top + _STRIP_ROWS].astype(np.int64)  # (rows, W, 4)
        result[top : top + _STRIP_ROWS] = (paper[..., :3] * paper[..., 3:] + scale // 2) // scale
    return result


def _lab(colours: NDArray[Any], icc: bytes | None) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return sRGB of L*a*b* (CIE 15) with the white point D50."""
    scale = pixels.full_scale(colours.dtype)
    per_unit, zero = (1.0, 128.0) if scale == 255 else (256.0, 32768.0)
    result = np.empty_like(colours)
    for top in range(0, colours.shape[0], _STRIP_ROWS):
        strip = colours[top : top + _STRIP_ROWS].astype(np.float32)
        lightness, (a, b) = (
            strip[..., 0] * (100 / scale),
            ((strip[..., 1:] - zero) / per_unit).transpose(2, 0, 1),
        )
        y = (lightness + 16) / 116
        roots = np.stack([y + a / 500, y, y - b / 200], axis=-1)
        xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * (108 / 841)) * _WHITE_D50
        encoded = srgb_from_linear(np.clip(xyz @ _SRGB_FROM_XYZ_D50.T, 0, 1))
        result[top : top + _STRIP_ROWS] = np.rint(encoded * np.float32(scale))
    return result, ("The Lab picture became sRGB.",)


_DAMAGED_PROFILE = "The colour profile is damaged and was left out."
_CONVERSIONS = {Space.GRAY: _gray, Space.CMYK: _cmyk, Space.LAB: _lab}
