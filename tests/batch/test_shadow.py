"""The subject's shadow is kept where a plate shows it, and nothing is made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from batch.trees import checksums, pair, photograph, stored
from matteplug_batch import shadow

Batch = Callable[..., int]
PLATE = np.tile(np.linspace(120, 240, 160), (120, 1)).astype(np.uint8)
LIGHT = np.ones((120, 160), np.float32)
LIGHT[70:110, 90:150] = 0.6
SUBJECT = np.zeros((120, 160), np.uint8)
SUBJECT[20:110, 50:90] = 255


@pytest.fixture
def scene(folder: Path) -> Path:
    """Write a red subject whose shadow falls to its right."""
    plate = np.repeat(PLATE[..., None], 3, axis=2)
    image = np.rint(plate * LIGHT[..., None]).astype(np.uint8)
    image[SUBJECT > 0] = (200, 20, 20)
    Image.fromarray(image).save(folder / "a.png")
    Image.fromarray(plate).save(folder / "a_plate.png")
    Image.fromarray(SUBJECT).save(folder / "a_trimap.png")
    return folder.with_name("photos-matte") / "a.png"


def test_a_cutout_has_the_shadow_in_black_under_it(batch: Batch, folder: Path, scene: Path) -> None:
    assert batch(folder, "--shadow", "--no-align", "--no-clean-colours") == 0
    cutout = stored(scene).astype(int)
    assert (cutout[60, 70] == (200, 20, 20, 255)).all()
    in_shadow = cutout[80:100, 105:140]
    assert (in_shadow[..., :3] == 0).all()
    np.testing.assert_allclose(in_shadow[..., 3], 255 * 0.39, atol=4)  # 2 % are noise
    assert (cutout[:, :40, 3] == 0).all()


def test_a_composite_over_the_plate_is_the_picture(batch: Batch, folder: Path, scene: Path) -> None:
    flags = ("--shadow", "--no-align", "--no-clean-colours", "--backdrop", folder / "a_plate.png")
    assert batch(folder, *flags) == 0
    difference = np.abs(stored(scene).astype(int) - stored(folder / "a.png"))
    for rows, columns in ((slice(0, 120), slice(0, 40)), (slice(80, 100), slice(105, 140))):
        assert difference[rows, columns].max() <= 6


def test_without_a_plate_there_is_a_sentence(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    assert batch(folder, "--shadow") == 1
    assert "without one a shadow cannot be told from the background" in capsys.readouterr().err
    assert batch(folder, "--shadow", "--output", "alpha") == 2
    assert "The output alpha has no shadow." in capsys.readouterr().err


def test_the_plate_is_a_source_of_the_result(batch: Batch, folder: Path, scene: Path) -> None:
    flags = ("--shadow", "--no-align", "--resume")
    batch(folder, *flags)
    before = scene.read_bytes()
    batch(folder, *flags)
    assert scene.read_bytes() == before
    Image.fromarray(np.repeat(PLATE[..., None], 3, axis=2) // 2 + 127).save(folder / "a_plate.png")
    batch(folder, *flags)
    assert scene.read_bytes() != before


def test_what_is_only_of_another_colour_casts_no_shadow() -> None:
    plate = np.full((80, 80, 3), 200, np.uint8)
    image = plate.copy()
    image[20:60, 20:60] = (200, 40, 40)
    assert shadow.light(image, plate, np.zeros((80, 80), np.float32)).min() == 1
    noisy = np.clip(200 + np.random.default_rng(0).normal(0, 4, plate.shape), 0, 255)
    alpha = np.zeros((80, 80), np.float32)
    assert shadow.light(noisy.astype(np.uint8), plate, alpha).min() > 0.98


def test_each_picture_gets_a_backdrop_of_a_folder_by_its_name(
    batch: Batch, folder: Path, tmp_path: Path
) -> None:
    walls = tmp_path / "walls"
    for index in range(3):
        photograph(walls / f"{index}.png")
        Image.new("RGB", (40, 30), (index, index, index)).save(walls / f"{index}.png")
    (walls / "notes.txt").write_text("no picture")
    for index in range(8):
        pair(folder / f"{index}.png")
    out = folder.with_name("photos-matte")
    assert batch(folder, "--backdrop", walls) == 0
    shades = [int(stored(out / f"{index}.png")[0, 0, 0]) for index in range(8)]
    assert len(set(shades)) > 1
    before = checksums(out)
    pair(folder / "00.png")  # whatever comes, a picture keeps its backdrop
    assert batch(folder, "--backdrop", walls, "--resume") == 0
    assert checksums(out).items() >= {k: v for k, v in before.items() if k[0] != "."}.items()
    assert [int(stored(out / f"{index}.png")[0, 0, 0]) for index in range(8)] == shades


def test_a_folder_of_backdrops_has_pictures(
    batch: Batch, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    walls = tmp_path / "walls"
    walls.mkdir()
    assert batch(folder, "--backdrop", walls) == 2
    assert "no picture in the folder" in capsys.readouterr().err
    (walls / "a.png").write_bytes(b"\x89PNG broken")
    assert batch(folder, "--backdrop", walls) == 2
    assert "damaged" in capsys.readouterr().err
