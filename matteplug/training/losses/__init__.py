"""The papers' losses; every function returns a scalar tensor.

Tensors are (B, C, H, W) float32, alpha and colours [0, 1]; `unknown` is (B, 1, H, W), 1 where the
loss counts.
"""

from matteplug.training.losses.adversarial import fools, tells_apart
from matteplug.training.losses.alpha import (
    colour,
    composition,
    gradient,
    l1,
    sobel,
    squared,
    unknown_root,
)
from matteplug.training.losses.laplacian import laplacian
from matteplug.training.losses.semantic import areas, cross_entropy, soft_cross_entropy
from matteplug.training.losses.structural import dissimilarity

__all__ = [
    "areas",
    "colour",
    "composition",
    "cross_entropy",
    "dissimilarity",
    "fools",
    "gradient",
    "l1",
    "laplacian",
    "sobel",
    "soft_cross_entropy",
    "squared",
    "tells_apart",
    "unknown_root",
]
