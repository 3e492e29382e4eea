"""Smart Matte in the real Krita, run headless, against the library's own answer.

The worker has a fake engine whose alpha is the guide, so that every number is known.
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hosts.run_krita import Krita, processes_of
from matteplug import api
from matteplug.errors import RequestError
from matteplug.hosting.installations import find
from matteplug.images import pixels
from matteplug.images.srgb import linear_from_srgb, srgb_from_linear
from matteplug.testing import FakeEngine
from matteplug_krita.check import check
from matteplug_krita.install import PACKAGINGS

pytestmark = [pytest.mark.host, pytest.mark.timeout(300), pytest.mark.xdist_group("krita")]

DEPTHS = {"U8": np.uint8, "U16": np.uint16, "F16": np.float16, "F32": np.float32}
CASES: dict[str, Any] = {
    "plain": {},
    "small layer": {"size": [30, 20], "at": [20, 15]},
    "large layer": {"size": [80, 70], "at": [-9, -13]},
    "moved layer": {"size": [40, 30], "at": [2, 3], "move": [7, -5]},
    "in a group": {"group": True, "size": [40, 30], "at": [5, 6]},
    "locked": {"special": "locked"},
    "wide gamut": {"profile": "ClayRGB-elle-V2-g22.icc"},
    "twice": {"runs": 2},
    "no clean colours": {"choices": {"clean_colours": False}},
    "u8 linear": {"profile": "sRGB-elle-V2-g10.icc"},
    "u16": {"depth": "U16", "profile": "sRGB-elle-V2-srgbtrc.icc"},
    "u16 linear": {"depth": "U16", "profile": "sRGB-elle-V2-g10.icc"},
    "f16 linear": {"depth": "F16", "profile": "sRGB-elle-V2-g10.icc"},
    "f32": {"depth": "F32", "profile": "sRGB-elle-V2-srgbtrc.icc"},
    "f32 linear": {"depth": "F32", "profile": "Rec2020-elle-V4-g10.icc"},
    "gray u8": {"model": "GRAYA"},
    "gray u16 linear": {
        "model": "GRAYA",
        "depth": "U16",
        "profile": "Gray-D50-elle-V2-g10.icc",
    },
    "gray f16": {"model": "GRAYA", "depth": "F16", "profile": "Gray-D50-elle-V2-srgbtrc.icc"},
    "gray layer": {"layer space": ["GRAYA", "U8", "Gray-D50-elle-V2-srgbtrc.icc"]},
    "cmyk": {"model": "CMYKA", "choices": {"clean_colours": False}},
    "lab": {"model": "LABA", "depth": "U16", "choices": {"clean_colours": False}},
    "mask": {"choices": {"output": "mask"}},
    "mask on a small layer": {"choices": {"output": "mask"}, "size": [80, 30], "at": [-9, 6]},
    "mask in 16 bits": {"choices": {"output": "mask"}, "depth": "U16"},
    "mask on cmyk": {"choices": {"output": "mask"}, "model": "CMYKA"},
    "trimap": {"special": "trimap"},
    "trimap, linear": {"special": "trimap", "depth": "F32"},
}
OTHER_OUTPUTS: dict[str, Any] = {
    f"{output}, {depth}": {"choices": {"output": output}, "depth": depth}
    for output in ("layer-mask", "selection")
    for depth in DEPTHS
}
REFUSED = {
    "group": ({"special": "group", "group": True}, "is a group"),
    "vector": ({"special": "vector"}, "is a vector layer"),
    "empty": ({"special": "empty"}, "The layer is empty."),
    "selected elsewhere": ({"special": "full selection"}, "does not touch the layer"),
    "locked mask": ({"special": "locked", "choices": {"output": "mask"}}, "locked"),
    "locked group": ({"special": "locked group", "group": True}, '"group" is locked'),
    "colours of cmyk": ({"model": "CMYKA"}, "back to CMYK"),
    "no trimap": ({"choices": {"guide": "trimap"}}, "Choose the layer that is the trimap."),
    "itself": ({"special": "itself"}, "the layer itself"),
    "small plate": ({"special": "small plate"}, "does not cover"),
    "another plate": ({"special": "plate"}, "does not seem to show the same scene"),
    "no network": ({"choices": {"network": "nothing"}}, "no network named 'nothing'"),
}
UNGUIDED = {
    "nothing selected": {"select": False},
    "none": {"choices": {"guide": "none", "network": "tiny-portrait"}, "select": False},
}


@pytest.fixture(scope="module")
def reports(krita: Krita) -> dict[str, Any]:
    cases = CASES | OTHER_OUTPUTS | UNGUIDED | {title: case for title, (case, _) in REFUSED.items()}
    return krita.cases.run(cases)


def array(layer: dict[str, Any], key: str = "pixels") -> NDArray[Any]:
    """Return a layer's pixels, RGBA or as the model has them, in the layer's own depth."""
    model, depth, _ = layer["space"]
    _, _, width, height = layer["rect"]
    values = np.frombuffer(base64.b64decode(layer[key]), DEPTHS[depth])
    values = values.reshape(height, width, -1)
    if model == "RGBA" and depth in ("U8", "U16"):
        return values[..., [2, 1, 0, 3]]
    return values


def mask(text: str, layer: dict[str, Any]) -> NDArray[np.uint8]:
    _, _, width, height = layer["rect"]
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width)


def unit(values: NDArray[Any]) -> NDArray[np.float32]:
    return values.astype(np.float32) if values.dtype.kind == "f" else pixels.to_float(values)


def expected(report: dict[str, Any], title: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the library's own alpha and colours (H, W, 3) for what Krita held before, 0 to 1."""
    source = report["source"]
    own = array(source)[..., :-1]
    image = own if own.shape[2] == 3 else np.repeat(own[..., :1], 3, axis=2)
    linear = source["space"][2].endswith("g10.icc")
    if linear:
        image = srgb_from_linear(unit(image))
    elif image.dtype == np.float16:
        image = image.astype(np.float32)
    matte = api.matte(
        image,
        selection=mask(report["selection"], source),
        clean_colours=CASES.get(title, {}).get("choices", {}).get("clean_colours", True),
        engine=FakeEngine(),
    )
    colours = unit(matte.foreground)
    return matte.alpha, linear_from_srgb(colours) if linear else colours


