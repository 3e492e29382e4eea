"""TIFF (revision 6.0, and BigTIFF): the first picture that is not a thumbnail, of any samples.

Pillow reads the directories, and its libtiff decompresses: each band of rows is handed to it as a
small TIFF of single bytes, so that any number, depth and kind of samples comes through.  What is
compressed as a picture (JPEG, fax, WebP) Pillow decodes itself.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug.images import metadata, pixels, profiles
from matteplug.images.samples import Samples, Space
from matteplug.types import Size

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_PAGES = 100
_BAND_BYTES = 32 << 20
_UNCOMPRESSED = 1
_OF_BYTES = {1, 5, 8, 32773, 32946, 34925, 50000}
"""Compressions of bytes: none, LZW, deflate, PackBits, deflate's old number, LZMA, Zstandard."""
_OF_PICTURES = {2, 3, 4, 6, 7, 50001}
"""Compressions of whole pictures: three of fax, two of JPEG, WebP."""
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_SPACES = {
    0: Space.GRAY,  # white is zero
    1: Space.GRAY,
    2: Space.RGB,
    3: Space.RGB,  # palette
    5: Space.CMYK,
    8: Space.LAB,
    9: Space.LAB,  # ICC's: a* and b* with an offset
}
_OF_LIGHT = (0, 1, 2)
"""Gray and RGB."""
_PREMULTIPLIED, _STRAIGHT = 1, 2
_ADOBE_RGB = 2


class UnreadableTiff(Exception):
    """The TIFF is valid, but of a kind that is not read; the text completes "… has "."""


@dataclass(frozen=True)
class Page:
    """One picture of a TIFF file, as its directory describes it.

    Attributes:
        file: the whole file.
        tags: the directory.
        index: the page's number.
        order: "<" or ">".
        notes: what beside it the file holds.
    """

    file: BinaryIO
    tags: Any
    index: int
    order: str
    notes: tuple[str, ...] = ()

    def number(self, tag: int, default: int) -> int:
        """Return a tag's one number."""
        value = self.tags.get(tag, default)
        value = value[0] if isinstance(value, tuple) else value
        return int(value)

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return a tag's numbers; none where it is missing."""
        value = self.tags.get(tag, ())
        return tuple(int(v) for v in value) if isinstance(value, tuple) else (int(value),)

    @property
    def size(self) -> Size:
        """Its size as stored."""
        return Size(self.number(256, 0), self.number(257, 0))

    @property
    def orientation(self) -> int:
        """EXIF's orientation."""
        return self.number(274, 1)

    @cached_property
    def bits(self) -> int:
        """Bits of each sample."""
        bits = set(self.numbers(258)) or {1}
        if len(bits) > 1:
            raise UnreadableTiff("channels of different depths")
        return bits.pop()

    @property
    def depth(self) -> np.dtype[Any]:
        """What its samples are read as: floats stay floats, but of CMYK and Lab."""
        if self.is_float and self.number(262, 1) in _OF_LIGHT:
            return np.dtype(np.float32)
        return np.dtype(np.uint8 if self.bits <= 8 else np.uint16)

    @property
    def is_float(self) -> bool:
        """Whether its samples are floats."""
        return (self.numbers(339) or (_UNSIGNED,))[0] == _FLOAT

    @property
    def is_pillows(self) -> bool:
        """Whether Pillow has to decode it."""
        return self.number(259, 1) in _OF_PICTURES or self.number(262, 1) == 6


def is_tiff(start: bytes) -> bool:
    """Tell a TIFF by its first four bytes."""
    return start[:4] in MAGIC


def open_page(file: BinaryIO) -> Page:
    """Return the first page that is neither a thumbnail nor a mask.

    Raises:
        Exception: of nearly any kind, the file is damaged.
    """
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    header = file.read(8)
    if header[2:3] == b"+" or header[3:4] == b"+":
        header += file.read(8)
    directory = ImageFileDirectory_v2(header)
    order = "<" if header[:2] == b"II" else ">"
    first: tuple[int, Any] | None = None
    pictures, seen, notes = 0, set[int](), tuple[str, ...]()
    offset, index = int(directory.next), 0
    while offset and offset not in seen and index < _MOST_PAGES:
        seen.add(offset)
        try:
            file.seek(offset)
            directory = ImageFileDirectory_v2(header)
            directory.load(file)
            width, kind = directory[256], int(directory.get(254, 0))
        except Exception:  # Pillow raises nearly everything on broken directories
            if first is None:
                raise
            notes = ("The first frame was used; the rest of the file is damaged.",)
            break
        if width and not kind & 5:  # 1 is a smaller version, 4 a mask
            pictures += 1
            first = first or (index, directory)
        elif index == 0:
            fallback = directory
        offset, index = int(directory.next), index + 1
    number, tags = first or (0, fallback)
    if not notes and pictures > 1:
        many = f"more than {_MOST_PAGES}" if index == _MOST_PAGES and offset else str(pictures)
        notes = (f"The first of {many} frames was used.",)
    return Page(file, tags, number, order, notes)


