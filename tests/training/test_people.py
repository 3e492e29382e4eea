"""Rendered people: the parts, the command, and what it refuses."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteplug.errors import RequestError
from matteplug.training.command import command
from matteplug.training.people import folder
from matteplug.training.people.portrait import Portraits
from matteplug.training.scenes.rendered_people import LEAST_COVER, MOST_COVER, People


def run(*arguments: str | Path) -> int:
    train = command()
    parser = argparse.ArgumentParser()
    train.configure(parser)
    return train.run(parser.parse_args(["people", *map(str, arguments)]))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    made.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(made / "one.png")
    return made


def test_people_are_rendered_the_same_each_time_and_not_again(
    people_parts: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out" / "people"
    places = ("--parts", people_parts, "--photos", photos, "--out", out, "--size", "96")
    assert run(*places, "--count", "2", "--seed", "5") == 0
    files = sorted(out.iterdir())
    assert [file.name for file in files] == ["000005.webp", "000006.webp"]
    picture = Portraits(people_parts, photos, 96).picture(5)
    with Image.open(files[0]) as written:
        kept = np.asarray(written)
    np.testing.assert_array_equal(kept[..., 3], picture[..., 3])
    assert LEAST_COVER < picture[..., 3].mean() / 255 < MOST_COVER
    outside = picture[..., 3] == 0
    assert picture[outside][:, :3].max() > 0

    before = [file.stat().st_mtime_ns for file in files]
    assert run(*places, "--count", "2", "--seed", "5") == 0
    assert [file.stat().st_mtime_ns for file in files] == before
    files[1].unlink()
    assert folder.missing(out, 5, 2) == [6]
    assert People(out, "train")(np.random.default_rng(0), 64).alpha.max() > 128


def test_a_missing_parts_folder_is_named(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has no parts of people") as refused:
        run("--parts", tmp_path / "no", "--photos", photos, "--out", tmp_path, "--count", "1")
    assert refused.value.code == "no-parts"


@pytest.mark.parametrize("damaged", ["people.npz", "people.json"])
def test_damaged_parts_are_refused(
    damaged: str, people_parts: Path, photos: Path, tmp_path: Path
) -> None:
    for name in ("people.npz", "people.json"):
        (tmp_path / name).symlink_to(people_parts / name)
    (tmp_path / damaged).unlink()
    (tmp_path / damaged).write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(RequestError, match="cannot be read") as refused:
        Portraits(tmp_path, photos, 64)
    assert refused.value.code == "parts-damaged"


def test_parts_without_what_is_needed_are_refused(photos: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "people.npz", nothing=np.zeros(1))
    (tmp_path / "people.json").write_text(json.dumps({}))
    with pytest.raises(RequestError, match="Copy people"):
        Portraits(tmp_path, photos, 64)


def test_a_missing_photo_folder_is_named(people_parts: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="There is no folder"):
        Portraits(people_parts, tmp_path / "no", 64)


@pytest.mark.parametrize(
    "arguments",
    [("--count", "0"), ("--count", "1", "--size", "9"), ("--count", "1", "--jobs", "0")],
)
def test_numbers_out_of_range_are_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    places = ("--parts", tmp_path, "--photos", tmp_path, "--out", tmp_path)
    with pytest.raises(RequestError, match="out of range"):
        run(*places, *arguments)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="cannot be made"):
        folder.make_folder(tmp_path / "file" / "out")
    with pytest.raises(RequestError, match="was not written"):
        folder.save(tmp_path / "none" / "a.webp", np.zeros((4, 4, 4), np.uint8))


def test_a_picture_is_written_whole_with_exact_alpha_and_hidden_colour(tmp_path: Path) -> None:
    picture = np.zeros((32, 32, 4), np.uint8)
    picture[..., :3] = 90, 160, 30
    picture[8:24, 8:24, 3] = np.arange(256).reshape(16, 16)
    folder.save(tmp_path / "a.webp", picture)
    assert [file.name for file in tmp_path.iterdir()] == ["a.webp"]
    with Image.open(tmp_path / "a.webp") as written:
        kept = np.asarray(written)
    np.testing.assert_array_equal(kept[..., 3], picture[..., 3])
    assert np.abs(kept[0, 0, :3].astype(int) - picture[0, 0, :3]).max() < 8
