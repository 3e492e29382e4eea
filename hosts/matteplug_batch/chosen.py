"""From the values of options to the settings of a batch, checked before any work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matteplug import options
from matteplug.errors import RequestError
from matteplug.images import layered
from matteplug.images.encoding import Encoding
from matteplug.types import MatteOptions
from matteplug_batch.job import SUFFIXES, Output, OutputOptions, Settings

_MOST_BITS = {".png": 16, ".tif": 32, ".tiff": 32, ".exr": 32, ".ora": 16, ".psd": 16}
"""Per channel; others hold 8."""


def settings(
    values: Mapping[str, Any], suffix: str | None = None, *, files: bool = True
) -> Settings:
    """Return what the values of all options ask for.

    Args:
        values: of the options, by name.
        suffix: of the one result that was named; else there is an option.
        files: whether a backdrop may be the path of a picture.

    Raises:
        RequestError: two of them contradict each other, or the backdrop is neither a colour nor a
            picture.
        NetworkError: there is no network of the given name, or it may not be used commercially.
    """
    from matteplug import plugins
    from matteplug.matting import choice
    from matteplug_batch.backdrop import Backdrop

    written = options.read(OutputOptions, _part(OutputOptions, values))
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
    if written.shadow and output not in (Output.CUTOUT, Output.COMPOSITE):
        raise RequestError(
            "shadow-unused",
            f"The output {output.value} has no shadow.",
            "Drop --shadow or --output.",
        )
    suffix = f".{written.format}" if suffix is None else suffix
    _check_format(suffix, output, written.depth)
    backdrop = Backdrop(written.backdrop, may_be_file=files) if written.backdrop else None
    if backdrop is not None:
        backdrop.check()
    network = values["network"]
    spec = plugins.registry().network(network) if network else None
    how = _part(MatteOptions, values)
    if spec is not None and how["commercial"]:
        choice.require_commercial(spec)
    return Settings(
        output=output,
        suffix=suffix,
        backdrop=backdrop,
        shadow=written.shadow,
        crop_px=written.crop_px,
        depth=written.depth,
        encoding=Encoding(quality=written.quality, associated=written.associated),
        network=network,
        guide=spec.guide if spec else None,
        options=options.read(MatteOptions, how),
    )


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


def _part(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values that are options of one class."""
    return {one.name: values[one.name] for one in options.of(cls) if one.name in values}
