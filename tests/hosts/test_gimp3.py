"""Smart Matte in the real GIMP 3, run headless in a chroot, against the library's own answer.

The worker runs there too, with a fake engine whose alpha is the guide, so that every number is
known.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import graphs_like
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug import api
from matteplug.images import files
from matteplug.networks import added, known_files, onnx_file
from matteplug.testing import FakeEngine

from . import meanwhile, processes
from .cases import SLOW, Cases
from .conftest import PATH, REAL, worker_of
from .reports import floats

pytestmark = [pytest.mark.host, pytest.mark.timeout(600), pytest.mark.xdist_group("gimp3")]

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PART = np.s_[100:260, 200:400]
"""A part of the photograph with hair in it, small enough for a network to take a second."""
LIBRARY = """
import numpy as np, matteplug
asked = dict(np.load("/srv/test/asked.npz"))
if "network" in asked:
    asked["network"] = str(asked["network"])
matte = matteplug.matte(**asked)
np.save("/srv/test/cutout.npy", matte.cutout())
"""
Library = Callable[[NDArray[Any], NDArray[np.float32]], NDArray[Any]]
PLATE = {"picture": "scene.png", "special": "plate layer"}
UNGUIDED = {"picture": "scene.png"}
CASES: dict[str, Any] = {
    "plain": {},
    "opaque": {"opaque": True},
    "small layer": {"size": [30, 20], "at": [20, 15]},
    "large layer": {"size": [80, 70], "at": [-9, -13], "opaque": True},
    "gray": {"base": "gray"},
    "wide gamut": {"profile": "adobe"},
    "in a group": {"group": True, "size": [40, 30], "at": [5, 6]},
    **{
        name.lower(): {"precision": name}
        for name in (
            "U8_LINEAR",
            "U8_PERCEPTUAL",
            "U16_NON_LINEAR",
            "U16_LINEAR",
            "U32_NON_LINEAR",
            "U32_LINEAR",
            "HALF_NON_LINEAR",
            "HALF_LINEAR",
            "FLOAT_NON_LINEAR",
            "FLOAT_LINEAR",
            "DOUBLE_LINEAR",
        )
    },
    "gray float": {"base": "gray", "precision": "FLOAT_NON_LINEAR"},
    "twice": {"runs": 2},
    "original kept": {"settings": {"options": '{"hide_original": false}'}},
    "layer mask": {"settings": {"output": "layer-mask"}},
    "new layer with mask": {"settings": {"output": "new-layer-with-mask"}},
    "to selection": {
        "settings": {"output": "selection"},
        "size": [40, 30],
        "at": [5, 6],
        "special": "saved channel",
    },
    "trimap layer": {"special": "trimap layer"},
    "erased trimap": {"special": "erased trimap"},
    "trimap channel": {"special": "trimap channel"},
    "linear trimap channel": {"special": "trimap channel", "precision": "FLOAT_LINEAR"},
    "trimap beside": {"special": "trimap channel", "size": [40, 30], "at": [10, 6]},
    "locked": {"special": "locked"},
    "locked alpha": {"special": "locked alpha"},
    "plate layer": {**PLATE, "settings": {"network": "tiny-plate"}},
    "plate, automatic": PLATE,
    "no guide": {**UNGUIDED, "settings": {"network": "tiny-portrait"}},
    "no guide, automatic": UNGUIDED,
    "last values": {"run-mode": "WITH_LAST_VALS"},
    # refused
    "indexed": {"special": "indexed"},
    "two layers": {"special": "two"},
    "group": {"special": "group", "group": True},
    "floating": {"special": "floating"},
    "has mask": {"special": "has mask", "settings": {"output": "layer-mask"}},
    "mask selected": {"special": "mask selected"},
    "locked mask": {"special": "locked", "settings": {"output": "layer-mask"}},
    "selected elsewhere": {"size": [10, 6], "at": [0, 0]},
    "no plate": {"settings": {"guide": "plate"}},
    "small plate": {**PLATE, "plate": "small.png"},
    "no trimap": {"settings": {"guide": "trimap"}},
    "its own trimap": {"special": "itself", "settings": {"guide": "trimap"}},
    "its own plate": {"special": "itself", "settings": {"guide": "plate"}},
    "unknown network": {"settings": {"network": "nothing"}},
    "little memory": {"settings": {"options": '{"limit_mib": 5}'}},
    "no JSON": {"settings": {"options": "limit_mib=5"}},
}


@pytest.fixture(scope="session")
def reports(folder: Path, gimp3: Cases) -> dict[str, Any]:
    plate, scene = pictures()
    files.write(folder / "plate.png", plate)
    files.write(folder / "scene.png", scene)
    files.write(folder / "small.png", plate[10:])
    return gimp3.run(CASES) | {"said": gimp3.said()}


def pictures() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a textured wall, and the wall with a pale disc before it."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    plate = cv2.GaussianBlur(noise, (0, 0), 1.5).astype(np.uint8)
    return plate, cv2.circle(plate.copy(), (80, 60), 25, (250, 240, 200), -1, cv2.LINE_AA)


def expected(report: dict[str, Any], title: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the library's own alpha and colours for a case, from what GIMP held before."""
    source = report["source"]
    pixels = floats(source["pixels"], source)
    full = np.frombuffer(base64.b64decode(report["selection before"]), np.uint8).reshape(40, 60)
    x, y = source["at"]
    width, height = source["size"]
    padded = np.pad(full, 100)[y + 100 : y + 100 + height, x + 100 : x + 100 + width]
    deep = "precision" in CASES[title]
    image = pixels[..., :3] if deep else np.rint(pixels[..., :3] * 255).astype(np.uint8)
    matte = api.matte(image, selection=padded, engine=FakeEngine())
    colours = matte.foreground / (1.0 if deep else 255.0)
    return matte.alpha, colours


