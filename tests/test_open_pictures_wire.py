"""Open pictures over the wire: the frames open, edge, stroke, undo and close."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matteplug import api
from matteplug.bridge import BridgeError, Pixels, Refusal
from matteplug.bridge import Worker as Bridge
from matteplug.errors import RequestError
from matteplug.testing import FakeEngine
from matteplug.types import CancelToken
from matteplug.wire import open_pictures

FAKE = str(Path(__file__).parent / "wire" / "fake_worker.py")
WIDTH, HEIGHT = 80, 60
AT = (100, -20)
"""Where the picture lies in the host's coordinates."""


def pixels(name: str, form: str, array: Any) -> dict[str, Pixels]:
    height, width = array.shape[:2]
    return {name: Pixels(form, width, height, array.tobytes(), *AT)}


RNG = np.random.default_rng(4)
IMAGE = RNG.integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
IMAGE[..., 3] = 255
TRIMAP = np.repeat(np.array([[0, 128, 255]], np.uint8), [30, 20, 30], axis=1).repeat(HEIGHT, 0)
BUFFERS = {**pixels("image", "RGBA u8", IMAGE), **pixels("trimap", "Y u8", TRIMAP)}


@pytest.fixture(scope="module")
def worker() -> Iterator[Bridge]:
    with Bridge(sys.executable, arguments=(FAKE,)) as bridge:
        yield bridge


def array(part: Pixels) -> Any:
    channels = len(part.format.split()[0])
    return np.frombuffer(part.data, np.uint8).reshape(part.height, part.width, channels)


def test_an_open_picture_gives_what_a_matte_gives(worker: Bridge) -> None:
    results = {"alpha": "Y u8", "foreground": "RGBA u8", "cutout": "BGRA u8"}
    _, made = worker.matte(BUFFERS, results, options={"feather_px": 4})
    picture = worker.open(BUFFERS, options={"feather_px": 9})
    given = picture.edge(results, {"feather_px": 4})
    for name in results:
        assert given[name].data == made[name], name
        assert (given[name].x, given[name].y) == AT


def test_parts_lie_in_the_host_s_coordinates_and_are_scaled_down(worker: Bridge) -> None:
    picture = worker.open(BUFFERS)
    whole = array(picture.edge({"cutout": "RGBA u8"})["cutout"])
    part = picture.edge({"cutout": "RGBA u8"}, rect=(110, -10, 40, 30))["cutout"]
    assert (array(part) == whole[10:40, 10:50]).all()
    small = picture.edge({"alpha": "Y u8"}, rect=(110, -10, 40, 30), scale=0.1)["alpha"]
    assert (small.width, small.height, small.x, small.y) == (4, 3, 110, -10)
    assert array(small)[0, 0] == 0


def test_strokes_change_what_they_say_and_can_be_taken_back(worker: Bridge) -> None:
    picture = worker.open(BUFFERS)
    before = picture.edge({"alpha": "Y u8"})["alpha"].data
    x, y, width, height = picture.stroke("background", 3, [(170, 10), (175, 12)])
    given = picture.edge({"alpha": "Y u8", "trimap": "Y u8"})
    assert array(given["alpha"])[30, 70] == 0
    assert set(array(given["trimap"])[30].ravel()) == {0, 128, 255}
    assert x <= 170 < x + width
    assert y <= 10 < y + height
    assert picture.undo() == [x, y, width, height]
    assert picture.edge({"alpha": "Y u8"})["alpha"].data == before


def painted(gray: int | None, size: tuple[int, int] = (10, 8)) -> Pixels:
    """Return a part of a layer at the left of the picture, where all is background."""
    width, height = size
    layer = np.zeros((height, width, 4), np.uint8)
    if gray is not None:
        layer[2:6, 2:8] = [gray, gray, gray, 255]
    return Pixels("BGRA u8", width, height, layer.tobytes(), AT[0], AT[1] + 10)


