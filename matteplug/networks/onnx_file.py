"""Checks of an ONNX file that need not load it.

An ONNX file is a Protocol Buffers message; a walk over its wire format finds where tensors keep
their data.  The runtime is not asked to read it, since it would open any file that it points to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from matteplug.errors import NetworkError

_Message: TypeAlias = str
_MODEL_GRAPH = 7
_FIELDS: Mapping[_Message, Mapping[int, _Message]] = {
    "model": {_MODEL_GRAPH: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse tensor",
        23: "sparse tensor",
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
}
"""Where a message of onnx.proto holds others in which there are tensors, by number of the field."""
_TENSOR_EXTERNAL_DATA, _ENTRY_KEY, _ENTRY_VALUE = 13, 1, 2
_DEEPEST = 100
"""Levels of messages in each other; Protocol Buffers itself reads no more."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def check(path: Path) -> None:
    """Check that `path` is an ONNX graph with all its weights inside.

    Raises:
        NetworkError: it cannot be read, is not an ONNX file, or keeps weights in other files.
    """
    try:
        content = memoryview(path.read_bytes())
    except OSError as error:
        raise NetworkError("onnx-missing", f"{path} cannot be read: {error.strerror}.") from error
    try:
        outside = sorted(set(_external(content, "model")))
        graphs = [value for number, value in _fields(content) if number == _MODEL_GRAPH]
    except (IndexError, ValueError) as error:
        raise NetworkError(
            "onnx-damaged", f"{path} is not an ONNX file, or it is damaged."
        ) from error
    if not graphs:
        raise NetworkError("onnx-damaged", f"{path} is not an ONNX file: there is no graph in it.")
    if outside:
        raise NetworkError(
            "onnx-external",
            f"{path} keeps weights in other files: {', '.join(outside)}.",
            "Save it as one file: onnx.save(model, path, save_as_external_data=False).",
        )


def _external(message: memoryview, kind: _Message, depth: int = 0) -> Iterator[str]:
    """Yield the files that the tensors in a message point to."""
    if kind == "tensor":
        yield from _places(message)
        return
    if depth > _DEEPEST:
        raise ValueError("messages lie too deep in each other")
    for number, value in _fields(message):
        if inner := _FIELDS[kind].get(number):
            yield from _external(value, inner, depth + 1)


def _places(tensor: memoryview) -> Iterator[str]:
    for number, entry in _fields(tensor):
        if number == _TENSOR_EXTERNAL_DATA:
            pairs = dict(_fields(entry))
            if bytes(pairs.get(_ENTRY_KEY, b"")) == b"location":
                yield bytes(pairs.get(_ENTRY_VALUE, b"")).decode("utf-8", "replace")


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield (field number, content) of a message; numbers have empty content.

    Raises:
        ValueError, IndexError: it is not a message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind, length = key & 7, 0
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"there is no wire type {kind}")
        if at + length > len(message):
            raise ValueError("a field reaches beyond its message")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number has too many bytes")
