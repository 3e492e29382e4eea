"""Public matting datasets, found by their published folders, and crops of their pictures."""

from matteplug.training.data.datasets.captures import Captures
from matteplug.training.data.datasets.crops import DatasetScenes
from matteplug.training.data.datasets.layouts import LAYOUTS, Dataset, Pair, read
from matteplug.training.data.datasets.taught import TaughtPhotographs

__all__ = ["LAYOUTS", "Captures", "Dataset", "DatasetScenes", "Pair", "TaughtPhotographs", "read"]
