"""ONNX Runtime: which execution providers exist, which of them work, and sessions on them."""
