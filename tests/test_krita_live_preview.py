"""What Krita's preview does beside Krita: asks in the background, and tells what was painted."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from matteplug.hosting.installations import Installation
from matteplug_krita.install import files

PACKAGE = "matteplug_smart_matte"
WIDTH, HEIGHT = 40, 30


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModuleType]:
    """Modules as they are installed; their package, which needs Krita, is not run."""
    folder = files(Installation(folder=tmp_path_factory.mktemp("krita"))).folder
    files(Installation(folder=folder.parent)).install()
    package = ModuleType(PACKAGE)
    package.__path__ = [str(folder)]

    def load(name: str) -> ModuleType:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, PACKAGE, package)
            module = importlib.import_module(f"{PACKAGE}.{name}")
            del sys.modules[f"{PACKAGE}.{name}"]
        return module

    return load


class Layer:
    """A painted layer of a document."""

    def __init__(self) -> None:
        self.pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)

    def bounds(self) -> tuple[int, int, int, int]:
        painted = self.pixels[..., 3] > 0
        rows, columns = np.flatnonzero(painted.any(1)), np.flatnonzero(painted.any(0))
        if not rows.size:
            return (0, 0, 0, 0)
        x, y = int(columns[0]), int(rows[0])
        return (x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)

    def read(self, rect: tuple[int, int, int, int]) -> bytes:
        x, y, width, height = rect
        return self.pixels[y : y + height, x : x + width].tobytes()


def test_only_what_changed_is_told(load: Callable[[str], ModuleType]) -> None:
    layer = Layer()
    corrections = load("corrections").Corrections((WIDTH, HEIGHT))

    def changed() -> Any:
        return corrections.changed(layer.bounds(), layer.read)

    assert changed() is None
    layer.pixels[5:9, 10:20] = 255
    place, data = changed()
    assert place == (10, 5, 10, 4)
    assert data == b"\xff" * (10 * 4 * 4)
    assert changed() is None
    layer.pixels[2, 3:5, 3] = 200
    assert changed()[0] == (3, 2, 2, 1)
    layer.pixels[6:8, 12:14] = 0
    place, data = changed()
    assert place == (12, 6, 2, 2)
    assert data == bytes(16)
    layer.pixels[:] = 0
    assert changed()[0] == (3, 2, 17, 7), "what was erased is told, too"
    assert changed() is None


class Picture:
    """An open picture that is slow."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.may_answer = threading.Event()
        self.closed = False

    def edge(self, results: Any, options: Any) -> Any:
        self.asked.append(options)
        self.may_answer.wait(10)
        if options == "bad":
            raise ValueError("no")
        return {"alpha": options}

    def paint(self, trimap: Any) -> None:
        self.asked.append(trimap)

    def close(self) -> None:
        self.closed = True


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.005)


def test_of_what_is_to_be_seen_only_the_latest_is_asked_for(
    load: Callable[[str], ModuleType],
) -> None:
    picture, seen, errors = Picture(), list[Any](), list[Any]()
    live = load("live_picture").LivePicture(picture, threading.Lock(), seen.append, errors.append)
    live.see({}, 0)
    wait_for(lambda: picture.asked == [0])
    for value in range(1, 50):
        live.see({}, value)
    live.paint("stroke 1")
    live.paint("stroke 2")
    picture.may_answer.set()
    wait_for(lambda: len(seen) == 2)
    assert picture.asked == [0, "stroke 1", "stroke 2", 49]
    assert seen == [{"alpha": 0}, {"alpha": 49}]
    finished = list[Any]()
    live.finish(finished.append, {}, "last")
    wait_for(lambda: finished == [{"alpha": "last"}])
    live.see({}, "bad")
    wait_for(lambda: len(errors) == 1)
    live.close()
    assert picture.closed


def test_what_comes_after_it_was_closed_is_not_shown(load: Callable[[str], ModuleType]) -> None:
    picture, seen = Picture(), list[Any]()
    live = load("live_picture").LivePicture(picture, threading.Lock(), seen.append, seen.append)
    live.see({}, "bad")
    wait_for(lambda: picture.asked == ["bad"])
    live.close()
    picture.may_answer.set()
    time.sleep(0.05)
    assert seen == []
