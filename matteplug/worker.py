"""The worker that hosts start, ``python -m matteplug.worker``: mattes over stdin and stdout.

The protocol is described in `matteplug.bridge`, the host's end of it.  One thread reads, so that
cancelling works while a matte is made and so that the worker ends with its host; the main thread
makes the mattes and keeps the networks loaded from one to the next.
"""

from __future__ import annotations

import faulthandler
import os
import queue
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from matteplug import __version__
from matteplug.bridge import PROTOCOL, BridgeError, read_frame, write_frame
from matteplug.errors import MatteplugError, PackageError, WireError, known_names
from matteplug.plugin_guard import reason
from matteplug.types import CancelToken, Progress

if TYPE_CHECKING:
    from matteplug.engine import Engine
    from matteplug.host import HostAdapter
    from matteplug.result import Matte
    from matteplug.wire import WireJob
    from matteplug.wire.open_pictures import OpenPictures

__all__ = ["main", "serve"]

_Header = Mapping[str, Any]

_NEEDS_GREETING = ("matte", "open", "edge", "stroke", "paint", "undo", "close")
"""Frames about pictures, which a host of this protocol sends after its hello."""
_CANCELLABLE = ("matte", "open", "stroke", "paint")


def main(engine: Engine | None = None) -> NoReturn:
    """Serve the host that started this process; the process ends with it.  See `serve`."""
    if sys.stdin.isatty():
        sys.exit("matteplug.worker is started by editors and speaks to them; see matteplug.bridge.")
    faulthandler.enable()  # a crash in a library says where; the host quotes it
    stdin = os.fdopen(os.dup(0), "rb")
    stdout = os.fdopen(os.dup(1), "wb")
    # From here on nothing that any library reads or prints can touch the wire; what was printed
    # before, as Python started, the host skips.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    serve(stdin, stdout, engine)


def serve(stdin: BinaryIO, stdout: BinaryIO, engine: Engine | None = None) -> NoReturn:
    """Answer the frames of a host until it says bye or closes `stdin`; then end the process.

    Args:
        stdin: what the host writes.
        stdout: what the host reads.
        engine: who runs the networks; by default ONNX Runtime, with threads that wait quietly.
    """
    _Worker(stdin, stdout, engine).run()


@dataclass(frozen=True, eq=False)
class _Job:
    """A frame that waits for its answer."""

    header: _Header
    data: dict[str, bytes]
    cancel: CancelToken = field(default_factory=CancelToken)


