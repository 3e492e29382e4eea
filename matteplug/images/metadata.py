"""What a picture says about itself: print resolution, copyright, artist, description, date.

This travels to the result.  Orientation does not, for pictures are turned when they are read; nor
do places, cameras, thumbnails and editing histories.
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from matteplug.types import Metadata

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

_EXIF = {"description": 0x010E, "date": 0x0132, "artist": 0x013B, "copyright": 0x8298}
"""Fields by their tags in EXIF 2.3 and TIFF 6.0."""
_PNG = {
    "description": ("Description", "Comment", "Title"),
    "date": ("Creation Time",),
    "artist": ("Author", "Artist"),
    "copyright": ("Copyright",),
}
"""Fields by their keywords in PNG, the first of which is written."""
_XMP = {"description": "description", "artist": "creator", "copyright": "rights"}
_IPTC = {"description": (2, 120), "artist": (2, 80), "copyright": (2, 116)}
_LONGEST = 10_000
_INCH_PER_METRE = 39.37007874


def texts(metadata: Metadata) -> dict[str, str]:
    """Return the fields of text that are not empty."""
    return {name: text for name in _EXIF if (text := getattr(metadata, name))}


def of_pillow(image: Image) -> Metadata:
    """Return what a picture that Pillow has opened says: EXIF first, then XMP, IPTC and PNG."""
    exif = image.getexif()
    sources: list[Callable[[str], Any]] = [
        lambda name: exif.get(_EXIF[name]),
        lambda name: xmp_text(_xmp(image), name),
        _iptc(image),
        lambda name: next((image.info[k] for k in _PNG[name] if image.info.get(k)), None),
    ]
    texts = {
        name: next((text for source in sources if (text := clean(source(name)))), "")
        for name in _EXIF
    }
    dpi = image.info.get("dpi")
    return Metadata(dpi=resolution(*dpi) if dpi else _exif_dpi(exif), **texts)


def of_tiff(tags: Callable[[int], Any]) -> Metadata:
    """Return what a TIFF's tags say.

    Args:
        tags: the value of a tag, or None.
    """
    xmp = tags(700)
    texts = {
        name: clean(tags(tag)) or clean(xmp_text(xmp if isinstance(xmp, bytes) else b"", name))
        for name, tag in _EXIF.items()
    }
    across, down, unit = _number(tags(282)), _number(tags(283)), tags(296)
    per_inch = 2.54 if unit == 3 else 1.0
    dpi = None if unit == 1 else resolution(across * per_inch, down * per_inch)
    return Metadata(dpi=dpi, **texts)


def exif(metadata: Metadata) -> bytes:
    """Return an EXIF block, from its TIFF header on; empty for nothing."""
    from PIL.Image import Exif

    block = Exif()
    if metadata.dpi:
        block[282], block[283], block[296] = *metadata.dpi, 2
    for name, text in texts(metadata).items():
        block[_EXIF[name]] = text.encode()
    return block.tobytes().removeprefix(b"Exif\0\0") if len(block) else b""


def tiff_tags(metadata: Metadata) -> list[tuple[int, bytes]]:
    """Return TIFF's tags of text with their values, NUL included."""
    return [(_EXIF[name], text.encode() + b"\0") for name, text in texts(metadata).items()]


def png_chunks(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return PNG's chunks: pHYs, eXIf and iTXt."""
    chunks = []
    if metadata.dpi:
        per_metre = (round(value * _INCH_PER_METRE) for value in metadata.dpi)
        chunks.append((b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if block := exif(metadata):
        chunks.append((b"eXIf", block))
    for name, text in texts(metadata).items():
        keyword = _PNG[name][0].encode("latin-1")
        chunks.append((b"iTXt", keyword + b"\0\0\0\0\0" + text.encode()))
    return chunks


def resolution(across: Any, down: Any) -> tuple[float, float] | None:
    """Return a resolution in pixels per inch, or None for one that makes no sense."""
    pair = _number(across), _number(down)
    return pair if all(1 <= value <= 100_000 for value in pair) else None


def clean(value: Any) -> str:
    """Return the text of a tag, UTF-8 or Latin-1, without what a text has no use for."""
    if isinstance(value, tuple | list) and value:
        value = value[0]
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return ""
    with contextlib.suppress(UnicodeError):  # Pillow and tifffile take EXIF's UTF-8 for Latin-1
        value = value.encode("latin-1").decode()
    return re.sub(r"[\0-\x08\x0b-\x1f\x7f]", " ", value).strip()[:_LONGEST].strip()


def xmp_text(xmp: bytes, name: str) -> str | None:
    """Return a field of the Dublin Core in an XMP packet."""
    if name not in _XMP:
        return None
    tag = _XMP[name].encode()
    pattern = rb"<dc:" + tag + rb"\b[^>]*>\s*<rdf:(?:Alt|Seq|Bag)>(.*?)</rdf:(?:Alt|Seq|Bag)>"
    block = re.search(pattern, xmp[: 1 << 20], re.DOTALL)
    if block is None:
        return None
    from xml.sax.saxutils import unescape

    items = re.findall(rb"<rdf:li\b[^>]*>([^<]*)</rdf:li>", block[1])
    return unescape("; ".join(item.decode(errors="replace") for item in items))


def _xmp(image: Image) -> bytes:
    data = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return data.encode() if isinstance(data, str) else bytes(data)


def _iptc(image: Image) -> Callable[[str], Any]:
    from PIL import IptcImagePlugin

    try:
        records: Any = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    except Exception:  # it raises nearly everything on broken data
        records = {}

    def field(name: str) -> Any:
        value = records.get(_IPTC.get(name, (0, 0)))
        return value[0] if isinstance(value, list) and value else value

    return field


def _exif_dpi(exif: Exif) -> tuple[float, float] | None:
    unit = exif.get(296)
    if unit not in (2, 3):
        return None
    per_inch = 2.54 if unit == 3 else 1.0
    return resolution(_number(exif.get(282)) * per_inch, _number(exif.get(283)) * per_inch)


def _number(value: Any) -> float:
    """Return a number, or the quotient of a pair; 0 for anything else."""
    try:
        if isinstance(value, tuple):
            value = value[0] / value[1]
        return float(value)
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        return 0.0
