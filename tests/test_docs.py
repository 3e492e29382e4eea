"""The guides say what the code does."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matteplug import hookspecs
from matteplug.images import files
from matteplug.network import NetworkSpec, TensorSpec

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "extending" / "README.md").read_text(encoding="utf-8")
MADE = ("errors.md", "api.md", "modules.md")
HOOKS = [
    (name, hook)
    for name, hook in vars(hookspecs).items()
    if name.startswith("matteplug_") and inspect.isfunction(hook)
]


@pytest.mark.parametrize(("name", "hook"), HOOKS, ids=[name for name, _ in HOOKS])
def test_every_hook_is_described_with_its_arguments(name: str, hook: object) -> None:
    assert callable(hook)
    arguments = ", ".join(inspect.signature(hook).parameters)
    assert f"\n`{name}({arguments})`\n" in GUIDE
    assert len(HOOKS) == 4


def test_the_table_of_a_spec_names_its_fields() -> None:
    page = (ROOT / "docs" / "extending" / "onnx-file.md").read_text(encoding="utf-8")
    fields = {field.name for spec in (NetworkSpec, TensorSpec) for field in fields_of(spec)}
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(named) > 10
    assert named <= fields


def test_the_index_shows_the_entry_point_that_is_tested() -> None:
    (entry,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert entry in (ROOT / "tests/plugins/luma/pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if Path(target).name in MADE:  # when the site is built, which fails without them
            continue
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_readme_s_sample_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trimap = np.repeat(np.array([[0, 128, 255]], np.uint8), 20, axis=1).repeat(40, axis=0)
    files.write(tmp_path / "photo.jpg", np.repeat(trimap[..., None], 3, axis=2))
    files.write(tmp_path / "photo_trimap.png", trimap)
    monkeypatch.chdir(tmp_path)
    (sample,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(compile(sample, "README.md", "exec"), names)
    assert names["matte"].alpha.shape == (40, 60)
    assert names["matte"].network == "citm"
