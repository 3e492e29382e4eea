"""The soft edge, computed again by a trimap network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from factories import ALPHA, network

from matteplug import api, plugins
from matteplug.matting import edge_refinement
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.testing import FakeEngine
from matteplug.types import Alpha, Tensor

SIDE = 100
COLOURS = TensorSpec(name="foreground", role="foreground", channels=3)
IMAGE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


ROUGH = network("rough", Guide.NONE, "image", outputs=(ALPHA, COLOURS), edge_band_fraction=0.03)


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = plugins.Registry()
    networks = [
        network("edges", Guide.TRIMAP, "image", "trimap"),
        ROUGH,
        network("final", Guide.NONE, "image", outputs=(ALPHA, COLOURS)),
    ]
    registry.add("a", "a 1", networks=networks)
    monkeypatch.setattr(plugins, "registry", lambda: registry)


def soft() -> Alpha:
    """Return a square's alpha: 1 from column 40 to 79, soft from 30 on."""
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[:, 30:40], alpha[:, 40:80] = 0.6, 1
    return alpha


def of_both(inputs: Mapping[str, Tensor]) -> Tensor:
    """Stand in for both networks: `soft` without a trimap, 0.75 where one is unknown."""
    if "trimap" not in inputs:
        return soft()[None, None]
    return np.where(inputs["trimap"] == 0.5, np.float32(0.75), inputs["trimap"])


def matte(network: str = "rough", *, refine: bool = True) -> Alpha:
    engine = FakeEngine(alpha=of_both)
    return api.matte(IMAGE, network=network, engine=engine, refine=refine).alpha


def test_the_band_reaches_around_what_is_soft() -> None:
    band = edge_refinement.band(soft(), ROUGH)
    assert band is not None
    row = band[50]
    assert set(row[27:43]) == {128}
    assert set(row[:27]) == set(row[80:]) == {0}
    assert set(row[43:80]) == {255}
    narrow = edge_refinement.band(soft(), replace(ROUGH, edge_band_fraction=0.0))
    assert narrow is not None
    assert (narrow[50] == 128).sum() == 12, "a pixel on both sides"


def test_a_network_says_from_where_its_alpha_is_soft() -> None:
    hazy = np.clip(soft(), 0.1, 0.9)
    assert edge_refinement.band(hazy, ROUGH) is None, "all of it is soft"
    clear = edge_refinement.band(hazy, replace(ROUGH, soft_threshold=0.15))
    expected = edge_refinement.band(soft(), ROUGH)
    assert clear is not None
    assert expected is not None
    assert np.array_equal(clear, expected)


def test_what_is_soft_amidst_the_foreground_is_left() -> None:
    alpha = soft()
    alpha[45:50, 60:65] = 0.6
    band = edge_refinement.band(alpha, ROUGH)
    assert band is not None
    assert (band[40:55, 55:70] == 255).all()
    engine = FakeEngine(
        alpha=lambda inputs: of_both(inputs) if "trimap" in inputs else alpha[None, None]
    )
    refined = api.matte(IMAGE, network="rough", engine=engine).alpha
    assert (refined[45:50, 60:65] == np.float32(0.6)).all()
    assert (refined[:, 28:42] == 0.75).all()


def test_there_is_no_band_without_a_soft_edge_or_one_of_its_sides() -> None:
    hard = (soft() == 1).astype(np.float32)
    assert edge_refinement.band(hard, ROUGH) is None
    assert edge_refinement.band(soft() * 0.5, ROUGH) is None, "nothing is sure to be foreground"
    assert edge_refinement.band(np.maximum(soft(), 0.5), ROUGH) is None, "nor background"


def test_what_a_trimap_knows_is_kept() -> None:
    known = np.full((SIDE, SIDE), 128, np.uint8)
    known[:20], known[80:] = 255, 0
    band = edge_refinement.band(soft(), ROUGH, known)
    assert band is not None
    assert (band[:20] == 255).all()
    assert (band[80:] == 0).all()
    assert (band[50, 27:43] == 128).all()


def test_the_trimap_network_computes_the_edge() -> None:
    alpha = matte()
    assert (alpha[:, 28:42] == 0.75).all()
    assert (alpha[:, :26] == 0).all()
    assert (alpha[:, 45:78] == 1).all()
    assert np.array_equal(matte(refine=False), soft())
    assert np.array_equal(matte("final"), soft()), "it did not ask"


def test_the_matte_says_by_whom_and_takes_colours_that_go_with_it() -> None:
    engine = FakeEngine(alpha=of_both)
    refined = api.matte(IMAGE, network="rough", engine=engine)
    assert [name for name, _ in engine.runs] == ["rough", "edges"]
    assert refined.network == "rough"
    assert refined.notes == ("The edge is by edges.",)
    alone = api.matte(IMAGE, network="rough", engine=engine, refine=False)
    assert alone.notes == ()
    assert np.array_equal(alone.foreground, IMAGE), "the network's own"
    assert not np.array_equal(refined.foreground, IMAGE)


def test_the_provider_that_was_asked_for_does_both() -> None:
    asked: list[tuple[str, str]] = []

    class Notes(FakeEngine):
        def session(self, spec: NetworkSpec, provider: str = "auto", *_):  # type: ignore[no-untyped-def]
            asked.append((spec.id, provider))
            return super().session(spec, provider)

    api.matte(IMAGE, network="rough", provider="cuda", engine=Notes(alpha=of_both))
    assert asked == [("rough", "cuda"), ("edges", "cuda")]


def test_progress_goes_on_from_one_to_the_other() -> None:
    reports: list[tuple[float, str]] = []
    api.matte(
        IMAGE,
        network="rough",
        engine=FakeEngine(alpha=of_both),
        progress=lambda share, what: reports.append((share, what)),
    )
    shares = [share for share, _ in reports]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    steps = [what for what, _ in groupby(what for _, what in reports)]
    assert steps == ["loading", "matting", "loading", "matting", "colours", "done"]
    moves = [share for share, what in reports if what == "matting"]
    assert moves == sorted(set(moves)), "each pass begins and ends in a place of its own"


@pytest.mark.parametrize(("hole", "hair_px"), [(10, 16), (800, 8)])
def test_far_from_the_edge_the_network_that_found_the_subject_is_believed(
    hole: int, hair_px: int
) -> None:
    alpha = np.zeros((1000, 1000), np.float32)
    alpha[50:950, 50:950] = 1
    refined = alpha.copy()
    refined[100 : 100 + hole, 100:900] = 0  # a hole in the subject
    refined[46:50, 50:950] = 1  # an edge that was four pixels off
    refined[500, 950:970] = 1  # a hair
    alpha[980:] = 0.1
    refined[980:] = 0.4  # the same side
    kept = edge_refinement.contradicted(alpha, refined, 4)
    assert kept[100 : 100 + hole, 100:900].all()
    assert not kept[:100].any()
    assert kept[500, 950:970].tolist() == [False] * hair_px + [True] * (20 - hair_px)
    assert not kept[980:].any()
