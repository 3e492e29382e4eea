"""Decodes untrusted pictures in a process of their own, with little memory and little time.

A decoder that hangs, crashes or takes the machine's memory costs that one file: its process is
ended, and the next file gets a new one.  A process that did well is kept for the next file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import Cancelled, MatteplugError, PackageError, RequestError
from matteplug.images.policy import Policy
from matteplug.images.samples import Decoded
from matteplug.types import CancelToken, Metadata, Size

__all__ = ["decode", "size"]

_IMPORT = "from matteplug.images.decoder_process import main; main()"
_WAIT_S = 60.0
"""How long a file may take on the clock, on a machine that does much else or a disk that hangs."""
_ENDED_FOR_TIME = -27
"""The status of a process whose time was up: SIGPROF."""
_ENV = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def decode(
    source: Path | bytes,
    name: str,
    *,
    through_profile: bool = True,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> Decoded:
    """Decode a picture file.

    Args:
        source: its path or its bytes.
        name: what errors call it.
        through_profile: take gray, CMYK and Lab to sRGB; masks are numbers and stay as they are.
        policy: what it may cost; by default what the environment says.
        cancel: stops decoding at once.

    Raises:
        Cancelled: `cancel` was set.
        RequestError: "file-empty", "file-not-image", "file-damaged", "file-depth",
            "image-too-large", "image-too-slow", "memory".
    """
    request = {"what": "decode", "through_profile": through_profile}
    answer, arrays = _ask(request, source, name, policy, cancel)
    dpi = answer["metadata"].pop("dpi")
    return Decoded(
        image=arrays[0],
        alpha=arrays[1] if len(arrays) > 1 else None,
        icc=b64decode(answer["icc"]) if answer["icc"] else None,
        metadata=Metadata(dpi=tuple(dpi) if dpi else None, **answer["metadata"]),
        notes=tuple(answer["notes"]),
    )


def size(
    source: Path | bytes,
    name: str,
    *,
    policy: Policy | None = None,
    cancel: CancelToken | None = None,
) -> Size:
    """Return the size of a picture as it is shown, from its header; arguments as `decode`.

    Raises:
        Cancelled, RequestError: as `decode`.
    """
    answer, _ = _ask({"what": "size"}, source, name, policy, cancel)
    return Size(*answer["size"])


def _ask(
    request: Mapping[str, Any],
    source: Path | bytes,
    name: str,
    policy: Policy | None,
    cancel: CancelToken | None,
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    policy = policy or Policy.current()
    data = source if isinstance(source, bytes) else None
    place = {"bytes": len(data)} if data is not None else {"path": os.path.abspath(source)}
    line = json.dumps({**request, **place, "name": name, "policy": asdict(policy)}).encode()
    process = _taken()
    ended_by: list[str] = []

    def end(reason: str) -> None:
        ended_by.append(reason)
        process.kill()

    def stop() -> None:
        end("cancel")

    watchdog = threading.Timer(max(_WAIT_S, policy.seconds), end, ["time"])
    watchdog.daemon = True
    watchdog.start()
    try:
        if cancel is not None:
            cancel.add_callback(stop)
        answer, arrays = process.ask(line, data)
    except (EOFError, OSError, ValueError) as error:
        status = process.end()
        if "cancel" in ended_by:
            raise Cancelled from error
        if status == 1:
            raise _broken(process.last_words) from error
        raise _ending(name, policy, status, "time" in ended_by) from error
    except BaseException:  # Ctrl-C
        process.end()
        raise
    finally:
        watchdog.cancel()
        if cancel is not None:
            cancel.remove_callback(stop)
    if ended_by:  # after its last word
        process.end()
    else:
        _keep(process)
    if answer.get("out_of_memory"):
        raise _ending(name, policy, 0, False)
    if "error" in answer:
        kind = PackageError if answer.get("of_package") else RequestError
        raise kind(*answer["error"])
    return answer, arrays


def _ending(name: str, policy: Policy, status: int, is_late: bool) -> MatteplugError:
    """Return what the end of a process says about the file that it was decoding."""
    if is_late or status == _ENDED_FOR_TIME:
        return RequestError(
            "image-too-slow",
            f"Decoding the picture {name} takes more than {policy.seconds:g} seconds.",
            "Export it again, or raise the environment variable MATTEPLUG_MAX_SECONDS.",
        )
    if status == 0:
        return RequestError(
            "memory",
            f"Decoding the picture {name} takes more than {policy.memory_mib:.0f} MiB of memory.",
            "Scale it down, or raise the environment variable MATTEPLUG_MAX_MEMORY_MIB.",
        )
    return RequestError(
        "file-damaged",
        f"The picture {name} made its decoder crash (status {status}).",
        "Export it again; PNG is the safest format.",
    )


def _broken(complaint: str) -> MatteplugError:
    return MatteplugError(
        "decoder-broken",
        f"The process that decodes pictures does not work: {complaint}.",
        "Install matteplug again, with the packages it needs.",
    )


class _Process:
    """A running `decoder_process`."""

    def __init__(self) -> None:
        code = f"import sys; sys.path[:] = sys.argv[1:]; {_IMPORT}"
        package = str(Path(__file__).parents[2])
        path = [place for place in sys.path if place]
        own_group: dict[str, Any] = (
            {"creationflags": 0x0200}  # CREATE_NEW_PROCESS_GROUP
            if sys.platform == "win32"
            else {"start_new_session": True}
        )  # the terminal's Ctrl-C is ours to handle
        self.last_words = ""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `end`
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-c", code, *path, package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**os.environ, **_ENV},
            **own_group,
        )

    def ask(self, line: bytes, data: bytes | None) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Send a request and return its answer.

        Raises:
            EOFError, OSError, ValueError: the process has ended.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(line + b"\n")
        if data is not None:
            self._child.stdin.write(data)
        self._child.stdin.flush()
        answer = json.loads(self._child.stdout.readline() or b"null")
        if answer is None:
            raise EOFError
        arrays = []
        for dtype, shape in answer["arrays"]:
            array = np.empty(shape, dtype)
            view = array.data.cast("B")
            while view:
                count = self._child.stdout.readinto(view)  # type: ignore[attr-defined]
                if not count:
                    raise EOFError
                view = view[count:]
            arrays.append(array)
        return answer, arrays

    @property
    def lives(self) -> bool:
        """Whether it can be asked."""
        return self._child.poll() is None

    def kill(self) -> None:
        """End it at once; safe from any thread."""
        self._child.kill()

    def end(self) -> int:
        """End it and return its status; `last_words` is what it wrote to stderr last."""
        self._child.kill()  # nothing, where it has ended
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):  # what was not sent any more
                if pipe is not None:
                    pipe.close()
        status = self._child.wait()
        with self._complaints as file:
            file.seek(0)
            lines = file.read(100_000).decode(errors="replace").strip().splitlines()
        self.last_words = lines[-1].rstrip(".")[:300] if lines else "it says nothing"
        return status


_idle: dict[int, list[_Process]] = {}
"""Processes that wait for a file, by the id of the process that started them: a fork has none."""
_lock = threading.Lock()
_MOST_IDLE = 2


def _taken() -> _Process:
    """Return a process that waits, or a new one."""
    with _lock:
        idle = _idle.setdefault(os.getpid(), [])
        while idle:
            process = idle.pop()
            if process.lives:
                return process
            process.end()
    return _Process()


def _keep(process: _Process) -> None:
    """Keep a process for the next file."""
    with _lock:
        idle = _idle.setdefault(os.getpid(), [])
        if len(idle) < _MOST_IDLE:
            idle.append(process)
            return
    process.end()


@atexit.register
def _end_all() -> None:
    """End the processes that wait."""
    for process in _idle.pop(os.getpid(), []):
        process.end()
