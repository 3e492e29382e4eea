"""The server as a process: where it listens, how it ends, clients that leave, load."""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from batch.trees import photograph, trimap_of

from matteplug import cli
from matteplug.testing import FakeEngine
from matteplug_serve import command
from matteplug_serve.app import _GONE, _STATUS
from matteplug_serve.queue import Queue

from .conftest import client_of, served_by

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "serve.py"


def form_of(place: Path) -> dict[str, bytes]:
    picture = photograph(place / "photo.png")
    return {"image": picture.read_bytes(), "trimap": trimap_of(picture).read_bytes()}


def soon(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "studio.example"])
def test_other_hosts_need_a_token(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--host", host]) == 2
    assert "Without a token, everybody" in capsys.readouterr().err


def test_a_token_has_to_be_readable_and_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token.txt"
    assert cli.main(["serve", "--token-file", str(file)]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err
    file.write_text("short\n")
    assert cli.main(["serve", "--token-file", str(file)]) == 2
    assert "5 characters" in capsys.readouterr().err
    monkeypatch.setenv("MATTEPLUG_TOKEN", "1234")
    assert cli.main(["serve"]) == 2
    assert "4 characters" in capsys.readouterr().err


def test_a_port_in_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert cli.main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"Another program uses the port {port} of 127.0.0.1." in said
    assert f"--port {port + 1}" in said


def test_an_address_of_another_machine_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTEPLUG_TOKEN", "x" * 32)
    assert cli.main(["serve", "--host", "192.0.2.1", "--port", "0"]) == 2
    assert "192.0.2.1 cannot be served on" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--port", "70000"], ["--queue", "0"], ["--upload", "-1"]])
def test_impossible_numbers_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", *words])
    assert ended.value.code == 2
    assert words[1] in capsys.readouterr().err


def test_without_the_extra_a_command_installs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert cli.main(["serve"]) == 2
    assert "matteplug[serve]" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(number: signal.Signals) -> None:
    words = [sys.executable, "-m", "matteplug", "serve", "--port", "0", "--quiet"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        (address,) = re.findall(r"http://\S+", server.stdout.readline())
        assert requests.get(f"{address}/health", timeout=30).json()["status"] == "ok"
        server.send_signal(number)
        _, said = server.communicate(timeout=30)
    assert (server.returncode, said) == (0, "")


def test_a_client_that_leaves_stops_its_work(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture at work ends, the one that waits is never begun, and their places are free."""
    begun, goes_on = threading.Event(), threading.Event()
    alpha = engine.alpha

    def slow(*arguments: object) -> object:
        begun.set()
        goes_on.wait(20)
        return alpha(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "alpha", slow)
    queue, form = Queue(4), form_of(tmp_path)
    with client_of(served_by(queue)) as client:
        for _ in range(2):
            with pytest.raises(requests.exceptions.ReadTimeout):
                requests.post(f"{client.address}/cutout", files=form, timeout=(5, 0.2))
        assert begun.wait(10)
        time.sleep(0.5)
        goes_on.set()
        soon(lambda: queue.taken == 0)
        assert len(engine.runs) == 1
        assert queue.done == 0
        assert client.post("/cutout", files=form).status_code == 200


def test_many_at_once_come_to_what_they_asked_for(engine: FakeEngine, tmp_path: Path) -> None:
    form, answers = form_of(tmp_path), []
    with client_of(served_by(Queue(8))) as client:

        def ask() -> None:
            answers.append(requests.post(f"{client.address}/cutout", files=form, timeout=30))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.content for answer in answers}) == 1


def test_loopback_is_told_from_other_hosts() -> None:
    assert all(map(command._is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(command._is_loopback, ("0.0.0.0", "::", "192.168.0.1", "localhost.example")))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_under_load_nothing_is_lost() -> None:
    words = ["--clients", "4", "--seconds", "8", "--side", "192", "--queue", "3"]
    ended = subprocess.run(
        [sys.executable, str(BENCHMARK), *words], capture_output=True, text=True, check=False
    )
    assert " 0 lost." in ended.stdout, ended.stdout + ended.stderr


def test_the_guide_names_every_flag_and_status() -> None:
    guide = Path(__file__).parents[2] / "docs" / "guides" / "serve.md"
    text = guide.read_text(encoding="utf-8")
    parser = argparse.ArgumentParser(add_help=False)
    command.configure(parser)
    existing = {option for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) == existing - {"--port", "--quiet"}
    named = set(map(int, re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)))
    assert named == {*_STATUS.values(), 500} - {_GONE}
