"""Whether a file is still what was written, and if not, whether it is whole at least."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from matteplug.errors import RequestError
from matteplug.images import files

_PNG = b"\x89PNG\r\n\x1a\n"
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
    try:
        files.read(path)
    except RequestError as error:
        return error.code not in _DAMAGED
    return True


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
