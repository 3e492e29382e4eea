"""An HTML page that compares methods: tables, alphas, error maps and close-ups, in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from pathlib import Path

import numpy as np

from matteplug import __version__
from matteplug.evaluation import panels
from matteplug.evaluation.methods import HALF
from matteplug.evaluation.metrics import Count, Errors
from matteplug.evaluation.samples import LoadedSample, SampleFolder
from matteplug.evaluation.scores import Scores, area_in_words
from matteplug.images import files
from matteplug.matting import foreground
from matteplug.types import Alpha

MOST_PICTURES = 60
"""Number of pictures shown; the tables have all of them."""
COLUMNS = (
    ("sad", "SAD", 1.0, 2),
    ("mse", "MSE × 10⁻³", 1e3, 1),
    ("grad", "Grad", 1.0, 2),
    ("conn", "Conn", 1.0, 2),
)
"""Error, heading, factor and digits."""


@dataclass
class Report:
    """Collects the pictures while methods are measured and writes the page.

    Args:
        path: where to write the page; checked at once, because measuring may take long.

    Raises:
        RequestError: the page cannot be written there.
    """

    path: Path
    _grids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        files.check_destination(self.path, "The report")

    def add(
        self, sample: LoadedSample, alphas: dict[str, Alpha], errors: dict[str, Errors]
    ) -> None:
        """Keep the pictures of one sample; `alphas` and `errors` by method."""
        if len(self._grids) < MOST_PICTURES:
            self._grids[sample.name] = "".join(_grid(sample, alphas, errors))

    def write(self, samples: SampleFolder, scores: Sequence[Scores], count: Count) -> None:
        """Write the page.

        Raises:
            RequestError: as `matteplug.images.files.write_bytes`.
        """
        title = f"{samples.folder.resolve().name} · {samples.trimap or 'whole pictures'}"
        skeleton = resources.files("matteplug.evaluation").joinpath("report.html")
        page = skeleton.read_text(encoding="utf-8")
        page = page.replace("<!--title-->", escape(title))
        page = page.replace("<!--body-->", "\n".join(self._body(title, samples, scores, count)))
        files.write_bytes(self.path, page.encode())

    def _body(
        self, title: str, samples: SampleFolder, scores: Sequence[Scores], count: Count
    ) -> Iterator[str]:
        pictures = len(samples.samples)
        yield f"<h1>{escape(title)}</h1>"
        yield f'<p class="soft">{pictures} pictures, measured by matteplug {__version__}. '
        yield f"Smaller is better. Counted: {escape(area_in_words(samples, count))}.</p>"
        yield "<h2>Means</h2>"
        yield from _means(scores)
        yield "<h2>By picture</h2>"
        yield '<p class="tabs">'
        yield from (f'<button value="{key}">{heading}</button>' for key, heading, *_ in COLUMNS)
        yield "</p>"
        for key, _, factor, digits in COLUMNS:
            yield from _by_picture(scores, key, factor, digits)
        yield "<h2>The pictures</h2>"
        yield f"<p>Error maps: {_swatch(panels.TOO_OPAQUE)} too opaque, "
        yield f"{_swatch(panels.TOO_CLEAR)} too clear; brightness is the root of the error. "
        yield "Close-ups show where the methods' total error is largest. Click to enlarge.</p>"
        if pictures > len(self._grids):
            yield f"<p>The first {len(self._grids)} of {pictures} are shown.</p>"
        for name, grid in self._grids.items():
            yield f'<h2 id="{escape(name)}">{escape(name)}</h2>'
            yield f'<div class="scroll">{grid}</div>'


def _grid(
    sample: LoadedSample, alphas: dict[str, Alpha], errors: dict[str, Errors]
) -> Iterator[str]:
    """Yield a grid: columns picture, truth, methods; rows whole, errors, and two per close-up."""
    image, truth = sample.image, sample.truth
    yield f'<div class="grid" style="grid-template-columns: repeat({2 + len(alphas)}, 220px)">'
    yield _figure(panels.colours(image), sample.name, "picture")
    yield _figure(panels.gray(truth), sample.name, "truth")
    for name, alpha in alphas.items():
        measured = f"SAD {errors[name].sad:.2f}, MSE {errors[name].mse * 1000:.1f}"
        yield _figure(panels.gray(alpha), sample.name, f"{name} · {measured}")
    if sample.trimap is None:
        yield "<span></span>"
    else:
        yield _figure(panels.guide(sample.trimap, image), sample.name, "trimap")
    colours = {name: foreground.estimate(image, alpha) for name, alpha in alphas.items()}
    true_colours = foreground.estimate(image, truth)
    yield _figure(panels.cutout(image, true_colours, truth), sample.name, "truth, cut out")
    for name, alpha in alphas.items():
        yield _figure(panels.error(alpha, truth), sample.name, f"{name}, error")
    judged = [alpha for name, alpha in alphas.items() if name != HALF] or list(alphas.values())
    for place in panels.worst_places(sample, judged):
        y, x = place.slices
        where = f"{place.x}, {place.y}"
        part = image[y, x]

        def close(panel: panels.Panel, label: str, where: str = where) -> str:
            return _figure(panel, sample.name, f"{label}, {where}", enlarged=True)

        yield close(panels.colours(part), "picture")
        yield close(panels.gray(truth[y, x]), "truth")
        for name, alpha in alphas.items():
            yield close(panels.gray(alpha[y, x]), name)
        yield _figure(panels.marked(image, place), sample.name, f"place {where}")
        yield close(panels.cutout(part, true_colours[y, x], truth[y, x]), "truth, cut out")
        for name, alpha in alphas.items():
            yield close(panels.cutout(part, colours[name][y, x], alpha[y, x]), f"{name}, cut out")
    yield "</div>"


def _figure(panel: panels.Panel, scene: str, label: str, enlarged: bool = False) -> str:
    address = panels.data_uri(panel, enlarged)
    return (
        f'<figure><img src="{address}" alt="{escape(f"{scene}: {label}")}" loading="lazy">'
        f"<figcaption>{escape(label)}</figcaption></figure>"
    )


def _means(scores: Sequence[Scores]) -> Iterator[str]:
    headings = ["method", *(heading for _, heading, *_ in COLUMNS), "best SAD", "seconds"]
    yield from _head(headings)
    yield "<tbody>"
    means = [score.mean() for score in scores]
    wins = _wins(scores)
    for score, mean in zip(scores, means, strict=True):
        yield f"<tr><td>{escape(score.method)}</td>"
        for key, _, factor, digits in COLUMNS:
            lowest = min(getattr(other, key) for other in means)
            yield _cell(getattr(mean, key), factor, digits, getattr(mean, key) == lowest)
        yield f'<td data-value="{wins[score.method]}">{wins[score.method]}</td>'
        seconds = float(np.mean(score.elapsed_s)) if score.elapsed_s else 0.0
        yield f'<td data-value="{seconds:.6g}">{f"{seconds:.2f}" if seconds else "–"}</td></tr>'
    yield "</tbody></table></div>"


def _by_picture(scores: Sequence[Scores], key: str, factor: float, digits: int) -> Iterator[str]:
    yield f'<div id="{key}">'
    yield from _head(["picture", *(score.method for score in scores)])
    yield "<tbody>"
    for name in scores[0].images:
        values = [float(getattr(score.images[name], key)) for score in scores]
        yield f'<tr><td><a href="#{escape(name)}">{escape(name)}</a></td>'
        yield from (_cell(value, factor, digits, value == min(values)) for value in values)
        yield "</tr>"
    yield "</tbody><tfoot><tr><td>mean</td>"
    means = [float(getattr(score.mean(), key)) for score in scores]
    yield from (_cell(mean, factor, digits, mean == min(means)) for mean in means)
    yield "</tr></tfoot></table></div></div>"


def _head(headings: Sequence[str]) -> Iterator[str]:
    yield '<div class="scroll"><table><thead><tr>'
    yield from (f'<th scope="col"><button>{escape(heading)}</button></th>' for heading in headings)
    yield "</tr></thead>"


def _cell(value: float, factor: float, digits: int, best: bool) -> str:
    mark = ' class="best"' if best else ""
    return f'<td{mark} data-value="{value:.9g}">{value * factor:.{digits}f}</td>'


def _wins(scores: Sequence[Scores]) -> dict[str, int]:
    """Return on how many pictures each method has the smallest SAD."""
    wins = {score.method: 0 for score in scores}
    for name in scores[0].images:
        wins[min(scores, key=lambda score: score.images[name].sad).method] += 1
    return wins


def _swatch(colour: tuple[int, int, int]) -> str:
    return f'<span class="swatch" style="background: rgb{colour}"></span>'
