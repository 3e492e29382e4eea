"""An open picture: its matte is seen while it is made, adjusted, and corrected by strokes."""

from matteplug.editing.brush import Painted, Stroke
from matteplug.editing.open_picture import OpenPicture

__all__ = ["OpenPicture", "Painted", "Stroke"]
