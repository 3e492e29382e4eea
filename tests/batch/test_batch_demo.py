"""The demo lays out its photographs, cuts them out by the real command, and draws the sheet."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from batch.conftest import ALPHA, IMAGE
from batch.trees import pictures, stored
from matteplug import plugins
from matteplug.network import Guide, NetworkSpec
from matteplug.testing import FakeEngine
from matteplug_batch.demo.__main__ import main
from matteplug_batch.demo.photographs import GUIDES, guide_of, lay_out

WITHOUT_GUIDE = NetworkSpec(
    id="by-itself",
    title="Takes the picture alone",
    guide=Guide.NONE,
    inputs=(IMAGE,),
    outputs=(ALPHA,),
)


def test_the_demo_ends_with_a_contact_sheet(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins.registry().add("blind", "tests 1.0", networks=[WITHOUT_GUIDE])
    assert main([str(tmp_path / "out")]) == 0
    assert len(engine.runs) == len(GUIDES)
    assert pictures(tmp_path / "out" / "cutouts") == sorted(f"{name}.png" for name in GUIDES)
    sheet = stored(tmp_path / "out" / "contact-sheet.jpg")
    assert sheet.shape[0] > 300 * len(GUIDES)
    assert str(tmp_path / "out" / "contact-sheet.jpg") in capsys.readouterr().out
    assert main([str(tmp_path / "out")]) == 0, "a second run writes over its own results"


def test_the_guides_are_of_every_kind_and_fit_their_photographs(tmp_path: Path) -> None:
    lay_out(tmp_path)
    values = {"trimap.png": [0, 128, 255], "mask.png": [False, True]}
    assert set(GUIDES.values()) == {*values, "plate.jpg", ""}
    for name, kind in GUIDES.items():
        (photograph,) = tmp_path.glob(f"{name}.*")
        if guide := guide_of(name, tmp_path):
            picture = stored(guide)
            assert picture.shape[:2] == stored(photograph).shape[:2]
            assert np.unique(picture).tolist() == values.get(kind, list(range(256)))


def test_without_scikit_image_the_demo_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    assert main([str(tmp_path / "out")]) == 2
    assert "matteplug[demo]" in capsys.readouterr().err
