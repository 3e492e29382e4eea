"""Shared by the hosts' checks: run the real program, have it make one matte, judge the result."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from matteplug.errors import RequestError
from matteplug.folders import state_folder
from matteplug.hosting.environment import of_programs
from matteplug.hosting.installations import Installation

__all__ = ["folder", "judge", "require_program", "run"]

_LIMIT_S = 300.0
_TICK_S = 0.1


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a temporary folder for a check's files, where a sandboxed program can see it too."""
    state_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="check-", dir=state_folder()) as name:
        yield Path(name)


def require_program(installation: Installation, title: str, executable: str) -> Path:
    """Return the program of an installation; `executable` is its name on the PATH.

    Raises:
        RequestError: only its user's folder is there.
    """
    if installation.program is None:
        raise RequestError(
            "check-no-program",
            f"{title} was not found, only a folder for its plug-ins: {installation.folder}.",
            f"Put {executable} on the PATH.",
        )
    return installation.program


def run(
    title: str,
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    stuck: Callable[[], bool] = lambda: False,
) -> str:
    """Run a program to its end and return the tail of its output.

    Args:
        title: the program's name for messages.
        command: the program and its arguments.
        environment: variables besides those of `matteplug.hosting.environment`.
        stuck: tells that the program waits for a person, in which case it is ended.

    Raises:
        RequestError: it cannot be started, or does not end.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                env={**of_programs(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise RequestError(
                "check-not-started", f"{command[0]} cannot be started: {error.strerror}."
            ) from error
        end = time.monotonic() + _LIMIT_S
        try:
            while process.poll() is None and time.monotonic() < end and not stuck():
                time.sleep(_TICK_S)
            late = process.poll() is None and time.monotonic() >= end
        finally:
            _end(process)
        if late:
            raise RequestError(
                "check-silent", f"{title} did not end within {_LIMIT_S:.0f} seconds."
            )
        output.seek(0)
        return output.read().decode(errors="replace").strip()[-2000:]


def judge(title: str, centre: int | None, corner: int | None, elapsed_s: float) -> str:
    """Return a sentence about a disc's cutout, whose alpha is known at two pixels.

    Raises:
        RequestError: it is not 255 and 0 there.
    """
    if (centre, corner) != (255, 0):
        raise RequestError(
            "check-matte",
            "Smart Matte made no cutout of a disc: its centre and the corner are "
            f"{centre} and {corner} instead of 255 and 0.",
            "Run: matteplug doctor",
        )
    return f"{title} made a matte in {elapsed_s:.1f} s."


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, with its children where the system allows it."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
