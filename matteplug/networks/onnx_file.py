"""Checks of an ONNX file that need not load it.

An ONNX file is a Protocol Buffers message; a walk over its wire format finds where tensors keep
their data.  The runtime is not asked to read it, since it would open any file that it points to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
_GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _TENSOR_NAME = 5, 11, 12, 8
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_SHAPE, _SHAPE_DIM, _DIM_VALUE = 1, 2, 1, 2, 1, 1
_MOST = 1 << 20
_DEEPEST = 100
"""Levels of messages in each other; Protocol Buffers itself reads no more."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, kw_only=True)
class Value:
    """An input or output of a graph.

    Attributes:
        name: the graph's name for it.
        shape: its sides; None for one that is not fixed.
    """

    name: str
    shape: tuple[int | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A graph's inputs, without its weights, and its outputs, both in the graph's order."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def signature(path: Path) -> Signature:
    """Return the inputs and outputs of a graph that passed `check`.

    Raises:
        NetworkError: they cannot be read.
    """
    try:
        return _signature(path)
    except (IndexError, ValueError) as error:
        raise NetworkError("onnx-damaged", f"{path} is damaged.", "Download it again.") from error


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
            "onnx-damaged",
            f"{path} is not an ONNX file, or it is damaged or cut off.",
            "Download it again.",
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


def _signature(path: Path) -> Signature:
    inputs, outputs, weights = list[Value](), list[Value](), set[str]()
    for number, graph in _fields(memoryview(path.read_bytes())):
        if number != _MODEL_GRAPH:
            continue
        for kind, value in _fields(graph):
            if kind == _GRAPH_INPUT:
                inputs.append(_value(value))
            elif kind == _GRAPH_OUTPUT:
                outputs.append(_value(value))
            elif kind == _GRAPH_INITIALIZER:
                weights |= {_text(name) for n, name in _fields(value) if n == _TENSOR_NAME}
    taken = tuple(one for one in inputs if one.name not in weights)
    return Signature(inputs=taken, outputs=tuple(outputs))


def _value(message: memoryview) -> Value:
    content = dict(_fields(message))
    inner = content.get(_VALUE_TYPE, memoryview(b""))
    for number in (_TYPE_TENSOR, _TENSOR_SHAPE):
        inner = dict(_fields(inner)).get(number, memoryview(b""))
    sides = [dict(_fields(side)) for number, side in _fields(inner) if number == _SHAPE_DIM]
    numbers = (_varint(side.get(_DIM_VALUE, memoryview(b"\0")), 0)[0] for side in sides)
    shape = tuple(number if 0 < number < _MOST else None for number in numbers)
    return Value(name=_text(content.get(_VALUE_NAME, memoryview(b""))), shape=shape)


def _text(content: memoryview) -> str:
    return bytes(content).decode("utf-8", "replace")


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield (field number, content) of a message; the content of a number is its bytes.

    Raises:
        ValueError, IndexError: it is not a message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            length = _varint(message, at)[1] - at
        elif kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
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
