"""Lay the demo's photographs and their trimaps out as a folder that `matteplug batch` takes.

Three photographs come with scikit-image, the fourth lies here; ``pictures/LICENCES.md`` tells whose
they are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.images import files

NAMES = ("astronaut", "lemur", "chelsea", "coffee")
_HERE = Path(__file__).parent / "pictures"
_OWN = ("lemur",)


def lay_out(folder: Path) -> None:
    """Write every photograph with its trimap to `folder`.

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
    for name in NAMES:
        shutil.copyfile(_HERE / f"{name}_trimap.png", folder / f"{name}_trimap.png")
        if name in _OWN:
            shutil.copyfile(_HERE / f"{name}.jpg", folder / f"{name}.jpg")
        else:
            files.write(folder / f"{name}.png", getattr(data, name)())
