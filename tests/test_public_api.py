"""What is public is what the page says, and the hosts use nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/extending/public-api.md").read_text(encoding="utf-8")
PUBLIC = re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE)
ADAPTERS = [
    path for path in (ROOT / "hosts").glob("matteplug_*/**/*.py") if "plug_in" not in path.parts
]


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_lists_its_names_and_has_them(module: str) -> None:
    if module == "matteplug.bridge":  # it runs in Python 2 too, and is described by its docstring
        return
    loaded = import_module(module)
    assert loaded.__doc__
    assert list(loaded.__all__) == sorted(loaded.__all__, key=_as_ruff_sorts)
    for name in loaded.__all__:
        assert hasattr(loaded, name), f"{module}.{name}"


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: str(path.relative_to(ROOT / "hosts")))
def test_hosts_use_what_is_public_only(path: Path) -> None:
    assert list(_beyond(path)) == []


def _beyond(path: Path) -> Iterator[str]:
    """Yield what a file imports of the library that is not public."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != "matteplug":
            continue
        for alias in node.names:
            dotted = f"{node.module}.{alias.name}"
            if dotted in PUBLIC:
                continue
            known = import_module(str(node.module)).__all__ if node.module in PUBLIC else []
            if alias.name not in known:
                yield dotted


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    """Return the key by which the linter wants ``__all__`` sorted: CONSTANTS, Classes, the rest."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name
