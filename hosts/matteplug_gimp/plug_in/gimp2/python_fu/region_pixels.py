"""Pixels of GIMP 2.10 as Python-Fu hands them out: pixel regions, 8 bits per channel.

GIMP converts deeper images on the way, so colours would lose precision here: `check` refuses to
write them back.  Masks and selections of such images get 8 bits of alpha.
"""

from __future__ import absolute_import, division, print_function

import gimp

from bridge import Pixels, Refusal

TYPE_CHECKING = False  # typing's own is not there in Python 2
if TYPE_CHECKING:
    from typing import Any

pdb = gimp.pdb
_U8 = 150
_WIRE_CHANNELS = {1: "Y", 3: "RGB", 4: "RGBA"}


def check(image, output):
    # type: (gimp.Image, str) -> None
    """Raise Refusal where the output needs more than 8 bits."""
    if output in ("layer-mask", "selection") or pdb.gimp_image_get_precision(image) == _U8:
        return
    raise Refusal(
        "image-depth",
        "Python-Fu has 8 bits per channel, and this image has more.",
        "Choose the output layer mask or selection, or convert the image first: "
        "Image > Precision > 8 bit integer.",
    )


def depth_of(_image):
    # type: (gimp.Image) -> str
    """Return the depth, as the wire has it."""
    return "u8"


def colours(layer, _depth):
    # type: (gimp.Layer, str) -> Pixels
    """Return a layer's pixels, at (0, 0)."""
    data, channels = _read(layer), layer.bpp
    if channels == 2:
        data, channels = _interleaved((0, 0, 0, 1), data, 2), 4
    return Pixels(_WIRE_CHANNELS[channels] + " u8", layer.width, layer.height, data)


def mask(channel, _depth):
    # type: (gimp.Channel, str) -> Pixels
    """Return the values of a channel, a mask or the selection."""
    return Pixels("Y u8", channel.width, channel.height, _read(channel))


def set_colours(layer, _depth, data):
    # type: (gimp.Layer, str, bytes) -> None
    """Write a layer's pixels, given as RGBA."""
    _write(layer, data if layer.bpp == 4 else _interleaved((0, 3), data, 4))


def set_mask(mask, _depth, data):
    # type: (gimp.Channel, str, bytes) -> None
    """Write the values of a mask."""
    _write(mask, data)


def _interleaved(wanted, data, channels):
    # type: (tuple[int, ...], bytes, int) -> bytes
    """Return pixels made of the `wanted` channels."""
    source = bytearray(data)
    pixels = bytearray(len(source) // channels * len(wanted))
    for place, channel in enumerate(wanted):
        pixels[place :: len(wanted)] = source[channel::channels]
    return bytes(pixels)


def _read(drawable):
    # type: (Any) -> bytes
    size = drawable.width, drawable.height
    region = drawable.get_pixel_rgn(0, 0, size[0], size[1], False, False)  # type: gimp.PixelRgn
    return region[0 : size[0], 0 : size[1]]


def _write(drawable, data):
    # type: (Any, bytes) -> None
    region = drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height, True, False)
    region[0 : drawable.width, 0 : drawable.height] = data
    drawable.flush()
    drawable.update(0, 0, drawable.width, drawable.height)
