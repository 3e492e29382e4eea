"""``matteplug cut PHOTO``: one picture or several, by the parts of a batch, without a journal.

Exit status: 0 success, 1 a picture failed, 2 nothing was started, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from matteplug.errors import RequestError
from matteplug_batch import inputs, names, settings_flags, streams
from matteplug_batch.find import Found
from matteplug_batch.inputs import STREAM
from matteplug_batch.job import Job, Settings
from matteplug_batch.outcome import PictureOutcome, skipped


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = settings_flags.GUIDES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    path, add = settings_flags.path, parser.add_argument
    add(
        "pictures",
        nargs="+",
        type=path,
        metavar="PHOTO",
        help="a file, several, a pattern, or - for standard input",
    )
    add(
        "-o",
        "--out",
        type=settings_flags.text,
        metavar="FILE|DIR",
        help="where the result goes, in the format of its suffix; - is standard output "
        "(PHOTO_cutout.png beside PHOTO)",
    )
    guide = parser.add_mutually_exclusive_group()
    guide.add_argument("--trimap", type=path, metavar="FILE", help="the picture's trimap")
    guide.add_argument("--selection", type=path, metavar="FILE", help="a rough selection")
    guide.add_argument("--plate", type=path, metavar="FILE", help="the clean background plate")
    settings_flags.add(parser)
    add("--force", action="store_true", help="overwrite results that exist")


def run(args: argparse.Namespace) -> int:
    """Cut out the pictures and return the exit status.

    Raises:
        RequestError: nothing was started; the command line turns it into exit status 2.
        NetworkError: there is no network of the given name.
        EngineError: there is no execution provider of the given name.
    """
    suffix = None if _is_place(args.out) else Path(args.out).suffix
    settings = settings_flags.settings(args, inputs.place(args.pictures[0]), suffix)
    guide = _guide(args)
    if STREAM in args.pictures and len(args.pictures) > 1:
        raise RequestError(
            "stream-among-files",
            "Standard input cannot be cut out together with files.",
            "Run the command once for each.",
        )
    if args.pictures == [STREAM]:
        return through(args, settings, guide, args.out or str(STREAM))
    paths = inputs.files(args.pictures)
    if len(paths) > 1 and ("trimap" in guide or "selection" in guide):
        raise RequestError(
            "guide-for-several",
            f"One guide cannot be that of {len(paths)} pictures.",
            "Put each one's guide beside it, or cut them out one by one.",
        )
    if guide:
        pictures, unusable = [Found(image=path, **guide) for path in paths], []
    else:
        chosen = inputs.choose(paths)
        pictures, unusable = chosen.pictures, chosen.unusable
    if args.out == str(STREAM):
        if len(pictures) > 1:
            raise _several(len(pictures), "standard output")
        streams.check_output()
        with streams.result(settings.suffix) as result:
            job = Job(found=pictures[0], result=result, settings=settings)
            return _do(args, [job], unusable) or streams.write(result)
    results = _results([found.image for found in pictures], args.out, settings)
    jobs = [
        Job(found=found, result=result, settings=settings)
        for found, result in zip(pictures, results, strict=True)
    ]
    return _do(args, jobs, unusable)


def through(
    args: argparse.Namespace,
    settings: Settings,
    guide: Mapping[str, Path] | None = None,
    out: str = str(STREAM),
) -> int:
    """Cut out the picture on standard input; returns and raises as `run`."""
    piped = out == str(STREAM)
    if piped:
        streams.check_output()
    with streams.picture() as image, streams.result(settings.suffix) as on_output:
        result = on_output if piped else _results([image], out, settings)[0]
        job = Job(found=Found(image=image, **(guide or {})), result=result, settings=settings)
        return _do(args, [job], ()) or (streams.write(result) if piped else 0)


def _guide(args: argparse.Namespace) -> dict[str, Path]:
    """Return the guide that was named, if one was."""
    kinds = ("trimap", "selection", "plate")
    return {kind: given for kind in kinds if (given := getattr(args, kind)) is not None}


def _results(images: Sequence[Path], given: str | None, settings: Settings) -> list[Path]:
    """Return where the results go: into a folder, to the one file given, or beside the pictures."""
    suffix = settings.suffix
    if given is None:
        return names.results(images, f"_{settings.output.value}{suffix}")
    if _is_place(given):
        return names.results([Path(given, image.name) for image in images], suffix)
    if len(images) > 1:
        raise _several(len(images), given)
    return [Path(given)]


def _is_place(out: str | None) -> bool:
    """Tell a folder or standard output, where the format is an option, from a file's name."""
    if out is None or out == str(STREAM):
        return True
    return Path(out).is_dir() or out.endswith(("/", os.sep))


def _several(count: int, out: str) -> RequestError:
    return RequestError(
        "one-out-for-several",
        f"{count} pictures cannot be written to {out}.",
        "Give a folder: --out DIR/",
    )


def _do(args: argparse.Namespace, jobs: Sequence[Job], unusable: Sequence[tuple[Path, str]]) -> int:
    """Do the jobs, say what became of each, and return the exit status."""
    from rich.console import Console

    from matteplug_batch import dry_run
    from matteplug_batch.adapter import FolderAdapter
    from matteplug_batch.interruption import cancelled_by_signals
    from matteplug_batch.progress import Bar
    from matteplug_batch.run import BatchRun
    from matteplug_batch.unrecorded import Unrecorded

    class Lines(Bar):
        def finish(self, outcome: PictureOutcome) -> None:
            super().finish(streams.named(outcome))

    batch = BatchRun(
        adapter=FolderAdapter(),
        matte=settings_flags.matte(args),
        journal=Unrecorded(),
        force=args.force,
    )
    left_out = skipped(unusable)
    if args.dry_run:
        return dry_run.show(batch, jobs, left_out)
    console = Console(stderr=True, highlight=False)
    with cancelled_by_signals() as cancel, Lines(console, quiet=args.quiet, lines=True) as bar:
        for outcome in left_out:
            bar.finish(outcome)
        report = batch.run(jobs, bar, cancel)
    return report.status
