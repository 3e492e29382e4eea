"""The contact sheet: picture, guide, alpha, and the cutout over a colour, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matteplug.images import files, pixels
from matteplug_batch.demo.photographs import GUIDES, guide_of

if TYPE_CHECKING:
    from PIL.Image import Image

_HEIGHT_PX = 320
_GAP_PX = 12
_TITLE_PX = 28
_TITLES = ("picture", "guide", "alpha", "cutout over a colour")
_BACKDROP = (70, 130, 150)
_NO_GUIDE = 235


def write_sheet(path: Path, photographs: Path, cutouts: Path) -> None:
    """Draw one row for every cutout and write the sheet.

    Args:
        path: the file to write; its ending says the format.
        photographs: the folder that the demo laid out.
        cutouts: the folder of ``NAME.png`` that was made of it.
    """
    from PIL import Image

    rows = [
        [Image.fromarray(panel).convert("RGB") for panel in _panels(cutout, photographs)]
        for cutout in _cutouts(cutouts)
    ]
    rows = [[_at_height(panel) for panel in row] for row in rows]
    for cutout, (_, guide, *_) in zip(_cutouts(cutouts), rows, strict=True):
        _write(guide, (0, 0), GUIDES[cutout.stem].partition(".")[0] or "nothing")
    widths = [max(row[column].width for row in rows) for column in range(len(_TITLES))]
    lefts = np.cumsum([_GAP_PX] + [width + _GAP_PX for width in widths])
    height = _TITLE_PX + len(rows) * (_HEIGHT_PX + _GAP_PX)
    sheet = Image.new("RGB", (int(lefts[-1]), height), "white")
    for title, left in zip(_TITLES, lefts[:-1], strict=True):
        _write(sheet, (int(left), 0), title)
    for number, row in enumerate(rows):
        for panel, left, width in zip(row, lefts[:-1], widths, strict=True):
            top = _TITLE_PX + number * (_HEIGHT_PX + _GAP_PX)
            sheet.paste(panel, (int(left) + (width - panel.width) // 2, top))
    files.write(path, np.asarray(sheet))


def _cutouts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.png"))


def _panels(cutout: Path, photographs: Path) -> list[NDArray[Any]]:
    """Return the four pictures of a row, (H, W) or (H, W, 3) uint8; a gray area for no guide."""
    (photograph,) = photographs.glob(f"{cutout.stem}.*")
    guide = guide_of(cutout.stem, photographs)
    result = files.read(cutout)
    size = result.image.shape[:2]
    alpha = np.ones(size, np.float32) if result.alpha is None else result.alpha
    backdrop = np.full_like(result.image, _BACKDROP)
    return [
        files.read(photograph).image,
        np.full(size, _NO_GUIDE, np.uint8) if guide is None else files.read(guide).image,
        pixels.from_float(alpha, np.uint8),
        pixels.composite(result.image, alpha, backdrop),
    ]


def _at_height(panel: Image) -> Image:
    width = round(panel.width * _HEIGHT_PX / panel.height)
    return panel.resize((width, _HEIGHT_PX))


def _write(picture: Image, place: tuple[int, int], words: str) -> None:
    """Write on a white label."""
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(16)
    left, top = place
    draw.rectangle((left, top, left + draw.textlength(words, font) + 12, top + 25), "white")
    draw.text((left + 6, top + 3), words, fill="black", font=font)
