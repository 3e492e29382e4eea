"""The papers' losses, one idea a file; every function returns a scalar tensor.

Tensors are (B, C, H, W) float32, alpha and colours [0, 1]; `unknown` is (B, 1, H, W), 1 where the
loss counts.
"""

from matteplug.training.losses.alpha import composition, gradient, l1
from matteplug.training.losses.laplacian import laplacian

__all__ = ["composition", "gradient", "l1", "laplacian"]
