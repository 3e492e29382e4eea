"""Plan a batch: check the folder, find its pictures, place the results."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.images import formats
from matteplug_batch import inputs, names
from matteplug_batch.find import Found, Tree, find, real
from matteplug_batch.job import Job, Settings
from matteplug_batch.outcome import PictureOutcome, State, skipped

_STRAY = "This guide has no picture of that name."


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The work on one folder.

    Attributes:
        folder: the top of the tree of pictures.
        out: the top of the tree of results.
        jobs: the work, in the order of the tree.
        unusable: files and folders in the tree that cannot be used.
    """

    folder: Path
    out: Path
    jobs: list[Job]
    unusable: list[PictureOutcome]

    @classmethod
    def of(cls, folder: Path, out: Path | None, settings: Settings) -> Plan:
        """Plan the work on `folder`, with results in `out` or else beside it.

        Raises:
            RequestError: there is no such folder, no picture in it, or nowhere to put the results.
        """
        out = place(folder, out)
        tree = find(folder, leave_out=(real(out),))
        if not (tree.pictures or tree.closed):
            rest = f", only {len(tree.foreign)} that cannot be read" if tree.foreign else ""
            raise RequestError(
                "folder-empty",
                f"There is no picture in {folder}{rest}.",
                f"Pictures end in {', '.join(sorted(formats.readable()))}.",
            )
        return cls._of_tree(tree, folder, out, settings)

    @classmethod
    def now(cls, folder: Path, out: Path, settings: Settings) -> Plan:
        """Plan the work on what `folder` holds now, be it nothing, with results in `out`."""
        return cls._of_tree(find(folder, leave_out=(real(out),)), folder, out, settings)

    @classmethod
    def _of_tree(cls, tree: Tree, folder: Path, out: Path, settings: Settings) -> Plan:
        left_out = [(path, formats.advice(path.suffix.lower())) for path in tree.foreign]
        left_out += [(path, _STRAY) for path in tree.strays]
        closed = RequestError(
            "folder-closed", "This folder cannot be listed.", "Change its permissions."
        )
        return cls(
            folder=folder,
            out=out,
            jobs=_jobs(tree.pictures, (), folder, out, settings),
            unusable=[
                *skipped(left_out),
                *(
                    PictureOutcome(image=path, state=State.FAILED, error=closed)
                    for path in tree.closed
                ),
            ],
        )

    @classmethod
    def of_files(cls, files: Sequence[Path], out: Path | None, settings: Settings) -> Plan:
        """Plan the work on some files, as a part of that on the folder that holds them all.

        Raises:
            RequestError: none of them is a picture, they are on several drives, or there is nowhere
                to put the results.
        """
        folders = {path.parent for path in files}
        folder = folders.pop()
        if folders:
            files = [Path(os.path.abspath(path)) for path in files]
            folder = _common({path.parent for path in files})
        out = place(folder, out)
        chosen = inputs.choose(files)
        return cls(
            folder=folder,
            out=out,
            jobs=_jobs(chosen.pictures, chosen.others, folder, out, settings),
            unusable=skipped(chosen.unusable),
        )

    def make_out(self) -> None:
        """Create the output folder and check that it is writable, before hours of work.

        Raises:
            RequestError: it cannot.
        """
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.out):
                pass
        except OSError as error:
            raise RequestError(
                "out-not-writable",
                f"The folder {self.out} cannot be written to: {error.strerror or error}.",
                "Choose another with --out.",
            ) from None


def place(folder: Path, given: Path | None) -> Path:
    """Return the output folder, after checking both; by default it is beside `folder`.

    Raises:
        RequestError: there is no such folder, or it cannot have its results there.
    """
    if not folder.exists():
        raise RequestError("folder-missing", f"There is no folder {folder}.", "Check the spelling.")
    if given is None:
        if not real(folder).name:
            raise RequestError("out-missing", f"{folder} has no name.", "Give --out DIR.")
        return names.default_out(folder)
    if real(given) == real(folder):
        raise RequestError(
            "out-is-folder",
            "The results would lie among the pictures.",
            "Choose another folder with --out; one inside FOLDER is not searched.",
        )
    return given


def _jobs(
    pictures: Sequence[Found],
    others: Sequence[Path],
    folder: Path,
    out: Path,
    settings: Settings,
) -> list[Job]:
    """Return the work on `pictures`; `others` have a claim to names too."""
    images = [*(found.image for found in pictures), *others]
    # in the order of the tree, so that a part of a folder is named as the whole
    places = {image: out / image.relative_to(folder) for image in sorted(images)}
    results = dict(zip(places, names.results(list(places.values()), settings.suffix), strict=True))
    return [Job(found=one, result=results[one.image], settings=settings) for one in pictures]


def _common(folders: Iterable[Path]) -> Path:
    """Return the folder that holds all of some absolute ones."""
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:
        raise RequestError(
            "several-drives",
            "The pictures are on several drives.",
            "Run the command once for each drive.",
        ) from None
