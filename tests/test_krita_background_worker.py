"""The worker that Krita keeps: cancelled, deaf, silent, and ended with the program."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Event
from types import ModuleType
from typing import Any

import pytest

from matteplug.hosting.installations import Installation
from matteplug_krita.install import files

PEER = Path(__file__).resolve().parent / "wire" / "peer.py"
PACKAGE = "matteplug_smart_matte"
SMALL, LARGE = 1, 1000
PATIENCE_S = 0.2
AT_ONCE_S = 1.0


@pytest.fixture
def background_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it is installed; its package, which needs Krita, is not run."""
    half = files(Installation(folder=tmp_path))
    half.install()
    package = ModuleType(PACKAGE)
    package.__path__ = [str(half.folder)]
    for name in ("bridge", "background_worker"):
        monkeypatch.delitem(sys.modules, f"{PACKAGE}.{name}", raising=False)
    monkeypatch.setitem(sys.modules, PACKAGE, package)
    module = importlib.import_module(f"{PACKAGE}.background_worker")
    monkeypatch.setattr(module, "PATIENCE_S", PATIENCE_S)
    return module


class Kept:
    """A `BackgroundWorker` whose workers are peers of a kind, and what became of its mattes."""

    def __init__(self, background_worker: ModuleType) -> None:
        self.kind = "obedient"
        self.may_start = Event()
        self.may_start.set()
        self.started: list[Any] = []
        self.worker = background_worker.BackgroundWorker(self._start)
        self._bridge = background_worker.bridge
        self._errors: Queue[Any] = Queue()

    def _start(self) -> Any:
        self.may_start.wait(10)
        folder = Path(self._bridge.__file__).parent
        arguments = ("-S", "-E", str(PEER), self.kind, str(folder))
        self.started.append(self._bridge.Worker(sys.executable, arguments=arguments))
        return self.started[-1]

    def ask(self, side_px: int = SMALL) -> None:
        pixels = self._bridge.Pixels("Y u8", side_px, side_px, bytes(side_px**2))
        results = {"alpha": "Y u8"}
        self.worker.ask(self._errors.put, self._errors.put, {"image": pixels}, results, {})
        end = time.monotonic() + 10
        while self.may_start.is_set() and not self.started and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.1)  # for the frame

    def end(self) -> str:
        """Return the code of the error that the matte ended with."""
        return str(self._errors.get(timeout=10).code)


@pytest.fixture
def kept(background_worker: ModuleType) -> Iterator[Kept]:
    one = Kept(background_worker)
    yield one
    for worker in one.started:
        worker.close(0)


def test_a_worker_that_listens_stays_when_its_matte_is_cancelled(kept: Kept) -> None:
    kept.ask()
    kept.worker.cancel()
    assert kept.end() == "cancelled"
    time.sleep(2 * PATIENCE_S)
    assert kept.started[0].alive


@pytest.mark.parametrize(("kind", "side_px"), [("asleep", LARGE), ("silent", SMALL)])
def test_one_that_stops_reading_or_answering_is_ended_and_replaced(
    kept: Kept, kind: str, side_px: int
) -> None:
    kept.kind = kind
    kept.ask(side_px)
    started = time.monotonic()
    kept.worker.cancel()
    assert time.monotonic() - started < AT_ONCE_S, "Cancel keeps Krita waiting"
    assert kept.end() == "cancelled"
    assert not kept.started[0].alive
    kept.kind = "obedient"
    kept.ask()
    kept.worker.cancel()
    assert kept.end() == "cancelled"
    assert len(kept.started) == 2


def test_a_matte_cancelled_while_the_worker_starts_is_not_asked_for(kept: Kept) -> None:
    kept.kind = "silent"
    kept.may_start.clear()
    kept.ask()
    kept.worker.cancel()
    time.sleep(2 * PATIENCE_S)
    kept.may_start.set()
    assert kept.end() == "cancelled"
    assert kept.started[0].alive


def test_krita_quits_though_its_worker_does_not_read(kept: Kept) -> None:
    kept.kind = "asleep"
    kept.ask(LARGE)
    started = time.monotonic()
    kept.worker.close()
    assert time.monotonic() - started < 5 * AT_ONCE_S
    assert kept.end() == "worker-died"
