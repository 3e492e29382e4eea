"""The host's end of the wire, under every Python that a host may bring."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from matteplug import bridge

ROOT = Path(__file__).resolve().parent.parent
WIRE = ROOT / "tests" / "wire"
VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def interpreter(version: str) -> str | None:
    """Find a Python of that version: this one, pyenv's or one on the PATH."""
    if version == "{}.{}".format(*sys.version_info):
        return sys.executable
    found = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_client_holds_against_good_and_bad_workers(version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} found")
    folder = tmp_path / "für Jürgen"
    folder.mkdir()
    for file in (ROOT / "matteplug" / "bridge.py", WIRE / "client.py", WIRE / "malformed.py"):
        shutil.copy(file, folder)
    worker = folder / "python"
    (tmp_path / "sitecustomize.py").write_text("print('Welcome to this computer.', flush=True)\n")
    worker.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n')
    worker.chmod(0o755)
    # Python 2's text is as little use in the C locale as it is beyond the code page of a Windows.
    locale = "C" if version == "2.7" else "C.UTF-8"
    done = subprocess.run(
        [python, "-E", str(folder / "client.py"), str(worker), str(WIRE)],
        env={**os.environ, "LC_ALL": locale},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


def frame(header: bytes, buffers: bytes = b"") -> io.BytesIO:
    return io.BytesIO(b"MPLG" + len(header).to_bytes(4, "big") + header + buffers)


def test_frames_come_back_as_they_were_written() -> None:
    stream = io.BytesIO()
    bridge.write_frame(stream, {"type": "a", "text": "ä"}, [({"name": "x"}, b"123")])
    bridge.write_frame(stream, {"type": "b"})
    stream.seek(0)
    first, second = bridge.read_frame(stream), bridge.read_frame(stream)
    assert first is not None
    assert first[0]["text"] == "ä"
    assert first[1] == {"x": b"123"}
    assert second == ({"type": "b", "buffers": []}, {})
    assert bridge.read_frame(stream) is None


@pytest.mark.parametrize("kept", range(1, 40))
def test_a_frame_that_is_cut_off_anywhere_is_refused(kept: int) -> None:
    stream = io.BytesIO()
    bridge.write_frame(stream, {"type": "a"}, [({"name": "x"}, b"123")])
    whole = stream.getvalue()
    with pytest.raises(bridge.BridgeError) as caught:
        bridge.read_frame(io.BytesIO(whole[: min(kept, len(whole) - 1)]))
    assert caught.value.code == "wire-truncated"


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"null",
        b"{}",
        b"not json",
        b"\xff",
        b'{"type": "a", "buffers": 3}',
        b'{"type": "a", "buffers": [{"bytes": 3}]}',
        b'{"type": "a", "buffers": [{"name": "x", "bytes": 1.5}]}',
        b'{"type": "a", "buffers": [{"name": "x", "bytes": "3"}]}',
    ],
)
def test_a_header_of_another_form_is_refused(header: bytes) -> None:
    with pytest.raises(bridge.BridgeError) as caught:
        bridge.read_frame(frame(header, b"123"))
    assert caught.value.code == "wire-header"


def test_an_error_reads_as_a_sentence_and_a_hint() -> None:
    assert str(bridge.BridgeError("code", "Ä sentence.", "A hint.")) == "Ä sentence. A hint."


@pytest.mark.skipif(sys.platform != "linux", reason="Flatpak is Linux's")
def test_in_a_flatpak_the_worker_is_started_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(bridge.__file__, tmp_path)
    spawn = tmp_path / "flatpak-spawn"
    spawn.write_text(
        '#!/bin/sh\necho "$@" > "$0.said"\n'
        "while case $1 in --*) true;; *) false;; esac; do shift; done\n"
        'cd / && exec "$@"\n'
    )
    spawn.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("FLATPAK_ID", "org.gimp.GIMP")
    monkeypatch.setattr(bridge, "_FLATPAK", str(spawn))
    arguments = ("-S", "-E", str(WIRE / "peer.py"), "environment", str(tmp_path))
    with bridge.Worker(sys.executable, arguments=arguments) as worker:
        assert worker.hello["cwd"] == "/"
    said = (tmp_path / "flatpak-spawn.said").read_text()
    assert said.startswith("--host --watch-bus --directory=")
    spawn.write_text("#!/bin/sh\necho Portal call failed >&2; exit 1\n")
    with pytest.raises(bridge.BridgeError, match="Flatpak org"):
        bridge.Worker(sys.executable, arguments=arguments)
