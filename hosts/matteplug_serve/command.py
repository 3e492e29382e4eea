"""``matteplug serve``: arguments, checks before anything is served, and the server.

Exit status: 0 ended by Ctrl-C or SIGTERM, 2 nothing was started.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from matteplug import flags, packages
from matteplug.errors import RequestError
from matteplug_batch import config, settings_flags
from matteplug_serve import fields
from matteplug_serve.door import LOOPBACK

_TOKEN = "MATTEPLUG_TOKEN"
_SHORTEST = 16
_GRACE_S = 30


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add(
        "--host",
        type=settings_flags.text,
        default=LOOPBACK[0],
        help="address to serve on; any but this machine's own needs a token (127.0.0.1)",
    )
    add("--port", type=_port, default=8000, help="port; 0 takes a free one (8000)")
    add(
        "--token-file",
        type=settings_flags.path,
        metavar="FILE",
        help=f"file with the token that requests have to carry ({_TOKEN})",
    )
    add(
        "--queue",
        type=_positive,
        default=16,
        metavar="PICTURES",
        help="how many pictures are taken at a time; further ones are told to come back (16)",
    )
    add(
        "--upload",
        type=_positive,
        default=256,
        metavar="MIB",
        help="largest upload, a picture with its guides (256)",
    )
    flags.add(parser, fields.owners())
    add("--quiet", action="store_true", help="print no line for each request")


def run(args: argparse.Namespace) -> int:
    """Serve until the process is asked to end, and return the exit status.

    Raises:
        PackageError: the extra is not installed.
        RequestError: the port is in use, or a token is missing.
        EngineError: there is no execution provider of the given name.
    """
    token = _token(args.token_file)
    if token is None and not _is_loopback(args.host):
        raise RequestError(
            "token-missing",
            f"Without a token, everybody who reaches {args.host} could use this server.",
            f"Give one with --token-file or {_TOKEN}, or leave out --host.",
        )
    packages.require(
        "fastapi",
        "fastapi_offline",
        "python_multipart",
        "uvicorn",
        purpose="Serving",
        extra="serve",
    )
    import uvicorn

    from matteplug_serve.app import application
    from matteplug_serve.door import Door
    from matteplug_serve.queue import Queue

    owners = {one.name for one in fields.owners()}
    settled = config.settled(settings_flags.described())
    values = {one.option.name: one.value for one in settled if one.option.name in owners}
    values |= flags.given(args, fields.owners())
    values["provider"] = settings_flags.provider(values["provider"])
    door = Door(
        token=token,
        hosts=LOOPBACK if _is_loopback(args.host) else None,
        upload_mib=args.upload,
    )
    with _bound(args.host, args.port) as bound:
        server = uvicorn.Server(
            uvicorn.Config(
                application(door, Queue(args.queue), values),
                log_level="warning" if args.quiet else "info",
                limit_concurrency=args.queue + 64,
                timeout_graceful_shutdown=_GRACE_S,
                server_header=False,
            )
        )
        host, port = bound.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"Serving on http://{shown}:{port} (try it on /docs); Ctrl-C ends it.", flush=True)
        with _ended_by_signals():
            server.run(sockets=[bound])
    return 0


def _token(file: Path | None) -> str | None:
    """Return the token that requests have to carry; None for none."""
    token = os.environ.get(_TOKEN) or None
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise RequestError(
                "token-unreadable", f"The token in {file} cannot be read: {reason}."
            ) from error
    if token is not None and len(token) < _SHORTEST:
        raise RequestError(
            "token-short",
            f"The token has {len(token)} characters, which can be guessed.",
            f'Make one: {Path(sys.executable).name} -c "import secrets; '
            'print(secrets.token_urlsafe())"',
        )
    return token


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket on that address.

    Raises:
        RequestError: another program has the port ("port-in-use"), or there is no such address
            ("host-unusable").
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind)
    except OSError as error:
        raise _unusable(host, error) from error
    with bound:
        try:
            if os.name == "posix":  # elsewhere it lets two programs share a port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(128)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise RequestError(
                    "port-in-use",
                    f"Another program uses the port {port} of {host}.",
                    f"Choose another: --port {port + 1}",
                ) from error
            raise _unusable(host, error) from error
        yield bound


def _unusable(host: str, error: OSError) -> RequestError:
    return RequestError(
        "host-unusable",
        f"{host} cannot be served on: {error.strerror or error}.",
        "Use an address of this machine, and a port that you may use: --port 8000",
    )


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let the server end by SIGINT and SIGTERM, which it raises again after it has."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: None) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 1 << 16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")


def _positive(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