def bytes_per_pixel(page: Page) -> float:
    """Return what `decode` takes for a pixel at its peak."""
    if page.is_pillows:
        return 12.0
    kept = min(page.number(277, 1), 5) * page.depth.itemsize
    whole = page.number(278, page.size.height) >= page.size.height  # one strip holds all rows
    if not whole or page.number(259, 1) == _UNCOMPRESSED:
        return 2.0 * kept
    stored = page.number(277, 1) * page.bits / 8
    return max(2.0 * kept, 2 * stored + kept)


def decode(page: Page) -> Samples:
    """Decode a page.

    Raises:
        UnreadableTiff: it is of a kind that is not read.
        Exception: of nearly any kind, it is damaged.
    """
    photometric = page.number(262, 1)
    if photometric not in _SPACES:
        raise UnreadableTiff(f"colours of the kind {photometric}")
    space, count = _SPACES[photometric], page.number(277, 1)
    palette = photometric == 3
    colours_held = 1 if palette else space.channels
    if count < colours_held:
        raise UnreadableTiff(f"{count} channels, too few for its colours")
    if page.number(259, 1) not in _OF_BYTES:
        raise UnreadableTiff(f"the compression {page.number(259, 1)}")
    kept, premultiplied = _kept(page, colours_held, count)
    stored = np.empty((page.size.height, page.size.width, len(kept)), page.depth)
    clipped = 0
    for rows, band in _bands(page, kept):
        stored[rows], beyond = _in_depth(page, band, scaled=not palette)
        clipped += beyond
    if clipped > stored.size / 2:
        raise UnreadableTiff("floating-point values that reach far beyond 0 to 1")
    notes = page.notes
    if clipped:
        notes += ("Values beyond 0 to 1 were clipped.",)
    kept_bits = 32 if page.depth.kind == "f" else 16
    if page.bits > kept_bits:
        notes += (f"The picture's {page.bits} bits per channel were read as {kept_bits}.",)
    alpha = np.ascontiguousarray(stored[..., -1]) if len(kept) > colours_held else None
    colours = stored[..., :colours_held]
    if palette:
        table = np.reshape(page.numbers(320), (3, -1)).T
        colours = (table[colours[..., 0]] >> 8).astype(np.uint8)
        alpha = None
    elif photometric == 0:
        colours = 1 - colours if page.depth.kind == "f" else ~colours
    elif photometric == 8:  # a* and b* are signed
        offset = 1 << (8 * page.depth.itemsize - 1)
        colours[..., 1:] ^= page.depth.type(offset)
    return Samples(
        colours=np.ascontiguousarray(colours),
        space=space,
        alpha=alpha,
        premultiplied=premultiplied,
        notes=notes,
        **about(page),
    )


def about(page: Page) -> dict[str, Any]:
    """Return what the tags say beside the samples, as arguments of `Samples`."""
    icc = page.tags.get(34675)
    return {
        "icc": icc if isinstance(icc, bytes) else None,
        "marks": profiles.from_adobe_rgb() if _is_adobe_rgb(page) else profiles.Meaning(),
        "orientation": page.orientation,
        "metadata": metadata.of_tiff(page.tags.get),
    }


def _is_adobe_rgb(page: Page) -> bool:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    if 34665 not in page.tags:
        return False
    try:
        page.file.seek(page.number(34665, 0))
        exif = ImageFileDirectory_v2(b"II*\0\0\0\0\0" if page.order == "<" else b"MM\0*\0\0\0\0")
        exif.load(page.file)
        return bool(exif.get(0xA001) == _ADOBE_RGB)
    except Exception:  # Pillow raises nearly everything on broken directories
        return False


def _kept(page: Page, colours: int, count: int) -> tuple[list[int], bool]:
    """Return the channels that are read, and whether the colours are multiplied by alpha."""
    extra = page.numbers(338)
    if not extra and (colours, count) == (3, 4) and page.number(262, 1) == 2:
        extra = (_STRAIGHT,)  # left out by old programs
    for place, kind in enumerate(extra[: count - colours]):
        if kind in (_PREMULTIPLIED, _STRAIGHT):
            return [*range(colours), colours + place], kind == _PREMULTIPLIED
    return list(range(colours)), False


