"""Operations that the network families share, in torch; all of them export to ONNX."""
