"""Fixtures that all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import network_guard
import pytest

ROOT = Path(__file__).resolve().parent.parent

network_guard.cut_off()

# a shell that runs the tests in the background, or nohup, would have them and their children
# ignore what the tests send
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party pictures and parity cases that lies beside the repository.

    Another place is named by MATTEPLUG_SHARED; with MATTEPLUG_REQUIRE_SHARED=1 its absence fails.
    """
    folder = Path(os.environ.get("MATTEPLUG_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        reason = f"shared data not found: {folder}"
        if os.environ.get("MATTEPLUG_REQUIRE_SHARED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def people_parts(shared: Path) -> Path:
    """The folder of CC0 parts that rendered people are made of."""
    found = shared / "people" / "assets"
    if not found.is_dir():
        reason = f"parts of people not found: {found}"
        if os.environ.get("MATTEPLUG_REQUIRE_SHARED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session", autouse=True)
def own_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests away from what the user's cache folder holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATTEPLUG_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
