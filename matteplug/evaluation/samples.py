"""Find a folder's pictures with their true alphas and guides.

| layout       | picture          | truth            | trimap             | plate            |
|--------------|------------------|------------------|--------------------|------------------|
| folders      | input/NAME.png   | alpha/NAME.png   | trimap1/NAME.png   | plate/NAME.png   |
| side by side | NAME.jpg         | NAME_alpha.png   | NAME_trimap.png    | NAME_plate.png   |

Suffixes may be any that pictures have.  The trimap's word (``trimap1``, ``trimap``) is an argument.
A folder that only has folders of pictures has styles: each is a style, in either layout.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.guides import trimap as trimaps
from matteplug.images import files, pixels
from matteplug.types import Alpha, Image, Size, Trimap

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
TRIMAPS = ("trimap1", "trimap")
"""The trimaps' words to look for by default, best first."""
TRIMAP_ENDINGS = ("trimap", "strokes")
"""How the endings of trimaps start that are not measured with."""
NO_TRIMAP = "none"
"""Stands for whole pictures even if there are trimaps."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The files of one picture to measure on; `style` is its folder's name, "" if there are none.

    The name starts with the style then, as in ``hair/001``.
    """

    name: str
    image: Path
    alpha: Path
    trimap: Path | None = None
    plate: Path | None = None
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class LoadedSample:
    """A sample's pictures, all of one size.

    Attributes:
        image: (H, W, 3) uint8 or uint16.
        truth: (H, W) float32 [0, 1].
        trimap: (H, W) uint8, or None if the whole picture counts.
        plate: (H, W, 3) like `image`, or None.
        notes: how the trimap was read, if that was not obvious.
    """

    name: str
    image: Image
    truth: Alpha
    trimap: Trimap | None = None
    plate: Image | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SampleFolder:
    """A folder's samples, by name, and the trimaps' word (None: whole pictures)."""

    folder: Path
    trimap: str | None
    samples: tuple[Sample, ...]


def find(folder: Path, trimap: str | None = None) -> SampleFolder:
    """Return the samples of a folder.

    Args:
        folder: in one of the two layouts, or a folder of such folders.
        trimap: the trimaps' word, "none" for whole pictures; by default the first of `TRIMAPS` that
            the folder has, else whole pictures.

    Raises:
        RequestError: no such folder ("folder-missing"), no pictures in it ("folder-empty"), styles
            with different trimaps ("trimap-differs"), or a picture lacks its alpha
            ("alpha-missing") or trimap ("trimap-missing"); it is named.
    """
    if not folder.is_dir():
        raise RequestError("folder-missing", f"There is no folder {folder}.", "Check the path.")
    if styles := _styles(folder):
        found = {style.name: find(style, trimap) for style in styles}
        if len({one.trimap for one in found.values()}) > 1:
            kinds = "; ".join(f"{name}: {one.trimap or 'none'}" for name, one in found.items())
            raise RequestError(
                "trimap-differs",
                f"The styles in {folder} have different trimaps ({kinds}).",
                "Name one that all have: --trimap WORD.",
            )
        return SampleFolder(
            folder=folder,
            trimap=next(iter(found.values())).trimap,
            samples=tuple(
                replace(sample, name=f"{style}/{sample.name}", style=style)
                for style, one in found.items()
                for sample in one.samples
            ),
        )
    layout = _Folders(folder) if (folder / "input").is_dir() else _SideBySide(folder, trimap)
    images = layout.images()
    if not images:
        raise RequestError(
            "folder-empty",
            f"There are no pictures in {layout.home}.",
            "Name a folder with input/ and alpha/, or with NAME.jpg beside NAME_alpha.png.",
        )
    alphas = _complete(layout, images, "alpha")
    words = TRIMAPS if trimap is None else () if trimap == NO_TRIMAP else (trimap,)
    word = next((word for word in words if layout.has(word)), None)
    if trimap not in (None, NO_TRIMAP) and word is None:
        word = trimap
    trimap_files = {} if word is None else _complete(layout, images, word, code="trimap-missing")
    return SampleFolder(
        folder=folder,
        trimap=word,
        samples=tuple(
            Sample(
                name=name,
                image=path,
                alpha=alphas[name],
                trimap=trimap_files.get(name),
                plate=layout.companion(name, "plate"),
            )
            for name, path in sorted(images.items())
        ),
    )


