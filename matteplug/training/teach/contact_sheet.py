"""One picture of all photographs: those taken over green, what is disputed in red."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matteplug.errors import RequestError
from matteplug.training.scenes.photographs import read_rgb
from matteplug.training.teach.folder import Decision

U8 = NDArray[np.uint8]
TILE_PX = 160
CAPTION_PX = 14
GREEN, RED, WHITE = (40, 170, 70), (220, 40, 40), (255, 255, 255)


def contact_sheet(
    folder: Path, photographs: Path, decisions: Sequence[Decision], per_row: int = 10
) -> U8:
    """Return a sheet (H, W, 3) uint8 RGB, those taken first; captions say why others were not.

    Args:
        folder: of the taught subjects.
        photographs: where the decisions' files are.
        decisions: what was decided; one at least.
        per_row: photographs side by side.
    """
    ordered = sorted(
        decisions, key=lambda decision: (not decision.taken, decision.reason, decision.file)
    )
    tiles = [_tile(folder, photographs, decision) for decision in ordered]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % per_row)
    rows = [np.hstack(tiles[at : at + per_row]) for at in range(0, len(tiles), per_row)]
    return np.vstack(rows)


def _photograph(path: Path) -> U8:
    """Return the photograph, black if it is damaged."""
    try:
        return read_rgb(path)
    except RequestError:
        return np.zeros((TILE_PX, TILE_PX, 3), np.uint8)


def _tile(folder: Path, photographs: Path, decision: Decision) -> U8:
    if decision.taken:
        with Image.open(folder / "cutout" / f"{decision.name}.webp") as file:
            cutout = np.asarray(file, np.float32)
        with Image.open(folder / "known" / f"{decision.name}.png") as file:
            disputed = np.asarray(file) == 0
        alpha = cutout[..., 3:] / 255
        shown = alpha * cutout[..., :3] + (1 - alpha) * np.array(GREEN, np.float32)
        shown[disputed] = 0.4 * shown[disputed] + 0.6 * np.array(RED, np.float32)
        picture, caption = shown.astype(np.uint8), " ".join(decision.by)
    else:
        picture, caption = _photograph(photographs / decision.file), decision.reason
    scale = TILE_PX / max(picture.shape[:2])
    size = (max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale)))
    tile = np.zeros((TILE_PX + CAPTION_PX, TILE_PX, 3), np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    place = (2, TILE_PX + CAPTION_PX - 4)
    colour = WHITE if decision.taken else RED
    cv2.putText(tile, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.32, colour, 1, cv2.LINE_AA)
    return tile
