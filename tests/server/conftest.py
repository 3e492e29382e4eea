"""A server with an engine that needs no network, and one on a port of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

pytest.importorskip("fastapi_offline")

import requests
import uvicorn
from batch.conftest import NETWORKS

from matteplug import api, plugins
from matteplug.testing import FakeEngine
from matteplug_serve import fields
from matteplug_serve.app import application
from matteplug_serve.door import Door
from matteplug_serve.queue import Queue

OWNERS = {one.name: one.default for one in fields.owners()}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Return the engine that the server uses; its alpha is the trimap itself."""
    registry, fake = plugins.Registry(), FakeEngine()
    registry.add("serve", "tests 1.0", networks=NETWORKS)
    monkeypatch.setattr(plugins, "registry", lambda: registry)
    monkeypatch.setattr(api, "default_engine", lambda: fake)
    return fake


class Client:
    """A program that talks to a server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()

    def post(self, path: str, **what: Any) -> requests.Response:
        return self._session.post(self.address + path, timeout=30, **what)

    def get(self, path: str) -> requests.Response:
        return self._session.get(self.address + path, timeout=30)

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def client(engine: FakeEngine) -> Iterator[Client]:
    with client_of(served_by()) as client:
        yield client


def served_by(queue: Queue | None = None, **door: Any) -> Any:
    """Return an application; `door` are the arguments of `Door`."""
    return application(Door(**door), queue or Queue(16), OWNERS)


@contextmanager
def on_a_port(app: Any) -> Iterator[str]:
    """Serve an application on a free port of this machine, and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def client_of(app: Any) -> Iterator[Client]:
    """Serve an application, and yield a program that talks to it."""
    with on_a_port(app) as address, closing(Client(address)) as client:
        yield client
