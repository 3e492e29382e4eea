"""The whole command on good pictures: what is written, where, and what is said."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from batch.trees import checksums, colours, pair, photograph, pictures, plate_of, stored, trimap_of
from matteplug import plugins
from matteplug.images import files
from matteplug.testing import FakeEngine

Batch = Callable[..., int]


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, object]]:
    return lambda: json.loads(capsys.readouterr().out)


def test_the_tree_is_mirrored_beside_the_folder(batch: Batch, folder: Path) -> None:
    pair(folder / "a.jpg")
    pair(folder / "sub" / "b.png")
    before = checksums(folder)
    assert batch(folder) == 0
    assert pictures(folder.parent / "photos-matte") == ["a.png", "sub/b.png"]
    assert checksums(folder) == before


def test_a_cutout_has_the_picture_s_colours_and_the_matte(batch: Batch, folder: Path) -> None:
    pair(folder / "a.png")
    batch(folder)
    cutout = stored(folder.parent / "photos-matte" / "a.png")
    image = colours()
    alpha = stored(folder / "a_trimap.png")
    assert cutout.shape == (30, 40, 4)
    np.testing.assert_array_equal(cutout[..., 3], alpha)
    np.testing.assert_array_equal(cutout[alpha == 255][:, :3], image[alpha == 255])


def test_alpha_is_written_gray(batch: Batch, folder: Path) -> None:
    pair(folder / "a.png")
    assert batch(folder, "--output", "alpha", "--quiet") == 0
    alpha = stored(folder.parent / "photos-matte" / "a.png")
    np.testing.assert_array_equal(alpha, stored(folder / "a_trimap.png"))


def test_a_backdrop_of_one_colour(batch: Batch, folder: Path) -> None:
    pair(folder / "a.png")
    assert batch(folder, "--backdrop", "#0a64c8") == 0
    composite = stored(folder.parent / "photos-matte" / "a.png")
    assert composite.shape == (30, 40, 3)
    assert composite[0, 0].tolist() == [10, 100, 200]
    assert composite[15, 20].tolist() == colours()[15, 20].tolist()


def test_a_backdrop_picture_covers_from_the_middle(
    batch: Batch, folder: Path, tmp_path: Path
) -> None:
    pair(folder / "a.png")
    wide = np.zeros((30, 200, 3), np.uint8)
    wide[:, 80:120] = 255
    Image.fromarray(wide).save(tmp_path / "wall.png")
    assert batch(folder, "--backdrop", tmp_path / "wall.png") == 0
    composite = stored(folder.parent / "photos-matte" / "a.png")
    assert (composite[0] == 255).all()


def test_a_backdrop_s_own_transparency_is_respected(
    batch: Batch, folder: Path, tmp_path: Path
) -> None:
    pair(folder / "a.png")
    wall = np.full((30, 40, 4), (9, 8, 7, 51), np.uint8)
    Image.fromarray(wall).save(tmp_path / "wall.png")
    for backdrop in (tmp_path / "wall.png", "#09080733"):
        assert batch(folder, "--backdrop", backdrop) == 0
        result = stored(folder.with_name("photos-matte") / "a.png")
        assert result.shape == (30, 40, 4)
        assert result[0, 0].tolist() == [9, 8, 7, 51]
        assert result[..., 3].max() == 255


def test_a_backdrop_is_taken_into_the_picture_s_colour_space(batch: Batch, folder: Path) -> None:
    """In the picture's profile red and green have changed places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    Image.fromarray(colours()).save(folder / "a.png", icc_profile=swapped)
    trimap_of(folder / "a.png")
    assert batch(folder, "--backdrop", "200,0,0") == 0
    result = folder.parent / "photos-matte" / "a.png"
    assert files.read(result).icc == swapped
    red, green, blue = stored(result)[0, 0].astype(int)
    assert (red, blue) == (0, 0)
    assert abs(green - 200) <= 1


