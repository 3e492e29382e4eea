"""Smart Matte in the real GIMP 2.10, run headless, against the library's own answer.

The worker has a fake engine whose alpha is the guide, so that every number is known.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug import api
from matteplug.errors import RequestError
from matteplug.hosting.installations import find
from matteplug.images import files
from matteplug.testing import FakeEngine
from matteplug_gimp import install_gimp2
from matteplug_gimp.check_gimp2 import check

from . import meanwhile, processes
from .cases import SLOW
from .reports import floats
from .run_gimp2 import Gimp2

pytestmark = [pytest.mark.host, pytest.mark.timeout(600), pytest.mark.xdist_group("gimp2")]

# GIMP's numbers for precisions, the depth that holds each, and how far GIMP may round
PRECISIONS: dict[str, tuple[int, str, float]] = {
    "8 bit linear": (100, "uint16", 6.5 / 255),  # a dark step is 13 encoded ones
    "16 bit": (250, "uint16", 0),
    "16 bit linear": (200, "float32", 13 / 65535),
    "32 bit": (350, "float32", 1e-6),
    "half linear": (500, "float32", 1e-3),
    "float": (650, "float32", 0),
    "float linear": (600, "float32", 1e-5),
}
PART = np.s_[100:260, 200:400]
"""A part of the photograph with hair in it, small enough for a network to take a second."""
DONE: dict[str, Any] = {
    "plain": {},
    "opaque": {"opaque": True},
    "small layer": {"size": [30, 20], "at": [20, 15]},
    "large layer": {"size": [80, 70], "at": [-9, -13], "opaque": True},
    "gray": {"base": "gray"},
    "wide gamut": {"profile": "adobe"},
    "in a group": {"group": True, "size": [40, 30], "at": [5, 6]},
    "locked": {"special": "locked"},
    "twice": {"runs": 2},
    **{name: {"precision": number} for name, (number, _, _) in PRECISIONS.items()},
}
OTHERS: dict[str, Any] = {
    "nothing selected": {"select": False},  # left to the network that takes no guide
    "original kept": {"settings": {"options": '{"hide_original": false}'}},
    "layer mask": {"settings": {"output": "layer-mask"}},
    "layer mask float": {"settings": {"output": "layer-mask"}, "precision": 650},
    "new layer with mask": {"settings": {"output": "new-layer-with-mask"}},
    "to selection": {
        "settings": {"output": "selection"},
        "size": [70, 30],
        "at": [5, -6],
        "special": "saved channel",
    },
    "trimap layer": {"special": "trimap layer"},
    "erased trimap": {"special": "erased trimap"},
    "trimap channel": {"special": "trimap channel"},
    "linear trimap channel": {"special": "trimap channel", "precision": 600},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "little memory": ({"settings": {"options": '{"limit_mib": 5}'}}, "cannot work in 5 MiB"),
    "no JSON": ({"settings": {"options": "limit_mib=5"}}, "not a JSON object"),
    "indexed": ({"special": "indexed"}, "Mode > RGB"),
    "group": ({"special": "group", "group": True}, "layer group"),
    "floating": ({"special": "floating"}, "Anchor"),
    "mask selected": ({"special": "mask selected"}, "Select the layer itself"),
    "channel selected": ({"special": "channel selected"}, "Select a layer"),
    "has mask": (
        {"special": "has mask", "settings": {"output": "layer-mask"}},
        "already has a mask",
    ),
    "locked mask": ({"special": "locked", "settings": {"output": "layer-mask"}}, "locked"),
    "no trimap": ({"settings": {"guide": "trimap"}}, "Choose the layer or channel"),
    "its own trimap": (
        {"special": "itself", "settings": {"guide": "trimap"}},
        "The trimap is the layer itself.",
    ),
    "its own plate": (
        {"special": "itself", "settings": {"guide": "plate"}},
        "The plate is the layer itself.",
    ),
    "unknown guide": ({"settings": {"guide": "scribble"}}, "selection, trimap, plate"),
    "unknown network": ({"settings": {"network": "nothing"}}, "no network named 'nothing'"),
    "plate without its network": ({"special": "plate"}, "plate"),
}


@pytest.fixture(scope="module")
def reports(gimp2: Gimp2) -> dict[str, Any]:
    refused = {title: case for title, (case, _) in REFUSED.items()}
    return gimp2.cases.run({**DONE, **OTHERS, **refused})


def stored(values: NDArray[np.float32], depth: str) -> NDArray[Any]:
    """Return values in [0, 1] as an image of that depth holds them."""
    if depth == "float32":
        return values
    image: NDArray[Any] = np.rint(values * float(np.iinfo(depth).max)).astype(depth)
    return image


def library_s(report: dict[str, Any], depth: str = "uint8") -> NDArray[Any]:
    """Return the library's own cutout for a case, from what GIMP held before."""
    source = report["source"]
    pixels = floats(source["pixels"], source)
    document = {"size": [60, 40]}
    selection = np.pad(floats(report["selection before"], document, 1), 100)
    x, y = source["at"]
    width, height = source["size"]
    selection = selection[y + 100 : y + 100 + height, x + 100 : x + 100 + width]
    matte = api.matte(stored(pixels[..., :3], depth), selection=selection, engine=FakeEngine())
    cutout = matte.cutout()
    full = 1 if depth == "float32" else np.iinfo(depth).max
    own = stored(pixels[..., 3], depth) / np.float32(full)
    alpha = stored(matte.alpha * own, depth)
    assert np.abs(cutout[..., 3] / full - matte.alpha).max() <= 0.5 / full + 1e-6
    return np.dstack([cutout[..., :3], alpha])


