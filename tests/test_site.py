"""The site's own parts: the page of error codes, and the page about own weights, followed."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from matteplug import cli, plugins
from matteplug.images import files

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs" / "_site"))

import error_codes  # noqa: E402


def test_every_error_that_the_source_names_is_on_the_page() -> None:
    entries = error_codes.entries()
    page = error_codes.page()
    codes = {entry.code for entry in entries}
    assert len(codes) > 200
    assert {"trimap-size", "no-onnxruntime", "weights-changed", "settings"} <= codes
    for folder in error_codes.FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            raised = re.findall(r"raise \w*Error\(\s*\"([a-z]+(?:-[a-z0-9]+)+)\",", source)
            assert set(raised) <= codes, path
    for code in codes:
        assert f"\n\n### {code}\n\n> " in page
    parts = page.strip().split("\n\n")
    messages = [number for number, part in enumerate(parts) if part.startswith("> ")]
    assert len(messages) == len(entries)
    after = {parts[number + 1] for number in messages}
    assert not [one for one in after if one.startswith("#") or not one.strip("… >")]


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert f" {page.relative_to(ROOT / 'docs').as_posix()}\n" in navigation


def test_addresses_agree() -> None:
    hooks = (ROOT / "docs/_site/hooks.py").read_text(encoding="utf-8")
    (source,) = re.findall(r'^SOURCE = "(.*)"', hooks, re.MULTILINE)
    assert f'Source = "{source}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's exporter warns of its own parts
def test_the_page_about_own_weights_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Followed with a family of three convolutions: CITM would take minutes."""
    import torch

    page = (ROOT / "docs/guides/own-weights.md").read_text(encoding="utf-8")
    lines = "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)).splitlines()
    assert [line.split()[1] for line in lines] == [
        *("train", "train", "export", "networks", "batch", "evaluate"),
    ]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATTEPLUG_NETWORKS", str(tmp_path / "networks"))
    _install_tiny(tmp_path / "site", monkeypatch)
    rng = np.random.default_rng(24)
    for number in range(12):
        coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
        picture = np.asarray(cv2.resize(coarse, (128, 96), interpolation=cv2.INTER_CUBIC), np.uint8)
        files.write(_made("photos") / f"{number}.png", picture)
    trimap = np.zeros((96, 128), np.uint8)
    trimap[20:80, 20:100] = 128
    trimap[40:60, 40:80] = 255
    for folder, name in (
        ("pictures", "a_trimap"),
        ("measured", "a_trimap"),
        ("measured", "a_alpha"),
    ):
        files.write(_made(folder) / "a.png", picture)
        files.write(Path(folder, f"{name}.png"), trimap)
    threads = torch.get_num_threads()
    for line in lines:
        words = shlex.split(line)[1:]
        if words[1] == "citm":
            words[1] = "tiny"
        if "--minutes" in words:  # an hour is thirty steps of small crops here
            at = words.index("--minutes")
            words[at : at + 2] = ["--steps", "30", "--size", "64", "--workers", "0"]
        plugins.registry.cache_clear()
        assert cli.main(words) == 0, line
    torch.set_num_threads(threads)
    plugins.registry.cache_clear()
    sys.modules.pop("matteplug_tiny", None)
    assert Path("pictures-matte", "a.png").exists()
    assert Path("networks", "own.onnx").exists()


def _install_tiny(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what `pip install tests/plugins/tiny` does for discovery."""
    info = site / "matteplug_tiny-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: matteplug-tiny\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[matteplug]\ntiny = matteplug_tiny\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.syspath_prepend(ROOT / "tests" / "plugins" / "tiny")


def _made(name: str) -> Path:
    Path(name).mkdir(exist_ok=True)
    return Path(name)
