"""Smart Matte by Python-Fu, on the real Python 2.7: stand-ins for `gimp` and `gimpfu`, real worker.

The worker has a fake engine whose alpha is the guide, so that every number is known.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hosts.processes import ends
from numpy.typing import NDArray

from matteplug import MatteOptions, api, options
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import WINDOWS
from matteplug.testing import FakeEngine
from matteplug_gimp import install_gimp2

# every case starts a worker of its own, as GIMP does
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tests" / "python_fu"
STUBS = ROOT / "hosts" / "gimpfu-stubs"
WORKER = ROOT / "tests" / "wire" / "fake_worker.py"
CHANNELS = {"rgb": 3, "rgba": 4, "gray": 1, "graya": 2}
SLOW = {"slow": {"size": [9, 12], "at": [10, 10]}}  # the fake engine takes a minute over it
NEW: dict[str, Any] = {
    "plain": {},
    "transparent": {"kind": "rgba"},
    "gray": {"kind": "gray"},
    "gray transparent": {"kind": "graya"},
    "small layer": {"size": [30, 20], "at": [20, 15]},
    "large layer": {"size": [80, 70], "at": [-9, -13]},
    "twice": {"runs": 2},
}
OTHERS: dict[str, Any] = {
    "nothing selected": {"select": False},  # left to the network that takes no guide
    "original kept": {"settings": {"hide-original": 0}},
    "layer mask": {"settings": {"output": "layer-mask"}},
    "deep layer mask": {"settings": {"output": "layer-mask"}, "precision": 650},
    "new layer with mask": {"settings": {"output": "new-layer-with-mask"}, "kind": "rgba"},
    "to selection": {"settings": {"output": "selection"}, "size": [70, 30], "at": [5, -6]},
    "trimap layer": {"special": "trimap layer"},
    "trimap channel": {"special": "trimap channel"},
    "erased trimap": {"special": "erased trimap"},
}
CROPPED: dict[str, Any] = {
    "cropped": {"meanwhile": [30, 20]},
    "cropped mask": {"meanwhile": [30, 20], "settings": {"output": "layer-mask"}},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "indexed": ({"special": "indexed"}, "Mode > RGB"),
    "floating": ({"special": "floating"}, "Anchor"),
    "group": ({"special": "group"}, "layer group"),
    "channel selected": ({"special": "channel selected"}, "Select a layer"),
    "mask selected": ({"special": "mask selected"}, "Select the layer itself"),
    "has mask": (
        {"special": "has mask", "settings": {"output": "layer-mask"}},
        "already has a mask",
    ),
    "locked": ({"special": "locked", "settings": {"output": "layer-mask"}}, "locked"),
    "deep": ({"precision": 650}, "8 bits per channel"),
    "no trimap": ({"settings": {"guide": "trimap"}}, "Choose the layer or channel"),
    "its own trimap": (
        {"special": "itself", "settings": {"guide": "trimap"}},
        "The trimap is the layer itself.",
    ),
    "little memory": ({"settings": {"limit-mib": 5}}, "cannot work in 5 MiB"),
    "unknown network": ({"settings": {"network": "nothing"}}, "no network named 'nothing'"),
}


def python2() -> str:
    found = sorted((Path.home() / ".pyenv" / "versions").glob("2.7.*/bin/python"))
    python = str(found[-1]) if found else shutil.which("python2.7")
    if python is None:
        pytest.skip("no Python 2.7 found")
    return python


@pytest.fixture(scope="module")
def plug_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plug-in as a GIMP for Windows has it, whose user has a name that is not ASCII."""
    folder = tmp_path_factory.mktemp("python_fu") / "Jürgen"
    folder.mkdir()
    worker = folder / "python"
    worker.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{WORKER}"\n')
    worker.chmod(0o755)
    files = install_gimp2.files(Installation(folder=folder / "plug-ins"), WINDOWS)
    files.install(str(worker))
    return files.folder / "matteplug-smart-matte.py"


def start(plug_in: Path, cases: dict[str, Any]) -> tuple[subprocess.Popen[str], Path]:
    asked, report = plug_in.parents[2] / "cases.json", plug_in.parents[2] / "report.json"
    asked.write_text(json.dumps(cases))
    report.unlink(missing_ok=True)
    command = [python2(), "-E", "-B", str(HERE / "drive.py"), *map(str, (plug_in, asked, report))]
    said: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, env={**os.environ, "LC_ALL": "C"}, **said), report


@pytest.fixture(scope="module")
def reports(plug_in: Path) -> dict[str, Any]:
    refused = {title: case for title, (case, _) in REFUSED.items()}
    process, report = start(plug_in, {**NEW, **OTHERS, **CROPPED, **refused})
    said, _ = process.communicate(timeout=250)
    assert report.exists(), said
    result: dict[str, Any] = json.loads(report.read_text())
    return result


