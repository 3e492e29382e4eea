"""What GIMP 3's preview does beside its window: it follows wishes, and makes the views."""

from __future__ import annotations

import importlib
import sys
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from types import ModuleType
from typing import Any

import pytest

from matteplug.hosting.installations import Installation
from matteplug_gimp.install_gimp3 import files

FAKE = str(Path(__file__).parent / "wire" / "fake_worker.py")
Look = namedtuple("Look", "view rect scale results options")
MASK = Look("mask", None, 1.0, {"alpha": "Y u8"}, {})
WIDTH, HEIGHT = 8, 4
TRIMAP = bytes([0, 0, 128, 128, 128, 255, 255, 255] * HEIGHT)


@pytest.fixture
def half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A function that imports a module of the half that is installed in GIMP."""
    installed = files(Installation(folder=tmp_path))
    installed.install()
    monkeypatch.syspath_prepend(str(installed.folder))
    for name in ("bridge", "live", "views"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module


class Followed:
    """A `Live`, and what it told."""

    def __init__(self, bridge: ModuleType, live: ModuleType) -> None:
        self.bridge = bridge
        self.seen: list[float] = []
        self.shown: Queue[tuple[Look, bytes]] = Queue()
        self.said: list[str] = []
        self.worker = bridge.Worker(sys.executable, arguments=(FAKE,))
        self.live = live.Live(
            self.worker,
            lambda view, share: self.seen.append(share),
            lambda look, given: self.shown.put((look, given["alpha"].data)),
            lambda text, busy: self.said.append(text),
        )

    def open(self, width: int = WIDTH, **options: Any) -> None:
        trimap = TRIMAP if width == WIDTH else b"\0\0\0\x80\x80\x80\xff\xff\xff" * HEIGHT
        buffers = {
            "image": self.bridge.Pixels("RGB u8", width, HEIGHT, b"abc" * (width * HEIGHT)),
            "trimap": self.bridge.Pixels("Y u8", width, HEIGHT, trimap),
        }
        self.live.open(buffers, options, None, 8)

    def next(self) -> tuple[Look, bytes]:
        return self.shown.get(timeout=20)


@pytest.fixture
def followed(half: Callable[[str], ModuleType]) -> Iterator[Followed]:
    followed = Followed(half("bridge"), half("live"))
    yield followed
    followed.live.end()
    followed.worker.close()


def test_a_picture_is_opened_seen_painted_and_finished(followed: Followed) -> None:
    followed.live.look(MASK)
    followed.open()
    assert followed.next()[1] == TRIMAP, "a look waits until there is something to see"
    assert followed.seen
    followed.live.stroke("foreground", 2, [(0, 0), (0, 3)])
    followed.live.look(MASK)
    assert followed.next()[1][0] == 255
    followed.live.undo()
    waited: list[None] = []
    matte, given = followed.live.finish({"alpha": "Y u8"}, {}, lambda: waited.append(None))
    assert matte["outcome"] == "done"
    assert given["alpha"].data == TRIMAP


def test_another_picture_takes_the_place_of_one_that_takes_long(followed: Followed) -> None:
    followed.open(width=9)  # a minute
    time.sleep(0.3)
    followed.open()
    followed.live.look(MASK)
    assert followed.next()[1] == TRIMAP


def test_what_is_refused_is_said_and_raised_at_the_end(followed: Followed) -> None:
    followed.open(network="nothing")
    with pytest.raises(followed.bridge.BridgeError) as caught:
        followed.live.finish({"alpha": "Y u8"}, {}, lambda: None)
    assert caught.value.code == "network-unknown"
    assert any("nothing" in text for text in followed.said)


def test_cancel_does_not_wait_for_the_matte(followed: Followed) -> None:
    followed.open(width=9)

    def cancel() -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        followed.live.finish({"alpha": "Y u8"}, {}, cancel)
    followed.live.end()
    assert time.monotonic() - started < 5


def test_every_view_has_its_results_and_its_pixels(half: Callable[[str], ModuleType]) -> None:
    views = half("views")
    given = {
        "alpha": bytes([0, 128, 255]),
        "trimap": bytes([0, 128, 255]),
        "cutout": bytes([1, 2, 3, 0, 4, 5, 6, 128, 7, 8, 9, 255]),
        "foreground": bytes([1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255]),
    }
    alphas = {}
    for name, _ in views.VIEWS:
        results, _ = views.results(name)
        pixels = views.rgba(name, {result: given[result] for result in results})
        assert len(pixels) == 12
        alphas[name] = [*pixels[3::4]]
    assert alphas["transparency"] == alphas["black"] == alphas["white"] == [0, 128, 255]
    assert alphas["mask"] == [255, 255, 255]
    cut, soft, kept = alphas["overlay"]
    assert 0 < cut < soft < kept == 255
    known, unknown, _ = alphas["band"]
    assert known < unknown == 255
    assert views.rgba("mask", given)[:8] == bytes([0, 0, 0, 255, 128, 128, 128, 255])