def test_what_a_layer_has_painted_is_taken_over_and_back(worker: Bridge) -> None:
    picture = worker.open(BUFFERS)
    before = picture.edge({"alpha": "Y u8"})["alpha"].data
    picture.paint(painted(255))
    results = {"alpha": "Y u8", "trimap": "Y u8"}
    now = picture.edge(results)
    alpha, trimap = array(now["alpha"])[..., 0], array(now["trimap"])[..., 0]
    assert (alpha[12:16, 2:8] == 255).all()
    assert alpha[30, 20] == 0
    assert (trimap[12:16, 2:8] == 255).all()
    assert trimap[11, 4] == 128, "a ring is looked at again"
    picture.paint(painted(None))
    assert (array(picture.edge(results)["trimap"])[..., 0] == TRIMAP).all()
    assert picture.edge(results)["alpha"].data == before
    picture.paint(painted(128))
    assert (array(picture.edge(results)["trimap"])[12:16, 2:8] == 128).all()


def test_views_come_small_and_their_share_rises(worker: Bridge) -> None:
    seen: list[tuple[float, Pixels]] = []
    worker.open(BUFFERS, view=lambda share, view: seen.append((share, view)), view_px=20)
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert {(view.width, view.height) for _, view in seen} == {(20, 15)}
    last = array(seen[-1][1])[..., 0]
    assert (last[:, 0] == 0).all()
    assert (last[:, -1] == 255).all()


def test_two_pictures_are_open_beside_each_other(worker: Bridge) -> None:
    one, other = worker.open(BUFFERS), worker.open(BUFFERS)
    one.stroke("foreground", 4, [(103, 0)])
    assert array(one.edge({"alpha": "Y u8"})["alpha"])[20, 3] == 255
    assert array(other.edge({"alpha": "Y u8"})["alpha"])[20, 3] == 0
    one.close()
    other.edge({"alpha": "Y u8"})
    with pytest.raises(Refusal) as caught:
        one.edge({"alpha": "Y u8"})
    assert caught.value.code == "not-open"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"type": "edge", "picture": "other"}, "not-open"),
        ({"type": "edge", "rect": "all"}, "wire-header"),
        ({"type": "edge", "rect": [0, 0, 5]}, "wire-header"),
        ({"type": "edge", "rect": [100, -20, 500, 5]}, "part-outside"),
        ({"type": "edge", "scale": "half"}, "wire-header"),
        ({"type": "edge", "scale": -1}, "part-scale"),
        ({"type": "edge", "options": {"feather_px": "much"}}, "option-type"),
        ({"type": "edge", "results": {"alpha": "RGB u8"}}, "result-unknown"),
        ({"type": "edge", "results": {"trimap": "Y f32"}}, "result-unknown"),
        ({"type": "paint"}, "stroke-form"),
        ({"type": "stroke", "paint": "red", "radius": 3, "points": [[110, 0]]}, "stroke-form"),
        ({"type": "stroke", "paint": ["unknown"], "radius": 3, "points": []}, "stroke-form"),
        ({"type": "stroke", "paint": "unknown", "radius": 3}, "stroke-form"),
        ({"type": "stroke", "paint": "unknown", "points": [[110, 0]]}, "wire-header"),
        ({"type": "stroke", "paint": "unknown", "radius": 3, "points": [1, 2]}, "stroke-form"),
        ({"type": "stroke", "paint": "unknown", "radius": 1e9, "points": [[1, 2]]}, "stroke-form"),
        ({"type": "stroke", "paint": "unknown", "radius": 3, "points": [[1, 2]]}, "stroke-outside"),
    ],
)
def test_a_frame_that_makes_no_sense_is_answered_with_an_error(
    worker: Bridge, header: dict[str, Any], code: str
) -> None:
    picture = worker.open(BUFFERS)
    with pytest.raises(BridgeError) as caught:
        worker.ask({"picture": picture.matte["id"], **header}, "edge")
    assert caught.value.code == code
    picture.undo()  # it goes on


def test_there_is_a_limit_to_what_is_kept_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_pictures, "LIMIT_MIB", 0)
    request = api.request(IMAGE[..., :3], trimap=TRIMAP)

    class Adapter:
        def read(self, job: object) -> object:
            return request

    with pytest.raises(RequestError) as caught:
        open_pictures.OpenPictures().open(
            {"id": 1},
            Adapter(),  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            engine=FakeEngine(),
            progress=lambda share, what: None,
            cancel=CancelToken(),
            send=lambda header, answer: None,
        )
    assert caught.value.code == "open-limit"