def array(text: str, size: list[int], channels: int = 1) -> NDArray[np.uint8]:
    width, height = size
    values = np.frombuffer(base64.b64decode(text), np.uint8)
    return values.reshape((height, width, channels)[: 2 + (channels > 1)])


def library_s(report: dict[str, Any], case: dict[str, Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the library's own alpha and colours for a case, and the layer's own alpha within."""
    width, height = size = case.get("size", [60, 40])
    x, y = case.get("at", [0, 0])
    selection = np.pad(array(report["selection before"], [60, 40]), 100)
    selection = selection[y + 100 : y + 100 + height, x + 100 : x + 100 + width]
    kind = case.get("kind", "rgb")
    source = array(report["source"], size, CHANNELS[kind])
    source = source if source.ndim == 3 else source[..., None]
    own = source[..., -1] if kind.endswith("a") else np.full((height, width), 255, np.uint8)
    colours = source[..., : 1 if kind.startswith("gray") else 3]
    image = np.ascontiguousarray(np.broadcast_to(colours, (height, width, 3)))
    matte = api.matte(image, selection=selection, engine=FakeEngine())
    alpha = np.rint(matte.alpha * (own / np.float32(255)) * 255).astype(np.uint8)
    foreground = matte.foreground[..., :1] if kind.startswith("gray") else matte.foreground
    return alpha, foreground


def test_it_is_listed_without_a_worker_and_offers_the_worker_s_networks(
    reports: dict[str, Any],
) -> None:
    listed = reports["listed"]
    assert listed["label"].replace("_", "") == "Smart Matte..."
    assert listed["menu"] == "<Image>/Filters"
    names = [name for name, _ in listed["params"]]
    assert names[2:] == [
        "network", "guide", "guide-drawable", "band-px", "output", "clean-colours", "options",
    ]  # fmt: skip
    further = [name.replace("-", "_") for name, _ in listed["params when run"]][8:]
    shown = [one.name for one in options.of(MatteOptions) if one.offered_by("gimp2")]
    assert further == [name for name in shown if name not in ("band_px", "clean_colours")]
    assert listed["networks when listed"] == [""]
    assert listed["networks when run"][0] == ""
    assert "closed-form" in listed["networks when run"]


@pytest.mark.parametrize("title", [*NEW, *OTHERS])
def test_it_succeeds_as_one_step_and_leaves_the_original_alone(
    reports: dict[str, Any], title: str
) -> None:
    report = reports[title]
    assert not report["failed"], report["messages"]
    assert report["untouched"]
    settings = (NEW | OTHERS)[title].get("settings", {})
    new = settings.get("output", "new-layer").startswith("new-layer")
    assert report["hidden"] == (new and settings.get("hide-original", 1) == 1)
    assert report["progress"] == sorted(report["progress"])
    assert report["progress"][-1] == 1
    assert [type(step) for step in report["history"]] == [list] * NEW.get(title, {}).get("runs", 1)


@pytest.mark.parametrize("title", NEW)
def test_the_new_layer_is_the_library_s_cutout(reports: dict[str, Any], title: str) -> None:
    report, case = reports[title], NEW[title]
    alpha, foreground = library_s(report, case)
    assert len(report["layers"]) == case.get("runs", 1)
    for layer in report["layers"]:
        assert layer["name"] == "Kätzchen matte"
        assert layer["at"] == case.get("at", [0, 0])
        assert layer["updated"]
        pixels = array(layer["pixels"], layer["size"], foreground.shape[2] + 1)
        assert (pixels[..., -1] == alpha).all()
        visible = alpha > 0
        assert (pixels[visible][:, :-1] == foreground[visible]).all()


@pytest.mark.parametrize("title", ["layer mask", "deep layer mask"])
def test_a_layer_mask_is_the_alpha(reports: dict[str, Any], title: str) -> None:
    alpha, _ = library_s(reports[title], OTHERS[title])
    assert reports[title]["layers"] == []
    assert (array(reports[title]["mask"], [60, 40]) == alpha).all()


def test_a_new_layer_with_mask_has_the_layer_s_own_transparency(reports: dict[str, Any]) -> None:
    (layer,) = reports["new layer with mask"]["layers"]
    source = array(reports["new layer with mask"]["source"], [60, 40], 4)
    pixels = array(layer["pixels"], [60, 40], 4)
    assert (pixels[..., 3] == source[..., 3]).all()
    opaque = source[..., 3] == 255
    alpha, foreground = library_s(reports["new layer with mask"], OTHERS["new layer with mask"])
    assert (array(layer["mask"], [60, 40])[opaque] == alpha[opaque]).all()
    assert (pixels[..., :3][alpha > 0] == foreground[alpha > 0]).all()


def test_the_matte_becomes_the_selection(reports: dict[str, Any]) -> None:
    report = reports["to selection"]
    alpha, _ = library_s(report, OTHERS["to selection"])
    expected = np.zeros((40, 60), np.uint8)
    expected[:24, 5:] = alpha[6:, :55]
    assert report["layers"] == []
    assert (array(report["selection"], [60, 40]) == expected).all()


@pytest.mark.parametrize("title", ["trimap layer", "trimap channel"])
def test_a_trimap_is_the_guide(reports: dict[str, Any], title: str) -> None:
    (layer,) = reports[title]["layers"]
    expected = np.tile(np.repeat(np.array([0, 128, 255], np.uint8), 20), (40, 1))
    assert (array(layer["pixels"], [60, 40], 4)[..., 3] == expected).all()


def test_what_is_erased_of_a_trimap_is_background(reports: dict[str, Any]) -> None:
    (layer,) = reports["erased trimap"]["layers"]
    alpha = array(layer["pixels"], [60, 40], 4)[..., 3]
    assert (alpha[:, ::2] == 0).all()
    assert (alpha[:, 41::2] == 255).all()


def test_a_layer_that_is_cropped_meanwhile(reports: dict[str, Any]) -> None:
    (layer,) = reports["cropped"]["layers"]
    alpha, foreground = library_s(reports["cropped"], CROPPED["cropped"])
    assert not reports["cropped"]["failed"]
    assert layer["size"] == [60, 40]
    pixels = array(layer["pixels"], layer["size"], 4)
    assert (pixels[..., 3] == alpha).all()
    assert (pixels[..., :3] == foreground)[alpha > 0].all()
    refused = reports["cropped mask"]
    sentence = "The layer changed meanwhile.\nTry again, or choose a new layer."
    assert refused["messages"] == [sentence]
    assert refused["mask"] is None
    assert refused["history"] == []


@pytest.mark.parametrize("title", REFUSED)
def test_it_refuses_with_a_sentence(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    assert report["failed"]
    (message,) = report["messages"]
    assert REFUSED[title][1] in message
    assert report["untouched"]
    assert report["layers"] == report["history"] == []


def test_what_the_user_should_know_goes_to_the_error_console(reports: dict[str, Any]) -> None:
    (note,) = reports["plain"]["notes"]
    assert "partially selected" in note
    assert reports["plain"]["handler"] == 0, "as it was"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (None, "Run: matteplug hosts install"),
        ({"host": "gimp2", "python": 2.7, "log": "LOG"}, "Smart Matte failed: AttributeError."),
    ],
    ids=["settings missing", "unforeseen"],
)
def test_a_worker_that_cannot_start_is_told_when_it_is_run(
    plug_in: Path, tmp_path: Path, settings: dict[str, Any] | None, words: str
) -> None:
    copy = tmp_path / "plug-ins" / "matteplug-smart-matte"
    shutil.copytree(plug_in.parent, copy)
    (copy / "settings.json").unlink()
    if settings is not None:
        text = json.dumps(settings).replace("LOG", str(tmp_path / "log"))
        (copy / "settings.json").write_text(text)
    process, report = start(copy / plug_in.name, {"plain": {}})
    said, _ = process.communicate(timeout=60)
    assert report.exists(), said
    told = json.loads(report.read_text())["plain"]
    assert told["failed"]
    assert words in told["messages"][0]
    assert settings is None or "Traceback" in (tmp_path / "log").read_text()


def test_killing_the_plug_in_ends_its_worker(plug_in: Path, tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    worker = plug_in.parents[2] / "python"
    command = worker.read_text()
    worker.write_text(command.replace("exec", f'echo $$ > "{noted}"; exec'))
    process, _ = start(plug_in, SLOW)
    try:
        end = time.monotonic() + 30
        while not noted.exists() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(2.0)  # let it begin
        process.send_signal(signal.SIGKILL)  # as GIMP does on Cancel
        process.communicate()
        assert ends(int(noted.read_text()), end - time.monotonic())
    finally:
        process.kill()
        worker.write_text(command)


def test_the_half_in_gimp_holds_against_the_stubs(plug_in: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=STUBS, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("gimpfu_stubs-*.whl")
    shutil.unpack_archive(wheel, tmp_path, "zip")
    for package in ("gimp", "gimpfu"):  # as an installed stub package is found
        (tmp_path / f"{package}-stubs").rename(tmp_path / package)
    options = ["--strict", "--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, plug_in.name],
        cwd=plug_in.parent,
        env={**os.environ, "MYPYPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
