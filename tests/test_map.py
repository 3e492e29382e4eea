"""CONTRIBUTING's map is the layers contract, with each module's own first sentence."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
HOSTS = ROOT / "hosts"
LIBRARY = ROOT / "matteplug"


def test_the_map_names_every_room_from_the_top_down() -> None:
    expected = [*_hosts(), *(row for layer in _layers() for row in ["", *_rooms(layer)])]
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, map_on = text.partition("```text\n")
    drawn, _, _ = map_on.partition("```\n")
    assert drawn.splitlines() == expected


def _layers() -> list[str]:
    """Return the layers of the contract that leaves no module out, the top one first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    (whole,) = [c for c in contracts if c.get("containers") == ["matteplug"]]
    assert whole["exhaustive"], "a module of no layer has to fail"
    layers: list[str] = whole["layers"]
    return layers


def _hosts() -> list[str]:
    return [
        _row(f"hosts/{path.parent.name}/", path) for path in sorted(HOSTS.glob("*/__init__.py"))
    ]


def _rooms(layer: str) -> list[str]:
    rows = []
    for name in layer.split(" | "):
        package = LIBRARY / name / "__init__.py"
        path, label = (package, f"{name}/") if package.exists() else (LIBRARY / f"{name}.py", name)
        rows.append(_row(label, path))
    return rows


def _row(label: str, path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    sentence = " ".join(docstring.split("\n\n")[0].split())
    return f"{label:<26} {sentence}"
