"""The demo lays out its photographs, cuts them out by the real command, and draws the sheet."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from batch.trees import pictures, stored
from matteplug.testing import FakeEngine
from matteplug_batch.demo.__main__ import main
from matteplug_batch.demo.photographs import NAMES, lay_out


def test_the_demo_ends_with_a_contact_sheet(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "out")]) == 0
    assert len(engine.runs) == len(NAMES)
    assert pictures(tmp_path / "out" / "cutouts") == sorted(f"{name}.png" for name in NAMES)
    sheet = stored(tmp_path / "out" / "contact-sheet.png")
    assert sheet.shape[0] > 300 * len(NAMES)
    assert str(tmp_path / "out" / "contact-sheet.png") in capsys.readouterr().out
    assert main([str(tmp_path / "out")]) == 0, "a second run writes over its own results"


def test_the_trimaps_fit_their_photographs(tmp_path: Path) -> None:
    lay_out(tmp_path)
    for name in NAMES:
        (photograph,) = tmp_path.glob(f"{name}.*")
        trimap = stored(tmp_path / f"{name}_trimap.png")
        assert trimap.shape == stored(photograph).shape[:2]
        assert np.unique(trimap).tolist() == [0, 128, 255]


def test_without_scikit_image_the_demo_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    assert main([str(tmp_path / "out")]) == 2
    assert "matteplug[demo]" in capsys.readouterr().err
