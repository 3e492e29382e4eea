"""The table of errors by style and kind of trimap, with a pair of columns for each method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from matteplug.evaluation.metrics import Count, Errors
from matteplug.evaluation.samples import SampleFolder
from matteplug.evaluation.scores import Scores, by_style, caption, without, worst_of
from matteplug.terminal import printable

if TYPE_CHECKING:
    from rich.table import Table


class ScoredSamples(NamedTuple):
    """The samples with one kind of trimap, and every method's scores on them."""

    samples: SampleFolder
    scores: list[Scores]


class Row(NamedTuple):
    """The means of all methods over some of a run's pictures."""

    trimap: str
    style: str
    pictures: int
    means: list[Errors]


def columns(runs: Sequence[ScoredSamples]) -> tuple[str, ...]:
    """Return the headings: trimap, style, number of pictures, and each method's SAD and MSE."""
    pairs = [f"{score.method} {error}" for score in runs[0].scores for error in ("SAD", "MSE")]
    return ("trimap", "style", "pictures", *pairs)


def to_rows(runs: Sequence[ScoredSamples]) -> list[tuple[str, ...]]:
    """Return the cells for `columns`."""
    return [(row.trimap, row.style, str(row.pictures), *_cells(row)) for row in _rows(runs)]


def to_table(runs: Sequence[ScoredSamples], count: Count) -> Table:
    """Return a table of `to_rows`; the smallest SAD and MSE of a row are bold."""
    from rich.table import Table
    from rich.text import Text

    title = printable(runs[0].samples.folder.resolve().name)
    table = Table(title=Text(title, "table.title"), caption=caption(runs[0].samples, count))
    for number, heading in enumerate(columns(runs)):
        label = Text(printable(heading))
        table.add_column(label, justify="left" if number < 2 else "right", overflow="fold")
    for row in _rows(runs):
        errors = [value for mean in row.means for value in (mean.sad, mean.mse)]
        cells = [
            Text(text, "bold" if value == min(errors[number % 2 :: 2]) else "")
            for number, (text, value) in enumerate(zip(_cells(row), errors, strict=True))
        ]
        table.add_row(row.trimap, Text(printable(row.style)), str(row.pictures), *cells)
    return table


def _rows(runs: Sequence[ScoredSamples]) -> Iterator[Row]:
    """Yield each run's styles, then all its pictures, then all but the worst."""
    for samples, scores in runs:
        guide, count = samples.trimap or "none", len(samples.samples)
        for style, names in by_style(samples).items():
            yield Row(guide, style, len(names), [score.mean(names) for score in scores])
        yield Row(guide, "mean", count, [score.mean() for score in scores])
        worst = worst_of(scores)
        rest = [without(score, worst) for score in scores]
        yield Row(guide, f"without {worst}", max(count - 1, 1), rest)


def _cells(row: Row) -> list[str]:
    return [text for mean in row.means for text in (f"{mean.sad:.2f}", f"{mean.mse * 1000:.1f}")]
