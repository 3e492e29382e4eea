"""Store a graph's weights in half precision; computation stays in single precision.

Every large float32 initialiser becomes a float16 one followed by a Cast.  ONNX Runtime folds the
Cast when it loads the graph, so the file is half as large and only the weights' rounding changes.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_SMALLEST = 256
"""Elements from which on a weight is worth a Cast; scales, shapes and biases stay exact."""


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of `model` with its large weights stored as float16.

    Weights with values outside float16's range stay as they are.
    """
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    graph = halved.graph
    casts = []
    for initializer in graph.initializer:
        if initializer.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(initializer)
        if values.size < _SMALLEST or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        name = initializer.name
        initializer.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(
            helper.make_node(
                "Cast", [f"{name}.half"], [name], f"{name}.single", to=TensorProto.FLOAT
            )
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return halved
