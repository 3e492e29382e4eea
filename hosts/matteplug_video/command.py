"""``matteplug video IN OUT``: arguments, checks before any work, and the frames one by one.

Exit status: 0 success, 2 it could not be done, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from matteplug import flags, options, packages
from matteplug.errors import Cancelled, RequestError
from matteplug.options import Option
from matteplug.types import CancelToken, MatteOptions, MatteRequest, silent
from matteplug_batch import config, settings_flags
from matteplug_video.steady import Steady, VideoOptions


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("video", type=settings_flags.path, metavar="IN", help="the video")
    add(
        "out",
        type=settings_flags.text,
        metavar="OUT",
        help="a .mov file (ProRes 4444 with alpha), or a folder for PNG pictures",
    )
    add(
        "--plate",
        type=settings_flags.path,
        metavar="FILE",
        help="a picture of the same view without the foreground",
    )
    flags.add(parser, _described())
    add("--no-sound", dest="sound", action="store_false", help="leave out the sound")
    add("--force", action="store_true", help="overwrite what exists")
    add("--quiet", action="store_true", help="print only what failed")


def run(args: argparse.Namespace) -> int:
    """Cut out the frames and return the exit status.

    Raises:
        PackageError: the extra is not installed.
        RequestError: the video, the plate or an option cannot be used, or OUT exists.
        NetworkError: no network works without a guide, or there is none of the given name.
        EngineError: there is no execution provider of the given name.
    """
    from matteplug_batch.interruption import cancelled_by_signals
    from matteplug_video import reading, writing

    packages.require("av", purpose="Reading videos", extra="video")
    out = Path(args.out)
    _check_out(args.out, force=args.force)
    how, steady = _chosen(args)
    started = time.perf_counter()
    with cancelled_by_signals() as cancel, reading.opened(args.video) as video:
        request = _request(args.plate, how, cancel)
        made_by: Counter[str] = Counter()
        try:
            with (
                writing.writer(out, video, sound=args.sound) as writer,
                _progress(video.frames, quiet=args.quiet) as step,
            ):
                for part in video.read():
                    if not isinstance(part, reading.Frame):
                        writer.sound(part)
                        continue
                    matte = _matte(replace(request, image=part.image), cancel)
                    alpha = steady(part.image, matte.alpha)
                    writer.frame(replace(matte, alpha=alpha).cutout(), part.pts)
                    made_by[f"{matte.network} on {matte.provider}"] += 1
                    step()
        except Cancelled:
            done = made_by.total()
            kept = (
                f"its pictures are in {out}"
                if out.suffix.lower() != writing.SUFFIX
                else ("nothing was written")
            )
            _say(f"Interrupted after {done} frames; {kept}.", quiet=False)
            return 130
    elapsed_s = time.perf_counter() - started
    who, done = ", ".join(made_by), made_by.total()
    _say(f"{out}: {done} frames by {who}, {elapsed_s:.1f} s.", quiet=args.quiet)
    if done < video.announced:
        _say(f"{args.video} announces {video.announced} frames and holds {done}.", quiet=False)
    return 0


def _described() -> list[Option]:
    """Return the options that concern videos: how mattes are made, not what is written."""
    shared = {one.name for cls in (MatteRequest, MatteOptions) for one in options.of(cls)}
    how = [one for one in settings_flags.described() if one.name in shared - {"keep_metadata"}]
    return [*how, *options.of(VideoOptions)]


def _chosen(args: argparse.Namespace) -> tuple[dict[str, Any], Steady]:
    """Return how mattes are made, and the temporal filter."""
    described = {one.name: one for one in _described()}
    every = [*settings_flags.described(), *options.of(VideoOptions)]
    settled = config.settled(every, args.video.parent)
    values = {one.option.name: one.value for one in settled if one.option.name in described}
    values |= flags.given(args, described.values())
    values["provider"] = settings_flags.provider(values["provider"])
    return values, Steady(values.pop("steady_percent") / 100)


def _request(plate: Path | None, values: dict[str, Any], cancel: CancelToken) -> MatteRequest:
    """Return the request that each frame completes."""
    import numpy as np

    from matteplug import api

    network = values.pop("network")
    how = options.read(MatteOptions, values)
    pixel = np.zeros((1, 1, 3), np.uint8)  # a frame takes its place
    return api.request(pixel, plate=plate, network=network, chosen=how, cancel=cancel)


def _matte(request: MatteRequest, cancel: CancelToken) -> Any:
    from matteplug import api

    cancel.check()
    return api.run(request, progress=silent, cancel=cancel)


def _check_out(text: str, *, force: bool) -> None:
    """Refuse a format that is not written, and what exists."""
    from matteplug_video.writing import SUFFIX

    out = Path(text)
    is_folder = out.is_dir() or text.endswith(("/", os.sep)) or not out.suffix
    if not is_folder and out.suffix.lower() != SUFFIX:
        raise RequestError(
            "video-format",
            f"Videos are not written as {out.suffix}.",
            f"Use a {SUFFIX} file, or a folder for PNG pictures: frames/",
        )
    if force or not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    what = "is a folder with files" if out.is_dir() else "exists"
    raise RequestError(
        "result-exists",
        f"{out} {what}, so it is not overwritten.",
        "Overwrite it with --force, or choose another name.",
    )


def _progress(frames: int | None, *, quiet: bool) -> Any:
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)

    @contextmanager
    def shown() -> Any:
        with Progress(console=console, disable=quiet or not console.is_terminal) as bar:
            task = bar.add_task("frames", total=frames)
            yield lambda: bar.advance(task)

    return shown()


def _say(text: str, *, quiet: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from matteplug_batch.display_text import line

    if not quiet:
        Console(stderr=True, highlight=False).print(Text(line(text)), soft_wrap=True)
