"""The guide to batches says all that there is, and its sample runs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from batch.trees import pair, pictures
from matteplug.testing import FakeEngine
from matteplug_batch.command import configure

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "batch.md"


def test_the_sample_runs(engine: FakeEngine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair(folder / "a.png")
    monkeypatch.chdir(folder.parent)
    (sample,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(sample, GUIDE, "exec"), {})
    assert pictures(folder.parent / "cutouts") == ["a.png"]
    assert len(engine.runs) == 1


def test_every_option_is_described_and_exists() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    configure(parser)
    existing = {option for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"--[a-z][a-z-]+", GUIDE.read_text(encoding="utf-8"))) == existing
