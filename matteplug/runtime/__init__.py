"""ONNX Runtime: which providers there are, which of them really work, and sessions on them."""
