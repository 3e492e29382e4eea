"""Rectangles: growing, cutting, placing."""

from __future__ import annotations

import numpy as np

from matteplug.types import Rect, Size


def test_what_two_rectangles_share_is_a_rectangle_or_empty() -> None:
    one = Rect(2, 3, 10, 5)
    assert one.intersection(Rect(8, 0, 10, 5)) == Rect(8, 3, 4, 2)
    assert one.intersection(one) == one
    assert one.intersection(Rect(12, 3, 4, 4)).area == 0, "they touch"
    assert one.intersection(Rect(40, 40, 4, 4)).area == 0


def test_a_rectangle_grows_to_all_sides_and_stays_in_the_picture() -> None:
    assert Rect(2, 3, 10, 5).grown(4, 1) == Rect(-2, 2, 18, 7)
    picture = Rect.from_size(Size(14, 9))
    assert Rect(2, 3, 10, 5).grown(4, 2).intersection(picture) == Rect(0, 1, 14, 8)


def test_a_rectangle_contains_what_lies_wholly_inside() -> None:
    outer = Rect(-1, -1, 4, 4)
    assert outer.contains(outer)
    assert outer.contains(Rect(0, 0, 3, 3))
    assert not outer.contains(Rect(0, 0, 4, 3))
    assert not outer.contains(Rect(-2, 0, 3, 3))


def test_a_part_lies_at_the_same_pixels_in_its_frame() -> None:
    picture = np.arange(48).reshape(6, 8)
    frame, part = Rect(2, 1, 5, 4), Rect(3, 2, 2, 2)
    inner = part.relative_to(frame)
    assert np.array_equal(picture[frame.slices][inner.slices], picture[part.slices])


def test_margins_pad_a_part_to_the_picture() -> None:
    part = Rect(3, 2, 2, 1)
    padded = np.pad(np.ones((part.height, part.width), bool), part.margins(Size(8, 6)))
    assert padded.shape == (6, 8)
    assert Rect.around(padded) == part


def test_around_nothing_is_empty() -> None:
    assert Rect.around(np.zeros((4, 5), bool)).area == 0
