"""Nothing leaves the machine: what the tests start cannot, and a matte does not try."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import network_guard
import numpy as np
import pytest
from PIL import Image

from matteplug import telemetry

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = ("192.0.2.1", 80)  # an address for examples, which is nobody's
WATCHED_S = 15  # ONNX Runtime looks its maker up after 10
MATTE = """
import numpy as np
from matteplug import api
api.matte(np.zeros((32, 32, 3), np.uint8), selection=np.pad(np.ones((16, 16), np.uint8), 8))
"""
WAIT = f"import time; time.sleep({WATCHED_S})"
LOOKUPS = """
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
int getaddrinfo(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **r) {
    FILE *file = fopen(getenv("LOOKUPS"), "a");
    fprintf(file, "%s\\n", n ? n : "");
    fclose(file);
    return EAI_FAIL;
}
"""
"""A library that goes before the system's: it notes which names are looked up."""


def test_a_test_cannot_reach_another_machine() -> None:
    with pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        socket.create_connection(ELSEWHERE, timeout=5)
    with pytest.raises(PermissionError, match="example"):
        socket.getaddrinfo("example.org", 80)


def test_what_a_test_starts_cannot_either() -> None:
    if not network_guard.children_are_cut_off():
        pytest.skip("only root on Linux can give the tests a network of their own")
    program = f"import socket; socket.create_connection({ELSEWHERE}, timeout=5)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "Network is unreachable" in done.stderr


def test_a_test_can_reach_its_own_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def home(folder: Path) -> dict[str, str]:
    """Return the environment of a user whose home is a new folder."""
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "HOME": str(folder), "USERPROFILE": str(folder)}


def files(folder: Path) -> list[str]:
    """Return the files in a home that are not matteplug's own."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in paths if "matteplug" not in path.parts]


@pytest.mark.parametrize(
    "words",
    [
        ("-c", MATTE),
        ("-m", "matteplug", "batch", "photos", "--output", "alpha"),
        ("-c", "import matteplug.training; import onnxruntime"),
        pytest.param(("-m", "matteplug", "doctor"), marks=pytest.mark.slow),
        pytest.param(
            ("-c", "import matteplug.export.parity; import onnxruntime"), marks=pytest.mark.slow
        ),
        pytest.param(
            ("-c", "import matteplug.worker as w; w._Worker(None, None, None)._load(None)"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["api", "batch", "training", "doctor and its probes", "export", "worker"],
)
def test_no_process_of_ours_leaves_anything_of_onnxruntime_in_a_new_home(
    words: Sequence[str], tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    Image.fromarray(np.zeros((32, 32, 4), np.uint8)).save(tmp_path / "photos" / "a.png")
    guide = Image.fromarray(np.pad(np.full((16, 16), 255, np.uint8), 8))
    guide.save(tmp_path / "photos" / "a-mask.png")
    environment = home(tmp_path / "home")
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert files(tmp_path / "home") == []


@pytest.mark.parametrize("given", ["", "0", "no", "1"])
def test_doctor_says_when_it_was_too_late(given: str) -> None:
    program = "import onnxruntime, matteplug.telemetry as t; print(t.is_off())"
    stub = {"PYTHONPATH": str(ROOT / "tests" / "stubs"), "STUB_BEHAVIOUR": ""}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **stub, telemetry.VARIABLE: given},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{given == '1'}\n"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the telemetry of ONNX Runtime is for Linux")
def test_a_matte_under_an_empty_home_writes_and_looks_up_nothing(tmp_path: Path) -> None:
    watched = _watched(tmp_path)
    ours = _start(tmp_path / "ours", f"{MATTE}\n{WAIT}", watched)
    theirs = _start(tmp_path / "theirs", f"import onnxruntime\n{WAIT}", watched)
    assert (ours.wait(120), theirs.wait(120)) == (0, 0)
    assert files(tmp_path / "ours") == []
    assert not (tmp_path / "ours-lookups").exists()
    if _reports():  # what is looked for is seen where it happens
        assert any(name.endswith("deviceid") for name in files(tmp_path / "theirs"))
        if watched:
            assert "microsoft" in (tmp_path / "theirs-lookups").read_text()


def _watched(folder: Path) -> dict[str, str]:
    """Return variables that have look-ups noted; none where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return {}
    source, library = folder / "lookups.c", folder / "lookups.so"
    source.write_text(LOOKUPS)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return {"LD_PRELOAD": str(library)}


def _start(folder: Path, program: str, watched: Mapping[str, str]) -> subprocess.Popen[bytes]:
    environment = {**home(folder), **watched, "LOOKUPS": f"{folder}-lookups"}
    return subprocess.Popen([sys.executable, "-c", program], env=environment)


def _reports() -> bool:
    """Tell whether the installed ONNX Runtime is one with telemetry."""
    found = find_spec("onnxruntime")
    assert found is not None
    assert found.origin is not None
    libraries = Path(found.origin).parent.glob("capi/*.so")
    return any(telemetry.VARIABLE.encode() in library.read_bytes() for library in libraries)