def test_a_16_bit_picture_keeps_its_16_bits(batch: Batch, folder: Path) -> None:
    image = colours(dtype=np.uint16)
    files.write(folder / "a.png", image)
    trimap_of(folder / "a.png")
    assert batch(folder) == 0
    cutout = files.read(folder.parent / "photos-matte" / "a.png")
    assert cutout.image.dtype == np.uint16
    np.testing.assert_array_equal(cutout.image[15, 14:26], image[15, 14:26])


def test_the_colour_profile_is_kept(batch: Batch, folder: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(colours()).save(folder / "a.jpg", icc_profile=profile)
    trimap_of(folder / "a.jpg")
    assert batch(folder) == 0
    assert files.read(folder.parent / "photos-matte" / "a.png").icc == profile


def test_a_turned_picture_is_turned_upright(batch: Batch, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    Image.fromarray(colours()).save(folder / "a.jpg", exif=exif)
    trimap_of(folder / "a.jpg", width=30, height=40)
    assert batch(folder) == 0
    with Image.open(folder.parent / "photos-matte" / "a.png") as cutout:
        assert cutout.size == (30, 40)
        assert not cutout.getexif().get(0x0112)


def test_a_picture_s_own_transparency_is_kept(batch: Batch, folder: Path) -> None:
    pair(folder / "a.png")
    own = np.full((30, 40), 255, np.uint8)
    own[:, :20] = 0
    Image.fromarray(np.dstack([colours(), own])).save(folder / "a.png")
    assert batch(folder) == 0
    alpha = stored(folder.parent / "photos-matte" / "a.png")[..., 3]
    assert not alpha[:, :20].any()
    assert alpha[15, 20:26].tolist() == [255] * 6


def test_the_guide_chooses_the_network(
    batch: Batch, folder: Path, report: Callable[[], dict[str, object]]
) -> None:
    pair(folder / "a.png")
    plate_of(folder / "a_plate.png")
    photograph(folder / "b.png")
    plate_of(folder / "b_plate.png")
    photograph(folder / "c.png")
    pair(folder / "d.png")
    (folder / "d_trimap.png").rename(folder / "d_mask.png")
    assert batch(folder, "--no-align", "--json") == 1
    found = report()
    assert isinstance(found["pictures"], list)
    chosen = {p["picture"]: (p["network"], p["guide"]) for p in found["pictures"]}
    assert chosen == {
        "a.png": ("by-trimap", "a_trimap.png"),
        "b.png": ("by-plate", "b_plate.png"),
        "c.png": (None, None),
        "d.png": ("by-trimap", "d_mask.png"),
    }


def test_a_named_network_takes_its_own_guide(
    batch: Batch, folder: Path, report: Callable[[], dict[str, object]]
) -> None:
    pair(folder / "a.png")
    plate_of(folder / "plate.png")
    assert batch(folder, "--network", "by-plate", "--no-align", "--json") == 0
    found = report()
    assert isinstance(found["pictures"], list)
    assert [(p["network"], p["guide"]) for p in found["pictures"]] == [("by-plate", "plate.png")]


def test_a_picture_without_a_guide_is_reported_with_what_to_do(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photograph(folder / "alone.png")
    assert batch(folder) == 1
    assert "alone_trimap.png" in capsys.readouterr().err


def test_the_guide_that_a_named_network_needs_is_named(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    assert batch(folder, "--network", "by-plate") == 1
    said = capsys.readouterr().err
    assert "There is no plate beside it" in said
    assert "Put a_plate.png beside it." in said


def test_the_bar_counts_what_is_left_to_do(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        pair(folder / f"{name}.png")
    batch(folder)
    pair(folder / "d.png")
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")  # so that no column of the bar is cut
    assert batch(folder, "--resume") == 0
    assert "1/1" in terminal.getvalue()
    assert "d.png: " in terminal.getvalue()
    assert "3/4" not in terminal.getvalue()
    assert "4/4" not in terminal.getvalue()


def test_the_summary_names_pictures_provider_and_folder(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a [1].png")
    photograph(folder / "bad.png").write_bytes(b"")
    assert batch(folder) == 1
    said = capsys.readouterr()
    assert "a [1].png" in said.out
    assert "1 done, 1 failed" in said.out
    assert "by-trimap on cpu" in said.out
    assert str(folder.parent / "photos-matte") in said.out
    assert "bad.png" in said.err


def test_quiet_says_only_what_failed(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    photograph(folder / "bad.png").write_bytes(b"")
    assert batch(folder, "--quiet") == 1
    said = capsys.readouterr()
    assert not said.out
    assert len(said.err.splitlines()) == 1
    assert "bad.png" in said.err


def test_namesakes_have_results_of_their_own(batch: Batch, folder: Path) -> None:
    pair(folder / "a.jpg")
    photograph(folder / "a.png")
    assert batch(folder) == 0
    assert pictures(folder.parent / "photos-matte") == ["a.jpg.png", "a.png.png"]


def test_names_of_any_bytes_are_worked_on_and_shown(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    odd = folder / "b\udcff.png"
    (folder / "a.png").rename(odd)
    (folder / "a_trimap.png").rename(folder / "b\udcff_trimap.png")
    assert batch(folder) == 0
    assert "b�.png" in capsys.readouterr().out


def test_a_required_provider_that_does_not_do_the_work_stops_the_batch(
    batch: Batch, engine: FakeEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(folder / "a.png")
    pair(folder / "b.png")
    session = engine.session
    monkeypatch.setattr(engine, "session", lambda spec, provider, *_: session(spec, "auto"))
    assert batch(folder, "--require-ep", "cuda") == 1
    assert len(engine.runs) == 1
    assert pictures(folder.parent / "photos-matte") == []


def test_a_network_that_may_not_be_used_commercially_is_refused_before_any_work(
    batch: Batch,
    engine: FakeEngine,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair(folder / "a.png")
    networks = plugins.registry().networks
    monkeypatch.setitem(networks, "by-trimap", replace(networks["by-trimap"], commercial="yes"))
    assert batch(folder, "--commercial", "--json") == 0
    entries = json.loads(capsys.readouterr().out)["pictures"]
    assert entries[0]["licences"]["by-trimap"].endswith("commercial use: yes")
    runs = len(engine.runs)
    monkeypatch.setitem(networks, "by-trimap", replace(networks["by-trimap"], commercial="unclear"))
    assert batch(folder, "--commercial", "--network", "by-trimap") == 2
    assert "by-trimap is not used with the option commercial" in capsys.readouterr().err
    assert len(engine.runs) == runs


def test_a_required_provider_is_asked_for(
    batch: Batch, folder: Path, report: Callable[[], dict[str, object]]
) -> None:
    pair(folder / "a.png")
    assert batch(folder, "--require-ep", "cuda", "--json") == 0
    found = report()
    assert isinstance(found["pictures"], list)
    assert found["pictures"][0]["provider"] == "cuda"


@pytest.mark.parametrize(
    "refused",
    [
        (["--output", "composite"], "needs a backdrop"),
        (["--output", "alpha", "--backdrop", "white"], "has no backdrop"),
        (["--backdrop", "whiteish"], "neither a colour nor a file"),
        (["--backdrop", "300,0,0"], "neither a colour nor a file"),
        (["--network", "nonesuch"], "no network named"),
        (["--provider", "nonesuch"], "no execution provider"),
        (["--require-ep", "nonesuch"], "no execution provider"),
        (["--provider", "cpu", "--require-ep", "cuda"], "contradict each other"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(
    batch: Batch,
    engine: FakeEngine,
    folder: Path,
    refused: tuple[list[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pair(folder / "a.png")
    arguments, reason = refused
    assert batch(folder, *arguments) == 2
    assert reason in capsys.readouterr().err
    assert not engine.runs
    assert not (folder.parent / "photos-matte").exists()


def test_results_do_not_go_among_the_pictures(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(folder / "a.png")
    before = checksums(folder)
    monkeypatch.chdir(folder)
    assert batch(folder, "--out", ".") == 2
    assert checksums(folder) == before


def test_a_terminal_that_knows_ascii_only_shows_what_it_can(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(folder / "Straße × 2.png")
    shown = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown, encoding="ascii"))
    assert batch(folder) == 0
    sys.stdout.flush()
    assert "Stra?e ? 2.png" in shown.getvalue().decode("ascii")
