"""Pictures are told from guides, results and litter; results never share a name."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from batch.trees import photograph, trimap_of
from matteplug_batch.find import MARKER, Found, find, real
from matteplug_batch.names import default_out, results


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def images(folder: Path) -> list[str]:
    return [found.image.relative_to(folder).as_posix() for found in find(folder).pictures]


def only(folder: Path) -> Found:
    (found,) = find(folder).pictures
    return found


def test_the_tree_is_read_in_a_fixed_order(folder: Path) -> None:
    make(folder, "b.png", "sub/deep/d.jpg", "a.JPG", "sub/c.tif", "notes.txt", "alsosub/e.webp")
    assert images(folder) == ["a.JPG", "b.png", "alsosub/e.webp", "sub/c.tif", "sub/deep/d.jpg"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a_trimap.png", "trimap"), ("a_mask.png", "selection"), ("a_plate.jpg", "plate")],
)
def test_guides_belong_to_the_picture_they_are_named_after(
    folder: Path, name: str, kind: str
) -> None:
    make(folder, "a.jpg", name)
    assert getattr(only(folder), kind) == folder / name


def test_names_are_compared_without_case(folder: Path) -> None:
    make(folder, "IMG_1.JPG", "img_1_Trimap.PNG")
    assert only(folder).trimap == folder / "img_1_Trimap.PNG"


def test_a_plate_serves_its_folder_only(folder: Path) -> None:
    make(folder, "plate.png", "a.jpg", "b.jpg", "b_plate.jpg", "sub/c.jpg")
    plates = {found.image.name: found.plate for found in find(folder).pictures}
    assert plates == {"a.jpg": folder / "plate.png", "b.jpg": folder / "b_plate.jpg", "c.jpg": None}


def test_a_lossless_guide_is_taken_before_a_lossy_one(folder: Path) -> None:
    make(folder, "a.jpg", "a_trimap.jpg", "a_trimap.png")
    assert only(folder).trimap == folder / "a_trimap.png"


def test_a_photograph_that_is_named_like_a_guide_is_a_photograph(folder: Path) -> None:
    make(folder, "number_plate.jpg", "party_mask.jpg")
    assert images(folder) == ["number_plate.jpg", "party_mask.jpg"]


def test_a_finished_alpha_is_no_picture(folder: Path) -> None:
    make(folder, "a.jpg", "a_alpha.png")
    assert images(folder) == ["a.jpg"]


def test_a_trimap_without_a_picture_is_no_picture_and_is_told(folder: Path) -> None:
    make(folder, "b.jpg", "a_trimap.png")
    tree = find(folder)
    assert [found.image.name for found in tree.pictures] == ["b.jpg"]
    assert tree.strays == [folder / "a_trimap.png"]


def test_litter_is_passed_over(folder: Path) -> None:
    make(folder, "a.jpg", ".hidden.jpg", "._a.jpg", ".thumbs/a.jpg", "__MACOSX/a.jpg")
    assert images(folder) == ["a.jpg"]


def test_earlier_results_are_passed_over(folder: Path) -> None:
    make(folder, "a.jpg", "sub-matte/a.png", f"sub-matte/{MARKER}")
    assert images(folder) == ["a.jpg"]


def test_an_output_folder_inside_is_passed_over(folder: Path) -> None:
    make(folder, "a.jpg", "out/a.png")
    found = find(folder, leave_out=[real(folder / "out")]).pictures
    assert [picture.image.name for picture in found] == ["a.jpg"]


def test_links_in_a_circle_end(folder: Path) -> None:
    make(folder, "sub/a.jpg")
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    assert images(folder) == ["sub/a.jpg"]


def test_a_broken_link_is_a_picture_that_will_be_missed(folder: Path) -> None:
    (folder / "a.jpg").symlink_to(folder / "gone.jpg")
    assert images(folder) == ["a.jpg"]


def test_a_link_in_a_circle_is_a_picture_that_will_be_missed(folder: Path) -> None:
    (folder / "a.jpg").symlink_to(folder / "a.jpg")
    make(folder, "b.jpg")
    assert images(folder) == ["a.jpg", "b.jpg"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may enter everywhere")
def test_a_link_into_a_closed_folder_is_a_picture_that_will_be_missed(
    folder: Path, tmp_path: Path
) -> None:
    make(tmp_path, "closed/a.jpg")
    (folder / "a.jpg").symlink_to(tmp_path / "closed" / "a.jpg")
    (tmp_path / "closed").chmod(0)
    try:
        assert images(folder) == ["a.jpg"]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_formats_that_cannot_be_read_are_told(folder: Path) -> None:
    make(folder, "a.HEIC", "b.cr2", "c.txt")
    tree = find(folder)
    assert [path.name for path in tree.foreign] == ["a.HEIC", "b.cr2", "c.txt"]
    assert not tree.pictures


def test_results_stay_in_their_folders() -> None:
    out = Path("out")
    assert results([out / "a.jpg", out / "sub/b.tif"], ".png") == [out / "a.png", out / "sub/b.png"]


def test_results_never_share_a_name() -> None:
    names = ["a.jpg", "a.png", "B.jpg", "b.png", "c.jpg", "a.jpg.png", "a.jpg.tif"]
    made = results([Path("out", name) for name in names], ".png")
    assert len({str(path).casefold() for path in made}) == len(names)
    assert made[:5] == [
        Path("out", n) for n in ("a.jpg.png", "a.png.png", "B.jpg.png", "b.png.png", "c.png")
    ]


def test_the_default_output_lies_beside_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_out(folder) == folder.parent / "photos-matte"
    monkeypatch.chdir(folder)
    assert default_out(Path(".")) == folder.parent / "photos-matte"


def test_a_picture_shares_a_trimap_with_its_namesake(folder: Path) -> None:
    photograph(folder / "a.jpg")
    photograph(folder / "a.png")
    guide = trimap_of(folder / "a.jpg")
    assert [found.trimap for found in find(folder).pictures] == [guide, guide]


NFC, NFD = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(
    ("picture", "guide"),
    [
        (f"{NFC}.jpg", f"{NFD}_trimap.png"),
        (f"{NFD}.jpg", f"{NFC}_trimap.png"),
        ("straße.jpg", "STRASSE_trimap.png"),
        ("\u01c5.jpg", "\u01c6_trimap.png"),
        (f"{NFC.upper()}.jpg", f"{NFD}_TRIMAP.PNG"),
    ],
)
def test_names_are_compared_without_regard_to_their_unicode_form(
    folder: Path, picture: str, guide: str
) -> None:
    make(folder, picture, guide)
    assert only(folder).trimap == folder / guide
    assert not find(folder).strays


def test_the_closest_spelling_wins(folder: Path) -> None:
    names = ("Hut.jpg", "HUT.jpg", f"{NFC}.jpg", f"{NFD}.jpg", f"{NFC.upper()}.jpg")
    make(folder, *names, *(f"{Path(name).stem}_trimap.png" for name in names))
    trimaps = {found.image.name: found.trimap for found in find(folder).pictures}
    assert trimaps == {name: folder / f"{Path(name).stem}_trimap.png" for name in names}


def test_a_guide_that_is_spelled_like_one_picture_is_no_other_s(folder: Path) -> None:
    make(folder, "Hut.jpg", "HUT.jpg", "HUT_mask.png")
    guided = {found.image.name: found.selection for found in find(folder).pictures}
    assert guided == {"HUT.jpg": folder / "HUT_mask.png", "Hut.jpg": None}


def test_of_two_guides_the_one_that_is_spelled_as_documented_is_taken(folder: Path) -> None:
    make(folder, "a.jpg", "A_TRIMAP.png", "a_Trimap.png", "a_trimap.jpg")
    assert only(folder).trimap == folder / "a_trimap.jpg"
    assert not find(folder).strays


@pytest.mark.parametrize(
    ("guide", "stray"),
    [
        ("bird-1_trimap.png", True),
        ("nobody_trimap.png", True),
        ("bird1_mask.png", True),
        ("bird 1_plate.jpg", True),
        ("bird_1_mask.xcf", False),
    ],
)
def test_a_guide_that_fits_no_picture_is_the_trouble_of_one_without(
    folder: Path, guide: str, stray: bool
) -> None:
    make(folder, "bird_1.jpg", guide, "cat.jpg", "cat_trimap.png")
    tree = find(folder)
    assert {found.image.name: found.misfit for found in tree.pictures} == {
        "bird_1.jpg": folder / guide,
        "cat.jpg": None,
    }
    assert tree.strays == ([folder / guide] if stray else [])


def test_pictures_that_have_their_guides_do_not_care_for_strays(folder: Path) -> None:
    make(folder, "bird_1.jpg", "bird_1_trimap.png", "bird_1_trimap.jpg", "bird-2_trimap.png")
    assert only(folder).misfit is None


def test_a_trimap_of_a_picture_that_cannot_be_read_is_not_another_s(folder: Path) -> None:
    make(folder, "a.raw", "a_trimap.png", "b.jpg")
    assert only(folder).misfit is None


def test_every_other_file_is_told(folder: Path) -> None:
    make(folder, "a.jpg", "a.xmp", "notes.txt", "Makefile", ".hidden")
    assert [path.name for path in find(folder).foreign] == ["Makefile", "a.xmp", "notes.txt"]


def test_results_differ_in_more_than_the_unicode_form() -> None:
    made = results([Path("out", f"{name}.jpg") for name in (NFC, NFD)], ".png")
    assert len({unicodedata.normalize("NFC", str(path)) for path in made}) == 2
