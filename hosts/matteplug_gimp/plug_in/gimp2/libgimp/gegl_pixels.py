"""Pixels of GIMP 2.10 in every depth: the buffers of GEGL, by ctypes.

Bytes are named in the colour space of the image itself: a plain "R'G'B'A u8" means sRGB, and GEGL
would convert a wide-gamut picture on the way out and again on the way in.
"""

import ctypes as c

from bridge import Pixels
from libgimp import functions, gimp, pdb

_BABL_DEPTHS = {"u8": ("u8", 1), "u16": ("u16", 2), "f32": ("float", 4)}
_U8_LINEAR, _U8, _U16_LINEAR, _U16 = 100, 150, 200, 250
_AUTO_ROWSTRIDE = _ABYSS_NONE = 0


class _Rectangle(c.Structure):
    _fields_ = [(name, c.c_int) for name in ("x", "y", "width", "height")]


_POINTER, _RECTANGLE = c.c_void_p, c.POINTER(_Rectangle)
_gegl = functions(
    "libgegl-0.4.so.0",
    {
        "gegl_init": (None, [_POINTER, _POINTER]),
        "gegl_buffer_get_format": (_POINTER, [_POINTER]),
        "gegl_buffer_get": (
            None,
            [_POINTER, _RECTANGLE, c.c_double, _POINTER, c.c_char_p, c.c_int, c.c_int],
        ),
        "gegl_buffer_set": (
            None,
            [_POINTER, _RECTANGLE, c.c_int, _POINTER, c.c_char_p, c.c_int],
        ),
    },
)
_babl = functions(
    "libbabl-0.1.so.0",
    {
        "babl_format_get_space": (_POINTER, [_POINTER]),
        "babl_format_get_encoding": (c.c_char_p, [_POINTER]),
        "babl_format_with_space": (_POINTER, [c.c_char_p, _POINTER]),
    },
)
_gobject = functions("libgobject-2.0.so.0", {"g_object_unref": (None, [_POINTER])})


def start():
    """Start GEGL; once, before all else."""
    _gegl.gegl_init(None, None)


def check(_image, _output):
    """Refuse nothing: all depths can be read and written."""


def depth_of(image):
    """Return the depth, as the wire has it, that holds the image's values sRGB-encoded."""
    precision = pdb.gimp_image_get_precision(image)
    if precision == _U8:
        return "u8"
    # 8 linear bits need more than 8 when they are encoded, and 16 more than 16
    return "u16" if precision in (_U8_LINEAR, _U16) else "f32"


def colours(layer, depth):
    """Return a layer's pixels, at (0, 0); of an opaque layer without the alpha that GEGL would add.

    It may go there by way of linear values, and come back a little off.
    """
    if pdb.gimp_drawable_has_alpha(layer):
        return _read(layer, "RGBA", depth, "R'G'B'A")
    return _read(layer, "RGB", depth, "R'G'B'")


def mask(channel, depth):
    """Return the values of a channel, a mask or the selection."""
    return _read(channel, "Y", depth, None)


def set_colours(layer, depth, data):
    """Write a layer's pixels."""
    _write(layer, depth, "R'G'B'A", data)


def set_mask(mask, depth, data):
    """Write the values of a mask."""
    _write(mask, depth, None, data)


def _read(drawable, wire_channels, depth, channels):
    with _Buffer(drawable, depth, channels) as buffer:
        width, height = buffer.rectangle.width, buffer.rectangle.height
        data = c.create_string_buffer(width * height * len(wire_channels) * buffer.sample_bytes)
        _gegl.gegl_buffer_get(
            buffer.pointer, buffer.rectangle, 1.0, buffer.format, data, _AUTO_ROWSTRIDE, _ABYSS_NONE
        )
    return Pixels("%s %s" % (wire_channels, depth), width, height, data.raw)


def _write(drawable, depth, channels, data):
    with _Buffer(drawable, depth, channels) as buffer:
        _gegl.gegl_buffer_set(
            buffer.pointer, buffer.rectangle, 0, buffer.format, data, _AUTO_ROWSTRIDE
        )
    rectangle = buffer.rectangle
    gimp.gimp_drawable_update(drawable, 0, 0, rectangle.width, rectangle.height)


class _Buffer:
    """A drawable's buffer, its rectangle, and the format in which it is read or written."""

    def __init__(self, drawable, depth, channels):
        width, height = pdb.gimp_drawable_width(drawable), pdb.gimp_drawable_height(drawable)
        self.rectangle = _Rectangle(0, 0, width, height)
        babl_depth, self.sample_bytes = _BABL_DEPTHS[depth]
        self.pointer = gimp.gimp_drawable_get_buffer(drawable)
        buffer_format = _gegl.gegl_buffer_get_format(self.pointer)
        if channels is None:
            # Masks as they are: GIMP calls them Y or Y', and naming the other bends 128 to 188.
            channels = _babl.babl_format_get_encoding(buffer_format).decode().split()[0]
        name = "%s %s" % (channels, babl_depth)
        space = _babl.babl_format_get_space(buffer_format)
        self.format = _babl.babl_format_with_space(name.encode(), space)

    def __enter__(self):
        return self

    def __exit__(self, *details):
        _gobject.g_object_unref(self.pointer)  # which hands what was written to GIMP
