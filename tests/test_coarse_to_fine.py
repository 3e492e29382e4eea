"""Large pictures: coarse to fine, only what stays uncertain, global context kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import Cancelled, RequestError
from matteplug.matting import coarse_to_fine, network_inputs
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.types import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    CancelToken,
    MatteOptions,
    MatteRequest,
    Rect,
    Size,
    Tensor,
)

TRIMAP_SPEC = NetworkSpec(
    id="x",
    title="x",
    guide=Guide.TRIMAP,
    inputs=(
        TensorSpec(name="image", role="image", channels=3),
        TensorSpec(name="trimap", role="trimap", channels=1),
    ),
    outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
    overlap_px=32,
    mib_fixed=20,
    mib_per_megapixel=500,
)
PLATE_SPEC = NetworkSpec(
    id="y",
    title="y",
    guide=Guide.PLATE,
    inputs=(
        TensorSpec(name="image", role="image", channels=3),
        TensorSpec(name="plate", role="plate", channels=3),
    ),
    outputs=(
        TensorSpec(name="alpha", role="alpha", channels=1),
        TensorSpec(name="foreground", role="foreground", channels=3),
    ),
    overlap_px=32,
    mib_per_megapixel=500,
)


@dataclass
class RedSession:
    """A perfect network: alpha is the image's red; it notes what it sees."""

    spec: NetworkSpec = TRIMAP_SPEC
    provider: str = "cpu"
    notes: tuple[str, ...] = ()
    seen: list[Mapping[str, Tensor]] = field(default_factory=list)

    def run(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
    ) -> dict[str, Tensor]:
        self.seen.append(inputs)
        outputs = {"alpha": inputs["image"][:, :1].copy(), "foreground": inputs["image"]}
        return {tensor.role: outputs[tensor.role] for tensor in self.spec.outputs}

    @property
    def seen_px(self) -> int:
        return sum(i["image"].shape[2] * i["image"].shape[3] for i in self.seen)


