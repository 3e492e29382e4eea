"""Rough selections and boxes: what they are taken for, and the trimap that comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug import api
from matteplug.errors import RequestError
from matteplug.matting import rough_selection
from matteplug.testing import FakeEngine
from matteplug.types import Rect, Tensor

SIZE = 300
Y, X = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
SUBJECT = np.hypot(X, Y) < 80 + 20 * np.sin(5 * np.arctan2(Y, X))


def picture() -> NDArray[np.uint8]:
    """Return a red star on blue, with a little noise."""
    rng = np.random.default_rng(0)
    image = np.where(SUBJECT[..., None], (200, 60, 40), (40, 60, 200))
    return np.clip(image + rng.integers(-9, 10, image.shape), 0, 255).astype(np.uint8)


def red(inputs: Mapping[str, Tensor]) -> Tensor:
    """Return what a good network would."""
    channels: Tensor = inputs["image"]
    return np.asarray(channels[:, :1] > channels[:, 2:], np.float32)


def lasso() -> NDArray[np.bool_]:
    """Return a polygon that is off by up to 20 px."""
    rng = np.random.default_rng(1)
    angles = np.arange(20) * 2 * np.pi / 20
    radius = 80 + 20 * np.sin(5 * angles) + rng.uniform(-20, 20, 20)
    points = np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1) + SIZE / 2
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [points.round().astype(np.int32)], 1)
    return mask > 0


def box(ellipse: bool = False) -> NDArray[np.bool_]:
    mask = np.zeros((SIZE, SIZE), bool)
    mask[Rect.around(SUBJECT).grown(6, 4).slices] = True
    return np.hypot(X, Y / 1.1) < 115 if ellipse else mask


SOFT = cv2.GaussianBlur(lasso().astype(np.float32), (0, 0), 6)
SMALL = np.hypot(X, Y) < 20


@pytest.mark.parametrize(
    ("selection", "kind"),
    [
        (SUBJECT, "exact"),
        (lasso(), "rough"),
        (box(), "box"),
        (box(ellipse=True), "box"),
        (SOFT, "exact"),
        (SMALL, "exact"),
    ],
    ids=["along the edge", "lasso", "rectangle", "ellipse", "soft", "small"],
)
def test_what_a_selection_seems_to_be(selection: NDArray[Any], kind: str) -> None:
    assert rough_selection.kind_of(picture(), selection.astype(np.float32)) == kind


@pytest.mark.parametrize("selection", [lasso(), box(), box(ellipse=True)])
def test_the_band_is_narrow_and_holds_the_true_edge(selection: NDArray[np.bool_]) -> None:
    engine = FakeEngine(alpha=red)
    made = api.matte(picture(), selection=selection, engine=engine, clean_colours=False)
    assert any("selection is rough" in note for note in made.notes)
    assert made.trimap is not None
    assert set(np.unique(made.trimap)) == {0, 128, 255}
    assert SUBJECT[made.trimap == 255].all()
    assert not SUBJECT[made.trimap == 0].any()
    kind: rough_selection.Kind = "rough" if (selection == lasso()).all() else "box"
    wide = rough_selection.wide(selection, kind) == 128
    assert (made.trimap == 128).sum() < wide.sum() / 2
    assert np.array_equal(made.alpha > 0.5, SUBJECT)


def test_an_exact_selection_gets_the_band_along_it() -> None:
    for given in ({"selection_kind": "exact"}, {"band_px": 9}):
        engine = FakeEngine()
        made = api.matte(picture(), selection=lasso(), engine=engine, clean_colours=False, **given)
        assert len(engine.runs) == 1
        assert made.trimap is not None
        assert (made.trimap[~lasso()] < 255).all()


def test_a_kind_that_is_asked_for_is_what_a_selection_is() -> None:
    engine = FakeEngine(alpha=red)
    made = api.matte(
        picture(), selection=SUBJECT, engine=engine, clean_colours=False, selection_kind="rough"
    )
    assert len(engine.runs) > 1
    assert np.array_equal(made.alpha > 0.5, SUBJECT)
    for wrong in (np.zeros_like(SUBJECT), np.ones_like(SUBJECT)):
        with pytest.raises(RequestError, match="selected"):
            api.matte(picture(), selection=wrong, engine=engine, selection_kind="box")
