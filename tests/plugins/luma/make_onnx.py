"""Write luma.onnx: alpha = 0.299 R + 0.587 G + 0.114 B, at sizes that are multiples of 8 only.

The graph is fed normalised values, (x − 0.5) / 0.5; a convolution turns them into luma.  Pooling
over 8 × 8 squares and growing again makes it blocky, so that the size rule matters.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def main() -> None:
    """Write the graph beside the package's manifest."""
    weight = np.array([0.299, 0.587, 0.114], np.float32).reshape(1, 3, 1, 1) / 2
    nodes = [
        helper.make_node("Conv", ["picture", "weight", "bias"], ["luma"]),
        helper.make_node("MaxPool", ["luma"], ["blocks"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Resize", ["blocks", "", "scales"], ["grown"], mode="nearest"),
        helper.make_node("Mul", ["grown", "zero"], ["nothing"]),
        helper.make_node("Add", ["luma", "nothing"], ["matte"]),
    ]
    weights: dict[str, np.ndarray[Any, Any]] = {
        "weight": weight,
        "bias": np.array([0.5], np.float32),
        "scales": np.array([1, 1, 8, 8], np.float32),
        "zero": np.array(0, np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "luma",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["b", 3, "h", "w"])],
        [helper.make_tensor_value_info("matte", TensorProto.FLOAT, ["b", 1, "h", "w"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, Path(__file__).parent / "matteplug_luma" / "luma.onnx")


if __name__ == "__main__":
    main()