def hides(case: dict[str, Any]) -> bool:
    """Tell whether a case ends with the layer hidden: it is below a new one, and may be."""
    settings = case.get("settings", {})
    if "hide_original" in settings.get("options", ""):
        return False
    if case.get("special") == "locked alpha":  # its visibility is locked, too
        return False
    return str(settings.get("output", "new-layer")).startswith("new-layer")


DONE = [title for title in CASES if title not in list(CASES)[list(CASES).index("indexed") :]]


@pytest.mark.parametrize("title", DONE)
def test_it_succeeds_and_leaves_the_original_alone(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    assert report.get("error") is None
    assert {status for status, _ in report["results"]} == {"success"}, report["results"]
    assert report["untouched"]
    assert report["hidden"] == hides(CASES[title])
    channels = ("trimap channel", "linear trimap channel", "trimap beside", "to selection")
    assert report["channels"] == (title in channels)


OTHER_OUTPUT = ("layer mask", "to selection", "new layer with mask")
OTHER_GUIDE = ("trimap", "plate", "no guide")
BY_SELECTION = [t for t in DONE if t not in OTHER_OUTPUT and not any(g in t for g in OTHER_GUIDE)]


@pytest.mark.parametrize("title", BY_SELECTION)
def test_the_new_layer_is_the_library_s_cutout(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    source, layers = report["source"], report["layers"]
    assert len(layers) == CASES[title].get("runs", 1)
    alpha, colours = expected(report, title)
    own = floats(source["pixels"], source)[..., 3]
    for layer in layers:
        assert layer["name"].startswith("cat matte")
        assert (layer["at"], layer["size"]) == (source["at"], source["size"])
        assert layer["parent"] == source["parent"]
        pixels = floats(layer["pixels"], layer)
        assert np.abs(pixels[..., 3] - alpha * own).max() <= 0.51 / 255
        visible = alpha * own > 0
        # a dark step of 8 linear bits is 13 encoded ones
        steps = 6.5 if title == "u8_linear" else 1.01
        assert np.abs(pixels[..., :3] - colours)[visible].max() <= steps / 255
        # GIMP's conversions, chosen by their speed that day, may give 1 as 0.9999999
        opaque = (alpha == 1) & (own >= 1 - 1e-6)
        kept = floats(source["pixels"], source)[..., :3]
        assert opaque.any()
        assert np.abs(pixels[..., :3] - kept)[opaque].max() <= 1e-3 / 255, "solid pixels stay"


def test_a_layer_mask_is_the_alpha(reports: dict[str, Any]) -> None:
    report = reports["layer mask"]
    assert report["layers"] == []
    alpha, _ = expected(report, "layer mask")
    mask = floats(report["source"]["mask"], report["source"], 1)
    assert (np.rint(mask * 255) == np.rint(alpha * 255)).all()


def test_a_new_layer_with_mask_shows_what_the_cutout_shows(reports: dict[str, Any]) -> None:
    report = reports["new layer with mask"]
    (layer,) = report["layers"]
    alpha, _ = expected(report, "new layer with mask")
    assert (np.rint(floats(layer["mask"], layer, 1) * 255) == np.rint(alpha * 255)).all()
    own = floats(report["source"]["pixels"], report["source"])[..., 3]
    assert (floats(layer["pixels"], layer)[..., 3] == own).all()


def test_the_matte_becomes_the_selection(reports: dict[str, Any]) -> None:
    report = reports["to selection"]
    alpha, _ = expected(report, "to selection")
    selection = np.frombuffer(base64.b64decode(report["selection"]), np.float32).reshape(40, 60)
    inside = np.zeros_like(selection)
    inside[6:36, 5:45] = alpha
    assert (np.rint(selection * 255) == np.rint(inside * 255)).all()
    assert report["selected"] == ["cat"], "and not the channel, to paint into"


@pytest.mark.parametrize("title", ["trimap layer", "trimap channel", "linear trimap channel"])
def test_a_trimap_is_read_as_it_is_seen(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    made = [layer for layer in report["layers"] if layer["name"] == "cat matte"]
    assert len(made) == 1
    alpha = floats(made[0]["pixels"], made[0])[:, :54, 3]
    assert (alpha[:, :20] == 0).all()
    assert np.abs(alpha[:, 20:40] - 0.5).max() <= 0.51 / 255
    assert (alpha[:, 40:] == 1).all()


def test_what_is_erased_of_a_trimap_is_background(reports: dict[str, Any]) -> None:
    made = next(layer for layer in reports["erased trimap"]["layers"] if "matte" in layer["name"])
    alpha = floats(made["pixels"], made)[:, :54, 3]
    assert (alpha[:20] == 0).all()
    assert (alpha[20:, 40:] == 1).all()


def test_a_trimap_covers_its_part_of_a_small_layer(reports: dict[str, Any]) -> None:
    (made,) = reports["trimap beside"]["layers"]
    assert made["at"] == [10, 6]
    alpha = floats(made["pixels"], made)[..., 3]
    assert (alpha[:, :10] == 0).all()
    assert np.abs(alpha[:, 10:30] - 0.5).max() <= 0.51 / 255
    assert (alpha[:, 30:34] == 1).all()


@pytest.mark.parametrize("guide", ["plate", "none"])
@pytest.mark.usefixtures("tiny_networks")
def test_a_plate_and_no_guide_at_all(reports: dict[str, Any], guide: str) -> None:
    plate, scene = pictures()
    if guide == "plate":
        matte = api.matte(scene, plate=plate, network="tiny-plate", engine=FakeEngine())
        report = reports["plate layer"]
    else:
        matte = api.matte(scene, network="tiny-portrait", engine=FakeEngine())
        report = reports["no guide"]
    made = next(layer for layer in report["layers"] if layer["name"].endswith(" matte"))
    cutout = np.rint(floats(made["pixels"], made) * 255).astype(np.uint8)
    assert (cutout == matte.cutout()).all()


def test_automatic_says_which_network_did_without_a_selection(reports: dict[str, Any]) -> None:
    for network in ("tiny-portrait", "hfam"):  # the one that was named, and the one chosen
        assert f"Nothing is selected, so the network {network}" in reports["said"]
    assert "registered with a confidence of" in reports["said"]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("little memory", "cannot work in 5 MiB"),
        ("no JSON", "not a JSON object"),
        ("indexed", "Mode > RGB"),
        ("two layers", "Select one layer; 2 are selected."),
        ("group", "layer group"),
        ("floating", "Anchor"),
        ("has mask", "already has a mask"),
        ("mask selected", "Select the layer itself"),
        ("locked mask", "locked"),
        ("selected elsewhere", "Nothing is selected."),
        ("no plate", "Choose the layer or channel"),
        ("small plate", "does not cover"),
        ("no trimap", "Choose the layer or channel"),
        ("its own trimap", "The trimap is the layer itself."),
        ("its own plate", "The plate is the layer itself."),
        ("unknown network", "no network named 'nothing'"),
    ],
)
def test_it_refuses_with_a_sentence(reports: dict[str, Any], title: str, words: str) -> None:
    report = reports[title]
    assert report.get("error") is None
    ((status, message),) = report["results"]
    assert status in ("execution-error", "calling-error")
    assert words in message
    assert "The log" not in message, "nothing is broken"
    assert report["untouched"]


@pytest.fixture(scope="module")
def edited(gimp3: Cases) -> dict[str, Any]:
    return gimp3.run(meanwhile.CASES)


@pytest.mark.parametrize("title", meanwhile.CASES)
def test_an_edit_meanwhile_spoils_nothing(edited: dict[str, Any], title: str) -> None:
    meanwhile.judge(edited[title], title)


def compare(image: NDArray[Any], folder: Path, gimp3: Cases, library_s: Library) -> None:
    """Check that a picture, roughly selected, comes out of GIMP as from the library."""
    height, width = image.shape[:2]
    files.write(folder / "photograph.png", image)
    ellipse = [width // 5, height // 6, width // 2, height // 2]
    case = {"picture": "photograph.png", "ellipse": ellipse}
    report = gimp3.run({"photograph": case})["photograph"]
    assert report["results"][0][0] == "success", report["results"]
    assert report["untouched"]
    selected = np.frombuffer(base64.b64decode(report["selection before"]), np.uint8)
    selection = selected.reshape(height, width).astype(np.float32) / np.float32(255)
    started = time.perf_counter()
    expected = library_s(image, selection)
    own_s = time.perf_counter() - started
    print(f"{width}×{height}: GIMP {report['elapsed_s']:.2f} s, library {own_s:.2f} s")
    (layer,) = report["layers"]
    cutout = np.rint(floats(layer["pixels"], layer) * 255).astype(np.uint8)
    assert (cutout == expected).all()
    assert np.isin(expected[..., 3], (0, 255)).mean() < 0.99, "its edge is soft"


def test_a_photograph_comes_out_as_from_the_library(
    folder: Path, gimp3: Cases, shared: Path
) -> None:
    image = files.read(shared / "eval" / "lemur" / "lemur.png").image

    def library_s(image: NDArray[Any], selection: NDArray[np.float32]) -> NDArray[Any]:
        return api.matte(image, selection=selection, engine=FakeEngine()).cutout()

    compare(image, folder, gimp3, library_s)


def test_the_shipped_network_makes_the_library_s_matte(
    folder: Path, gimp3: Cases, shared: Path, chroot: Path
) -> None:
    def library_s(image: NDArray[Any], selection: NDArray[np.float32]) -> NDArray[Any]:
        return library_there(chroot, image=image, selection=selection)

    image = files.read(shared / "eval" / "lemur" / "lemur.png").image
    with worker_of(chroot, REAL):
        compare(image[PART], folder, gimp3, library_s)


def library_there(chroot: Path, **asked: Any) -> NDArray[Any]:
    """Return the library's cutout, made where GIMP's worker runs.

    ONNX Runtime does not know the processor there, and computes otherwise.
    """
    np.savez(chroot / "srv" / "test" / "asked.npz", **asked)
    command = ["chroot", str(chroot), REAL, "-c", LIBRARY]
    subprocess.run(command, check=True, env={"PATH": PATH, "HOME": "/srv/test"})
    return np.asarray(np.load(chroot / "srv" / "test" / "cutout.npy"))


@pytest.mark.parametrize("which", ["synthetic", "real"])
def test_a_public_file_of_another_program_works(
    which: str, gimp3: Cases, chroot: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = chroot / "opt" / "matteplug" / "tests" / "hosts" / "networks"
    monkeypatch.setenv("MATTEPLUG_NETWORKS", str(networks))
    path, name = shared / "teachers" / "u2netp.onnx", f"u2netp-{which}"
    if which == "synthetic":
        path = graphs_like.write(
            chroot / "srv" / "test" / "like.onnx", graphs_like.U2NET, weights=(3, -1, -1), bias=0
        )
    elif not path.exists():
        pytest.skip(f"{path} is missing")
    added.add(path, known_files.named("u2netp").spec(onnx_file.signature(path), name))
    image = files.read(shared / "eval" / "lemur" / "lemur.png").image
    files.write(chroot / "srv" / "test" / "photograph.png", image)
    case = {"picture": "photograph.png", "settings": {"network": name}}
    with worker_of(chroot, REAL):
        report = gimp3.run({"public": case})["public"]
        expected = library_there(chroot, image=image, network=name)
    assert report["results"][0][0] == "success", report["results"]
    (layer,) = report["layers"]
    cutout = np.rint(floats(layer["pixels"], layer) * 255).astype(np.uint8)
    assert (cutout == expected).all()
    assert 0.05 < (expected[..., 3] > 127).mean() < 0.95, "something was found"


def test_killing_the_plug_in_ends_its_worker(gimp3: Cases, chroot: Path) -> None:
    gimp3.begin({"slow": SLOW})
    worker = processes.find("tests/wire/fake_worker.py", root=chroot)
    time.sleep(1.0)  # let it begin
    plug_in = processes.find("matteplug-smart-matte.py", root=chroot)
    os.kill(plug_in, signal.SIGKILL)  # as GIMP does on Cancel
    assert processes.ends(worker, limit_s=2)
    report = gimp3.reports()["slow"]
    assert report["results"][0][0] != "success"
    assert report["untouched"]
    assert report["layers"] == []


def test_the_plug_in_and_its_worker_end_with_gimp(gimp3: Cases, chroot: Path) -> None:
    gimp3.begin({"slow": SLOW})
    worker = processes.find("tests/wire/fake_worker.py", root=chroot)
    plug_in = processes.find("matteplug-smart-matte.py", root=chroot)
    time.sleep(1.0)  # let it begin
    gimp3.kill()
    assert processes.ends(plug_in, limit_s=5)
    assert processes.ends(worker, limit_s=5)
