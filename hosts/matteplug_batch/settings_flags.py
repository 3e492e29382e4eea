"""The flags that say what is made and how: those that ``matteplug batch`` and ``cut`` share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from matteplug import flags, options
from matteplug.errors import EngineError, RequestError
from matteplug.images.encoding import FORMATS
from matteplug.options import Option
from matteplug.result import Matte
from matteplug.types import CancelToken, MatteOptions, MatteRequest, Progress
from matteplug_batch.job import Output, Settings

GUIDES = """\
Guides are found by their names.  For NAME.jpg these are NAME_trimap.png (black background,
white foreground, gray unknown), NAME_mask.png (a selection), NAME_plate.png or the folder's
plate.png (the same view without the foreground).  The first guide found, in this order, is
used; it decides the network."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    add = parser.add_argument
    add(
        "--output",
        choices=[output.value for output in Output],
        help="what to write: colours with alpha (cutout, the default), alpha, or composite",
    )
    add(
        "--backdrop",
        type=text,
        metavar="COLOUR|IMAGE",
        help="what composites are made over: white, '#204060', or the path of a picture",
    )
    add(
        "--format",
        choices=sorted(suffix[1:] for suffix in FORMATS),
        help="format of the results (png)",
    )
    flags.add(parser, [*options.of(MatteRequest), *_options()])
    add(
        "--require-ep",
        type=text,
        metavar="ID",
        help="stop unless this execution provider does the work",
    )
    add("--quiet", action="store_true", help="print only what failed")


def path(given: str) -> Path:
    """Return an argument as a path."""
    return Path(text(given))


def text(given: str) -> str:
    """Refuse an empty argument, such as an unset variable: as a path it is the current folder."""
    if not given:
        raise argparse.ArgumentTypeError("it is empty")
    return given


def settings(args: argparse.Namespace) -> Settings:
    """Return what the flags ask for, checked before any work.

    Raises:
        RequestError: two of them contradict each other, or the backdrop is neither a colour nor a
            picture.
        NetworkError: there is no network of the given name.
        EngineError: there is no execution provider of the given name.
    """
    from matteplug import plugins
    from matteplug_batch.backdrop import Backdrop

    default = Output.COMPOSITE if args.backdrop else Output.CUTOUT
    output = Output(args.output) if args.output else default
    if output is Output.COMPOSITE and not args.backdrop:
        raise RequestError(
            "backdrop-missing", "A composite needs a backdrop.", "Give one: --backdrop white"
        )
    if args.backdrop and output is not Output.COMPOSITE:
        raise RequestError(
            "backdrop-unused",
            f"The output {output.value} has no backdrop.",
            "Drop --backdrop or --output.",
        )
    suffix = f".{args.format or 'png'}"
    check_format(suffix, output)
    backdrop = Backdrop(args.backdrop) if args.backdrop else None
    if backdrop is not None:
        backdrop.check()
    spec = plugins.registry().network(args.network) if args.network else None
    return Settings(
        output=output,
        suffix=suffix,
        backdrop=backdrop,
        network=args.network,
        guide=spec.guide if spec else None,
        options=options.read(
            MatteOptions,
            flags.values(args, _options())
            | {"provider": _provider(args.provider, args.require_ep)},
        ),
    )


def check_format(suffix: str, output: Output) -> None:
    """Refuse a format that cannot hold the output, before any work.

    Raises:
        RequestError: it is unknown ("format-unknown") or has no alpha ("format-no-alpha").
    """
    known = ", ".join(sorted(FORMATS))
    if suffix.lower() not in FORMATS:
        what = f"The suffix {suffix} is" if suffix else "A name without a suffix is"
        raise RequestError(
            "format-unknown",
            f"{what} not that of a picture that can be written.",
            f"Use one of {known}.",
        )
    if FORMATS[suffix.lower()] == "jpeg" and output is Output.CUTOUT:
        raise RequestError(
            "format-no-alpha",
            "A JPEG file cannot hold a cutout: it has no transparency.",
            "Use .png, .tif or .webp, or give a --backdrop.",
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


def _options() -> list[Option]:
    return [option for option in options.of(MatteOptions) if option.offered_by("batch")]


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
