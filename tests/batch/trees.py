"""Makes small trees of pictures, and tells what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def colours(
    width: int = 40, height: int = 30, dtype: type[np.unsignedinteger[Any]] = np.uint8
) -> NDArray[Any]:
    """Return gradients in red and green."""
    scale = np.iinfo(dtype).max
    x = np.linspace(0, scale, width).astype(dtype)
    y = np.linspace(0, scale, height).astype(dtype)
    red, green = np.broadcast_arrays(x[None], y[:, None])
    return np.dstack([red, green, np.full_like(red, scale // 5)])


def photograph(path: Path, width: int = 40, height: int = 30, mode: str = "RGB") -> Path:
    """Write a picture and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(colours(width, height)).convert(mode).save(path)
    return path


def plate_of(path: Path, width: int = 40, height: int = 30) -> Path:
    """Write the picture with its middle replaced, as its clean plate."""
    values = colours(width, height).copy()
    values[height // 3 : -(height // 3), width // 3 : -(width // 3)] = 90
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def trimap_of(path: Path, width: int = 40, height: int = 30) -> Path:
    """Write the trimap that belongs to a picture: white within gray within black."""
    values = np.zeros((height, width), np.uint8)
    values[height // 6 : -(height // 6), width // 6 : -(width // 6)] = 128
    values[height // 3 : -(height // 3), width // 3 : -(width // 3)] = 255
    guide = path.with_name(f"{path.stem}_trimap.png")
    Image.fromarray(values).save(guide)
    return guide


def pair(path: Path, width: int = 40, height: int = 30) -> Path:
    """Write a picture and its trimap; return the picture's path."""
    photograph(path, width, height)
    trimap_of(path, width, height)
    return path


def checksums(folder: Path) -> dict[str, str]:
    """Return what every file of a tree holds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def pictures(folder: Path) -> list[str]:
    """Return the names of all files of a tree, without the journal."""
    return [name for name in checksums(folder) if not Path(name).name.startswith(".")]


def stored(path: Path) -> NDArray[Any]:
    """Return the 8-bit values of a picture file as they are stored."""
    with Image.open(path) as image:
        return np.asarray(image)
