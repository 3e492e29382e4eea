"""The pages about extending: they show the files that are tested, and their commands work."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pages import PAGES, PLUGINS, commands, shown_files, text_of

from matteplug import cli, plugins
from matteplug.images import files

SAMPLES = {
    "onnx-file": "difference",
    "network-package": "luma",
    "solver": "chroma",
    "family": "tiny",
    "host": "easel",
    "option": "sharpen",
}
"""Page to the folder in tests/plugins with its files."""

Page = Callable[[str], Path]


@pytest.mark.parametrize(("page", "sample"), SAMPLES.items())
def test_a_page_shows_every_file_as_it_is(page: str, sample: str) -> None:
    files_there = {
        path.relative_to(PLUGINS / sample).as_posix(): path.read_text(encoding="utf-8")
        for path in (PLUGINS / sample).rglob("*")
        if path.suffix in (".py", ".toml", ".json") and path.name != "make_onnx.py"
    }
    assert shown_files(page) == files_there


def test_the_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", text_of("README")))
    assert linked == {path.stem for path in PAGES.glob("*.md")} - {"README"}


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Run a page's commands in this process, in a folder with its sample and `pictures`.

    `pip install` is what it does for discovery: the package and its entry point on the path.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATTEPLUG_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    modules = set(sys.modules)

    def install(folder: Path) -> None:
        project = (folder / "pyproject.toml").read_text(encoding="utf-8")
        (name,) = re.findall(r'^name = "(.*)"$', project, re.MULTILINE)
        _, _, entry = project.partition("[project.entry-points.matteplug]\n")
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[matteplug]\n" + entry.replace('"', ""))
        monkeypatch.syspath_prepend(folder)

    def run(page: str) -> Path:
        shutil.copytree(PLUGINS / SAMPLES[page], SAMPLES[page])
        for line in commands(page).splitlines():
            words = shlex.split(line)
            plugins.registry.cache_clear()
            if words[:4] == ["python", "-m", "pip", "install"]:
                install(tmp_path / words[4])
            elif words[0] == "python":
                runpy.run_path(words[1], run_name="__main__")
            else:
                assert words[0] == "matteplug"
                assert cli.main(words[1:]) == 0, line
        return tmp_path / "pictures-matte"

    yield run
    plugins.registry.cache_clear()
    for module in set(sys.modules) - modules:
        if module.startswith(("matteplug_chroma", "matteplug_luma", "matteplug_tiny")):
            del sys.modules[module]


def noise(seed: int, low: int = 0, high: int = 256) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(low, high, (6, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (128, 96), interpolation=cv2.INTER_CUBIC), np.uint8)


def alpha_of(results: Path) -> NDArray[np.float64]:
    cutout = files.read(results / "a.png")
    if cutout.alpha is None:  # opaque everywhere
        return np.ones(cutout.image.shape[:2])
    return np.asarray(cutout.alpha, np.float64)


def write(name: str, image: NDArray[np.uint8]) -> None:
    Path("pictures").mkdir(exist_ok=True)
    files.write(Path("pictures", name), image)


@pytest.mark.filterwarnings("ignore")  # torch's exporter warns of its own parts
def test_the_onnx_file_of_the_page_compares_a_picture_with_its_plate(follow: Page) -> None:
    plate = noise(0, 0, 100)
    image = plate.copy()
    image[30:60, 40:90] += 100
    write("a.png", image)
    write("a_plate.png", plate)
    alpha = alpha_of(follow("onnx-file"))
    assert alpha[35:55, 45:85].min() == 1
    assert alpha[:20].max() == 0


def test_the_package_of_the_page_makes_the_bright_foreground(follow: Page) -> None:
    image = noise(1)
    write("a.png", image)
    alpha = alpha_of(follow("network-package"))
    assert np.abs(alpha - image @ (0.299, 0.587, 0.114) / 255).max() <= 1.5 / 255


def test_the_solver_of_the_page_keys_out_green(follow: Page) -> None:
    image = np.full((96, 128, 3), (20, 220, 40), np.uint8)
    image[30:60, 40:90] = (200, 120, 100)
    write("a.png", image)
    alpha = alpha_of(follow("solver"))
    assert alpha[30:60, 40:90].min() == 1
    assert alpha[:30].max() == 0


@pytest.mark.slow
def test_the_family_of_the_page_is_trained_exported_and_used(follow: Page) -> None:
    import torch

    os.mkdir("photos")
    for number in range(12):
        files.write(Path("photos", f"{number}.png"), noise(number))
    write("a.png", noise(20))
    trimap = np.zeros((96, 128), np.uint8)
    trimap[20:80, 20:100] = 128
    trimap[40:60, 40:80] = 255
    write("a_trimap.png", trimap)
    threads = torch.get_num_threads()
    alpha = alpha_of(follow("family"))
    torch.set_num_threads(threads)
    assert (alpha[trimap == 255] == 1).all()
    assert (alpha[trimap == 0] == 0).all()
    assert alpha[trimap == 128].std() > 0
    manifest = json.loads(Path("networks", "tiny.json").read_text())
    assert manifest["provenance"]["parity"]["worst"] <= 1e-4
