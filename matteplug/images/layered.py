"""Files of layers for editors: OpenRaster (freedesktop.org, 0.0.6) and PSD."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from matteplug import packages
from matteplug.errors import RequestError
from matteplug.images import profiles
from matteplug.images.encoding import encode
from matteplug.types import Size

__all__ = ["SUFFIXES", "Layer", "encode_layers"]

SUFFIXES = (".ora", ".psd")
_THUMBNAIL_PX = 256
_LARGEST_PSD_PX = 30000


class Layer(NamedTuple):
    """A layer of the picture's size.

    Attributes:
        name: what the editor calls it.
        array: (H, W) gray, (H, W, 3), or (H, W, 4) straight alpha; uint8 or uint16.
        visible: whether the editor shows it at first.
    """

    name: str
    array: NDArray[Any]
    visible: bool = True


def encode_layers(layers: Sequence[Layer], suffix: str, icc: bytes | None) -> bytes:
    """Return the bytes of a file of layers.

    Args:
        layers: of one size and depth; the last one is on top.
        suffix: one of `SUFFIXES`.
        icc: colour profile of them all; None for sRGB.

    Raises:
        PackageError: psd-tools is not installed, for .psd.
        RequestError: the format cannot hold the picture ("format-size").
    """
    return {".ora": _ora, ".psd": _psd}[suffix.lower()](layers, icc)


def _ora(layers: Sequence[Layer], icc: bytes | None) -> bytes:
    layers = [layer._replace(array=_coloured(layer.array)) for layer in layers]
    # Krita asks for the profile of every layer that has 16 bits and none
    icc = icc or profiles.matrix_profile("sRGB", profiles.BT709, profiles.SRGB_CURVE)
    size = Size.of(layers[0].array)
    merged = next(layer.array for layer in reversed(layers) if layer.visible)
    step = max(1, -(-max(size) // _THUMBNAIL_PX))
    thumbnail = merged[::step, ::step]
    if thumbnail.dtype != np.uint8:
        thumbnail = (thumbnail >> 8).astype(np.uint8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:  # PNG is compressed already

        def add(name: str, data: bytes | str) -> None:
            file.writestr(zipfile.ZipInfo(name), data)  # without a date: the same bytes each time

        add("mimetype", "image/openraster")
        entries = []
        for number, layer in enumerate(layers):
            source = f"data/layer{number}.png"
            add(source, encode(layer.array, ".png", icc))
            shown = "visible" if layer.visible else "hidden"
            entries.append(
                f'<layer name={quoteattr(layer.name)} src="{source}" x="0" y="0" '
                f'opacity="1.0" visibility="{shown}" composite-op="svg:src-over"/>'
            )
        stack = "\n".join(reversed(entries))  # the first one is on top
        add(
            "stack.xml",
            f'<?xml version="1.0" encoding="UTF-8"?>\n<image version="0.0.6" w="{size.width}" '
            f'h="{size.height}">\n<stack>\n{stack}\n</stack>\n</image>\n',
        )
        add("mergedimage.png", encode(merged, ".png", icc))
        add("Thumbnails/thumbnail.png", encode(np.ascontiguousarray(thumbnail), ".png"))
    return buffer.getvalue()


def _psd(layers: Sequence[Layer], icc: bytes | None) -> bytes:
    packages.require("psd_tools", purpose="Writing PSD", extra="formats")
    from psd_tools import PSDImage
    from psd_tools.constants import Resource
    from psd_tools.psd.image_resources import ImageResource

    size = Size.of(layers[0].array)
    if max(size) > _LARGEST_PSD_PX:
        raise RequestError(
            "format-size",
            f"PSD files are limited to {_LARGEST_PSD_PX} pixels per side.",
            "Write an .ora or a .tif.",
        )
    depth: Literal[8, 16] = 16 if layers[0].array.dtype == np.uint16 else 8
    file = PSDImage.new("RGB", (size.width, size.height), color=1.0, depth=depth)
    for layer in layers:
        made = file.create_pixel_layer_from_array(_coloured(layer.array), name=layer.name)
        made.visible = layer.visible
    if icc is not None:
        file.image_resources[Resource.ICC_PROFILE] = ImageResource(
            key=Resource.ICC_PROFILE.value, data=icc
        )
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def _coloured(array: NDArray[Any]) -> NDArray[Any]:
    """Return gray as (H, W, 3): the layers of a file have one colour space."""
    return np.repeat(array[..., None], 3, axis=2) if array.ndim == 2 else array
