"""Requests that hosts or people make: brought into form, or refused with a hint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug import api
from matteplug.errors import RequestError
from matteplug.matting.validation import checked
from matteplug.testing import FakeEngine
from matteplug.types import MatteOptions, MatteRequest

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
UNIT: NDArray[np.float32] = np.divide(IMAGE, 255, dtype=np.float32)
TRIMAP = np.repeat(np.array([0, 128, 255], np.uint8), 20)[None].repeat(40, axis=0)


def segmentation_of(values: Any) -> NDArray[np.float32]:
    found = checked(MatteRequest(image=IMAGE, segmentation=values)).segmentation
    assert found is not None
    assert found.dtype == np.float32
    return found


def test_what_is_in_form_stays_as_it_is() -> None:
    request = MatteRequest(image=UNIT, plate=UNIT, trimap=TRIMAP, segmentation=UNIT[..., 0])
    found = checked(request)
    np.testing.assert_array_equal(found.image, UNIT)
    np.testing.assert_array_equal(found.plate, UNIT)
    np.testing.assert_array_equal(found.segmentation, UNIT[..., 0])
    assert found.trimap is TRIMAP
    assert found.notes == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"image": IMAGE.astype(np.float32)}, "image-range"),
        ({"image": UNIT - 0.1}, "image-range"),
        ({"image": np.where(UNIT > 0.5, np.nan, UNIT)}, "image-not-finite"),
        ({"image": IMAGE.astype(int)}, "image-dtype"),
        ({"image": IMAGE[..., :2]}, "image-shape"),
        ({"plate": IMAGE.astype(np.float64)}, "image-range"),
        ({"trimap": TRIMAP // 127}, "trimap-values"),
        ({"trimap": TRIMAP == 255}, "trimap-form"),
        ({"trimap": TRIMAP[:30, :30]}, "trimap-size"),
        ({"segmentation": UNIT[:30, :, 0]}, "segmentation-size"),
        ({"segmentation": UNIT}, "mask-form"),
        ({"segmentation": UNIT[..., 0] * np.float32(np.nan)}, "mask-values"),
        ({"options": MatteOptions(limit_mib=0)}, "limit-too-small"),
        ({"options": MatteOptions(limit_mib=-5)}, "limit-too-small"),
    ],
)
def test_what_is_not_in_form_is_refused_before_any_work(change: dict[str, Any], code: str) -> None:
    request = MatteRequest(**{"image": IMAGE, "trimap": TRIMAP} | change)
    engine = FakeEngine()
    with pytest.raises(RequestError) as caught:
        api.run(request, engine=engine)
    assert caught.value.code == code
    assert engine.runs == []


def test_the_range_of_floats_is_told_with_what_to_do() -> None:
    with pytest.raises(RequestError, match=r"plate's values reach from 0 to 255.*by 255"):
        checked(MatteRequest(image=IMAGE, plate=np.array([[[0.0, 128, 255]]])))


def test_rounding_beyond_the_range_is_clipped() -> None:
    image = np.array([[[-1e-9, 0.5, 1.0000001]]])
    np.testing.assert_array_equal(checked(MatteRequest(image=image)).image, [[[0, 0.5, 1]]])


def test_a_segmentation_is_read_as_other_masks_are() -> None:
    half = np.arange(40 * 60).reshape(40, 60) % 2
    for values in (half.astype(bool), half.astype(np.uint8), half * 255, half.astype(np.float64)):
        np.testing.assert_array_equal(segmentation_of(values), half)
    overshot = half * np.float32(1.0000001)
    np.testing.assert_array_equal(segmentation_of(overshot), half)
    eight_in_sixteen: Any = (half * 255).astype(np.uint16)
    request = MatteRequest(image=IMAGE, segmentation=eight_in_sixteen, notes=("before",))
    first, second = checked(request).notes
    assert first == "before"
    assert "read as 8-bit" in second
