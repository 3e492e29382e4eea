"""What a preview shows of a matte: the views, made of the worker's pixels.

Bytes in, bytes out; the standard library only.
"""

VIEWS = (
    ("transparency", "On _transparency"),
    ("black", "On _black"),
    ("white", "On _white"),
    ("overlay", "Red o_verlay"),
    ("mask", "Black and w_hite"),
    ("band", "_Unknown band"),
)
"""Ids and labels, in the order of the F key."""
BACKDROPS = {
    "transparency": (0x666666, 0x999999),
    "white": (0xFFFFFF, 0xFFFFFF),
    "overlay": (0xFF0000, 0xFF0000),
}
"""The two colours of the squares behind a view, 0xRRGGBB; black for all others."""

_OVERLAY = bytes(255 - (255 - alpha) * 5 // 10 for alpha in range(256))
"""What is left of the picture's green and blue under the red of what is cut away, of 255."""
_KNOWN = bytes(0x60 if level in (0, 255) else 0xFF for level in range(256))


def results(view):
    """Return the results to ask the worker for, and the options that the view needs itself."""
    if view == "mask":
        return {"alpha": "Y u8"}, {}
    if view == "overlay":
        return {"cutout": "RGBA u8"}, {"decontaminate_percent": 0}
    if view == "band":
        return {"trimap": "Y u8", "foreground": "RGBA u8"}, {"decontaminate_percent": 0}
    return {"cutout": "RGBA u8"}, {}


def rgba(view, given):
    """Return the RGBA bytes of a view for what the worker gave: results to their bytes."""
    if view == "mask":
        return gray(given["alpha"])
    if view == "overlay":
        return reddened(given["cutout"])
    if view == "band":
        return banded(given["foreground"], given["trimap"])
    return bytes(given["cutout"])


def gray(alpha):
    """Return alpha as opaque gray."""
    pixels = bytearray(b"\xff") * (4 * len(alpha))
    for channel in range(3):
        pixels[channel::4] = alpha
    return bytes(pixels)


def with_alpha(picture, alpha):
    """Return RGBA bytes with another alpha."""
    pixels = bytearray(picture)
    pixels[3::4] = alpha
    return bytes(pixels)


def reddened(cutout):
    """Return a cutout's colours, over red where alpha is low."""
    pixels = bytearray(cutout)
    alpha = bytes(pixels[3::4])
    pixels[3::4] = alpha.translate(_OVERLAY)
    return bytes(pixels)


def banded(picture, trimap):
    """Return a picture that is dim where the trimap knows, and as it is where it does not."""
    pixels = bytearray(picture)
    pixels[3::4] = trimap.translate(_KNOWN)
    return bytes(pixels)
