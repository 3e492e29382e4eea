"""The recipe: which network, what it is fed, what comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from factories import network, picture, trimap
from numpy.typing import NDArray

from matteplug import api, plugins
from matteplug.errors import Cancelled, NetworkError, RequestError
from matteplug.images import files
from matteplug.matting import foreground
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.testing import FakeEngine
from matteplug.types import CancelToken, MatteRequest, weighted


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> plugins.Registry:
    registry = plugins.Registry()
    registry.add(
        "a",
        "a 1",
        networks=[
            network("by-trimap", Guide.TRIMAP, "image", "trimap"),
            network("by-plate", Guide.PLATE, "image", "plate", "segmentation", "motion"),
            network("alone", Guide.NONE, "image"),
        ],
    )
    monkeypatch.setattr(plugins, "registry", lambda: registry)
    return registry


def test_the_best_of_those_that_were_measured_is_chosen(registry: plugins.Registry) -> None:
    def measured(network_id: str, *sads: float) -> NetworkSpec:
        sets = {f"set {i}": {"sad": sad, "mse": 0.01} for i, sad in enumerate(sads)}
        spec = network(network_id, Guide.TRIMAP, "image", "trimap")
        return replace(spec, metrics={"evaluator": "of a test", "people": {"iou": 0.8}} | sets)

    registry.add("b", "b 1", networks=[measured("worse", 4.0, 8.0), measured("best", 5.0, 6.0)])
    assert api.matte(picture(), trimap=trimap(), engine=FakeEngine()).network == "best"


def test_the_guide_decides_the_network() -> None:
    image, other = picture(), picture()[::-1].copy()
    engine = FakeEngine()
    assert api.matte(image, trimap=trimap(), engine=engine).network == "by-trimap"
    assert api.matte(image, plate=other, align=False, engine=engine).network == "by-plate"
    assert api.matte(image, engine=engine).network == "alone"
    both = api.matte(image, trimap=trimap(), plate=other, engine=engine)
    assert both.network == "by-trimap"
    asked = api.matte(image, trimap=trimap(), network="alone", engine=engine)
    assert asked.network == "alone"


def test_known_pixels_are_exact_and_keep_their_colours() -> None:
    image = picture()
    engine = FakeEngine(alpha=lambda inputs: np.full_like(inputs["trimap"], 0.3))
    matte = api.matte(image, trimap=trimap(), engine=engine)
    assert (matte.alpha[:, :20] == 0).all()
    assert np.allclose(matte.alpha[:, 20:40], 0.3)
    assert (matte.alpha[:, 40:] == 1).all()
    assert np.array_equal(matte.foreground[:, 40:], image[:, 40:])
    assert matte.foreground.dtype == np.uint8
    assert matte.provider == "cpu"
    assert set(matte.elapsed_s) == {"network", "foreground", "total"}


def test_nothing_unknown_needs_no_network() -> None:
    hard = np.where(trimap() == 255, 255, 0).astype(np.uint8)
    request = MatteRequest(image=picture(), trimap=hard)
    engine = FakeEngine()
    matte = api.run(request, engine=engine)
    assert np.array_equal(matte.alpha, (hard == 255).astype(np.float32))
    assert engine.runs == []


def test_a_selection_becomes_a_trimap_with_a_note_or_band() -> None:
    selection = np.zeros((120, 160), bool)
    selection[30:90, 40:120] = True
    engine = FakeEngine()
    matte = api.matte(picture(shape=(120, 160, 3)), selection=selection, band_px=4, engine=engine)
    assert set(np.unique(matte.alpha)) == {0.0, 0.5, 1.0}
    assert matte.alpha[60, 80] == 1.0
    assert matte.alpha[60, 40] == 0.5
    with pytest.raises(RequestError, match="cannot be used together"):
        api.matte(
            picture(shape=(120, 160, 3)), selection=selection, trimap=selection, engine=engine
        )


def test_a_trimap_without_gray_gets_the_band_that_was_asked_for() -> None:
    hard = np.zeros((120, 160), bool)
    hard[30:90, 40:120] = True
    image, engine = picture(shape=(120, 160, 3)), FakeEngine()
    expected = api.matte(image, selection=hard, band_px=4, engine=engine)
    found = api.matte(image, trimap=hard, band_px=4, engine=engine)
    assert np.array_equal(found.alpha, expected.alpha)


def test_files_are_read(tmp_path: Path) -> None:
    files.write(tmp_path / "a.png", picture())
    files.write(tmp_path / "t.png", trimap())
    from_files = api.matte(tmp_path / "a.png", trimap=str(tmp_path / "t.png"), engine=FakeEngine())
    from_arrays = api.matte(picture(), trimap=trimap(), engine=FakeEngine())
    assert np.array_equal(from_files.alpha, from_arrays.alpha)
    assert np.array_equal(from_files.foreground, from_arrays.foreground)


def test_colours_can_be_left_alone() -> None:
    image = picture()
    matte = api.matte(image, trimap=trimap(), clean_colours=False, engine=FakeEngine())
    assert np.array_equal(matte.foreground, image)


def test_cutout_and_composite() -> None:
    image = picture()
    matte = api.matte(image, trimap=trimap(), engine=FakeEngine())
    cutout = matte.cutout()
    assert cutout.shape == (40, 60, 4)
    assert np.array_equal(cutout[:, 40:, :3], image[:, 40:])
    assert (cutout[:, 40:, 3] == 255).all()
    over = matte.composite((255, 0, 0))
    assert (over[:, :20] == (255, 0, 0)).all()
    assert np.array_equal(over[:, 40:], image[:, 40:])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_depth_is_kept(dtype: type) -> None:
    image: NDArray[Any] = (picture() * (1 / 255 if dtype is np.float32 else 1)).astype(dtype)
    matte = api.matte(image, trimap=trimap(), engine=FakeEngine())
    assert matte.foreground.dtype == dtype
    assert matte.cutout().dtype == dtype


def test_a_plate_network_gets_what_it_needs() -> None:
    image, plate = picture(shape=(64, 64, 3)), picture(shape=(64, 64, 3))[::-1].copy()
    engine = FakeEngine(alpha=lambda inputs: inputs["segmentation"] * 0.5 + 0.5)
    options = {"network": "by-plate", "plate": plate, "align": False, "engine": engine}
    without = api.matte(image, **options)
    ((name, shapes),) = engine.runs
    assert name == "by-plate"
    assert shapes["motion"] == (1, 4, 64, 64)
    assert (without.alpha == 0).all()  # -1: the network makes its own
    given = api.matte(image, segmentation=np.full((64, 64), 0.5, np.float32), **options)
    assert (given.alpha == 0.75).all()
    hard = api.matte(image, segmentation=np.ones((64, 64), bool), **options)
    assert (hard.alpha == 1).all()
    rough = api.matte(image, trimap=trimap(64, 64), **options)
    unknown = trimap(64, 64) == 128
    assert np.allclose(rough.alpha[unknown], 0.75, atol=0.01)


def test_outputs_count_where_the_trimap_is_unknown(registry: plugins.Registry) -> None:
    roles = {"alpha": 1, "foreground": 3, "confidence": 1}
    outputs = tuple(TensorSpec(name=r, role=r, channels=c) for r, c in roles.items())
    spec = replace(registry.networks["by-trimap"], id="tells", outputs=outputs)
    registry.add("b", "b 1", networks=[spec])
    image, guide = picture(shape=(600, 700, 3)), np.zeros((600, 700), np.uint8)
    guide[300:340, 20:40], guide[300:340, 40:60] = 128, 255
    matte = api.matte(image, trimap=guide, network="tells", engine=FakeEngine())
    assert matte.confidence == 1
    assert set(np.unique(matte.alpha)) == {0, 0.5, 1}
    unknown = guide == 128
    assert np.array_equal(matte.foreground[unknown], image[unknown])  # the network's
    expected = foreground.estimate(image, matte.alpha)
    assert np.array_equal(matte.foreground[~unknown], expected[~unknown])


def test_progress_is_monotonic_and_ends_at_one() -> None:
    shares: list[float] = []
    api.matte(
        picture(),
        trimap=trimap(),
        engine=FakeEngine(),
        progress=lambda share, what: shares.append(share),
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_steps_take_their_weight_of_the_whole_and_follow_one_another() -> None:
    reports: list[tuple[float, str]] = []
    steps = weighted(
        lambda share, what: reports.append((share, what)), {"a": 3, "left out": 0, "b": 1}
    )
    for name in steps:
        steps[name](0, name)
        steps[name](1, name)
    assert reports[:2] == [(0, "a"), (0.75, "a")]
    assert reports[2:4] == [(0.75, "left out")] * 2
    assert reports[4:] == [(0.75, "b"), (1, "b")]


@pytest.mark.parametrize(
    ("shape", "least", "most"), [((64, 64, 3), 0.9, 1.0), ((1000, 1000, 3), 0.1, 0.2)]
)
def test_loading_takes_most_of_a_small_picture_and_little_of_a_large_one(
    shape: tuple[int, ...], least: float, most: float
) -> None:
    reports: list[tuple[float, str]] = []
    image = np.zeros(shape, np.uint8)
    known = np.full(shape[:2], 255, np.uint8)
    known[:, :9] = 0
    api.matte(
        image,
        trimap=known,
        engine=FakeEngine(),
        progress=lambda *told: reports.append(told),
    )
    assert reports[0] == (0, "loading")
    begin, *_, end = [share for share, what in reports if what == "matting"]
    assert least < begin < most
    assert end > 0.9, "colours are quick"


def test_a_set_token_cancels() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        api.matte(picture(), trimap=trimap(), engine=FakeEngine(), cancel=token)


@pytest.mark.parametrize("clean_colours", [True, False])
def test_a_token_set_while_the_colours_are_made_cancels(clean_colours: bool) -> None:
    token, said = CancelToken(), []

    def progress(share: float, what: str) -> None:
        said.append(what)
        if what == "colours":
            token.cancel()

    with pytest.raises(Cancelled):
        api.matte(
            picture(),
            trimap=trimap(),
            clean_colours=clean_colours,
            engine=FakeEngine(),
            progress=progress,
            cancel=token,
        )
    assert said[-1] == "colours"
    assert said.count("colours") == 1


def test_a_token_set_while_the_plate_is_registered_cancels() -> None:
    token, engine = CancelToken(), FakeEngine()

    def progress(share: float, what: str) -> None:
        if what == "registering":
            token.cancel()

    plate = picture()[::-1].copy()
    with pytest.raises(Cancelled):
        api.matte(picture(), plate=plate, engine=engine, progress=progress, cancel=token)
    assert engine.runs == []


def test_a_registered_plate_moves_the_progress() -> None:
    told: list[tuple[float, str]] = []
    image = cv2.GaussianBlur(picture(shape=(96, 128, 3)), (0, 0), 2)
    plate = image.copy()
    plate[30:60, 40:80] = 255 - plate[30:60, 40:80]
    api.matte(
        image,
        plate=plate,
        engine=FakeEngine(),
        progress=lambda share, what: told.append((share, what)),
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    steps = list(dict.fromkeys(what for _, what in told))
    assert steps == ["loading", "registering", "matting", "colours", "done"]


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (np.zeros((5, 5, 5), np.uint8), "image-shape"),
        (np.zeros((0, 4, 3), np.uint8), "image-shape"),
        (np.zeros((4, 4, 3), np.int32), "image-dtype"),
        (np.full((4, 4, 3), np.nan), "image-not-finite"),
    ],
)
def test_a_picture_of_another_form_is_refused(image: NDArray[Any], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        api.matte(image, engine=FakeEngine())
    assert caught.value.code == code


def test_what_cannot_be_done_is_said(registry: plugins.Registry) -> None:
    engine = FakeEngine()
    with pytest.raises(RequestError, match="needs a trimap"):
        api.matte(picture(), network="by-trimap", engine=engine)
    with pytest.raises(RequestError, match="needs a plate"):
        api.matte(picture(), network="by-plate", engine=engine)
    with pytest.raises(NetworkError, match="no-such"):
        api.matte(picture(), network="no-such", engine=engine)
    with pytest.raises(RequestError, match="nothing differs"):
        api.matte(picture(), plate=picture(), engine=engine)
    with pytest.raises(RequestError):
        api.matte(picture(), trimap=trimap(20, 20), engine=engine)
    with pytest.raises(RequestError, match="segmentation"):
        api.matte(
            picture(),
            plate=picture()[::-1].copy(),
            align=False,
            segmentation=trimap(20, 20),
            engine=engine,
        )
    del registry.networks["alone"]
    with pytest.raises(NetworkError, match="without a guide"):
        api.matte(picture(), engine=engine)
