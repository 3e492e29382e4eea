"""The guides say what the code does."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from matteplug import hookspecs
from matteplug.network import NetworkSpec

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "extending" / "README.md").read_text(encoding="utf-8")
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


def test_the_guides_spec_is_a_spec() -> None:
    (sample,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    spec = NetworkSpec.from_json(json.loads(sample))
    assert spec.inputs[0].mean == (0.5, 0.5, 0.5)


def test_the_guides_package_is_the_one_that_is_tested() -> None:
    source = (ROOT / "tests/plugins/luma/matteplug_luma/__init__.py").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert sample.strip() in source
    (entry,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert entry in (ROOT / "tests/plugins/luma/pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