def _in_depth(page: Page, band: NDArray[Any], *, scaled: bool) -> tuple[NDArray[Any], int]:
    """Return samples in full scale, and how many lay beyond it."""
    if band.dtype.kind == "f":
        values = np.nan_to_num(band.astype(np.float32), nan=0.0)
        beyond = int(np.count_nonzero((values < -1e-3) | (values > 1 + 1e-3)))
        return pixels.from_float(values, page.depth), beyond
    scale = np.iinfo(page.depth).max
    if page.bits in (8, 16) or not scaled:
        return band, 0
    if page.bits > 16:
        return (band >> (page.bits - 16)).astype(page.depth), 0
    largest = (1 << page.bits) - 1
    return ((band.astype(np.uint32) * scale + largest // 2) // largest).astype(page.depth), 0


def _dtype(page: Page) -> np.dtype[Any]:
    """Return the type of whole-byte samples."""
    kind = (page.numbers(339) or (_UNSIGNED,))[0]
    letter = {_FLOAT: "f"}.get(kind, "u")
    if kind in (_SIGNED, 5, 6) or (letter == "f" and page.bits not in (16, 32, 64)):
        raise UnreadableTiff(f"{page.bits}-bit signed, complex or unusual floating-point values")
    if page.bits > 16 and page.bits not in (32, 64):
        raise UnreadableTiff(f"{page.bits} bits per channel")
    whole = page.bits in (8, 16, 32, 64)
    return np.dtype(f"{page.order}{letter}{page.bits // 8}" if whole else "u1")


def _bands(page: Page, kept: list[int]) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield bands of rows with the kept channels, (rows, W, C), samples as stored."""
    count = page.number(277, 1)
    apart = page.number(284, 1) == 2 and count > 1
    if not apart:
        for rows, band in _plane(page, 0, count):
            yield rows, band[..., kept]
        return
    planes = [_plane(page, channel, 1) for channel in kept]
    for together in zip(*planes, strict=True):
        yield together[0][0], np.concatenate([band for _, band in together], axis=2)


def _plane(page: Page, plane: int, count: int) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield bands of rows of one plane of `count` interleaved channels."""
    width, height = page.size
    dtype = _dtype(page)
    tiled = 322 in page.tags
    offsets, counts = page.numbers(324 if tiled else 273), page.numbers(325 if tiled else 279)
    tile = Size(page.number(322, width), page.number(323, 0) or page.number(278, height))
    if min(tile) < 1 or max(tile.width, 0) > 1 << 17:
        raise ValueError(tile)
    tile = Size(tile.width, tile.height if tiled else min(tile.height, height))
    across, down = -(-width // tile.width), -(-height // tile.height)
    if not counts and page.number(259, 1) == _UNCOMPRESSED and across * down == 1:
        counts = (-(-width * count * page.bits // 8) * height,)
    places = list(zip(offsets, counts, strict=True))[plane * across * down :][: across * down]
    if len(places) < across * down:
        raise ValueError("strips are missing")
    row_bytes = -(-tile.width * count * page.bits // 8)
    if down == 1 and not tiled and page.number(259, 1) == _UNCOMPRESSED:
        places, tile = _split(places[0][0], row_bytes, Size(width, height))
        down = len(places)
    grid = _Grid(row_bytes, across, tile.height)
    per_band = max(1, _BAND_BYTES // (row_bytes * tile.height * across))
    for first in range(0, down, per_band):
        some = places[first * across : (first + per_band) * across]
        rows = slice(first * tile.height, min(height, (first + per_band) * tile.height))
        raw = _decompressed(page, some, grid, rows.stop - rows.start)
        raw = raw.reshape(raw.shape[0], across, row_bytes)
        values = _values(page, raw, tile.width * count, dtype)  # (rows, across, tile width × count)
        values = values.reshape(*values.shape[:2], tile.width, count)
        values = _unpredicted(page, values, dtype)
        yield rows, values.reshape(values.shape[0], -1, count)[: rows.stop - rows.start, :width]


class _Grid(NamedTuple):
    """How a plane is cut into strips or tiles: bytes in a row of one, how many across, its rows."""

    row_bytes: int
    across: int
    rows: int


def _split(offset: int, row_bytes: int, size: Size) -> tuple[list[tuple[int, int]], Size]:
    """Return the one uncompressed strip that holds a plane as strips of a band's size."""
    rows = max(1, _BAND_BYTES // row_bytes)
    tops = range(0, size.height, rows)
    strips = [(offset + top * row_bytes, min(rows, size.height - top) * row_bytes) for top in tops]
    return strips, Size(size.width, rows)


def _decompressed(
    page: Page, places: list[tuple[int, int]], grid: _Grid, rows: int
) -> NDArray[np.uint8]:
    """Return strips or tiles, decompressed, (rows, across × row_bytes)."""
    row_bytes, across, tile_rows = grid
    from PIL import Image

    pieces = []
    for offset, length in places:
        page.file.seek(offset)
        pieces.append(page.file.read(length))
    compression = page.number(259, 1)
    tiled = 322 in page.tags
    padded = tile_rows * (len(places) // across) if tiled else rows
    if compression == _UNCOMPRESSED:
        parts = [np.frombuffer(piece, np.uint8) for piece in pieces]
        if not tiled:
            return np.concatenate(parts)[: rows * row_bytes].reshape(rows, row_bytes)
        tiles = np.stack([piece[: tile_rows * row_bytes] for piece in parts])
        tiles = tiles.reshape(-1, across, tile_rows, row_bytes)
        rows_of_tiles = tiles.transpose(0, 2, 1, 3)
        whole: NDArray[np.uint8] = rows_of_tiles.reshape(padded, across * row_bytes)
        return whole
    tags = {256: across * row_bytes, 257: padded, 258: 8, 259: compression, 262: 1, 277: 1}
    tags[266] = page.number(266, 1)
    tags |= {322: row_bytes, 323: tile_rows} if tiled else {278: tile_rows}
    with Image.open(io.BytesIO(_tiff_of(tags, pieces, tiled=tiled)), formats=["TIFF"]) as image:
        del pieces
        decompressed: NDArray[np.uint8] = np.asarray(image)
        return decompressed


def _tiff_of(tags: dict[int, int], pieces: list[bytes], *, tiled: bool) -> bytes:
    """Return a TIFF file of some tags around strips or tiles."""
    offsets = 8 + np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
    at = int(offsets[-1])
    lists = struct.pack(f"<{len(pieces)}I", *(int(o) for o in offsets[:-1]))
    lists += struct.pack(f"<{len(pieces)}I", *map(len, pieces))
    where, lengths = (324, 325) if tiled else (273, 279)
    entries = {tag: struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()}
    for tag, values_at in ((where, at), (lengths, at + 4 * len(pieces))):
        only = struct.unpack_from("<I", lists, values_at - at)[0]
        place = only if len(pieces) == 1 else values_at
        entries[tag] = struct.pack("<HHII", tag, 4, len(pieces), place)
    directory = struct.pack("<H", len(entries)) + b"".join(v for _, v in sorted(entries.items()))
    header = struct.pack("<2sHI", b"II", 42, at + len(lists))
    return b"".join([header, *pieces, lists, directory, bytes(4)])


def _values(page: Page, raw: NDArray[np.uint8], count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the samples of rows of bytes: (…, bytes) to (…, count)."""
    if page.bits in (8, 16, 32, 64):
        return np.ascontiguousarray(raw).view(dtype)
    bits = np.unpackbits(raw, axis=-1)[..., : count * page.bits]
    bits = bits.reshape(*raw.shape[:-1], count, page.bits)
    powers = 1 << np.arange(page.bits, dtype=np.uint16)[::-1]
    values: NDArray[Any] = bits @ powers
    return values


def _unpredicted(page: Page, values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Undo the differencing of neighbours: (rows, tiles, W, channels)."""
    predictor = page.number(317, 1)
    if predictor == 1:
        return values
    if predictor == 2 and dtype.kind == "u":
        native = values.astype(dtype.newbyteorder("="), copy=False)
        return np.add.accumulate(native, axis=2, dtype=native.dtype)
    if predictor == 3 and dtype.kind == "f":  # Adobe's technical note 3: bytes by significance
        size, count = dtype.itemsize, values.shape[3]
        planes = values.view(np.uint8).reshape(*values.shape[:2], -1, count)
        planes = np.add.accumulate(planes, axis=2, dtype=np.uint8)
        planes = planes.reshape(*values.shape[:2], size, -1)
        samples = np.ascontiguousarray(np.moveaxis(planes, 2, -1))
        return samples.view(f">f{size}")[..., 0].reshape(values.shape)
    raise UnreadableTiff(f"the predictor {predictor}")
