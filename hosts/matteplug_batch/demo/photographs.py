"""Lay the demo's photographs and their guides out as a folder that `matteplug batch` takes.

Two photographs come with scikit-image, the others lie here; ``pictures/LICENCES.md`` tells whose
they are.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.images import files

GUIDES: Mapping[str, str] = {
    "chelsea": "trimap.png",
    "coffee": "mask.png",
    "launch": "plate.jpg",
    "lemur": "",
}
"""Photograph to the end of its guide's name: all ways to say what the foreground is."""

_HERE = Path(__file__).parent / "pictures"


def lay_out(folder: Path) -> None:
    """Write every photograph with its guide to `folder`.

    Raises:
        RequestError: scikit-image is not installed, or the folder cannot be written to.
    """
    try:
        from skimage import data
    except ImportError:
        raise RequestError(
            "demo-pictures",
            "The demo's photographs come with scikit-image, which is not installed.",
            "Run: pip install 'matteplug[demo]'",
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    for name in GUIDES:
        if (_HERE / f"{name}.jpg").exists():
            shutil.copyfile(_HERE / f"{name}.jpg", folder / f"{name}.jpg")
        else:
            files.write(folder / f"{name}.png", getattr(data, name)())
        if guide := guide_of(name, _HERE):
            shutil.copyfile(guide, folder / guide.name)


def guide_of(name: str, folder: Path) -> Path | None:
    """Return the guide of a photograph in a folder; None if it has none."""
    return folder / f"{name}_{GUIDES[name]}" if GUIDES[name] else None
