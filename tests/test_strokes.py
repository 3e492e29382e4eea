"""Strokes instead of a trimap are spread by a solver before a network sees them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from factories import network

from matteplug import api, plugins
from matteplug.errors import EngineError
from matteplug.matting import strokes
from matteplug.network import Guide
from matteplug.testing import FakeEngine
from matteplug.types import MatteRequest, Size, Tensor, Trimap

WIDTH, HEIGHT = 640, 320
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
IMAGE[:, WIDTH // 2 :] = 255


def drawn(width_px: int = 2) -> Trimap:
    """Return the trimap of one stroke on each half."""
    trimap = np.full((HEIGHT, WIDTH), 128, np.uint8)
    trimap[40:280, 100 : 100 + width_px] = 0
    trimap[40:280, 500 : 500 + width_px] = 255
    return trimap


def by_colour(inputs: Mapping[str, Tensor]) -> Tensor:
    """Stand in for the solver: all that is white is foreground, with a soft edge."""
    white: Tensor = inputs["image"][:, :1].copy()
    middle = white.shape[3] // 2
    white[..., middle - 1 : middle + 1] = 0.5
    return white


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> plugins.Registry:
    registry = plugins.Registry()
    solver = network(strokes.SOLVER, Guide.TRIMAP, "image", "trimap", tiling=False)
    better = network("net", Guide.TRIMAP, "image", "trimap", metrics={"a": {"sad": 1.0}})
    registry.add("a", "a 1", networks=[solver, better])
    monkeypatch.setattr(plugins, "registry", lambda: registry)
    return registry


def test_strokes_are_spread_at_a_small_size_and_that_is_told() -> None:
    engine = FakeEngine(alpha=by_colour)
    request = MatteRequest(image=IMAGE, trimap=drawn(), notes=("before",))
    result = strokes.spread(engine, request)
    assert engine.runs == [(strokes.SOLVER, {"image": (1, 3, 80, 160), "trimap": (1, 1, 80, 160)})]
    assert result.trimap is not None
    assert result.trimap.shape == (HEIGHT, WIDTH)
    assert (result.trimap[:, : WIDTH // 2 - 20] == 0).all()
    assert (result.trimap[:, WIDTH // 2 + 20 :] == 255).all()
    assert (result.trimap[:, WIDTH // 2 - 4 : WIDTH // 2 + 4] == 128).all()
    assert result.notes[0] == "before"
    assert "Only 0.5% of the trimap is known" in result.notes[1]


def test_no_stroke_is_lost_or_overruled() -> None:
    engine = FakeEngine(alpha=by_colour)
    trimap = drawn(1)
    trimap[40:280, 200] = 255  # on what the solver takes for background
    result = strokes.spread(engine, MatteRequest(image=IMAGE, trimap=trimap))
    assert result.trimap is not None
    known = trimap != 128
    assert (result.trimap[known] == trimap[known]).all()
    small = strokes._scaled(MatteRequest(image=IMAGE, trimap=trimap), Size(160, 80))
    assert small.trimap is not None
    assert {*np.unique(small.trimap).tolist()} == {0, 128, 255}


def test_the_best_network_is_given_what_was_spread() -> None:
    engine = FakeEngine(alpha=by_colour)
    matte = api.matte(IMAGE, trimap=drawn(), engine=engine)
    assert matte.network == "net"
    assert [name for name, _ in engine.runs] == [strokes.SOLVER, "net"]
    assert "closed-form matting spread it first" in matte.notes[0]


def test_a_trimap_and_a_named_network_are_left_alone() -> None:
    trimap = drawn()
    trimap[:, :160], trimap[:, 480:] = 0, 255
    engine = FakeEngine()
    assert api.matte(IMAGE, trimap=trimap, engine=engine).notes == ()
    assert api.matte(IMAGE, trimap=drawn(), network="net", engine=engine).notes == ()
    assert [name for name, _ in engine.runs] == ["net", "net"]


@pytest.mark.parametrize("missing", ["pymatting", "solver"])
def test_without_the_solver_the_result_says_so(missing: str, registry: plugins.Registry) -> None:
    def failing(inputs: Mapping[str, Tensor]) -> Tensor:
        if inputs["image"].shape[3] <= 160:
            raise EngineError("no-pymatting", "pymatting is not installed.")
        return inputs["trimap"]

    if missing == "solver":
        del registry.networks[strokes.SOLVER]
    matte = api.matte(IMAGE, trimap=drawn(), engine=FakeEngine(alpha=failing))
    assert "too little for a network: mark more, or install matteplug[classical]" in matte.notes[0]
