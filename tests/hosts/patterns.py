"""Pixels that the drivers of both GIMPs draw; copied beside them as `serving` is."""

from __future__ import annotations


def gradient(width: int, height: int, base: str) -> bytes:
    """Return RGBA u8: a gradient, gray if `base` is "gray", partly transparent on the right."""
    values = bytearray()
    for y in range(height):
        for x in range(width):
            gray = (5 * x + 3 * y) % 256
            colour = (gray, gray, gray) if base == "gray" else (x * 4 % 256, y * 6 % 256, gray)
            values += bytes((*colour, 255 if x < width - 6 else 90))
    return bytes(values)


def stripes(height: int) -> bytes:
    """Return the values of a trimap of 60 columns: 20 background, 20 unknown, 20 foreground."""
    return bytes((0,) * 20 + (128,) * 20 + (255,) * 20) * height


def as_colours(values: bytes, *, half_erased: bool) -> bytes:
    """Return gray values as RGBA u8; those of the first half transparent if `half_erased`."""
    half = len(values) // 2 if half_erased else 0
    return b"".join(bytes((v, v, v, 255 * (i >= half))) for i, v in enumerate(values))
