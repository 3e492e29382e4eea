"""A small tree of pictures, and the whole command with an engine that needs no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import matteplug_batch
from matteplug import api, cli, plugins
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.testing import FakeEngine

IMAGE = TensorSpec(name="image", role="image", channels=3)
ALPHA = TensorSpec(name="alpha", role="alpha", channels=1)
NETWORKS = (
    NetworkSpec(
        id="by-trimap",
        title="Takes a trimap",
        guide=Guide.TRIMAP,
        inputs=(IMAGE, TensorSpec(name="trimap", role="trimap", channels=1)),
        outputs=(ALPHA,),
    ),
    NetworkSpec(
        id="by-plate",
        title="Takes a plate",
        guide=Guide.PLATE,
        inputs=(IMAGE, TensorSpec(name="plate", role="plate", channels=3)),
        outputs=(ALPHA,),
    ),
)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Return the engine that the command uses; its alpha is the trimap itself."""
    registry = plugins.Registry()
    registry.add(
        "batch",
        "tests 1.0",
        networks=NETWORKS,
        hosts=matteplug_batch.matteplug_hosts(),
        commands=matteplug_batch.matteplug_commands(),
    )
    fake = FakeEngine()
    monkeypatch.setattr(plugins, "registry", lambda: registry)
    monkeypatch.setattr(api, "default_engine", lambda: fake)
    return fake


@pytest.fixture
def batch(engine: FakeEngine) -> Callable[..., int]:
    """Return the command: arguments in, exit status out."""

    def run(*arguments: object) -> int:
        return cli.main(["batch", *map(str, arguments)])

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for pictures."""
    made = tmp_path / "photos"
    made.mkdir()
    return made
