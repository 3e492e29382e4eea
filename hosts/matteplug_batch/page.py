"""``--report``: one HTML file with every picture before and after, its state, notes and times."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matteplug import __version__
from matteplug.images import files, pixels
from matteplug.images.encoding import Encoding, encode
from matteplug.result import Matte
from matteplug.types import MatteRequest
from matteplug_batch.display_text import name, remark, sentence
from matteplug_batch.find import kind_of
from matteplug_batch.outcome import BatchReport, PictureOutcome, State
from matteplug_batch.summary import totals

MOST_PREVIEWS = 500
"""Pictures that are shown; all of them are listed."""
_SIDE_PX = 640
_HOW = Encoding(quality=80)


class _Preview(NamedTuple):
    """A picture and its cutout, small WebP files."""

    before: bytes
    after: bytes


@dataclass
class ReportPage:
    """Collects previews while pictures are written, and writes the page at the end.

    Args:
        path: where to write it; checked at once, because a batch takes long.

    Raises:
        RequestError: it cannot be written there.
    """

    path: Path
    _previews: dict[Path, _Preview] = field(default_factory=dict)

    def __post_init__(self) -> None:
        files.check_destination(self.path, "The report")

    def add(self, image: Path, matte: Matte, request: MatteRequest) -> None:
        """Keep small copies of a picture and its cutout."""
        if len(self._previews) < MOST_PREVIEWS:
            self._previews[image] = _Preview(
                encode(_small(request.image), ".webp", matte.icc, how=_HOW),
                encode(_small(matte.cutout()), ".webp", matte.icc, how=_HOW),
            )

    def write(self, report: BatchReport, folder: Path, out: Path) -> None:
        """Write the page.

        Raises:
            RequestError: as `matteplug.images.files.write_bytes`.
        """
        skeleton = resources.files("matteplug_batch").joinpath("page.html")
        page = skeleton.read_text(encoding="utf-8")
        page = page.replace("<!--title-->", escape(name(folder.absolute())))
        page = page.replace("<!--totals-->", "\n".join(_totals(report, out)))
        page = page.replace("<!--states-->", "\n".join(_states(report)))
        cards = (card for one in report.outcomes for card in self._card(one, folder))
        page = page.replace("<!--pictures-->", "\n".join(cards))
        files.write_bytes(self.path, page.encode("utf-8", "replace"))

    def _card(self, outcome: PictureOutcome, folder: Path) -> Iterator[str]:
        title = escape(name(_relative(outcome.image, folder)))
        confidence = "" if outcome.confidence is None else f"{outcome.confidence:.2f}"
        state = outcome.state.value
        yield f'<li class="card" data-state="{state}" data-confidence="{confidence}">'
        yield f'<h3>{title} <span class="state {state}">{state}</span></h3>'
        if preview := self._previews.get(outcome.image):
            yield '<div class="pair">'
            yield f'<img class="before" src="{_data(preview.before)}" alt="{title}, original">'
            yield f'<img class="after" src="{_data(preview.after)}" alt="{title}, cutout">'
            yield "</div>"
            yield '<p class="controls"><label>Before and after <input type="range" class="slider" '
            yield f'min="0" max="100" value="50" aria-label="{title}: how much of the original is '
            yield f'shown"></label> <button class="zoom" aria-label="Zoom in on {title}">Zoom'
            yield "</button></p>"
        yield "<dl>"
        for term, text in _facts(outcome, confidence):
            yield f"<dt>{term}</dt><dd>{escape(text)}</dd>"
        yield "</dl></li>"


def _facts(outcome: PictureOutcome, confidence: str) -> Iterator[tuple[str, str]]:
    if outcome.error is not None:
        yield "Error", sentence(outcome.error)
    if outcome.notes:
        yield "Notes", remark(outcome.notes)
    if confidence:
        yield "Confidence", confidence
    if outcome.network:
        yield "Network", f"{outcome.network} on {outcome.provider}"
        yield "Time", f"{outcome.elapsed_s:.1f} s"
    if outcome.guide is not None:
        yield "Guide", kind_of(outcome.guide)
    if outcome.result is not None:
        yield "Result", name(outcome.result)


def _totals(report: BatchReport, out: Path) -> Iterator[str]:
    for total in totals(report, out):
        yield f"<p>{escape(total)}</p>"
    timed = sorted((one.elapsed_s for one in report.outcomes if one.network), reverse=True)
    if timed:
        yield (
            f"<p>Time of a picture: {np.median(timed):.1f} s in the middle, {timed[0]:.1f} s at "
            "most.</p>"
        )
    previews = sum(1 for one in report.outcomes if one.network)
    if previews > MOST_PREVIEWS:
        yield f"<p>The first {MOST_PREVIEWS} of {previews} results are shown.</p>"
    yield f'<p class="soft">Made by matteplug {__version__}.</p>'


def _states(report: BatchReport) -> Iterator[str]:
    for state in State:
        if count := report.count(state):
            yield (
                f'<label><input type="checkbox" class="filter" value="{state.value}" checked> '
                f"{state.value} ({count})</label>"
            )


def _small(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a picture of 8 bits whose longer side is at most `_SIDE_PX`."""
    from matteplug.opencv import cv2

    height, width = array.shape[:2]
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = array if scale == 1 else cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    return pixels.from_float(pixels.to_float(small), np.uint8)


def _relative(image: Path, folder: Path) -> Path:
    return image.relative_to(folder) if image.is_relative_to(folder) else image


def _data(webp: bytes) -> str:
    return f"data:image/webp;base64,{b64encode(webp).decode()}"
