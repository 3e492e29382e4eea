"""What comes from Inkscape: outlines as masks, picture files as pixels, PNG files back."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from matteplug import api, plugins
from matteplug.cli import main
from matteplug.errors import RequestError
from matteplug.images.decoder import decode
from matteplug.images.encoding import encode
from matteplug.testing import FakeEngine
from matteplug.types import Rect, Size
from matteplug.wire import WireJob
from matteplug.wire.buffers import Buffer, PixelFormat
from matteplug_inkscape import matteplug_hosts, outline
from matteplug_inkscape.adapter import InkscapeAdapter

ROOT = Path(__file__).parent.parent
INX = "{http://www.inkscape.org/namespace/inkscape/extension}"
SIZE = Size(8, 6)
SQUARE = [[2, 1], [6, 1], [6, 5], [2, 5]]
HOLE = [[3, 2], [5, 2], [5, 4], [3, 4]]


def described(
    *rings: Any, rule: str = "nonzero", frame: Any = (0, 0, 8, 6), fit: str = "none"
) -> bytes:
    shapes = [{"rule": rule, "rings": rings}]
    return json.dumps({"frame": frame, "fit": fit, "shapes": shapes}).encode()


def rows(data: bytes, size: Size = SIZE) -> list[str]:
    return ["".join("#" if value else "." for value in row) for row in outline.mask(data, size)]


@pytest.mark.parametrize(
    ("rings", "rule", "middle"),
    [
        ((SQUARE,), "nonzero", "..####.."),
        ((SQUARE, HOLE), "nonzero", "..####.."),
        ((SQUARE, HOLE[::-1]), "nonzero", "..#..#.."),
        ((SQUARE, HOLE), "evenodd", "..#..#.."),
        ((SQUARE, SQUARE), "evenodd", None),
    ],
)
def test_a_shape_s_rule_tells_its_inside(rings: Any, rule: str, middle: str | None) -> None:
    if middle is None:
        with pytest.raises(RequestError, match="does not lie over the picture"):
            rows(described(*rings, rule=rule))
        return
    got = rows(described(*rings, rule=rule))
    assert got == ["........", "..####..", middle, middle, "..####..", "........"]


def test_shapes_are_joined_and_may_reach_beyond_the_picture() -> None:
    shapes = [
        {"rule": "evenodd", "rings": [[[-9, -9], [3, -9], [3, 3], [-9, 3]]]},
        {"rule": "evenodd", "rings": [[[1, 1], [99, 1], [99, 99], [1, 99]]]},
    ]
    data = json.dumps({"frame": [0, 0, 8, 6], "fit": "none", "shapes": shapes}).encode()
    assert rows(data) == ["###.....", *["########"] * 2, *[".#######"] * 3]


def test_a_pixel_is_inside_where_its_centre_is() -> None:
    triangle = [[0, 0], [6, 0], [0, 6]]
    expected = [[x + y + 1 < 6 for x in range(8)] for y in range(6)]
    assert rows(described(triangle)) == ["".join(".#"[one] for one in row) for row in expected]


@pytest.mark.parametrize(
    ("fit", "frame", "first"),
    [
        ("none", (10, 20, 16, 12), [10, 20, 12, 22]),
        ("xMidYMid meet", (10, 20, 8, 10), [10, 22, 11, 23]),
        ("xMinYMax meet", (10, 20, 8, 10), [10, 24, 11, 25]),
        ("xMidYMid", (10, 20, 28, 12), [16, 20, 18, 22]),
        ("xMaxYMid slice", (10, 20, 8, 12), [2, 20, 4, 22]),
        ("xMidYMid meet", (None, None, None, None), [0, 0, 1, 1]),
    ],
)
def test_a_picture_lies_where_svg_says(fit: str, frame: Any, first: list[int]) -> None:
    left, top, right, bottom = first
    pixel = [[left, top], [right, top], [right, bottom], [left, bottom]]
    assert rows(described(pixel, frame=frame, fit=fit)) == ["#.......", *["........"] * 5]


def as_bytes(name: str, data: bytes) -> Buffer:
    rect = Rect(0, 0, len(data), 1)
    return Buffer(name=name, format=PixelFormat("Y", "u8"), rect=rect, data=data)


def job(results: dict[str, PixelFormat], **buffers: bytes) -> WireJob:
    found = {name: as_bytes(name, data) for name, data in buffers.items()}
    return WireJob(buffers=found, results=results)


def answered(job: WireJob) -> tuple[NDArray[Any], bytes | None]:
    adapter = InkscapeAdapter()
    adapter.write(job, api.run(adapter.read(job), engine=FakeEngine()))
    ((entry, data),) = job.answer
    assert entry["size"] == [len(data), 1]
    decoded = decode(data, "answer", through_profile=False)
    return decoded.array, decoded.icc


def test_the_extension_is_installed_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATTEPLUG_STATE", str(tmp_path / "state"))
    (spec,) = matteplug_hosts()
    monkeypatch.setitem(plugins.registry().hosts, spec.id, spec)
    folder = tmp_path / "extensions"
    assert main(["hosts", "install", "inkscape", "--folder", str(folder)]) == 0
    ours = folder / "matteplug-smart-matte"
    assert sorted(path.name for path in ours.iterdir()) == [
        "bridge.py",
        "matteplug_smart_matte.inx",
        "matteplug_smart_matte.py",
        "settings.json",
    ]
    dialog = ElementTree.parse(ours / "matteplug_smart_matte.inx")
    (network,) = [one for one in dialog.iter(f"{INX}param") if one.get("name") == "network"]
    listed = {option.get("value"): option.text for option in network}
    installed = plugins.registry().networks.values()
    assert listed == {"automatic": "Automatic", **{spec.id: spec.title for spec in installed}}
    assert main(["hosts", "uninstall", "inkscape", "--folder", str(folder)]) == 0
    assert list(folder.iterdir()) == []
    assert f"Removed {ours}" in capsys.readouterr().out


def test_the_guide_names_every_setting_and_choice() -> None:
    inx = ElementTree.parse(ROOT / "hosts/matteplug_inkscape/plug_in/matteplug_smart_matte.inx")
    guide = (ROOT / "docs/guides/inkscape.md").read_text(encoding="utf-8")
    names = [one.get("name") for one in inx.iter(f"{INX}param")]
    choices = [one.get("value") for one in inx.iter(f"{INX}option")]
    assert len(names) == 18
    assert len(choices) == 10
    for name in [*names, *choices]:
        assert str(name) in guide


CUTOUT = {"cutout": PixelFormat("RGBA", "u8")}
PICTURE = np.random.default_rng(1).integers(0, 65536, (60, 80, 3), np.uint16)
ROUGH = described([[20, 15], [60, 15], [60, 45], [20, 45]], frame=(0, 0, 80, 60))


def test_sixteen_bits_stay_sixteen() -> None:
    array, _ = answered(job(CUTOUT, image=encode(PICTURE, ".png"), selection=ROUGH))
    mask = outline.mask(ROUGH, Size(80, 60))
    expected = api.matte(PICTURE, selection=mask, engine=FakeEngine()).cutout()
    assert array.dtype == np.uint16
    assert (array == expected).all()


def test_a_colour_profile_and_transparency_stay() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = np.full((60, 80, 4), 255, np.uint8)
    image[:, 40:, 3] = 51
    array, profile = answered(job(CUTOUT, image=encode(image, ".png", icc), selection=ROUGH))
    assert profile == icc
    assert array[30, 35, 3] == 255
    assert array[30, 45, 3] == 51


def test_a_jpeg_comes_as_it_is_and_a_mask_goes_as_gray() -> None:
    file = io.BytesIO()
    Image.fromarray((PICTURE >> 8).astype(np.uint8)).save(file, "JPEG")
    asked = {"alpha": PixelFormat("Y", "u8")}
    array, _ = answered(job(asked, image=file.getvalue(), selection=ROUGH))
    assert array.dtype == np.uint8
    assert (array[..., 0] == array[..., 2]).all()
    assert sorted(set(array[..., 0].ravel())) == [0, 128, 255]


def test_a_trimap_is_read_and_has_the_picture_s_size() -> None:
    trimap = np.repeat(np.array([[0, 128, 255]], np.uint8), [20, 40, 20], axis=1).repeat(60, axis=0)
    image = encode((PICTURE >> 8).astype(np.uint8), ".png")
    array, _ = answered(job(CUTOUT, image=image, trimap=encode(trimap, ".png")))
    assert (array[..., 3] == trimap).all()
    with pytest.raises(RequestError, match="40×60 pixels but the picture is 80×60"):
        InkscapeAdapter().read(job(CUTOUT, image=image, trimap=encode(trimap[:, :40], ".png")))
    plate = encode((PICTURE[:30] >> 8).astype(np.uint8), ".png")
    with pytest.raises(RequestError, match="80×30 pixels"):
        InkscapeAdapter().read(job(CUTOUT, image=image, plate=plate))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(RequestError, match="of the drawing"):
        InkscapeAdapter().read(job(CUTOUT, image=b"<svg/>", selection=ROUGH))
