"""What can be written of a picture: outputs, backdrops, crop, depth and formats, by the command."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from batch.trees import colours, pair, photograph, pictures, plate_of, stored, trimap_of
from matteplug import cli
from matteplug.images import files
from matteplug.testing import FakeEngine

Cut = Callable[..., Path]
TEXTS = pytest.CaptureFixture[str]


@pytest.fixture
def cut(engine: FakeEngine, folder: Path) -> Cut:
    """Cut out a.png into a file of a suffix; return it."""
    pair(folder / "a.png")

    def run(suffix: str, *flags: object) -> Path:
        result = folder / f"result{suffix}"
        words = ["cut", folder / "a.png", "--force", "-o", result, *flags]
        assert cli.main([str(word) for word in words]) == 0
        return result

    return run


def test_the_foreground_is_opaque(cut: Cut) -> None:
    assert stored(cut(".png", "--output", "foreground")).shape == (30, 40, 3)


def test_the_trimap_that_was_used(cut: Cut, folder: Path) -> None:
    trimap = stored(cut(".png", "--output", "trimap"))
    np.testing.assert_array_equal(trimap, stored(folder / "a_trimap.png"))


def test_where_no_trimap_was_used_there_is_none(
    engine: FakeEngine, folder: Path, capsys: TEXTS
) -> None:
    photograph(folder / "a.png")
    plate_of(folder / "a_plate.png")
    words = ["cut", str(folder / "a.png"), "--no-refine", "--output", "trimap"]
    assert cli.main([*words, "-o", str(folder / "t.png")]) == 1
    assert "No trimap was used: by-plate" in capsys.readouterr().err


def test_a_crop_keeps_the_subject_and_a_margin(cut: Cut, folder: Path) -> None:
    """The alpha is that of the trimap, which is above 0 in 28 × 20 pixels of 40 × 30."""
    whole = stored(cut(".png"))
    rows, columns = np.nonzero(whole[..., 3])
    cropped = stored(cut(".png", "--crop", 2))
    expected = whole[rows.min() - 2 : rows.max() + 3, columns.min() - 2 : columns.max() + 3]
    np.testing.assert_array_equal(cropped, expected)
    assert stored(cut(".png", "--crop", 1000)).shape == whole.shape


def test_a_gradient(cut: Cut) -> None:
    made = stored(cut(".png", "--backdrop", "#000000..#ff8000"))
    assert made[0, 0].tolist() == [0, 0, 0]
    assert made[-1, 0].tolist() == [255, 128, 0]
    assert (np.diff(made[:, 0, 0].astype(int)) >= 0).all()


def test_the_original_out_of_focus(cut: Cut) -> None:
    made = stored(cut(".png", "--backdrop", "blur:3")).astype(int)
    original = colours().astype(int)
    np.testing.assert_array_equal(made[15, 20], original[15, 20])
    assert np.abs(made[0, 5:-5] - original[0, 5:-5]).max() < 25, "a gradient stays one"


@pytest.mark.parametrize(("suffix", "depth"), [(".png", 8), (".png", 16), (".tif", 16)])
def test_the_depth_can_be_chosen(cut: Cut, suffix: str, depth: int) -> None:
    found = files.read(cut(suffix, "--depth", depth))
    assert found.image.dtype == (np.uint8 if depth == 8 else np.uint16)


def test_16_bits_stay_in_every_format_that_holds_them(cut: Cut, folder: Path) -> None:
    image = colours(dtype=np.uint16) | 1
    files.write(folder / "a.png", image)
    known = stored(trimap_of(folder / "a.png")) == 255
    for suffix in (".png", ".tif"):
        np.testing.assert_array_equal(files.read(cut(suffix)).image[known], image[known])
    exr = OpenEXR.File(str(cut(".exr"))).channels()["RGBA"].pixels
    assert exr.dtype == np.float32
    linear = ((image / 65535 + 0.055) / 1.055) ** 2.4
    high = known & (image.min(axis=2) > 4000)
    assert np.abs(exr[high][:, :3] - linear[high]).max() < 1e-5
    with zipfile.ZipFile(cut(".ora")) as file:
        (folder / "layer.png").write_bytes(file.read("data/layer0.png"))
    np.testing.assert_array_equal(files.read(folder / "layer.png").image, image)


def test_formats_of_layers(cut: Cut) -> None:
    assert cut(".psd").read_bytes().startswith(b"8BPS")
    assert zipfile.is_zipfile(io.BytesIO(cut(".ora").read_bytes()))


def test_floats_in_a_tiff(cut: Cut) -> None:
    made = cut(".tif", "--output", "alpha", "--depth", 32)
    with Image.open(made) as image:
        assert image.mode == "F"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["-o", "x.psd", "--output", "alpha"], "holds the cutout, its mask and the original"),
        (["-o", "x.png", "--depth", "32"], "at most 16 bits"),
        (["-o", "x.webp", "--depth", "16"], "at most 8 bits"),
        (["--backdrop", "blur:0"], "not a number of pixels"),
        (["--backdrop", "white..nothing"], "nothing is neither a colour"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(
    engine: FakeEngine, folder: Path, capsys: TEXTS, flags: list[str], told: str
) -> None:
    pair(folder / "a.png")
    assert cli.main(["cut", str(folder / "a.png"), *flags]) == 2
    assert told in capsys.readouterr().err
    assert pictures(folder) == ["a.png", "a_trimap.png"]


@pytest.mark.parametrize("suffix", ["ora", "exr", "psd", "avif", "tif"])
def test_a_batch_knows_its_results_in_every_format(
    engine: FakeEngine, batch: Callable[..., int], folder: Path, suffix: str
) -> None:
    pair(folder / "a.png")
    assert batch(folder, "--format", suffix) == 0
    result = folder.with_name("photos-matte") / f"a.{suffix}"
    made = result.read_bytes()
    result.write_bytes(made[: len(made) // 2])
    assert batch(folder, "--format", suffix, "--resume") == 0
    assert result.read_bytes() == made, "half of it is no result"
    assert batch(folder, "--format", suffix, "--resume") == 0
    assert len(engine.runs) == 2
