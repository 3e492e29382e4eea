"""The contact sheet: picture, trimap, alpha, and the cutout over a checkerboard, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matteplug.images import files, pixels
from matteplug.types import Size

if TYPE_CHECKING:
    from PIL.Image import Image

_HEIGHT_PX = 320
_GAP_PX = 12
_TITLE_PX = 28
_TITLES = ("picture", "trimap", "alpha", "cutout")


def write_sheet(path: Path, photographs: Path, cutouts: Path) -> None:
    """Draw one row for every cutout and write the sheet.

    Args:
        path: the PNG to write.
        photographs: a folder of pictures with ``NAME_trimap.png``.
        cutouts: the folder of ``NAME.png`` that was made of it.
    """
    from PIL import Image

    rows = [
        [Image.fromarray(panel) for panel in _panels(cutout, photographs)]
        for cutout in sorted(cutouts.glob("*.png"))
    ]
    rows = [[_at_height(panel) for panel in row] for row in rows]
    widths = [max(row[column].width for row in rows) for column in range(len(_TITLES))]
    lefts = np.cumsum([_GAP_PX] + [width + _GAP_PX for width in widths])
    height = _TITLE_PX + len(rows) * (_HEIGHT_PX + _GAP_PX)
    sheet = Image.new("RGB", (int(lefts[-1]), height), "white")
    _write_titles(sheet, lefts)
    for number, row in enumerate(rows):
        for panel, left, width in zip(row, lefts[:-1], widths, strict=True):
            top = _TITLE_PX + number * (_HEIGHT_PX + _GAP_PX)
            sheet.paste(panel, (int(left) + (width - panel.width) // 2, top))
    files.write(path, np.asarray(sheet))


def _panels(cutout: Path, photographs: Path) -> list[NDArray[Any]]:
    """Return the four pictures of a row, (H, W) or (H, W, 3) uint8."""
    (photograph,) = photographs.glob(f"{cutout.stem}.*")
    trimap = files.read_mask(photographs / f"{cutout.stem}_trimap.png")
    result = files.read(cutout)
    alpha = np.ones(trimap.shape, np.float32) if result.alpha is None else result.alpha
    board = pixels.checkerboard(Size.of(alpha), result.image.dtype)
    return [
        files.read(photograph).image,
        trimap,
        pixels.from_float(alpha, np.uint8),
        pixels.composite(result.image, alpha, board),
    ]


def _at_height(panel: Image) -> Image:
    width = round(panel.width * _HEIGHT_PX / panel.height)
    return panel.resize((width, _HEIGHT_PX))


def _write_titles(sheet: Image, lefts: NDArray[np.int_]) -> None:
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(16)
    for title, left in zip(_TITLES, lefts[:-1], strict=True):
        draw.text((int(left), 5), title, fill="black", font=font)