def read(sample: Sample) -> LoadedSample:
    """Read a sample's pictures.

    Raises:
        RequestError: a file cannot be read, or its size is not the picture's ("sample-size").
    """
    image = files.read(sample.image).image
    truth = read_alpha(sample.alpha, Size.of(image))
    trimap, notes = None, tuple[str, ...]()
    if sample.trimap is not None:
        mask = files.read_mask(sample.trimap)
        _same_size(sample.trimap, Size.of(mask), Size.of(image))
        trimap, notes = trimaps.from_mask(mask)
    plate = None
    if sample.plate is not None:
        plate = files.read(sample.plate).image
        _same_size(sample.plate, Size.of(plate), Size.of(image))
    return LoadedSample(
        name=sample.name, image=image, truth=truth, trimap=trimap, plate=plate, notes=notes
    )


def read_alpha(path: Path, size: Size) -> Alpha:
    """Read an alpha (H, W) float32 [0, 1] that must have the picture's size.

    Raises:
        RequestError: the file cannot be read or has another size.
    """
    alpha = files.read_mask(path)
    _same_size(path, Size.of(alpha), size)
    return pixels.to_float(alpha)


def picture_named(folder: Path, names: Iterable[str]) -> Path | None:
    """Return the folder's first file with one of the names, whatever its suffix."""
    for name in names:
        for suffix in SUFFIXES:
            path = folder / f"{name}{suffix}"
            if path.is_file():
                return path
    return None


class _Folders:
    """One folder for the pictures and one for each kind of companion."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "input"

    def images(self) -> dict[str, Path]:
        return _pictures(self.home)

    def has(self, word: str) -> bool:
        return (self.folder / word).is_dir()

    def companion(self, name: str, word: str) -> Path | None:
        return picture_named(self.folder / word, [name])

    def place(self, name: str, word: str) -> Path:
        return self.folder / word / f"{name}.png"


class _SideBySide:
    """Everything in one folder, a companion's name ending in its kind."""

    def __init__(self, folder: Path, trimap: str | None) -> None:
        self.home = folder
        self._kinds = ("alpha", "plate", trimap)
        self._all = _pictures(folder)

    def images(self) -> dict[str, Path]:
        return {name: path for name, path in self._all.items() if not self._is_companion(name)}

    def has(self, word: str) -> bool:
        return any(name.endswith(f"_{word}") for name in self._all)

    def companion(self, name: str, word: str) -> Path | None:
        return self._all.get(f"{name}_{word}")

    def place(self, name: str, word: str) -> Path:
        return self.home / f"{name}_{word}.png"

    def _is_companion(self, name: str) -> bool:
        picture, _, kind = name.rpartition("_")
        return picture in self._all and (kind in self._kinds or kind.startswith(TRIMAP_ENDINGS))


def _styles(folder: Path) -> list[Path]:
    """Return the folders of a folder that has no picture and is not in the layout of folders."""
    if (folder / "input").is_dir() or _pictures(folder):
        return []
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _pictures(folder: Path) -> dict[str, Path]:
    return {
        path.stem: path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    }


def _complete(
    layout: _Folders | _SideBySide, names: Iterable[str], word: str, code: str = "alpha-missing"
) -> dict[str, Path]:
    """Return every picture's companion; raise if some are missing."""
    paths = {name: layout.companion(name, word) for name in names}
    missing = [str(layout.place(name, word)) for name, path in paths.items() if path is None]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise RequestError(
            code,
            f"{len(missing)} of {len(paths)} pictures lack their {word}: "
            f"{', '.join(missing[:3])}{more}.",
            "Add the files, or remove the pictures.",
        )
    return {name: path for name, path in paths.items() if path is not None}


def _same_size(path: Path, size: Size, expected: Size) -> None:
    if size != expected:
        raise RequestError(
            "sample-size",
            f"{path} is {size} pixels, its picture {expected}.",
            "Both must show the same view at the same size.",
        )