@pytest.mark.parametrize("title", CASES)
def test_it_succeeds_and_leaves_everything_else_alone(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    assert report.get("error") is None
    assert len(report["results"]) == CASES[title].get("runs", 1), report["results"]
    assert {network for network, _ in report["results"]} == {"citm"}, report["results"]
    assert report["untouched"]
    assert report["selection kept"]


NEW_LAYER = [title for title in CASES if "mask" not in title and "trimap" not in title]


@pytest.mark.parametrize("title", NEW_LAYER)
def test_the_new_layer_is_the_library_s_cutout(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    source = report["source"]
    assert len(report["layers"]) == CASES[title].get("runs", 1)
    alpha, colours = expected(report, title)
    before = array(source)
    for layer in report["layers"]:
        assert layer["name"] == "cat matte"
        assert layer["parent"] == source["parent"]
        assert layer["space"] == source["space"]
        after = np.zeros_like(before)  # a layer's bounds end where it is transparent
        x, y, width, height = layer["rect"]
        left, top = x - source["rect"][0], y - source["rect"][1]
        after[top : top + height, left : left + width] = array(layer)
        wanted = alpha * unit(before[..., -1])
        step = {np.uint8: 1 / 255, np.uint16: 1 / 65535}.get(before.dtype.type, 1e-3)
        assert np.abs(unit(after[..., -1]) - wanted).max() <= 0.5001 * step
        solid = (alpha == 1) & (unit(before[..., -1]) == 1)
        assert solid.any()
        kept = np.abs(unit(after) - unit(before))[solid].max()
        assert kept <= (0 if before.dtype.kind == "u" else 1e-6), "solid pixels stay"
        if before.shape[2] in (2, 4) and source["space"][0] in ("RGBA", "GRAYA"):
            visible = unit(after[..., -1]) > 0
            wanted_colours = colours[..., : before.shape[2] - 1]
            assert np.abs(unit(after[..., :-1]) - wanted_colours)[visible].max() <= 0.501 * step
        else:
            assert (after[..., :-1] == before[..., :-1])[alpha > 0].all(), "not converted"
    assert report["order"].index("cat matte") == report["order"].index("cat") + 1


@pytest.mark.parametrize("title", [title for title in CASES if "mask" in title])
def test_a_transparency_mask_is_the_alpha(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    assert report["layers"] == []
    (found,) = report["masks"]
    assert (found["type"], found["name"]) == ("transparencymask", "cat matte")
    source = report["source"]
    image = array(source)
    selection = mask(report["selection"], source)
    flat = np.zeros((*image.shape[:2], 3), np.uint8)  # the fake engine looks at the guide only
    alpha = api.matte(flat, selection=selection, engine=FakeEngine()).alpha
    assert (mask(found["inside"], source) == np.rint(alpha * 255)).all()
    shown = np.frombuffer(base64.b64decode(report["shown"]), image.dtype).reshape(image.shape)
    wanted = np.rint(alpha * 255) / 255 * unit(image[..., -1])
    x, y = source["rect"][:2]
    in_image = np.s_[max(0, -y) : 40 - y, max(0, -x) : 60 - x]  # Krita shows nothing else
    assert np.abs(unit(shown[..., -1]) - wanted)[in_image].max() <= 1.01 / 255


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_layer_with_a_mask_has_the_cutout_s_two_parts(
    reports: dict[str, Any], depth: str
) -> None:
    report = reports[f"layer-mask, {depth}"]
    (layer,) = report["layers"]
    (made,) = layer["masks"]
    source = report["source"]
    alpha, colours = expected(report, f"layer-mask, {depth}")
    assert (made["type"], made["name"]) == ("transparencymask", "cat matte")
    assert (mask(made["inside"], source) == np.rint(alpha * 255)).all()
    before, after = array(source), array({**layer, "rect": source["rect"]}, "inside")
    assert layer["space"] == source["space"]
    assert (after[..., 3] == before[..., 3]).all(), "its own alpha stays beside the mask"
    assert np.abs(unit(after[..., :3]) - colours)[alpha > 0].max() <= 2e-3
    assert report["untouched"]
    assert report["selection kept"]


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_selection_is_the_alpha(reports: dict[str, Any], depth: str) -> None:
    report, plain = reports[f"selection, {depth}"], reports["plain"]
    alpha, _ = expected(plain, "plain")
    assert (mask(report["selection"], report["source"]) == np.rint(alpha * 255)).all()
    assert report["layers"] == report["masks"] == []
    assert report["untouched"]


def test_where_nothing_is_selected_the_subject_is_looked_for(reports: dict[str, Any]) -> None:
    report = reports["nothing selected"]
    ((network, notes),) = report["results"]
    assert network == "hfam"
    assert notes[0].startswith("Nothing is selected, so people and subjects")
    assert len(report["layers"]) == 1


@pytest.mark.parametrize("title", ["trimap", "trimap, linear"])
def test_a_trimap_layer_is_read_as_it_is_seen(reports: dict[str, Any], title: str) -> None:
    made = [layer for layer in reports[title]["layers"] if layer["name"] == "cat matte"]
    assert len(made) == 1
    x, _, width, _ = made[0]["rect"]
    assert (x, width) == (20, 40), "what is erased is background"
    alpha = unit(array(made[0])[:, :34, 3])
    assert np.abs(alpha[:, :20] - 0.5).max() <= 0.51 / 255
    assert (alpha[:, 20:] == 1).all()


@pytest.mark.parametrize("title", REFUSED)
def test_it_refuses_with_a_sentence(reports: dict[str, Any], title: str) -> None:
    report = reports[title]
    assert report.get("error") is None
    ((kind, sentence),) = report["results"]
    assert kind == "Refusal"
    assert REFUSED[title][1] in sentence
    assert report["untouched"]
    assert report["selection kept"]
    assert report["layers"] == report["masks"] == []


@pytest.mark.usefixtures("tiny_networks")
def test_without_a_guide_a_network_finds_the_foreground(reports: dict[str, Any]) -> None:
    report = reports["none"]
    assert report["results"][0][0] == "tiny-portrait"
    source = array(report["source"])
    expected = api.matte(source[..., :3], network="tiny-portrait", engine=FakeEngine())
    (made,) = report["layers"]
    alpha = array({**made, "rect": report["source"]["rect"]}, "inside")[..., 3]
    assert (alpha == np.rint(expected.alpha * unit(source[..., 3]) * 255)).all()


def test_the_check_says_what_is_wrong(krita: Krita, monkeypatch: pytest.MonkeyPatch) -> None:
    (installation,) = find(PACKAGINGS)
    krita.cases.close()  # a second one waits for the first
    assert re.fullmatch(r"Krita 5\.\S+ made a matte in \d+\.\d s\.", check(installation))
    settings = krita.files.folder / "settings.json"
    kept = settings.read_text()
    settings.write_text("{}")
    with pytest.raises(RequestError, match="failed in Krita") as caught:
        check(installation)
    assert "missing or damaged" in caught.value.hint
    settings.write_text(kept)
    with pytest.raises(RequestError, match="no kritarunner"):
        check(replace(installation, program=krita.home / "krita"))


def test_no_process_is_left(krita: Krita, reports: dict[str, Any]) -> None:
    assert reports
    krita.cases.close()
    assert processes_of(krita.home) == []
