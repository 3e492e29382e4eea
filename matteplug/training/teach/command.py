"""The subcommand ``matteplug train teach``: masks for photographs, by networks that agree."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matteplug.errors import TrainingError

if TYPE_CHECKING:
    from matteplug.training.teach.folder import Decision

SHEET = "sheet.png"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("photographs", type=Path, metavar="PHOTOS", help="folder, searched with its subfolders")
    add("--out", type=Path, required=True, metavar="DIR", help="where subjects go; resumes there")
    add(
        "--teacher",
        action="append",
        default=[],
        metavar="NETWORK",
        help="a network that votes: an id, or FILE.onnx with its spec FILE.json; repeatable",
    )
    add(
        "--keep-out",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="leave out whatever looks like a picture in this folder; repeatable",
    )
    add("--size", type=int, default=640, metavar="PX", help="longest side of the pictures (640)")
    add("--threads", type=int, default=1, help="processor threads of the networks (1)")


def run(arguments: argparse.Namespace) -> int:
    """Look at the photographs that were not looked at yet; return the exit status.

    Raises:
        RequestError: the folder has no photographs.
        TrainingError: no photograph was taken, or nothing can be written.
        NetworkError: a teacher or the trimap network is missing.
    """
    import cv2

    from matteplug.engine import OrtEngine
    from matteplug.training.display import Display
    from matteplug.training.interruption import on_request
    from matteplug.training.scenes.photographs import pictures_in
    from matteplug.training.teach.folder import TaughtFolder
    from matteplug.training.teach.school import School
    from matteplug.training.teach.teachers import teachers

    paths = pictures_in(arguments.photographs, "photographs")
    cv2.setNumThreads(arguments.threads)
    engine = OrtEngine(threads=arguments.threads, spinning=False)
    able = teachers(arguments.teacher, engine)
    taught = TaughtFolder(arguments.out)
    school = School(able, engine, taught, arguments.size)
    decisions = list(taught.decisions())
    seen = {decision.file for decision in decisions}
    left = [path for path in paths if str(path.relative_to(arguments.photographs)) not in seen]
    kept_out = list(_hashes(arguments.keep_out))
    with on_request() as stop, Display() as display:
        if seen:
            display.say(f"{len(seen)} of {len(paths)} photographs were looked at before.")
        for number, path in enumerate(left, 1):
            others = kept_out + [one for decision in decisions for one in decision.hashes[:1]]
            file = str(path.relative_to(arguments.photographs))
            decision = school.teach(path, file, others)
            decisions.append(decision)
            took = "taken" if decision.taken else decision.reason
            display.step(f"{file}: {took}", number / len(left))
            if stop.is_set():
                print(f"{arguments.out}: stopped; the same command resumes.", file=sys.stderr)
                return 130
    return _concluded(arguments.out, arguments.photographs, decisions)


def _hashes(folders: Sequence[Path]) -> Iterator[int]:
    from matteplug.training.scenes.photographs import pictures_in, read_rgb
    from matteplug.training.teach.likeness import perceptual_hash

    for folder in folders:
        for path in pictures_in(folder, "pictures"):
            yield perceptual_hash(read_rgb(path))


def _concluded(out: Path, photographs: Path, decisions: Sequence[Decision]) -> int:
    from PIL import Image

    from matteplug.training.teach.contact_sheet import contact_sheet
    from matteplug.training.writing import writing

    sheet = out / SHEET
    with writing(sheet):
        Image.fromarray(contact_sheet(out, photographs, decisions)).save(sheet)
    taken = sum(decision.taken for decision in decisions)
    if not taken:
        raise TrainingError(
            "nothing-taught",
            f"The teachers agree on none of the {len(decisions)} photographs in {photographs}.",
            f"Look at {sheet}: it says why each was left out.",
        )
    print(f"{out}: {taken} of {len(decisions)} photographs taken; see {sheet}.", file=sys.stderr)
    return 0
