"""One picture of a batch: what to read, what to make of it, and where the result goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from matteplug.images import layered
from matteplug.images.encoding import FORMATS, Encoding
from matteplug.network import Guide
from matteplug.options import option
from matteplug.types import MatteOptions
from matteplug_batch.backdrop import Backdrop
from matteplug_batch.find import Found

SUFFIXES = (*FORMATS, *layered.SUFFIXES)
"""Of results, which are their formats."""


class Output(str, Enum):
    """What is written for a picture."""

    CUTOUT = "cutout"
    """Straight colours with alpha."""
    ALPHA = "alpha"
    """The alpha alone, gray."""
    FOREGROUND = "foreground"
    """The straight colours alone, opaque."""
    COMPOSITE = "composite"
    """The foreground over a backdrop, opaque."""
    TRIMAP = "trimap"
    """The trimap that the network was given, gray."""


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """What is written, described as `matteplug.options` says."""

    output: str | None = option(
        None,
        label="Output",
        help="What is written: straight colours with alpha (cutout), one of the two alone, a "
        "composite, or the trimap that was used",
        automatic="cutout, or composite with a backdrop",
        choices=tuple(output.value for output in Output),
    )
    backdrop: str | None = option(
        None,
        label="Backdrop",
        help="What composites are made over: a colour (white, #204060 or 32,64,96), two from top "
        "to bottom (white..#204060), the picture itself out of focus (blur, or blur:40 for 40 "
        "pixels), or the path of a picture or of a folder, of which each picture gets one",
        automatic="none",
    )
    shadow: bool = option(
        False,
        label="Keep the shadow",
        help="Keep the shadow that the subject casts, in cutouts and composites; it is what "
        "darkens the plate, so a plate is needed",
    )
    format: str = option(
        "png",
        label="Format",
        help="Format of the results",
        choices=tuple(suffix[1:] for suffix in SUFFIXES),
    )
    crop_px: int | None = option(
        None,
        label="Crop",
        help="Crop to the subject, with a margin of so many pixels",
        automatic="not cropped",
        unit="pixels",
        low=0,
        high=100000,
    )
    depth: int | None = option(
        None,
        label="Depth",
        help="Bits per channel; 32 are floats, for tif and exr",
        automatic="the picture's",
        choices=(8, 16, 32),
    )
    quality: int | None = option(
        None,
        label="Quality",
        help="Quality of lossy webp, avif and jpg; a webp's alpha stays exact",
        automatic="lossless webp, and 95 for the others",
        low=1,
        high=100,
    )
    associated: bool = option(
        False,
        label="Associated alpha",
        help="Multiply the colours of a tif by its alpha",
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all pictures of a batch have in common.

    Attributes:
        output: what is written.
        suffix: of the results' names, which is their format; for those that the command names.
        backdrop: what composites are made over; None for the other outputs.
        shadow: whether cutouts and composites keep the subject's shadow.
        crop_px: margin around the subject; None to keep the whole picture.
        depth: bits per channel, 8, 16 or 32; None for the picture's.
        encoding: how formats with a choice are written.
        network: id of the network, or None to choose by the guides of each picture.
        guide: the guide that `network` needs; None if the network is not given.
        options: how mattes are made.
    """

    output: Output = Output.CUTOUT
    suffix: str = ".png"
    backdrop: Backdrop | None = None
    shadow: bool = False
    crop_px: int | None = None
    depth: int | None = None
    encoding: Encoding = field(default_factory=Encoding)
    network: str | None = None
    guide: Guide | None = None
    options: MatteOptions = field(default_factory=MatteOptions)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One picture, its guides, and where the result goes.

    Attributes:
        found: the picture and all guides beside it.
        result: the file to write.
        settings: see `Settings`.
    """

    found: Found
    result: Path
    settings: Settings = field(default_factory=Settings)

    @property
    def image(self) -> Path:
        """The picture's file."""
        return self.found.image

    @property
    def guide(self) -> Path | None:
        """The one guide that is used: the trimap before the selection before the plate.

        If a network is given, it is the guide that this network needs.
        """
        sources, wanted = self.found, self.settings.guide
        if wanted is Guide.NONE:
            return None
        if wanted is Guide.PLATE:
            return sources.plate
        mask = sources.trimap or sources.selection
        return mask if wanted is Guide.TRIMAP else mask or sources.plate

    @property
    def backdrop(self) -> Backdrop | None:
        """What the composite is made over; None for the other outputs."""
        given = self.settings.backdrop
        return None if given is None else given.pick(self.image.name)

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that the result is made from, without the backdrop."""
        shadow = self.found.plate if self.settings.shadow else None
        return tuple(dict.fromkeys(p for p in (self.image, self.guide, shadow) if p is not None))
