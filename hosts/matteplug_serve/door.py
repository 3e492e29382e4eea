"""The door: who may send pictures, how large and how slow an upload may be.

A server on loopback can be reached by every web page that its user has open: a page may post a form
anywhere.  So a request that names another host, or comes from a page of another one, is refused.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from matteplug.errors import RequestError

if TYPE_CHECKING:
    from starlette.requests import Request

    Receive = Callable[[], Awaitable[Any]]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class Door:
    """What a request has to show.

    Attributes:
        token: that it must carry; None for none.
        hosts: that it may name; None for any.
        upload_mib: the largest upload.
        transfer_s: how long an upload may take.
    """

    token: str | None = None
    hosts: Collection[str] | None = LOOPBACK
    upload_mib: int = 256
    transfer_s: float = 120.0

    def check(self, request: Request) -> None:
        """Refuse a request by its headers, before its body is read.

        Raises:
            RequestError: it names or comes from another host ("host-refused"), lacks the token
                ("token-wrong"), is no form ("form-missing"), or is too large ("upload-too-large").
        """
        headers = request.headers
        host = _host(f"//{headers.get('host', '')}")
        if self.hosts is not None and host not in self.hosts:
            raise _refused(f"The request names the host {host or 'of nobody'}.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise _refused("The request comes from a web page of another host.")
        if self.token is not None:
            given = headers.get("authorization", "").removeprefix("Bearer ").encode()
            if not hmac.compare_digest(given, self.token.encode()):
                raise RequestError(
                    "token-wrong",
                    "The request does not carry the server's token.",
                    "Send the header: Authorization: Bearer TOKEN",
                )
        if not headers.get("content-type", "").startswith("multipart/form-data"):
            raise RequestError(
                "form-missing",
                "The request is not a form of the type multipart/form-data.",
                "Example: curl -F image=@photo.jpg URL/cutout -o cutout.png",
            )
        if headers.get("content-length", "0").isdigit():
            self._check_size(int(headers.get("content-length", "0")))

    def limited(self, receive: Receive) -> Receive:
        """Return `receive` with the limits on it: it raises `RequestError` ("upload-too-large")."""
        received, until = 0, time.monotonic() + self.transfer_s

        async def limited() -> Any:
            nonlocal received
            try:
                message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
            except asyncio.TimeoutError:
                raise RequestError(
                    "upload-slow",
                    f"The upload took longer than {self.transfer_s:.0f} seconds.",
                    "Send smaller pictures, or compress them.",
                ) from None
            received += len(message.get("body", b""))
            self._check_size(received)
            return message

        return limited

    def _check_size(self, sent: int) -> None:
        if sent > self.upload_mib << 20:
            raise RequestError(
                "upload-too-large",
                f"The upload is larger than {self.upload_mib} MiB.",
                "Compress the pictures, or start the server with a larger --upload.",
            )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _refused(message: str) -> RequestError:
    return RequestError(
        "host-refused", message, "Use the address that the server printed when it started."
    )
