"""Pictures that Pillow holds, in any of its modes, as samples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.images import metadata, profiles
from matteplug.images.samples import Decoded, Samples, Space, interpret

if TYPE_CHECKING:
    from PIL.Image import Image

ORIENTATION = 0x0112
"""EXIF 2.3."""
SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N")


def picture(image: Image) -> Decoded:
    """Return a picture that Python hands over, turned as its EXIF data say.

    Raises:
        RequestError: it is damaged ("file-damaged"), or its values leave their scale in doubt
            ("image-range").
    """
    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise RequestError(
            "file-damaged", "The picture that Pillow has opened is damaged.", "Save it again."
        ) from error
    exif = image.getexif()
    adobe_rgb = exif.get_ifd(0x8769).get(0xA001) == 2
    read = replace(
        samples_of(image),
        icc=image.info.get("icc_profile"),
        marks=profiles.from_adobe_rgb() if adobe_rgb else profiles.Meaning(),
        orientation=exif.get(ORIENTATION, 1),
        metadata=metadata.of_pillow(image),
    )
    return interpret(read)


def samples_of(image: Image) -> Samples:
    """Return the samples of a loaded picture, without what its metadata say.

    Raises:
        RequestError: "image-range", as `picture`.
    """
    mode = image.mode
    if mode in SIXTEEN_BIT or mode in ("I", "F"):
        return _wide(image)
    if mode == "CMYK":
        return Samples(colours=np.asarray(image), space=Space.CMYK)
    if mode == "LAB":  # Pillow's a* and b* are signed
        lab = np.array(image)
        lab[..., 1:] ^= 128
        return Samples(colours=lab, space=Space.LAB)
    if mode in ("La", "RGBa"):
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[mode])
    elif image.has_transparency_data and mode not in ("LA", "RGBA"):
        image = image.convert("LA" if mode in ("1", "L") else "RGBA")
    elif mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("L" if mode == "1" else "RGB")
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    gray = array.shape[2] < 3
    colours = array[..., :1] if gray else array[..., :3]
    alpha = array[..., -1] if array.shape[2] in (2, 4) else None
    return Samples(
        colours=np.ascontiguousarray(colours),
        space=Space.GRAY if gray else Space.RGB,
        alpha=None if alpha is None else np.ascontiguousarray(alpha),
    )


def _wide(image: Image) -> Samples:
    """Return gray of 16 bits and more; Pillow counts "I" and "F" in 255ths when it converts."""
    values: NDArray[Any] = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not (low >= -1e-3 and high <= 65535):  # also NaN
        raise RequestError(
            "image-range",
            f"The picture of Pillow's mode {image.mode} has values from {low:g} to {high:g}.",
            "Bring them to 0 to 255, or to 0 to 1 as floats.",
        )
    notes: tuple[str, ...] = ()
    values = np.maximum(values, 0)
    if image.mode == "F" and high <= 1 + 1e-3:
        gray = np.rint(np.minimum(values, 1) * 65535).astype(np.uint16)
    elif image.mode == "F" and high <= 255:
        gray = np.rint(values * 257).astype(np.uint16)
    elif high <= 255 and image.format is None:  # made by Pillow, not read from a 16-bit file
        gray = values.astype(np.uint8)
        notes = (f"Values up to 255 of Pillow's mode {image.mode} were read as 8-bit.",)
    else:
        gray = np.rint(values).astype(np.uint16)
    return Samples(colours=gray[..., None], space=Space.GRAY, notes=notes)
