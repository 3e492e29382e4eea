"""Which picture formats are read: those of Pillow that decode pixels and run no other program.

OpenEXR is the exception: the extra ``formats`` reads it.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from matteplug import packages

__all__ = ["advice", "readable"]

SUFFIXES = {
    "AVIF": ".avif .avifs",
    "BMP": ".bmp .dib",
    "DDS": ".dds",
    "GIF": ".gif",
    "ICNS": ".icns",
    "ICO": ".ico",
    "JPEG": ".jfif .jpe .jpeg .jpg",
    "JPEG2000": ".j2c .j2k .jp2 .jpc .jpf .jpx",
    "MPO": ".mpo",
    "PCX": ".pcx",
    "PNG": ".apng .png",
    "PPM": ".pbm .pfm .pgm .pnm .ppm",
    "PSD": ".psd",
    "QOI": ".qoi",
    "SGI": ".bw .rgb .rgba .sgi",
    "SUN": ".ras",
    "TGA": ".icb .tga .vda .vst",
    "TIFF": ".tif .tiff",
    "WEBP": ".webp",
}
"""Suffixes by Pillow's name of the format."""
_FEATURES = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp", "TIFF": "libtiff"}
"""What Pillow has to be built with."""
CAMERA = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".dng", ".iiq", ".nef", ".nrw", ".orf", ".pef", ".raf"}
    | {".raw", ".rw2", ".rwl", ".srw"}
)
"""Suffixes of the cameras' raw formats."""
PHONE = frozenset([".heic", ".heics", ".heif", ".heifs", ".hif"])
"""Suffixes of what telephones take, which needs a licensed decoder."""
OTHER_PICTURES = frozenset(
    {".clip", ".eps", ".exr", ".hdr", ".jxl", ".jxr", ".kra", ".ora", ".pdf", ".psb", ".svg"}
    | {".wmf", ".xcf"}
)
"""Suffixes of further formats of pictures."""


@cache
def readable() -> dict[str, str]:
    """Return the formats that the installed packages read, by their suffixes."""
    from PIL import Image, features

    Image.init()
    others = {".exr": "EXR"} if find_spec("OpenEXR") else {}
    return others | {
        suffix: name
        for name, suffixes in SUFFIXES.items()
        if name in Image.OPEN and (name not in _FEATURES or features.check(_FEATURES[name]))
        for suffix in suffixes.split()
    }


def advice(suffix: str) -> str:
    """Return what to do with a file whose format is not read.

    Args:
        suffix: of its name, in small letters, with the dot.
    """
    if suffix in CAMERA:
        return "Camera raw files cannot be read; develop it to TIFF, in darktable or RawTherapee."
    if suffix in PHONE:
        return "HEIC cannot be read; convert it to JPEG, PNG or AVIF."
    if suffix == ".exr":
        return f"OpenEXR files need an extra; run: {packages.install('matteplug[formats]')}"
    if suffix in OTHER_PICTURES:
        return "This format cannot be read; convert it to PNG, TIFF or JPEG."
    return "This is not a picture, or of a format that cannot be read."
