"""A folder of taught subjects: what was decided of each photograph, and the files of those taken.

``image``, ``alpha``, ``known`` and ``cutout`` hold files of the same names; ``background`` holds
parts of photographs in which nothing was found.  ``taught.jsonl`` has a line for each photograph
that was looked at; it is written last, so that what has a line is complete.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matteplug.training.teach.subjects import Subject
from matteplug.training.writing import writing

U8 = NDArray[np.uint8]
JOURNAL = "taught.jsonl"
FOLDERS = ("image", "alpha", "known", "cutout", "background")
QUALITY = 92


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was decided of a photograph.

    Attributes:
        file: its path below the folder it was found in, "cats/01.jpg".
        name: of its files here, without ending.
        taken: whether it has an alpha.
        reason: why not; empty where it was taken.
        agreement: the intersection over union that decided.
        by: the teachers who agreed.
        hashes: perceptual hashes of the photograph and its mirror image.
    """

    file: str
    name: str
    taken: bool
    reason: str = ""
    agreement: float = 0.0
    by: tuple[str, ...] = ()
    hashes: tuple[int, ...] = ()


class TaughtFolder:
    """Writes and reads a folder of taught subjects.

    Args:
        folder: made if it is not there.

    Raises:
        TrainingError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with writing(folder):
            for name in FOLDERS:
                (folder / name).mkdir(parents=True, exist_ok=True)

    def decisions(self) -> Iterator[Decision]:
        """Yield what was decided so far; a line that was cut off is left out."""
        journal = self.folder / JOURNAL
        if not journal.exists():
            return
        for line in journal.read_text(encoding="utf-8").splitlines():
            try:
                values = json.loads(line)
            except ValueError:
                continue
            for name in ("by", "hashes"):
                values[name] = tuple(values[name])
            yield Decision(**values)

    def add(
        self, decision: Decision, subject: Subject | None = None, background: U8 | None = None
    ) -> None:
        """Write the files of a photograph, each whole, and then its line.

        Raises:
            TrainingError: the disk does not take them.
        """
        if subject is not None:
            colours = np.dstack([subject.foreground, subject.alpha])
            self._write("image", f"{decision.name}.jpg", subject.image)
            self._write("alpha", f"{decision.name}.png", subject.alpha)
            self._write("known", f"{decision.name}.png", subject.known)
            self._write("cutout", f"{decision.name}.webp", colours)
        if background is not None:
            self._write("background", f"{decision.name}.jpg", background)
        journal = self.folder / JOURNAL
        with writing(journal), journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(decision)) + "\n")

    def _write(self, kind: str, name: str, pixels: U8) -> None:
        options = {"jpg": {"quality": QUALITY}, "webp": {"quality": QUALITY, "exact": True}}
        ending = name.rpartition(".")[2]
        coded = io.BytesIO()
        form = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[ending]
        Image.fromarray(pixels).save(coded, form, **options.get(ending, {}))
        path = self.folder / kind / name
        draft = path.with_name(f".{name}.part")
        with writing(path):
            draft.write_bytes(coded.getvalue())
            os.replace(draft, path)
