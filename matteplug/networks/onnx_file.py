"""Checks of an ONNX file that need not load it.

An ONNX file is a Protocol Buffers message; a walk over its wire format finds where tensors keep
their data.  The runtime is not asked to read it, since it would open any file that it points to.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from matteplug.errors import NetworkError

_MODEL_GRAPH, _MODEL_FUNCTION, _FUNCTION_NODE = 7, 25, 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _NODE_ATTRIBUTE = 1, 5, 5
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = (5, 10), (6, 11)
_TENSOR_EXTERNAL_DATA, _ENTRY_KEY, _ENTRY_VALUE = 13, 1, 2
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
        parts = [field for field in _fields(content) if field[0] in (_MODEL_GRAPH, _MODEL_FUNCTION)]
        outside = sorted({place for part in parts for place in _external(*part)})
    except (IndexError, ValueError) as error:
        raise NetworkError(
            "onnx-damaged", f"{path} is not an ONNX file, or it is damaged."
        ) from error
    if _MODEL_GRAPH not in dict(parts):
        raise NetworkError("onnx-damaged", f"{path} is not an ONNX file: there is no graph in it.")
    if outside:
        raise NetworkError(
            "onnx-external",
            f"{path} keeps weights in other files: {', '.join(outside)}.",
            "Save it as one file: onnx.save(model, path, save_as_external_data=False).",
        )


def _external(kind: int, part: memoryview) -> Iterator[str]:
    """Yield the files that tensors of a graph or function, nested ones included, point to."""
    node = _GRAPH_NODE if kind == _MODEL_GRAPH else _FUNCTION_NODE
    for number, value in _fields(part):
        if kind == _MODEL_GRAPH and number == _GRAPH_INITIALIZER:
            yield from _places(value)
        elif number == node:
            for field, attribute in _fields(value):
                if field == _NODE_ATTRIBUTE:
                    yield from _of_attribute(attribute)


def _of_attribute(attribute: memoryview) -> Iterator[str]:
    for number, value in _fields(attribute):
        if number in _ATTRIBUTE_TENSORS:
            yield from _places(value)
        elif number in _ATTRIBUTE_GRAPHS:
            yield from _external(_MODEL_GRAPH, value)


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
