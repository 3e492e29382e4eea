"""ONNX Runtime: which execution providers exist, which really work, and sessions on them."""
