"""Synthetic graphs with the inputs and outputs of public files, to test what such files need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

U2NET = ("input.1", ("1959", "1960", "1961", "1962", "1963", "1964", "1965"), 320)
ISNET = ("input", ("output", "1890", "1891"), 1024)
BIREFNET = ("input_image", ("output_image",), 1024)
MODNET = ("input", ("output",), None)


def write(
    path: Path,
    like: tuple[str, Sequence[str], int | None],
    *,
    logits: bool = False,
    bias: float = -4.0,
    weights: Sequence[float] = (6.0, -3.0, -3.0),
    half: bool = False,
) -> Path:
    """Write a graph that finds what is red: sigmoid(weights · RGB + bias), the same in all outputs.

    Args:
        path: where it goes.
        like: names of the input and the outputs, and the side of the square that it takes.
        logits: without the sigmoid.
        bias: how sure it is.
        weights: of the three channels.
        half: outputs in half precision.
    """
    name, outputs, side = like
    kernel = numpy_helper.from_array(np.array(weights, np.float32).reshape(1, 3, 1, 1), "w")
    offset = numpy_helper.from_array(np.array([bias], np.float32), "b")
    nodes = [helper.make_node("Conv", [name, "w", "b"], ["x"])]
    nodes.append(helper.make_node("Identity" if logits else "Sigmoid", ["x"], ["y"]))
    made = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    nodes += [helper.make_node("Cast", ["y"], [output], to=made) for output in outputs]
    sides = [side or "h", side or "w"]
    picture = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, *sides])
    infos = [helper.make_tensor_value_info(output, made, [1, 1, *sides]) for output in outputs]
    graph = helper.make_graph(nodes, "like", [picture], infos, [kernel, offset])
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path
