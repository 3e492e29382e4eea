"""Runs a stranger's code while plug-ins are loaded: bounded in time, caught whatever it does.

It runs in a thread of its own, which is left behind if it does not end: Python has no way to end a
thread, only to raise something in it, which is tried.  What it prints to standard output, by Python
or behind its back, does not get there: reports in JSON and a host's wire go the same way.  Code
that ends the whole process, as a crash in a C library does, is what `plugin_trial` is for.
"""

from __future__ import annotations

import ctypes
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import IO, TypeVar

from matteplug.errors import MatteplugError, PluginError

_STANDARD_OUTPUT = 1
_LONGEST = 300
Result = TypeVar("Result")


def guarded(work: Callable[[], Result], limit_s: float) -> Result:
    """Return what `work` returns.

    Raises:
        PluginError: it raises anything at all, prints, or does not end within `limit_s`.
    """
    results: list[Result] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # this thread has no exit or interrupt but the stranger's
            raised.append(error)

    with _caught_output() as printed:
        thread = threading.Thread(target=run, daemon=True, name="matteplug plug-in")
        thread.start()
        thread.join(limit_s)
        output = printed()
    if raised:
        raise PluginError("plugin-raises", reason(raised[0]))
    if not results:
        _interrupt(thread)
        raise PluginError("plugin-hangs", f"It was still loading after {limit_s:g} seconds.")
    if output:
        raise PluginError(
            "plugin-prints", f"It prints to standard output while it is loaded: {output!r}."
        )
    return results[0]


def reason(error: BaseException) -> str:
    """Return what an exception says, in one printable line; its own methods may fail, too."""
    try:
        sentence = str(error)
        if not isinstance(error, MatteplugError):
            sentence = f"{type(error).__name__}: {sentence}".removesuffix(": ")
    except BaseException:
        sentence = type(error).__name__
    return _shown(sentence)


def _shown(text: str) -> str:
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


@contextmanager
def _caught_output() -> Iterator[Callable[[], str]]:
    """Keep standard output free, and give a function that returns what was printed so far."""
    with tempfile.TemporaryFile() as file, _moved(file):
        stream = io.TextIOWrapper(
            os.fdopen(os.dup(file.fileno()), "wb"), "utf-8", "replace", write_through=True
        )

        def printed() -> str:
            with suppress(OSError, ValueError):  # closed by the stranger
                stream.flush()
            file.seek(0)
            return _shown(file.read(_LONGEST * 4).decode("utf-8", "replace"))

        try:
            with redirect_stdout(stream):
                yield printed
        finally:
            with suppress(OSError, ValueError):
                stream.close()


@contextmanager
def _moved(file: IO[bytes]) -> Iterator[None]:
    """Have the system's standard output go to a file, where there is one."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    try:
        kept = os.dup(_STANDARD_OUTPUT)
    except OSError:  # a program without a terminal, as on Windows' desktop
        yield
        return
    try:
        os.dup2(file.fileno(), _STANDARD_OUTPUT)
        yield
    finally:
        os.dup2(kept, _STANDARD_OUTPUT)
        os.close(kept)


def _interrupt(thread: threading.Thread) -> None:
    """Raise something in a thread: it ends a loop in Python, though not a wait in the system."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
        )
