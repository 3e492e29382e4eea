"""Covering what is unknown, tiles within a memory limit, and blending without seams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import Cancelled, RequestError
from matteplug.matting import tiling
from matteplug.matting.tile_cover import cover
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.types import CancelToken, Rect, Size, Tensor

SPEC = NetworkSpec(
    id="blur",
    title="Blur",
    guide=Guide.NONE,
    inputs=(TensorSpec(name="image", role="image", channels=1),),
    outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
    overlap_px=32,
    mib_fixed=10,
    mib_per_megapixel=1000,
)


def ring(
    width: int = 700, height: int = 500, radius: int = 180, band: int = 30
) -> NDArray[np.bool_]:
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (width // 2, height // 2), radius, 1, band)
    return mask.astype(bool)


@dataclass
class BlurSession:
    """A network whose every output pixel depends on `reach_px` around it, and no farther."""

    spec: NetworkSpec = SPEC
    provider: str = "cpu"
    notes: tuple[str, ...] = ()
    reach_px: int = 10
    runs: int = 0

    def run(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
    ) -> dict[str, Tensor]:
        self.runs += 1
        side = 2 * self.reach_px + 1
        plane = inputs["image"][0, 0].copy()
        return {"alpha": cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE)[None, None]}


class PictureReader:
    """Reads parts of an array, and remembers which."""

    def __init__(self, size: Size) -> None:
        self.array = np.random.default_rng(6).random((size.height, size.width), np.float32)
        self.seen: list[Rect] = []

    def read(self, rect: Rect) -> dict[str, Tensor]:
        self.seen.append(rect)
        return {"image": self.array[rect.slices][None, None]}


MASKS = {
    "ring": ring(),
    "everything": np.ones((300, 400), bool),
    "corners": np.pad(np.zeros((398, 598), bool), 1, constant_values=True),
    "one pixel": np.arange(90 * 70).reshape(70, 90) == 4000,
    "noise": np.random.default_rng(7).random((333, 257)) < 0.001,
    "strip": np.ones((10, 20000), bool),
    "tiny": np.ones((5, 7), bool),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("overlap_px", [0, 32, 100])
def test_rectangles_hold_every_marked_pixel_and_do_not_overlap(name: str, overlap_px: int) -> None:
    mask = MASKS[name]
    count = np.zeros(mask.shape, int)
    for rect in cover(mask, overlap_px).rects:
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.x + rect.width <= mask.shape[1]
        assert rect.y + rect.height <= mask.shape[0]
        count[rect.slices] += 1
    assert count[mask].min() == 1
    assert count.max() == 1


def test_only_the_surroundings_of_the_unknown_are_computed() -> None:
    mask = ring(4000, 3000, 1000, 60)
    tiles = tiling.plan(mask, SPEC, 10**6)
    seen = sum(tile.seen.width * tile.seen.height for tile in tiles)
    assert seen < 0.16 * mask.size
    assert len(tiles) < 60


def test_a_picture_that_is_unknown_throughout_is_one_tile() -> None:
    everything = Rect(0, 0, 400, 300)
    assert tiling.plan(MASKS["everything"], SPEC) == ((everything, everything, 0),)


def test_nothing_unknown_needs_no_tile() -> None:
    assert tiling.plan(np.zeros((50, 60), bool), SPEC) == ()
    assert tiling.run(BlurSession(), PictureReader(Size(60, 50)).read, (), Size(60, 50)) == {}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("limit_mib", [30, 60, 400])
def test_no_tile_needs_more_than_the_limit(name: str, limit_mib: int) -> None:
    for tile in tiling.plan(MASKS[name], SPEC, limit_mib):
        assert 10 + 1000 * tile.seen.width * tile.seen.height / 1e6 <= limit_mib


def test_a_limit_that_is_too_small_is_refused_with_one_that_is_not() -> None:
    with pytest.raises(RequestError) as caught:
        tiling.plan(MASKS["ring"], SPEC, 12)
    assert caught.value.code == "limit-too-small"
    enough = int("".join(filter(str.isdigit, caught.value.hint)))
    assert tiling.plan(MASKS["ring"], SPEC, enough)


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("limit_mib", [30, 90])
def test_tiles_give_what_the_whole_picture_gives(name: str, limit_mib: int) -> None:
    mask = MASKS[name]
    size = Size.of(mask)
    picture, session = PictureReader(size), BlurSession()
    whole = session.run(picture.read(Rect(0, 0, *size)))["alpha"][0, 0]
    tiles = tiling.plan(mask, SPEC, limit_mib)
    found = tiling.run(session, picture.read, tiles, size)["alpha"][0, 0]
    assert found.shape == mask.shape
    assert np.abs(found - whole)[mask].max() < 1e-5


def test_where_tiles_disagree_they_fade_into_each_other() -> None:
    """Every tile gives another constant: along any row the result changes in small steps."""

    class Numbered(BlurSession):
        def run(
            self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
        ) -> dict[str, Tensor]:
            self.runs += 1
            return {"alpha": np.full_like(inputs["image"], self.runs % 2)}

    mask = np.ones((300, 400), bool)
    tiles = tiling.plan(mask, SPEC, 60)
    assert len(tiles) > 4
    size = Size.of(mask)
    alpha = tiling.run(Numbered(), PictureReader(size).read, tiles, size)["alpha"][0, 0]
    steps = max(np.abs(np.diff(alpha, axis=0)).max(), np.abs(np.diff(alpha, axis=1)).max())
    assert 0 < steps <= 1.5 / (2 * tiles[0].blend_px)


def test_blend_fractions_sum_to_one() -> None:
    mask = MASKS["ring"]
    tiles = tiling.plan(mask, SPEC, 60)
    total = np.zeros(mask.shape)
    for tile in tiles:
        fraction = tiling.blend_fractions(tile, tiles)
        assert fraction.min() >= 0
        total[tile.used.slices] += fraction
    assert np.abs(total[mask] - 1).max() < 1e-5


def test_progress_is_per_tile_monotonic_and_ends_at_one() -> None:
    mask = MASKS["ring"]
    tiles, size = tiling.plan(mask, SPEC, 60), Size.of(mask)
    reports: list[float] = []
    tiling.run(
        BlurSession(),
        PictureReader(size).read,
        tiles,
        size,
        progress=lambda share, what: reports.append(share),
    )
    assert len(reports) == len(tiles) > 3
    assert reports == sorted(reports)
    assert reports[0] > 0
    assert reports[-1] == 1


def test_cancelling_stops_between_tiles() -> None:
    mask = MASKS["ring"]
    tiles, size = tiling.plan(mask, SPEC, 60), Size.of(mask)
    token, session = CancelToken(), BlurSession()

    def after_the_second(share: float, what: str) -> None:
        if session.runs == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        tiling.run(
            session, PictureReader(size).read, tiles, size, progress=after_the_second, cancel=token
        )
    assert session.runs == 2


def test_what_the_network_sees_is_aligned_where_the_picture_allows() -> None:
    for tile in tiling.plan(ring(4000, 3000, 1000, 60), SPEC, 10**6):
        assert (tile.seen.width % 32, tile.seen.height % 32) == (0, 0)


def test_a_network_that_was_not_measured_gets_tiles_of_a_bounded_size() -> None:
    unmeasured = replace(SPEC, mib_fixed=0, mib_per_megapixel=0)
    for tile in tiling.plan(np.ones((2000, 3000), bool), unmeasured):
        assert tile.seen.width * tile.seen.height <= 1_500_000