def hides(case: dict[str, Any]) -> bool:
    """Tell whether a case ends with the layer hidden: it is below a new one, and may be."""
    settings = case.get("settings", {})
    if "hide_original" in settings.get("options", ""):
        return False
    return str(settings.get("output", "new-layer")).startswith("new-layer")


@pytest.mark.parametrize("title", [*DONE, *OTHERS])
def test_it_succeeds_and_leaves_the_original_alone(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    assert report.get("error") is None
    assert {status for status, _ in report["results"]} == {"success"}, report["results"]
    assert report["untouched"]
    assert report["hidden"] == hides((DONE | OTHERS)[title])
    assert report["channels"] == ("trimap channel" in title or title == "to selection")


@pytest.mark.parametrize("title", DONE)
def test_the_new_layer_is_the_library_s_cutout(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    source, layers = report["source"], report["layers"]
    _, depth, tolerance = PRECISIONS.get(title, (150, "uint8", 0))
    expected = library_s(report, depth)
    full = 1.0 if depth == "float32" else float(np.iinfo(depth).max)
    assert len(layers) == DONE[title].get("runs", 1)
    for layer in layers:
        assert layer["name"].startswith("Kätzchen matte")
        assert (layer["at"], layer["size"]) == (source["at"], source["size"])
        assert layer["parent"] == source["parent"]
        got = stored(floats(layer["pixels"], layer), depth)
        visible = expected[..., 3] > 0
        wrong = np.abs(got / full - expected / full)[visible]
        assert visible.any()
        assert wrong.max() <= tolerance
        # GIMP's conversions, chosen by their speed that day, may give 1 as 0.9999999
        solid = expected[..., 3] >= full * (1 - 1e-6)
        assert solid.any()
        kept = stored(floats(source["pixels"], source), depth)
        difference = np.abs(got / full - kept / full)[solid]
        assert difference.max() <= (1e-6 if "linear" in title else 0), "solid pixels stay"


@pytest.mark.parametrize(
    ("title", "depth"), [("layer mask", "uint8"), ("layer mask float", "float32")]
)
def test_a_layer_mask_is_the_alpha(reports: dict[str, Any], title: str, depth: str) -> None:
    report = reports[title]
    assert report["layers"] == []
    source = report["source"]
    image = stored(floats(source["pixels"], source)[..., :3], depth)
    selection = floats(report["selection before"], source, 1)
    alpha = api.matte(image, selection=selection, engine=FakeEngine()).alpha
    mask = floats(source["mask"], source, 1)
    assert (stored(mask, depth) == stored(alpha, depth)).all()


def test_a_new_layer_with_mask_shows_what_the_cutout_shows(reports: dict[str, Any]) -> None:
    report, cutout = reports["new layer with mask"], reports["plain"]["layers"][0]
    (layer,) = report["layers"]
    colours, visible = floats(layer["pixels"], layer), floats(cutout["pixels"], cutout)
    own = floats(report["source"]["pixels"], report["source"])[..., 3]
    assert (colours[..., 3] == own).all()
    shown = colours[..., 3] * floats(layer["mask"], layer, 1)
    assert np.abs(shown - visible[..., 3]).max() <= 0.51 / 255
    seen = visible[..., 3] > 0
    assert (stored(colours, "uint8") == stored(visible, "uint8"))[seen][:, :3].all()


def test_the_matte_becomes_the_selection(reports: dict[str, Any]) -> None:
    report = reports["to selection"]
    document = {"size": [60, 40]}
    before = floats(report["selection before"], document, 1)
    source = report["source"]
    image = stored(floats(source["pixels"], source)[..., :3], "uint8")
    over = np.zeros((30, 70), np.float32)
    over[6:, :55] = before[:24, 5:]
    alpha = api.matte(image, selection=over, engine=FakeEngine()).alpha
    expected = np.zeros_like(before)
    expected[:24, 5:] = alpha[6:, :55]
    got = floats(report["selection"], document, 1)
    assert report["layers"] == []
    assert (stored(got, "uint8") == stored(expected, "uint8")).all()
    assert report["selected"] == ["Kätzchen"], "and not the channel, to paint into"


@pytest.mark.parametrize("title", ["trimap layer", "trimap channel", "linear trimap channel"])
def test_a_trimap_is_read_as_it_is_seen(reports: dict[str, Any], title: str) -> None:
    (made,) = (layer for layer in reports[title]["layers"] if layer["name"] == "Kätzchen matte")
    alpha = floats(made["pixels"], made)[:, :54, 3]
    assert (alpha[:, :20] == 0).all()
    assert np.abs(alpha[:, 20:40] - 0.5).max() <= 0.51 / 255
    assert (alpha[:, 40:] == 1).all()


def test_what_is_erased_of_a_trimap_is_background(reports: dict[str, Any]) -> None:
    made = next(layer for layer in reports["erased trimap"]["layers"] if "matte" in layer["name"])
    alpha = floats(made["pixels"], made)[:, :54, 3]
    assert (alpha[:20] == 0).all()
    assert (alpha[20:, 40:] == 1).all()


@pytest.mark.parametrize("title", REFUSED)
def test_it_refuses_with_a_sentence(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    assert report.get("error") is None
    ((status, message),) = report["results"]
    assert status == "error"
    assert REFUSED[title][1] in message
    assert "The log" not in message, "nothing is broken"
    assert report["untouched"]
    assert [layer for layer in report["layers"] if "matte" in layer["name"]] == []


@pytest.fixture(scope="module")
def edited(gimp2: Gimp2) -> dict[str, Any]:
    return gimp2.cases.run(meanwhile.CASES)


@pytest.mark.parametrize("title", meanwhile.CASES)
def test_an_edit_meanwhile_spoils_nothing(edited: dict[str, Any], title: str) -> None:
    meanwhile.judge(edited[title], title)


def compare(image: NDArray[Any], gimp2: Gimp2, engine: FakeEngine | None) -> NDArray[Any]:
    """Check that a picture, roughly selected, comes out of GIMP as from the library; return it."""
    height, width = image.shape[:2]
    files.write(gimp2.folder / "photograph.png", image)
    ellipse = [width // 5, height // 6, width // 2, height // 2]
    case = {"picture": "photograph.png", "ellipse": ellipse, "save": "cutout.png"}
    report = gimp2.cases.run({"photograph": case})["photograph"]
    assert report["results"][0][0] == "success", report
    assert report["untouched"]
    selection = floats(report["selection before"], report["source"], 1)
    started = time.perf_counter()
    matte = api.matte(image, selection=selection, engine=engine)
    library_s = time.perf_counter() - started
    print(f"{width}×{height}: GIMP {report['elapsed_s']:.2f} s, library {library_s:.2f} s")
    cutout = matte.cutout()
    (layer,) = report["layers"]
    assert (stored(floats(layer["pixels"], layer), "uint8") == cutout).all()
    assert np.isin(cutout[..., 3], (0, 255)).mean() < 0.99, "its edge is soft"
    return cutout


def test_a_photograph_comes_out_as_from_the_library(gimp2: Gimp2, shared: Path) -> None:
    image = files.read(shared / "eval" / "lemur" / "lemur.png").image
    cutout = compare(image, gimp2, FakeEngine())
    saved = files.read(gimp2.folder / "cutout.png")
    assert saved.alpha is not None
    visible = cutout[..., 3] > 0
    assert (saved.image[visible] == cutout[visible][:, :3]).all(), "as GIMP itself saves it"


def test_the_shipped_network_makes_the_library_s_matte(gimp2: Gimp2, shared: Path) -> None:
    image = files.read(shared / "eval" / "lemur" / "lemur.png").image
    gimp2.files.install(gimp2.real_python)
    try:
        compare(image[PART], gimp2, None)
    finally:
        gimp2.files.install(gimp2.python)


def test_killing_the_plug_in_ends_its_worker(gimp2: Gimp2) -> None:
    (gimp2.folder / "python.pid").unlink(missing_ok=True)
    gimp2.cases.begin({"slow": SLOW})
    worker = gimp2.worker_id()
    time.sleep(1.0)  # let it begin
    plug_in = processes.find(str(gimp2.folder / "gimp" / "plug-ins" / "matteplug-smart-matte"))
    os.kill(plug_in, signal.SIGKILL)  # as Cancel does
    assert processes.ends(worker, limit_s=5)
    report = gimp2.cases.reports()["slow"]
    assert report["results"][0][0] == "error"
    assert report["untouched"]
    assert report["layers"] == []


def test_the_plug_in_and_its_worker_end_with_gimp(gimp2: Gimp2) -> None:
    (gimp2.folder / "python.pid").unlink(missing_ok=True)
    gimp2.cases.begin({"slow": SLOW})
    worker = gimp2.worker_id()
    plug_in = processes.find(str(gimp2.folder / "gimp" / "plug-ins" / "matteplug-smart-matte"))
    time.sleep(1.0)  # let it begin
    gimp2.cases.kill()
    assert processes.ends(plug_in, limit_s=5)
    assert processes.ends(worker, limit_s=5)


def test_the_check_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gimp2: Gimp2
) -> None:
    monkeypatch.setenv("MATTEPLUG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GIMP2_DIRECTORY", str(tmp_path / "gimp"))
    (installation,) = find(install_gimp2.PACKAGINGS)
    installation.folder.mkdir(parents=True)
    with pytest.raises(RequestError, match="did not load the plug-in"):
        check(installation)
    installed = install_gimp2.files(installation)
    installed.install(gimp2.python)
    assert re.fullmatch(r"GIMP 2\.10\.\d+ made a matte in \d+\.\d s\.", check(installation))
    installed.install("/bin/false")
    with pytest.raises(RequestError, match="Smart Matte failed in GIMP") as caught:
        check(installation)
    assert caught.value.hint.startswith("matteplug's worker ended unexpectedly")
