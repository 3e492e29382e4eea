"""Kill a small batch with SIGKILL and see what is left: ``PYTHONPATH=tests python -m batch.kills``.

It is killed before and after every fsync, rename and unlink, and at fifty moments spread over its
run: while it writes into an empty folder, and while it makes results again in another way.  A watch
over the folder is killed at fifty moments too.  After each kill no picture may be changed and every
result must be whole, the old one or the new one; then the same command with ``--resume`` must come
to what an undisturbed batch comes to, without making again what was finished.  Prints one line and
exits with 0, or raises an `AssertionError` that says when.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path

from PIL import Image

import matteplug_batch
from batch.conftest import NETWORKS
from batch.trees import checksums, pair
from matteplug import api, cli, plugins
from matteplug.images import decoder, decoding
from matteplug.images.policy import Policy
from matteplug.images.samples import Decoded
from matteplug.testing import FakeEngine
from matteplug.types import Size
from matteplug_batch import watch
from matteplug_batch.find import MARKER

CALLS = ("fsync", "replace", "rename", "unlink", "remove")
IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""Where fsync costs nothing: a kill loses nothing that was written, only a power cut would."""
_STEADY_S = 0.05
Trap = Callable[[], None]


class KilledBatch:
    """A folder of pictures, what its batch comes to, and a place for results to be killed in."""

    def __init__(self, place: Path, before: tuple[str, ...] | None, flags: tuple[str, ...]) -> None:
        """Make the pictures.

        Args:
            place: an empty folder.
            before: the flags of a batch that is finished before; None for an empty folder.
            flags: the flags of the batch that is killed.
        """
        self.photos, self.out, self._before = place / "photos", place / "out", place / "before"
        self._flags = flags
        for name in ("a.png", "b.jpg", "sub/c.png"):
            pair(self.photos / name)
        self._pictures = checksums(self.photos)
        self._before.mkdir()
        if before is not None:
            self._finish(before)
            shutil.copytree(self.out, self._before, dirs_exist_ok=True)
        self._old = _results(self._before)
        started = time.perf_counter()
        self._finish(flags)
        self.seconds = time.perf_counter() - started
        self._new = _results(self.out)

    def start(self, trap: Trap, *more: str) -> int:
        """Start the batch in a process of its own, as it was before; return its id."""
        shutil.rmtree(self.out)
        shutil.copytree(self._before, self.out)
        return _start([str(self.photos), "--out", str(self.out), *self._flags, *more], trap)

    def check(self, when: str) -> None:
        """See what the kill left, go on from there, and see what that comes to."""
        assert checksums(self.photos) == self._pictures, f"{when}: a picture was changed"
        for name, checksum in _results(self.out).items():
            if ".part" not in name:
                assert checksum in (self._old.get(name), self._new[name]), f"{when}: {name}"
        finished = _finished(self.out, self._flags)
        report = self.out.parent / "report.json"
        self._finish((*self._flags, "--resume", "--json"), report)
        assert json.loads(report.read_text())["skipped"] == finished, f"{when}: not what was done"
        assert _results(self.out) == self._new, f"{when}: results are missing, or too many"

    def _finish(self, flags: Iterable[str], report: Path = Path(os.devnull)) -> None:
        arguments = [str(self.photos), "--out", str(self.out), *flags]
        _, status = os.waitpid(_start(arguments, lambda: None, report), 0)
        assert status == 0, f"the batch ended with {status}"


def _results(out: Path) -> dict[str, str]:
    return {name: each for name, each in checksums(out).items() if name != MARKER}


def _finished(out: Path, flags: tuple[str, ...]) -> int:
    """Return how many results the journal calls finished and made with `flags`."""
    last = {}
    journal = out / MARKER
    for line in journal.read_text().splitlines() if journal.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # the line that was cut off
        last[entry.get("result")] = entry.get("made_from", {}).get("output")
    wanted = flags[flags.index("--output") + 1]
    return sum(output == wanted for output in last.values())


def _start(arguments: list[str], trap: Trap, report: Path = Path(os.devnull)) -> int:
    """Fork a process that springs the trap and runs the command; return its id."""
    if child := os.fork():
        return child
    status = 70
    try:
        for number, path in ((1, report), (2, Path(os.devnull))):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        trap()
        status = cli.main(["batch", *arguments])
    finally:
        os._exit(status)


