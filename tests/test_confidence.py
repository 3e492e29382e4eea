"""What a user is told of a network's doubts."""

from __future__ import annotations

import numpy as np
import pytest

from matteplug.matting.confidence import apply_confidence
from matteplug.types import Tensor


def outputs(**levels: float) -> dict[str, Tensor]:
    return {role: np.full((1, 1, 4, 6), level, np.float32) for role, level in levels.items()}


@pytest.mark.parametrize(
    ("sure", "note", "alpha_left"),
    [(0.02, "Nothing to cut out was found", 0.0), (0.3, "Look closely", 0.5), (0.9, None, 0.5)],
)
def test_doubts_become_words_and_noise_an_empty_matte(
    sure: float, note: str | None, alpha_left: float
) -> None:
    alpha, confidence, notes = apply_confidence(outputs(alpha=0.5, confidence=sure))
    assert alpha.shape == (4, 6)
    assert (alpha == alpha_left).all()
    assert confidence == pytest.approx(sure)
    assert len(notes) == (note is not None)
    assert all(sentence.startswith(note or "") and f"{sure}" in sentence for sentence in notes)


def test_where_a_trimap_is_known_the_network_is_not_asked() -> None:
    trimap = np.tile(np.array([0, 0, 128, 128, 255, 255], np.uint8), (4, 1))
    found = outputs(alpha=0.5, confidence=0)
    found["confidence"][..., 2:4] = 0.9
    _, confidence, notes = apply_confidence(found, trimap)
    assert confidence == pytest.approx(0.9)
    assert notes == ()


def test_a_trimap_s_matte_is_never_emptied() -> None:
    trimap = np.full((4, 6), 128, np.uint8)
    alpha, _, notes = apply_confidence(outputs(alpha=0.5, confidence=0.02), trimap)
    assert (alpha == 0.5).all()
    assert notes == ("Look closely: the confidence is low, 0.02.",)


def test_a_network_that_does_not_tell_is_believed() -> None:
    alpha, confidence, notes = apply_confidence(outputs(alpha=0.5))
    assert (alpha == 0.5).all()
    assert (confidence, notes) == (None, ())
