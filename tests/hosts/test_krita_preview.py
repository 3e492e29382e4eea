"""The preview in a visible Krita: views, edge controls, corrections, every output, undo.

The worker has a fake engine whose alpha is the trimap, so that every number is known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hosts.run_krita import Krita
from matteplug import matte
from matteplug.images import files
from matteplug.testing import FakeEngine

pytestmark = [
    pytest.mark.host,
    pytest.mark.alone,
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("krita"),
]

WIDTH, HEIGHT = 320, 240
OUTPUTS = ("new-layer", "mask", "layer-mask", "selection")


def image() -> NDArray[np.uint8]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([x * 255 // WIDTH, y, 255 - x * 200 // WIDTH], axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def report(krita: Krita, display: str) -> dict[str, Any]:
    picture = krita.shared / "picture.png"
    files.write(picture, image())
    krita.use_worker(fake=True)
    plan = {
        "scenario": "preview",
        "picture": str(picture),
        "ellipse": [20, 20, 120, 200, 0],
        "stroke": [60, 20],
    }
    return krita.play(display, plan, limit_s=380)


def pixels(krita: Krita, name: str) -> NDArray[np.uint8]:
    """Return what the driver saved, (H, W, 4) RGBA."""
    data = np.frombuffer((krita.shared / name).read_bytes(), np.uint8)
    return data.reshape(HEIGHT, WIDTH, 4)[..., [2, 1, 0, 3]]


def mask(krita: Krita, name: str) -> NDArray[np.uint8]:
    return np.frombuffer((krita.shared / name).read_bytes(), np.uint8).reshape(HEIGHT, WIDTH)


def expected(report: dict[str, Any], **options: Any) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Return the library's own alpha and colours."""
    selected = np.frombuffer(bytes.fromhex(report["before"][3]), np.uint8)
    selection = selected.reshape(HEIGHT, WIDTH).astype(np.float32) / 255
    made = matte(image(), selection=selection, engine=FakeEngine(), **options)
    return np.rint(made.alpha * 255).astype(np.uint8), made.foreground


def names(layers: list[Any]) -> list[Any]:
    return [[name, masks] for name, masks in layers if name != "Selection Mask"]


def test_the_document_is_as_it_was(report: dict[str, Any]) -> None:
    assert names(report["layers meanwhile"]) == [["Background", []]]
    assert report["after"] == report["before"], "layers, history, modified, selection"
    assert report["documents"] == 1
    assert report["untouched"]
    assert report["boxes"] == []


def test_it_is_in_front_ready_to_be_painted_on(report: dict[str, Any]) -> None:
    assert report["said"].startswith("Preview by citm in ")
    assert report["in front"] == ["Photograph", "Matte", "Corrections"]
    assert report["current"] == "Corrections"


def test_every_view_shows_the_same_alpha(krita: Krita, report: dict[str, Any]) -> None:
    alpha, colours = expected(report)
    assert {*np.unique(alpha).tolist()} == {0, 128, 255}
    for view in ("transparency", "black", "white"):
        shown = pixels(krita, f"view {view}")
        assert (shown[..., 3] == alpha).all()
        assert (shown[..., :3] == colours)[alpha > 0].all()
    gray = pixels(krita, "view mask")
    assert (gray == np.dstack([alpha] * 3 + [np.full_like(alpha, 255)])).all()
    overlay = pixels(krita, "view overlay")
    assert (overlay[..., 3] == (255 - alpha.astype(int)) * 160 // 255).all()
    assert (overlay[..., :3] == [230, 0, 0]).all()
    band = pixels(krita, "view band")[..., 3]
    assert ((band > 0) == (alpha == 128)).all()


def test_what_is_behind_differs(krita: Krita, report: dict[str, Any]) -> None:
    corner = {view: pixels(krita, f"whole {view}")[0, 0] for view in ("black", "white", "band")}
    assert corner["black"].tolist() == [0, 0, 0, 255]
    assert corner["white"].tolist() == [255, 255, 255, 255]
    assert corner["band"].tolist() == [*image()[0, 0].tolist(), 255]
    assert pixels(krita, "whole transparency")[0, 0, 3] == 0


def test_an_edge_control_is_seen_at_once_and_krita_does_not_wait(
    krita: Krita, report: dict[str, Any]
) -> None:
    plain, shifted = expected(report)[0], expected(report, shift_edge_percent=60)[0]
    assert (shifted != plain).any()
    assert (pixels(krita, "shifted")[..., 0] == shifted).all()
    assert (pixels(krita, "shifted back")[..., 0] == plain).all()
    assert report["last asked"]["shift_edge_percent"] == 60
    assert report["asked"] < 60, "what is out of date is not asked for"
    assert report["longest pause"] < 1.0, "on a busy machine; mostly it is 0.02 s"


def test_what_is_painted_is_taken_over_and_its_undo_too(
    krita: Krita, report: dict[str, Any]
) -> None:
    plain = expected(report)[0]
    assert report["strokes"] == ["Freehand Brush Stroke"]
    painted = pixels(krita, "corrections")[..., 3] >= 128
    assert painted.sum() > 500
    assert (plain[painted] == 0).any()
    corrected = pixels(krita, "corrected")[..., 0]
    assert (corrected[painted] == 255).all()
    assert (pixels(krita, "correction undone")[..., 0] == plain).all()


@pytest.mark.parametrize("output", OUTPUTS)
def test_each_output_is_what_was_seen_and_one_step(
    krita: Krita, report: dict[str, Any], output: str
) -> None:
    made = report[output]
    alpha, colours = expected(report, shift_edge_percent=60)
    assert made["said"] == "Done."
    assert made["in front"]
    name = "output " + output
    if output in ("mask", "selection"):
        assert (mask(krita, name) == alpha).all()
    else:
        layer = pixels(krita, name)
        wanted = alpha if output == "new-layer" else np.full_like(alpha, 255)
        assert (layer[..., 3] == wanted).all()
        assert (layer[..., :3] == colours)[alpha > 0].all()
    if output == "layer-mask":
        assert (mask(krita, "its mask") == alpha).all()
    own = [["Background", ["Background matte"] if output == "mask" else []]]
    new = {"new-layer": [["Background matte", []]]}
    new["layer-mask"] = [["Background matte", ["Background matte"]]]
    assert names(made["layers"]) == own + new.get(output, [])
    step = "Select Opaque" if output == "selection" else "Add Layer"
    assert made["history"] == [step]
    assert names(made["undone"][0]) == [["Background", []]]
    assert made["undone"][1] == report["before"][3], "the selection is what it was"


def test_a_preview_that_is_closed_by_its_tab_leaves_nothing(report: dict[str, Any]) -> None:
    layers, said = report["closed by its tab"]
    assert names(layers) == [["Background", []]]
    assert said == ""


def test_where_nothing_is_selected_people_and_subjects_are_looked_for(
    report: dict[str, Any],
) -> None:
    assert (
        "Nothing is selected, so people and subjects were looked for."
        in (report["nothing selected"]["said"])
    )
