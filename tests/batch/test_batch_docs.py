"""The guides to one picture and to batches say all that there is, and their samples run."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from batch.trees import pair, pictures
from matteplug.testing import FakeEngine
from matteplug_batch import command, cut

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
    command.configure(parser)
    existing = {option for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"--[a-z][a-z-]+", GUIDE.read_text(encoding="utf-8"))) == existing


def test_the_guide_to_one_picture_names_options_that_exist() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    cut.configure(parser)
    existing = {option for action in parser._actions for option in action.option_strings}
    text = GUIDE.with_name("cut.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert named - {"--print-completion", "--resume"} <= existing
    assert {"--trimap", "--force", "--format"} <= named
