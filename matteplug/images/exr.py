"""OpenEXR files: linear light, colours multiplied by alpha, as the format's convention wants."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug import packages
from matteplug.errors import RequestError
from matteplug.images import pixels, profiles
from matteplug.types import Metadata


def encode(array: NDArray[Any], icc: bytes | None, metadata: Metadata) -> bytes:
    """Return the bytes of an OpenEXR file with BT.709 primaries.

    | array | shape | dtype | channels |
    |---|---|---|---|
    | array | (H, W) | uint8, uint16, float32 | Y: an alpha or a mask, its values unchanged |
    | | (H, W, 3) | | R, G, B |
    | | (H, W, 4) straight alpha | | R, G, B, A |

    8 bits become half floats, which hold their linear light; others single floats.

    Raises:
        PackageError: OpenEXR is not installed.
        RequestError: the profile is neither sRGB nor one of primaries and curves ("exr-profile").
    """
    packages.require("OpenEXR", purpose="Writing OpenEXR", extra="formats")
    import OpenEXR

    values = pixels.to_float(array)
    if array.ndim == 3:
        try:
            linear = profiles.linear_light(values[..., :3], icc)
        except ValueError as error:
            raise RequestError(
                "exr-profile",
                "The picture's profile has no primaries, so its linear light is not known.",
                "Convert the picture to sRGB, or write a .tif.",
            ) from error
        alpha = values[..., 3:]
        values = np.concatenate([linear * alpha, alpha], axis=2) if alpha.size else linear
    names = "Y" if array.ndim == 2 else "RGBA"[: array.shape[2]]
    stored = values.astype(np.float16 if array.dtype == np.uint8 else np.float32)
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": tuple(
            value for pair in (*profiles.BT709[1:], profiles.BT709[0]) for value in pair
        ),
    }
    texts = {"owner": metadata.copyright, "comments": metadata.description}
    header |= {name: text for name, text in texts.items() if text}
    with tempfile.TemporaryDirectory(prefix="matteplug-") as folder:
        path = Path(folder, "result.exr")
        with OpenEXR.File(header, {names: np.ascontiguousarray(stored)}) as file:
            file.write(str(path))
        return path.read_bytes()
