"""Measure methods on samples; the result as JSON or a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from matteplug import __version__
from matteplug.errors import MatteplugError, RequestError
from matteplug.evaluation.methods import Method
from matteplug.evaluation.metrics import Count, Errors, measure
from matteplug.evaluation.samples import LoadedSample, SampleFolder, read
from matteplug.terminal import printable
from matteplug.types import Alpha

if TYPE_CHECKING:
    from rich.table import Table

CONVENTION = {
    "sad": "sum of |a - t| / 1000",
    "mse": "sum of (a - t)^2 / number of pixels in the area",
    "grad": "sum of (|grad a| - |grad t|)^2 / 1000; Gaussian derivatives, sigma 1.4",
    "conn": "sum of |phi(a) - phi(t)| / 1000; step 0.1, theta 0.15, 4-connected",
    "source": "Rhemann et al., CVPR 2009",
}
AREAS = {
    Count.UNKNOWN: "all four over the trimap's unknown area",
    Count.PICTURE: "the sums of sad and mse over the whole picture; grad, conn and the number of "
    "pixels that mse divides by over the trimap's unknown area",
}
WHOLE = "all four over the whole picture"

OnSample = Callable[[LoadedSample, dict[str, Alpha], dict[str, Errors]], None]
"""Called after every picture with the alphas and the errors by method."""


@dataclass
class Scores:
    """One method's errors, by picture."""

    method: str
    images: dict[str, Errors] = field(default_factory=dict)
    elapsed_s: list[float] = field(default_factory=list)

    def mean(self, names: Collection[str] | None = None) -> Errors:
        """Return the means over the pictures of these names; by default over all."""
        rows = [asdict(errors) for n, errors in self.images.items() if names is None or n in names]
        return Errors(**{name: float(np.mean([row[name] for row in rows])) for name in rows[0]})


def evaluate(
    samples: SampleFolder,
    methods: Sequence[Method],
    count: Count = Count.UNKNOWN,
    on_sample: OnSample | None = None,
) -> list[Scores]:
    """Measure every method on every sample.

    Raises:
        RequestError: two methods have one name ("method-twice"), or an alpha has NaN or
            infinite values ("alpha-not-finite").
        MatteplugError: a file or a method failed; the message names the sample or the method.
    """
    names = [method.name for method in methods]
    if twice := [name for name in names if names.count(name) > 1]:
        raise RequestError(
            "method-twice",
            f"Two methods are named {twice[0]}.",
            "Give a folder of alphas a name: --alphas NAME=FOLDER.",
        )
    scores = [Scores(name) for name in names]
    for sample in samples.samples:
        with _naming(f"{sample.name} cannot be measured"):
            loaded = read(sample)
        alphas: dict[str, Alpha] = {}
        for method, score in zip(methods, scores, strict=True):
            with _naming(f"{method.name} failed on {loaded.name}"):
                alpha, elapsed_s = method.answer(loaded)
            if not np.isfinite(alpha).all():
                raise RequestError(
                    "alpha-not-finite",
                    f"{method.name} returned NaN or infinite values on {loaded.name}.",
                    "Try --provider cpu, or another network.",
                )
            alphas[method.name] = alpha
            score.images[loaded.name] = measure(loaded.truth, alpha, loaded.trimap, count)
            if elapsed_s is not None:
                score.elapsed_s.append(elapsed_s)
        if on_sample is not None:
            errors = {score.method: score.images[loaded.name] for score in scores}
            on_sample(loaded, alphas, errors)
    return scores


def to_json(samples: SampleFolder, scores: Sequence[Scores], count: Count) -> dict[str, Any]:
    """Return the result in the form that docs/evaluation.md describes."""
    styles = by_style(samples)
    worst = worst_of(scores)
    return {
        "evaluator": f"matteplug {__version__}",
        "data": samples.folder.resolve().name,
        "trimap": samples.trimap,
        "convention": {"area": area_in_words(samples, count), **CONVENTION},
        **({"worst": worst} if styles else {}),
        "methods": [
            {
                "method": score.method,
                "images": [
                    {"name": name, **asdict(errors)} for name, errors in score.images.items()
                ],
                "mean": asdict(score.mean()),
                **(_styled(score, styles, worst) if styles else {}),
                "elapsed_s": float(np.mean(score.elapsed_s)) if score.elapsed_s else None,
            }
            for score in scores
        ],
    }


COLUMNS = ("method", "picture", "SAD", "MSE", "Grad", "Conn", "seconds")


def by_style(samples: SampleFolder) -> dict[str, list[str]]:
    """Return the names of the pictures of each style; {} if the folder has no styles."""
    styles: dict[str, list[str]] = {}
    for sample in samples.samples:
        if sample.style:
            styles.setdefault(sample.style, []).append(sample.name)
    return styles


def worst_of(scores: Sequence[Scores]) -> str:
    """Return the name of the picture with the largest SAD, summed over the methods."""
    sums = {name: sum(score.images[name].sad for score in scores) for name in scores[0].images}
    return max(sums, key=lambda name: sums[name])


def without(scores: Scores, name: str) -> Errors:
    """Return a method's means over all pictures but one; over all if there is no other."""
    return scores.mean(scores.images.keys() - {name} or None)


def _styled(score: Scores, styles: Mapping[str, list[str]], worst: str) -> dict[str, Any]:
    return {
        "mean_without_worst": asdict(without(score, worst)),
        "styles": {
            style: {"pictures": len(names), **asdict(score.mean(names))}
            for style, names in styles.items()
        },
    }


def area_in_words(samples: SampleFolder, count: Count) -> str:
    """Return which pixels count, as text."""
    return WHOLE if samples.trimap is None else AREAS[count]


def caption(samples: SampleFolder, count: Count) -> str:
    """Return what the numbers of the table and of the rows mean."""
    return f"SAD / 1000, MSE × 10⁻³; {area_in_words(samples, count)}; smaller is better"


def to_table(samples: SampleFolder, scores: Sequence[Scores], count: Count) -> Table:
    """Return a table with a row for each method and picture, and each method's mean."""
    from rich.table import Table
    from rich.text import Text

    guide = samples.trimap or "no trimap"
    table = Table(
        title=Text(printable(f"{samples.folder.resolve().name} · {guide}"), "table.title"),
        caption=caption(samples, count),
    )
    for heading in COLUMNS[:2]:
        table.add_column(heading, overflow="fold")
    for heading in COLUMNS[2:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for score in scores:
        *images, mean = to_rows(score)
        for method, name, *errors in images:
            table.add_row(method, Text(printable(name)), *errors)
        table.add_row(*mean, style="bold")
        table.add_section()
    return table


def to_rows(score: Scores) -> list[tuple[str, ...]]:
    """Return a method's rows for `COLUMNS`: one per picture, then the mean."""
    seconds = f"{np.mean(score.elapsed_s):.2f}" if score.elapsed_s else ""
    images = [(score.method, name, *_cells(one), "") for name, one in score.images.items()]
    return [*images, (score.method, "mean", *_cells(score.mean()), seconds)]


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Start an error's message with what failed."""
    try:
        yield
    except MatteplugError as error:
        error.message = f"{what}: {error.message}"
        raise


def _cells(errors: Errors) -> list[str]:
    return [
        f"{errors.sad:.3f}",
        f"{errors.mse * 1000:.2f}",
        f"{errors.grad:.3f}",
        f"{errors.conn:.3f}",
    ]
