"""Pictures that results are reported on stay out of training, and so does what looks like them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.training.teach.likeness import alike, hashes

TRAINING = ("photos", "portraits-cc0", "subjects")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@pytest.mark.slow
def test_no_training_picture_looks_like_one_that_is_measured_on(shared: Path) -> None:
    missing = [name for name in (*TRAINING, "eval") if not (shared / name).is_dir()]
    if missing:
        pytest.skip(f"not among the shared data: {', '.join(missing)}")
    measured_on = {one for _, image in pictures(shared / "eval") for one in hashes(image)}
    assert measured_on
    looked_at, same = 0, []
    for name in TRAINING:
        for path, image in pictures(shared / name):
            looked_at += 1
            if alike(image, measured_on):
                same.append(path.relative_to(shared).as_posix())
    assert looked_at > 500
    assert same == []


def pictures(folder: Path) -> Iterator[tuple[Path, NDArray[np.uint8]]]:
    """Yield the photographs of a folder, RGB, at half their size; no masks."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or "masks" in path.parts:
            continue
        if "alpha" in path.stem or "trimap" in path.parts[-2]:
            continue
        image = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2)
        assert image is not None, path
        yield path, np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