class _Worker:
    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, engine: Engine | None) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._engine = engine
        self._sending = threading.Lock()
        self._work: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._pending: list[_Job] = []  # that can be cancelled; their ids may repeat
        self._greeted = False
        self._pictures: OpenPictures | None = None

    def run(self) -> NoReturn:
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            job = self._work.get()
            header = job.header
            try:
                self._answer(job)
            except MatteplugError as error:
                self._fail(header, error)
            except MemoryError:
                self._fail(header, _OUT_OF_MEMORY)
            except (Exception, SystemExit) as error:  # whatever it is, the host must hear of it
                traceback.print_exc()
                message = f"matteplug failed: {reason(error)}."
                self._fail(header, MatteplugError("internal", message))
            finally:
                if job in self._pending:
                    self._pending.remove(job)

    def _read(self) -> None:
        """Queue what comes; cancel at once; end the process with the wire."""
        try:
            while (frame := read_frame(self._stdin)) is not None:
                header, data = frame
                kind, number = header["type"], header.get("id")
                if kind == "bye":
                    break
                if kind == "cancel":
                    for job in [*self._pending]:
                        if job.header.get("id") == number:
                            job.cancel.cancel()
                    continue
                job = _Job(header, data)
                if kind in _CANCELLABLE:
                    self._pending.append(job)
                self._work.put(job)
        except BridgeError as error:
            print(f"matteplug.worker: {error}", file=sys.stderr)
            _end(2)
        except BaseException:
            traceback.print_exc()
            _end(1)
        _end(0)

    def _answer(self, job: _Job) -> None:
        header = job.header
        if header["type"] == "hello":
            self._greeted = header.get("protocol") == PROTOCOL
            self._send(_hello())
            with suppress(PackageError):  # while the host shows its dialog; the matte will say it
                from matteplug import opencv, wire  # noqa: F401
        elif header["type"] == "load":
            self._load(header.get("network"))
        elif header["type"] not in _NEEDS_GREETING:
            raise WireError("wire-type", f'There is no frame of the type "{header["type"]}".')
        elif not self._greeted:
            raise WireError(
                "wire-protocol",
                f"The host has not said hello in protocol {PROTOCOL}.",
                "Install the plug-in of this version: matteplug hosts install",
            )
        elif header["type"] == "matte":
            self._matte(job)
        else:
            self._open_picture(job)

    def _load(self, network: str | None) -> None:
        """Load a network ahead of its matte, which will say what is wrong with it."""
        from matteplug import plugins
        from matteplug.matting import choice
        from matteplug.network import Guide

        try:
            spec = plugins.registry().network(network) if network else choice.best(Guide.TRIMAP)
            self._the_engine().session(spec)
        except MatteplugError:
            pass
        except Exception:  # no answer belongs to a load: the host would take it for its matte's
            traceback.print_exc()

    def _matte(self, received: _Job) -> None:
        from matteplug import api  # here, and not above, so that hello is quick
        from matteplug.wire import WireJob

        header = received.header
        _check(header)
        adapter = _adapter(header.get("host"))
        job = WireJob.from_frame(header, received.data)
        matte = api.run(
            adapter.read(job),
            engine=self._the_engine(),
            progress=self._progress(header),
            cancel=received.cancel,
        )
        adapter.write(job, matte)
        self._send(_described(matte, header, "matte"), job.answer)

    def _open_picture(self, received: _Job) -> None:
        """Answer a frame about an open picture."""
        from matteplug.wire import WireJob
        from matteplug.wire.open_pictures import OpenPictures

        header, kind = received.header, received.header["type"]
        _check(header)
        if self._pictures is None:
            self._pictures = OpenPictures()
        if kind == "open":
            matte = self._pictures.open(
                header,
                _adapter(header.get("host")),
                WireJob.from_frame(header, received.data),
                engine=self._the_engine(),
                progress=self._progress(header),
                cancel=received.cancel,
                send=self._send,
            )
            self._send(_described(matte, header, "opened"))
        elif kind == "edge":
            answer = self._pictures.edge(header)
            self._send({"type": "edge", "id": header.get("id")}, answer)
        elif kind == "close":
            self._pictures.close(header)
        else:
            if kind == "stroke":
                changed = self._pictures.stroke(header, received.cancel)
            elif kind == "paint":
                changed = self._pictures.paint(header, received.data, received.cancel)
            else:
                changed = self._pictures.undo(header)
            self._send({"type": "changed", "id": header.get("id"), "rect": list(changed)})

    def _progress(self, header: _Header) -> Progress:
        def progress(fraction: float, what: str) -> None:
            answer = {"type": "progress", "id": header.get("id"), "share": fraction, "what": what}
            self._send(answer)

        return progress

    def _the_engine(self) -> Engine:
        if self._engine is None:
            from matteplug.engine import OrtEngine

            self._engine = OrtEngine(spinning=False)  # the host wants its cores back between mattes
        return self._engine

    def _fail(self, header: _Header, error: MatteplugError) -> None:
        self._send(
            {
                "type": "error",
                "id": header.get("id"),
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
            }
        )

    def _send(self, header: _Header, buffers: Sequence[tuple[_Header, bytes]] = ()) -> None:
        try:
            with self._sending:
                write_frame(self._stdout, header, buffers)
        except OSError:  # the host is gone
            _end(0)


_OUT_OF_MEMORY = MatteplugError(
    "memory", "There is not enough memory for this picture.", "Select or crop a smaller part."
)


def _described(matte: Matte, header: _Header, kind: str) -> dict[str, Any]:
    """Return the frame that says how a matte was made."""
    return {
        "type": kind,
        "id": header.get("id"),
        "network": matte.network,
        "provider": matte.provider,
        "elapsed_s": matte.elapsed_s,
        "confidence": matte.confidence,
        "outcome": matte.outcome,
        "notes": matte.notes,
        "licences": dict(matte.licences),
    }


def _hello() -> dict[str, Any]:
    from dataclasses import asdict

    from matteplug import options, plugins
    from matteplug.runtime import doctor
    from matteplug.types import MatteOptions

    networks = [*plugins.registry().networks.values()]
    return {
        "type": "hello",
        "protocol": PROTOCOL,
        "version": __version__,
        "networks": [
            {"id": spec.id, "title": spec.title, "guide": spec.guide.value} for spec in networks
        ],
        "options": [option.to_json() for option in options.of(MatteOptions)],
        # Not more than is known: probing loads the runtime and a network, which a matte does first.
        "provider": asdict(doctor.expect(networks)),
    }


def _check(header: _Header) -> None:
    """Check the parts of a frame that say what is wanted.

    Raises:
        WireError: one has another type.
    """
    for name, kind in (("results", dict), ("options", dict), ("host", str)):
        if not isinstance(value := header.get(name), kind | None):
            raise WireError(
                "wire-header",
                f'"{name}" is a {type(value).__name__}, not {kind.__name__}.',
            )


def _adapter(host: str | None) -> HostAdapter[WireJob]:
    from matteplug import plugins
    from matteplug.wire import WireAdapter

    if host is None:
        return WireAdapter()
    hosts = plugins.registry().hosts
    if host not in hosts:
        raise WireError(
            "host-unknown",
            f'There is no adapter for the host "{host}".',
            f"{known_names(host, sorted(hosts))} See `matteplug plugins`.",
        )
    adapter: HostAdapter[WireJob] = plugins.resolve(hosts[host].adapter)()
    return adapter


def _end(status: int) -> NoReturn:
    """End the process now: the main thread may be deep in a library that does not listen."""
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
