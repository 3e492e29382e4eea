"""Whether a file is still what was written, and if not, whether it is whole at least."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from matteplug.errors import RequestError
from matteplug.images import files

_PNG = b"\x89PNG\r\n\x1a\n"
_EXR_OTHERS = 0x200 | 0x800 | 0x1000
"""Bits of the version: tiles, deep data, several parts."""
_EXR_LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}
"""Scan lines of a chunk by the method of compression."""
_ZIP, _EXR = b"PK\x03\x04", b"v/1\x01"
_DAMAGED = frozenset(("file-empty", "file-damaged", "file-not-image"))


class Digest(NamedTuple):
    """A file's content, in short.

    Attributes:
        size: in bytes.
        sha256: the checksum, hex.
    """

    size: int
    sha256: str


def digest_of(path: Path) -> Digest:
    """Return the digest of a file.

    Raises:
        OSError: it cannot be read.
    """
    content, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
            size += len(block)
    return Digest(size, content.hexdigest())


def is_whole(path: Path) -> bool:
    """Tell whether a file is a complete picture; one that may not be decoded counts as one.

    Raises:
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    if content.startswith(_PNG):
        return _is_whole_png(content)
    if content.startswith(_ZIP):
        return _is_whole_zip(content)
    if content.startswith(_EXR):
        return _is_whole_exr(content)
    try:
        files.read(path)
    except RequestError as error:
        return error.code not in _DAMAGED
    return True


def _is_whole_zip(content: bytes) -> bool:
    """Tell whether an OpenRaster file has its directory, and every entry its checksum."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            return file.testzip() is None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error):
        return False


def _is_whole_exr(content: bytes) -> bool:
    """Tell whether the last chunk of scan lines ends where the file does (OpenEXR file layout).

    Files of tiles and of several parts, which other programs write, count as whole.
    """
    (version,) = struct.unpack_from("<I", content, 4)
    if version & _EXR_OTHERS:
        return True
    try:
        attributes, at = {}, 8
        while content[at] != 0:
            name, kind, _ = content[at : at + 600].split(b"\0", 2)
            at += len(name) + len(kind) + 2
            (size,) = struct.unpack_from("<I", content, at)
            attributes[name] = content[at + 4 : at + 4 + size]
            at += 4 + size
        _, top, _, bottom = struct.unpack("<4i", attributes[b"dataWindow"])
        lines = _EXR_LINES[attributes[b"compression"][0]]
        offsets = struct.unpack_from(f"<{-(-(bottom + 1 - top) // lines)}Q", content, at + 1)
        (size,) = struct.unpack_from("<I", content, max(offsets) + 4)
        return bool(min(offsets) > at and len(content) >= max(offsets) + 8 + size)
    except (IndexError, KeyError, ValueError, struct.error):
        return False


def _is_whole_png(content: bytes) -> bool:
    """Tell whether every chunk up to the last one is there, and is as its checksum says."""
    at = len(_PNG)
    while len(content) >= at + 12:
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        if content[end : end + 4] != struct.pack(">I", zlib.crc32(content[at + 4 : end])):
            return False
        if kind == b"IEND":
            return True
        at = end + 4
    return False
