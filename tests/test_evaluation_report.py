"""The report is one file that shows every method, and the panels show what they say."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.evaluation import panels, samples
from matteplug.evaluation.methods import Folder, Half
from matteplug.evaluation.metrics import Count
from matteplug.evaluation.report import Report
from matteplug.evaluation.samples import LoadedSample
from matteplug.evaluation.scores import evaluate
from matteplug.types import Alpha, Rect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures; one is called so that careless HTML would break."""
    y, x = np.mgrid[:60, :80]
    ramp = np.clip(1.5 - np.hypot(y - 30, x - 40) / 20, 0, 1)
    trimap = np.where(ramp >= 1, 255, np.where(ramp > 0, 128, 0)).astype(np.uint8)
    for name in ("plain", "a<b & c"):
        for kind, array in {
            "input": np.random.default_rng(1).integers(0, 256, (60, 80, 3)).astype(np.uint8),
            "alpha": np.rint(ramp * 255).astype(np.uint8),
            "trimap1": trimap,
            "flat": np.where(trimap == 128, 200, trimap).astype(np.uint8),
        }.items():
            (tmp_path / kind).mkdir(exist_ok=True)
            assert cv2.imwrite(str(tmp_path / kind / f"{name}.png"), array)
    return tmp_path


def made(folder: Path) -> str:
    found = samples.find(folder)
    report = Report(folder / "report.html")
    scores = evaluate(found, [Half(), Folder(folder / "flat", "flat")], on_sample=report.add)
    report.write(found, scores, Count.UNKNOWN)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_outside(folder: Path) -> None:
    page = made(folder)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert addresses
    assert all(address.startswith(("data:image/", "#")) for address in addresses)
    assert "://" not in page
    assert "@import" not in page


def test_every_picture_is_shown_by_every_method(folder: Path) -> None:
    page = made(folder)
    for label in ("picture", "truth", "trimap", "half, error", "flat, error", "flat, cut out"):
        assert page.count(f"<figcaption>{label}") >= 2, label
    assert page.count("<h2 id=") == 2
    assert "a&lt;b &amp; c" in page
    assert "a<b" not in page


def test_the_tables_hold_the_errors_and_mark_the_best(folder: Path) -> None:
    page = made(folder)
    found = samples.find(folder)
    half, flat = evaluate(found, [Half(), Folder(folder / "flat", "flat")])
    for score in (half, flat):
        assert f'data-value="{score.mean().sad:.9g}"' in page
    best = min(half.mean().sad, flat.mean().sad)
    assert f'class="best" data-value="{best:.9g}"' in page
    assert page.count("<table") == 5, "means, and one for each error"


def test_a_report_that_cannot_be_written_is_refused_before_measuring(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no folder"):
        Report(tmp_path / "nowhere" / "report.html")
    with pytest.raises(RequestError, match="cannot be written"):
        Report(tmp_path)


def test_two_methods_of_one_name_are_refused(folder: Path) -> None:
    with pytest.raises(RequestError, match="named half"):
        evaluate(samples.find(folder), [Half(), Half()])


def scene_with(truth: Alpha) -> LoadedSample:
    return LoadedSample(name="s", image=np.zeros((*truth.shape, 3), np.uint8), truth=truth)


def test_close_ups_show_the_worst_places_first() -> None:
    truth = np.zeros((300, 400), np.float32)
    alpha = truth.copy()
    alpha[40:60, 300:330] = 1
    alpha[250:260, 20:40] = 0.5
    first, second = panels.worst_places(scene_with(truth), [alpha])
    assert inside(first, 40, 300)
    assert inside(first, 59, 329)
    assert inside(second, 255, 30)
    assert panels.worst_places(scene_with(truth), [truth]) == []


def inside(place: Rect, y: int, x: int) -> bool:
    return place.y <= y < place.y + place.height and place.x <= x < place.x + place.width


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (900, 20)])
def test_odd_sizes_have_close_ups_inside_the_picture(size: tuple[int, int]) -> None:
    truth = np.zeros(size, np.float32)
    for place in panels.worst_places(scene_with(truth), [truth + 1]):
        assert 0 <= place.x <= place.x + place.width <= size[1]
        assert 0 <= place.y <= place.y + place.height <= size[0]
        assert panels.data_uri(panels.gray(truth[place.slices]), enlarged=True)


def test_an_error_map_tells_too_opaque_from_too_clear() -> None:
    truth = np.array([[0.5, 0.5, 0.5]], np.float32)
    alpha = np.array([[0.5, 1.0, 0.0]], np.float32)
    right, opaque, clear = panels.error(alpha, truth)[0].astype(int)
    assert right.max() < 60
    assert opaque[0] > opaque[2] + 50
    assert clear[2] > clear[0] + 50


def test_panels_of_16_bit_pictures_are_8_bit() -> None:
    image: NDArray[np.uint16] = np.full((4, 5, 3), 65535, np.uint16)
    assert (panels.colours(image) == 255).all()
    half = np.full((4, 5), 0.5, np.float32)
    assert panels.cutout(image, image, half).dtype == np.uint8