def at_call(number: int, *, after: bool) -> Trap:
    """Return a trap that kills the process before or after the n-th of `CALLS`."""

    def trap() -> None:
        passed = count(1)

        def trapped(call: Callable[..., None]) -> Callable[..., None]:
            def replacement(*arguments: object, **named: object) -> None:
                last = next(passed) == number
                if last and not after:
                    os.kill(os.getpid(), signal.SIGKILL)
                try:
                    call(*arguments, **named)
                finally:
                    if last:
                        os.kill(os.getpid(), signal.SIGKILL)

            return replacement

        for name in CALLS:
            setattr(os, name, trapped(getattr(os, name)))

    return trap


def kill_at_calls(scene: KilledBatch) -> Iterator[str]:
    """Kill at every call, and yield when."""
    for after in (False, True):
        for number in count(1):
            _, status = os.waitpid(scene.start(at_call(number, after=after)), 0)
            if os.WIFEXITED(status):  # there is no such call any more
                break
            when = f"{'after' if after else 'before'} call {number}"
            scene.check(when)
            yield when


def kill_at_moments(scene: KilledBatch, moments: int) -> Iterator[str]:
    """Kill at moments that are spread evenly over a run, and yield when."""
    for moment in range(moments):
        seconds = scene.seconds * moment / moments
        child = scene.start(lambda: None)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        scene.check(f"after {seconds:.3f} s")
        yield f"{seconds:.3f}"


def kill_watch_at_moments(scene: KilledBatch, moments: int) -> Iterator[str]:
    """Kill a watch at moments that are spread evenly over its work, and yield when."""

    def brisk() -> None:
        vars(watch)["Watch"] = partial(watch.Watch, steady_s=_STEADY_S, pause_s=0.01)

    for moment in range(moments):
        seconds = (_STEADY_S + scene.seconds) * (moment + 1) / moments
        child = scene.start(brisk, "--watch")
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        scene.check(f"a watch, after {seconds:.3f} s")
        yield f"{seconds:.3f}"


def _prepare() -> None:
    """Have the command use an engine that needs no network, and decode without another process.

    What it imports late is imported here, so that a process has it when it is forked.
    """
    for module in ("cv2", "matteplug_batch.command", "matteplug_batch.run", "rich.progress"):
        import_module(module)
    Image.init()
    vars(decoder).update(decode=_decode, size=_size)
    registry, engine = plugins.Registry(), FakeEngine()
    registry.add(
        "batch",
        "tests 1.0",
        networks=NETWORKS,
        hosts=matteplug_batch.matteplug_hosts(),
        commands=matteplug_batch.matteplug_commands(),
    )
    plugins.registry = lambda: registry  # type: ignore[assignment]
    vars(api)["default_engine"] = lambda: engine


def _decode(source: Path, name: str, *, through_profile: bool = True, **_: object) -> Decoded:
    with source.open("rb") as file:
        return decoding.decode(file, name, Policy.current(), through_profile=through_profile)


def _size(source: Path, name: str, **_: object) -> Size:
    with source.open("rb") as file:
        return Size(*decoding.size(file, name, Policy.current()))


def main() -> None:
    """Run all kills and print how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50, help="(default: 50)")
    parser.add_argument("--watched", type=int, default=50, help="moments of a watch (default: 50)")
    args = parser.parse_args()
    _prepare()
    calls = times = watched = 0
    scenes: tuple[tuple[tuple[str, ...] | None, tuple[str, ...]], ...] = (
        (None, ("--output", "cutout")),
        (("--output", "cutout"), ("--output", "alpha")),
    )
    for before, flags in scenes:
        with tempfile.TemporaryDirectory(dir=IN_MEMORY) as place:
            scene = KilledBatch(Path(place), before, flags)
            calls += sum(1 for _ in kill_at_calls(scene))
            times += sum(1 for _ in kill_at_moments(scene, args.moments // len(scenes)))
            part = args.watched // len(scenes)
            watched += sum(1 for _ in kill_watch_at_moments(scene, part))
    print(
        f"{calls} kills at calls of {', '.join(CALLS)}, {times} at moments, "
        f"{watched} at moments of a watch: nothing was lost."
    )


if __name__ == "__main__":
    main()
