"""The flags that say what is made and how: those that ``matteplug batch`` and ``cut`` share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matteplug import flags, options
from matteplug.errors import EngineError, RequestError
from matteplug.images import layered
from matteplug.images.encoding import Encoding
from matteplug.options import Option
from matteplug.result import Matte
from matteplug.types import CancelToken, MatteOptions, MatteRequest, Progress
from matteplug_batch import config
from matteplug_batch.display_text import name
from matteplug_batch.job import SUFFIXES, Output, OutputOptions, Settings

GUIDES = """\
Guides are found by their names.  For NAME.jpg these are NAME_trimap.png (black background,
white foreground, gray unknown), NAME_mask.png (a selection), NAME_plate.png or the folder's
plate.png (the same view without the foreground).  The first guide found, in this order, is
used; it decides the network."""

_MOST_BITS = {".png": 16, ".tif": 32, ".tiff": 32, ".exr": 32, ".ora": 16, ".psd": 16}
"""Per channel; others hold 8."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    add = parser.add_argument
    flags.add(parser, described())
    add(
        "--require-ep",
        type=text,
        metavar="ID",
        help="stop unless this execution provider does the work",
    )
    add("--dry-run", action="store_true", help="say what would be done, and do nothing")
    add("--quiet", action="store_true", help="print only what failed")


def path(given: str) -> Path:
    """Return an argument as a path."""
    return Path(text(given))


def text(given: str) -> str:
    """Refuse an empty argument, such as an unset variable: as a path it is the current folder."""
    if not given:
        raise argparse.ArgumentTypeError("it is empty")
    return given


def settings(args: argparse.Namespace, folder: Path, suffix: str | None = None) -> Settings:
    """Return what the flags and the files of options ask for, checked before any work.

    Args:
        args: of the command line.
        folder: where the pictures are.
        suffix: of the one result that was named; else there is an option.

    Raises:
        RequestError: two of them contradict each other, or the backdrop is neither a colour nor a
            picture.
        NetworkError: there is no network of the given name, or it may not be used commercially.
        EngineError: there is no execution provider of the given name.
    """
    from matteplug import plugins
    from matteplug.matting import choice
    from matteplug_batch.backdrop import Backdrop

    chosen = _chosen(args, folder)
    written = options.read(OutputOptions, _part(OutputOptions, chosen))
    default = Output.COMPOSITE if written.backdrop else Output.CUTOUT
    output = Output(written.output) if written.output else default
    if output is Output.COMPOSITE and not written.backdrop:
        raise RequestError(
            "backdrop-missing", "A composite needs a backdrop.", "Give one: --backdrop white"
        )
    if written.backdrop and output is not Output.COMPOSITE:
        raise RequestError(
            "backdrop-unused",
            f"The output {output.value} has no backdrop.",
            "Drop --backdrop or --output.",
        )
    suffix = f".{written.format}" if suffix is None else suffix
    _check_format(suffix, output, written.depth)
    backdrop = Backdrop(written.backdrop) if written.backdrop else None
    if backdrop is not None:
        backdrop.check()
    network = chosen["network"]
    spec = plugins.registry().network(network) if network else None
    how = _part(MatteOptions, chosen)
    if spec is not None and how["commercial"]:
        choice.require_commercial(spec)
    how["provider"] = _provider(how["provider"], args.require_ep)
    return Settings(
        output=output,
        suffix=suffix,
        backdrop=backdrop,
        crop_px=written.crop_px,
        depth=written.depth,
        encoding=Encoding(quality=written.quality, associated=written.associated),
        network=network,
        guide=spec.guide if spec else None,
        options=options.read(MatteOptions, how),
    )


def described() -> list[Option]:
    """Return every option of the commands."""
    classes = (MatteRequest, OutputOptions, MatteOptions)
    return [one for cls in classes for one in options.of(cls) if one.offered_by("batch")]


def _check_format(suffix: str, output: Output, depth: int | None) -> None:
    """Refuse a format that cannot hold the output, before any work.

    Raises:
        RequestError: it is unknown ("format-unknown"), has no alpha ("format-no-alpha"), is for
            cutouts only ("format-layers"), or not of that depth ("format-depth").
    """
    suffix = suffix.lower()
    if suffix not in SUFFIXES:
        what = f"The suffix {suffix} is" if suffix else "A name without a suffix is"
        raise RequestError(
            "format-unknown",
            f"{what} not that of a picture that can be written.",
            f"Use one of {', '.join(SUFFIXES)}.",
        )
    if suffix in (".jpg", ".jpeg") and output is Output.CUTOUT:
        raise RequestError(
            "format-no-alpha",
            "A JPEG file cannot hold a cutout: it has no transparency.",
            "Use .png, .tif or .webp, or give a --backdrop.",
        )
    if suffix in layered.SUFFIXES and output is not Output.CUTOUT:
        raise RequestError(
            "format-layers",
            f"A {suffix} file holds the cutout, its mask and the original, not a {output.value}.",
            "Drop --output and --backdrop, or use another format.",
        )
    most = _MOST_BITS.get(suffix, 8)
    if (depth or 0) > most:
        raise RequestError(
            "format-depth",
            f"A {suffix} file holds at most {most} bits per channel, not {depth}.",
            "Use .tif or .exr, or another --depth.",
        )


def matte(args: argparse.Namespace) -> Callable[[MatteRequest, Progress, CancelToken], Matte]:
    """Return the recipe; it fails on any other provider if one is required."""
    from matteplug import api

    required = args.require_ep

    def matte(request: MatteRequest, progress: Progress, cancel: CancelToken) -> Matte:
        result = api.run(request, progress=progress, cancel=cancel)
        if required is not None and result.provider != required:
            raise EngineError(
                "provider-not-used",
                f"The work was done by {result.provider}, not by {required}.",
                "Run: matteplug doctor",
            )
        return result

    return matte


def _chosen(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the options' values by name, and say which come from files."""
    given = flags.given(args, described())
    settled = [one for one in config.settled(described(), folder) if one.option.name not in given]
    by_file: dict[Path, list[str]] = {}
    for one in settled:
        if one.source is not None:
            by_file.setdefault(one.source, []).append(one.option.name)
    for path, names in () if args.quiet else by_file.items():
        print(f"Options from {name(path)}: {', '.join(names)}.", file=sys.stderr)
    return given | {one.option.name: one.value for one in settled}


def _part(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values that are options of one class."""
    return {one.name: values[one.name] for one in options.of(cls) if one.name in values}


def _provider(asked: str, required: str | None) -> str:
    """Return the execution provider to ask for, or "auto"."""
    from matteplug.runtime import providers

    if required is None:
        return asked if asked == "auto" else providers.named(asked).id
    if asked not in ("auto", required):
        raise RequestError(
            "two-providers",
            f"--provider {asked} and --require-ep {required} contradict each other.",
            "Use only one.",
        )
    return providers.named(required).id