def red_disc(
    width: int, height: int, radius: int, band: int, soft: float = 4
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture whose red is alpha: a disc with a soft edge, and its trimap."""
    disc = np.zeros((height, width), np.uint8)
    cv2.circle(disc, (width // 2, height // 2), radius, 255, -1, cv2.LINE_AA)
    soft_disc = cv2.GaussianBlur(disc, (0, 0), soft)
    trimap = np.where(disc > 127, FOREGROUND, BACKGROUND).astype(np.uint8)
    cv2.circle(trimap, (width // 2, height // 2), radius, UNKNOWN, band)
    return np.repeat(np.asarray(soft_disc)[..., None], 3, axis=2).astype(np.uint8), trimap


def alpha_of(session: RedSession, request: MatteRequest) -> NDArray[np.float32]:
    return np.asarray(coarse_to_fine.run(session, request)["alpha"][0, 0])


@pytest.mark.parametrize(
    "size", [(1, 1), (7, 5), (300, 200), (1000, 700), (20000, 10), (2500, 1800), (4000, 3000)]
)
def test_levels_end_with_the_picture_and_start_small(size: tuple[int, int]) -> None:
    sizes = coarse_to_fine.levels(Size(*size))
    assert sizes[-1] == size
    assert sizes[0].width * sizes[0].height <= 2 * coarse_to_fine.COARSE_PX
    for coarse, fine in pairwise(sizes):
        assert coarse.width < fine.width <= 4.1 * coarse.width


def test_8k_takes_more_steps_than_one() -> None:
    assert len(coarse_to_fine.levels(Size(7680, 4320))) == 3


def test_a_small_limit_makes_the_glance_smaller() -> None:
    first = coarse_to_fine.levels(Size(1000, 800), affordable_px=200_000)[0]
    assert first.width * first.height <= 200_000


def test_a_small_picture_is_computed_in_one_piece() -> None:
    image, trimap = red_disc(500, 400, 120, 40)
    session = RedSession()
    found = alpha_of(session, MatteRequest(image=image, trimap=trimap))
    assert len(session.seen) == 1
    unknown = trimap == UNKNOWN
    np.testing.assert_allclose(found[unknown], image[..., 0][unknown] / 255, atol=1e-6)


@pytest.mark.parametrize("limit_mib", [None, 250])
def test_a_large_picture_costs_little_and_is_right(limit_mib: int | None) -> None:
    image, trimap = red_disc(2000, 1500, 480, 80)
    session = RedSession()
    request = MatteRequest(image=image, trimap=trimap, options=MatteOptions(limit_mib=limit_mib))
    found = alpha_of(session, request)
    assert session.seen_px < 0.55 * trimap.size
    assert np.abs(found - image[..., 0] / 255)[trimap == UNKNOWN].max() < 0.03
    assert (found[trimap == BACKGROUND] == 0).all()
    assert (found[trimap == FOREGROUND] == 1).all()
    if limit_mib:
        largest = max(i["image"].shape[2] * i["image"].shape[3] for i in session.seen)
        assert 20 + 500 * largest / 1e6 <= limit_mib


def test_what_cannot_be_tiled_is_held_to_a_limit_that_was_set() -> None:
    image, trimap = red_disc(300, 200, 60, 20)

    def run(limit_mib: int | None, **changes: Any) -> RedSession:
        session = RedSession(spec=replace(TRIMAP_SPEC, tiling=False, **changes))
        options = MatteOptions(limit_mib=limit_mib)
        coarse_to_fine.run(session, MatteRequest(image=image, trimap=trimap, options=options))
        return session

    with pytest.raises(
        RequestError, match=r"x cannot work in 49 MiB.* to 50 MiB or more"
    ) as caught:
        run(49)
    assert caught.value.code == "limit-too-small"
    assert run(50).seen_px == trimap.size
    assert run(None, mib_fixed=5000).seen_px == trimap.size
    assert run(1, mib_fixed=0, mib_per_megapixel=0).seen_px == trimap.size, "was not measured"


def test_what_the_glance_decided_is_known_to_the_tiles() -> None:
    image, trimap = red_disc(2000, 1500, 480, 300)
    session = RedSession()
    alpha_of(session, MatteRequest(image=image, trimap=trimap))
    unknown = sum(int((i["trimap"] == 0.5).sum()) for i in session.seen[1:])
    assert 0 < unknown < 0.4 * (trimap == UNKNOWN).sum()


def test_tiles_keep_the_averages_that_the_glance_found() -> None:
    """A network that sees right only what is small: tiles alone would be off by 0.2."""

    class Drifting(RedSession):
        def run(
            self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
        ) -> dict[str, Tensor]:
            found = super().run(inputs, cancel)
            if len(self.seen) > 1:
                found["alpha"] = np.clip(found["alpha"] + 0.2, 0, 1)
            return found

    image, trimap = red_disc(2000, 1500, 480, 200, soft=30)
    unknown = trimap == UNKNOWN
    request = MatteRequest(image=image, trimap=trimap)
    assert np.abs(alpha_of(Drifting(), request) - image[..., 0] / 255)[unknown].mean() < 0.02


def test_detail_finer_than_the_glance_survives() -> None:
    image, trimap = red_disc(2000, 1500, 480, 200)
    image[600:800:6, 300:1700] = 255  # lines of two pixels, too fine for the glance
    image[601:800:6, 300:1700] = 255
    trimap[600:800, 300:1700] = UNKNOWN
    found = alpha_of(RedSession(), MatteRequest(image=image, trimap=trimap))
    part = (slice(620, 780), slice(400, 700))
    assert np.abs(found - image[..., 0] / 255)[part].mean() < 0.02


def test_a_small_object_in_a_large_picture_is_seen_at_full_size() -> None:
    image, trimap = red_disc(3000, 2000, 60, 20)
    session = RedSession()
    found = alpha_of(session, MatteRequest(image=image, trimap=trimap))
    assert len(session.seen) == 1
    assert session.seen_px < 0.05 * trimap.size
    assert found.shape == trimap.shape
    assert (found[trimap == FOREGROUND] == 1).all()


def test_without_a_trimap_the_whole_picture_is_glanced_at_and_its_edges_refined() -> None:
    image, _ = red_disc(2000, 1500, 480, 10)
    session = RedSession(spec=PLATE_SPEC)
    found = coarse_to_fine.run(session, MatteRequest(image=image, plate=np.zeros_like(image)))
    assert session.seen_px < 0.55 * image[..., 0].size
    assert np.abs(found["alpha"][0, 0] - image[..., 0] / 255).max() < 0.03
    assert found["foreground"].shape == (1, 3, 1500, 2000)
    assert np.abs(found["foreground"][0, 0] - image[..., 0] / 255).max() < 0.03
    assert all("plate" in i for i in session.seen)


def test_a_trimap_without_unknown_needs_no_network() -> None:
    _, trimap = red_disc(300, 200, 60, 20)
    trimap[trimap == UNKNOWN] = FOREGROUND
    for spec in (TRIMAP_SPEC, replace(TRIMAP_SPEC, tiling=False)):
        session = RedSession(spec=spec)
        request = MatteRequest(image=np.zeros((200, 300, 3), np.uint8), trimap=trimap)
        np.testing.assert_array_equal(alpha_of(session, request), trimap / 255)
        assert not session.seen


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 5), (20000, 10)])
def test_odd_sizes(width: int, height: int) -> None:
    image = np.random.default_rng(8).integers(0, 256, (height, width, 3), np.uint8)
    trimap = np.full((height, width), UNKNOWN, np.uint8)
    found = alpha_of(RedSession(), MatteRequest(image=image, trimap=trimap))
    np.testing.assert_allclose(found, image[..., 0] / 255, atol=0.5)
    assert found.shape == (height, width)


def test_progress_rises_to_one_and_cancelling_stops() -> None:
    image, trimap = red_disc(2000, 1500, 480, 80)
    request = MatteRequest(image=image, trimap=trimap)
    reports: list[float] = []
    coarse_to_fine.run(RedSession(), request, progress=lambda share, what: reports.append(share))
    assert len(reports) > 4
    assert reports == sorted(reports)
    assert reports[-1] == pytest.approx(1)

    token, session = CancelToken(), RedSession()

    def stop(share: float, what: str) -> None:
        if len(session.seen) == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        coarse_to_fine.run(session, request, progress=stop, cancel=token)
    assert len(session.seen) == 3


def test_scaling_down_keeps_only_what_is_wholly_known() -> None:
    trimap = np.full((60, 80), BACKGROUND, np.uint8)
    trimap[20:40, 20:60] = FOREGROUND
    trimap[:, 30] = UNKNOWN
    request = MatteRequest(
        image=np.full((60, 80, 3), 77, np.uint8),
        trimap=trimap,
        segmentation=np.ones((60, 80), np.float32),
    )
    small = network_inputs.scaled(request, Size(20, 15))
    assert small.trimap is not None
    assert set(np.unique(small.trimap)) == {BACKGROUND, UNKNOWN, FOREGROUND}
    assert (small.trimap[:, 7] == UNKNOWN).all()
    tensors = network_inputs.tensors(small, Rect(0, 0, 20, 15))
    assert {role: t.shape for role, t in tensors.items()} == {
        "image": (1, 3, 15, 20),
        "trimap": (1, 1, 15, 20),
        "segmentation": (1, 1, 15, 20),
    }
    assert set(np.unique(tensors["trimap"])) == {0, 0.5, 1}
    assert network_inputs.scaled(request, Size(80, 60)) is request
