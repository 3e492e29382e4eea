"""What makes this source tree's plug-ins known to a Python in which it is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def describe(folder: Path) -> None:
    """Lay down the metadata by which the plug-ins of matteplug are found; for PYTHONPATH."""
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    info = folder / "matteplug-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: matteplug\nVersion: 0\n")
    points = [f"{name} = {value}" for name, value in project["entry-points"]["matteplug"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[matteplug]", *points, ""]))
