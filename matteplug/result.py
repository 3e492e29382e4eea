"""The result: a matte, and what is known about how it was made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from matteplug.images import files, pixels
from matteplug.images.encoding import Encoding
from matteplug.types import Alpha, Image, Metadata, Size, Trimap

__all__ = ["DOUBT", "VISIBLE", "Matte", "Outcome"]

Outcome: TypeAlias = Literal["done", "doubtful", "empty"]
"""How a matte came out; "doubtful" is to be looked at, "empty" shows nothing."""
DOUBT = 0.5
"""Confidence below which a matte is doubtful."""
VISIBLE = 0.5 / 255
"""An alpha below this is 0 in 8 bits."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Matte:
    """The result: alpha and straight foreground colours, and how they were made.

    Attributes:
        alpha: (H, W) float32 [0, 1].
        foreground: (H, W, 3), dtype of the request's image, straight (not premultiplied); equals
            the image where alpha is 1, unless edge controls made it so.
        network: id of the network that made it.
        provider: execution provider that ran it ("cpu").
        elapsed_s: seconds by part: "network", "foreground", "total".
        trimap: (H, W) uint8, the trimap that it was made with: as given, spread from strokes, or
            with the band of a rough selection narrowed; None without a trimap or selection.
        confidence: 0 to 1 if the network estimates it, else None.
        notes: sentences for the user: repairs, choices, doubts.
        licences: what the networks that made it may be used for, id to a clause.
        icc: colour profile of the foreground; None for sRGB.
        metadata: resolution, copyright and the like, from the image.
    """

    alpha: Alpha
    foreground: Image
    network: str
    provider: str
    elapsed_s: dict[str, float]
    trimap: Trimap | None = None
    confidence: float | None = None
    notes: tuple[str, ...] = ()
    licences: Mapping[str, str] = field(default_factory=dict)
    icc: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)

    def __repr__(self) -> str:
        parts = [
            f"{Size.of(self.alpha)} {self.foreground.dtype}",
            f"{self.network} on {self.provider}",
            f"{self.elapsed_s.get('total', 0.0):.2f} s",
        ]
        if self.confidence is not None:
            parts.append(f"confidence {self.confidence:.2f}")
        if self.notes:
            parts.append(f"{len(self.notes)} note{'s' * (len(self.notes) > 1)}")
        return f"<Matte {', '.join(parts)}>"

    @property
    def outcome(self) -> Outcome:
        """How it came out: "done"; "doubtful", the confidence is low; or "empty"."""
        if not (self.alpha >= VISIBLE).any():
            return "empty"
        doubtful = self.confidence is not None and self.confidence < DOUBT
        return "doubtful" if doubtful else "done"

    def cutout(self) -> Image:
        """Return (H, W, 4) of the image's dtype: straight colours and alpha."""
        return pixels.cutout(self.foreground, self.alpha)

    def composite(self, backdrop: Image | tuple[int, int, int]) -> Image:
        """Return the foreground over `backdrop`, αF + (1 − α)B, dtype of the image.

        Args:
            backdrop: (H, W, 3) of the image's size and dtype; or one colour, three whole numbers
                from 0 to 255 whatever the image's depth.

        Raises:
            RequestError: the backdrop has another size or dtype, or is not a colour.
        """
        return pixels.composite(self.foreground, self.alpha, backdrop)

    def save(
        self,
        path: str | os.PathLike[str],
        array: Image | Alpha | None = None,
        how: Encoding | None = None,
    ) -> None:
        """Write the cutout to a file, with the image's depth, profile and metadata.

        The picture is upright, as the image was when it was read.

        Args:
            path: .png, .tif, .exr or, for 8 bits, .webp and .avif; the file appears complete or
                not at all.
            array: what to write instead: a composite, or `alpha`, which may be a .jpg too.  Floats
                are written with the image's depth; where that is float, .tif and .exr keep it and
                others get 16 bits.
            how: quality, and what TIFF's colours are multiplied by.

        Raises:
            RequestError: the format cannot hold it ("format-…"), or it cannot be written; see
                `matteplug.images.files.write`.
        """
        written = self.cutout() if array is None else array
        if written.dtype.kind == "f":
            depth = self.foreground.dtype
            keeps_floats = os.fspath(path).lower().endswith((".tif", ".tiff", ".exr"))
            if depth.kind != "f" or not keeps_floats:
                written = pixels.from_float(written, np.uint16 if depth.kind == "f" else depth)
        files.write(path, written, icc=self.icc, metadata=self.metadata, how=how)
