"""`matteplug networks get`, against a server on this machine: asked for, resumed, proven."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import graphs_like
import pytest

from matteplug import cli, folders, plugins
from matteplug.commands import network_files
from matteplug.errors import NetworkError
from matteplug.networks import download, known_files


class Server(http.server.ThreadingHTTPServer):
    """Serves one file at /file; `cut` bytes at most at a time, and without ranges if told so."""

    content = b""
    cut: int | None = None
    ranges = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/file"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        if self.path != "/file":
            self.send_error(404)
            return
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if not self.server.ranges:
            begin = 0
        body = self.server.content[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.content = bytes(range(256)) * 600
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(server: Server, path: Path, **more: object) -> list[int]:
    """Fetch the server's file, and return what was reported."""
    reported: list[int] = []
    facts = {
        "sha256": hashlib.sha256(server.content).hexdigest(),
        "length": len(server.content),
        **more,
    }
    download.fetch(
        server.address,
        path,
        report=lambda have, expected: reported.append(have),
        **facts,  # type: ignore[arg-type]
    )
    return reported


def test_a_file_arrives_whole_and_is_proven(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.onnx"
    assert fetch(server, path)[-1] == len(server.content)
    assert path.read_bytes() == server.content
    assert [*path.parent.iterdir()] == [path]


def test_what_is_cut_off_is_continued(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "file.onnx"
    server.cut = 60_000
    fetch(server, path)
    assert path.read_bytes() == server.content
    begins = [0 if asked is None else int(asked[6:-1]) for asked in server.asked]
    assert begins == sorted(begins)
    assert begins[1] > 55_000


def test_what_stays_cut_off_is_kept_for_the_next_try(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "file.onnx"
    server.cut = 10_000
    with pytest.raises(NetworkError, match="was not fetched completely") as caught:
        fetch(server, path)
    assert "continues" in caught.value.hint
    kept = path.with_name("file.onnx.part").stat().st_size
    assert 8_000 * download.TRIES < kept <= 10_000 * download.TRIES
    assert not path.exists()
    server.cut = None
    fetch(server, path)
    assert path.read_bytes() == server.content
    assert server.asked[-1] == f"bytes={kept}-"


def test_a_server_without_ranges_starts_anew(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "file.onnx"
    path.with_name("file.onnx.part").write_bytes(server.content[:500])
    server.ranges = False
    fetch(server, path)
    assert path.read_bytes() == server.content


@pytest.mark.parametrize("kind", ["another", "longer", "what was there"])
def test_another_file_is_refused_and_removed(server: Server, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file.onnx"
    more: dict[str, object] = {}
    if kind == "another":
        more = {"sha256": "0" * 64}
    elif kind == "longer":
        more = {"length": 100_000}
    else:
        path.with_name("file.onnx.part").write_bytes(b"x" * 500)
    with pytest.raises(NetworkError, match=r"checksum|more than"):
        fetch(server, path, **more)
    assert [*tmp_path.iterdir()] == []


def test_what_the_server_does_not_have_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="404"):
        download.fetch(
            f"{server.address}s", tmp_path / "f", sha256="0" * 64, report=lambda *_: None
        )


@pytest.fixture
def known(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[known_files.KnownFile]:
    """Serve a synthetic graph as the file that is known as u2netp."""
    monkeypatch.setenv("MATTEPLUG_NETWORKS", str(tmp_path / "own"))
    monkeypatch.setenv("MATTEPLUG_CACHE", str(tmp_path / "cache"))
    path = graphs_like.write(tmp_path / "served.onnx", graphs_like.U2NET)
    server.content = path.read_bytes()
    table = dict(known_files.known_files())
    table["u2netp"] = replace(
        table["u2netp"],
        sha256=hashlib.sha256(server.content).hexdigest(),
        bytes=len(server.content),
    )
    monkeypatch.setattr(known_files, "known_files", lambda: table)
    monkeypatch.setattr(network_files, "_try", lambda path, spec: None)
    plugins.registry.cache_clear()
    yield table["u2netp"]
    plugins.registry.cache_clear()


@pytest.mark.usefixtures("known")
def test_nothing_is_fetched_before_it_was_agreed_to(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["networks", "get", "u2netp", "--from", server.address]) == 1
    said = capsys.readouterr().out
    for words in (server.address, "Apache-2.0", "commercial use: yes", "Nothing was fetched"):
        assert words in said
    assert server.asked == []
    assert cli.main(["networks", "get", "u2netp", "--from", server.address, "--yes"]) == 0
    assert "Added u2netp" in capsys.readouterr().out
    assert [*(folders.cache_folder() / "downloads").iterdir()] == []
    plugins.registry.cache_clear()
    assert "u2netp" in plugins.registry().networks


def test_a_file_that_one_has_will_do(
    known: known_files.KnownFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = graphs_like.write(tmp_path / "other.onnx", graphs_like.U2NET, bias=1)
    assert cli.main(["networks", "get", known.name, "--from", str(other)]) == 2
    assert f"--like {known.name}" in capsys.readouterr().err
    assert cli.main(["networks", "get", known.name, "--from", str(tmp_path / "served.onnx")]) == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "No public file is known as"),
        ("rvm-mobilenetv3", "cannot be used"),
        ("background-matting-v2-hd", "No checksum is known"),
        ("ben2", "No address is known"),
    ],
)
def test_what_cannot_be_fetched_says_why(
    name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["networks", "get", name, "--yes"]) == 2
    assert words in capsys.readouterr().err
