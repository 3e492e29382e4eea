"""From the library's values to a graph's and back: own maximum, logits, stretches."""

from __future__ import annotations

import numpy as np
import pytest

from matteplug.network import Guide, NetworkSpec, SizeRule, TensorSpec
from matteplug.runtime import normalisation

IMAGE = TensorSpec(name="x", role="image", channels=3, scaling="own-maximum")
STRETCHED = TensorSpec(name="y", role="alpha", channels=1, stretch="min-max")
LOGITS = TensorSpec(name="y", role="alpha", channels=1, activation="sigmoid")


def test_the_pictures_own_maximum_stands_for_white_but_black_is_not_brightened() -> None:
    batch = np.zeros((2, 3, 4, 4), np.float32)
    batch[0, 1, 2, 2], batch[1, 0, 0, 0] = 0.5, 0.02
    encoded = normalisation.encode(IMAGE, batch)
    assert encoded.max((1, 2, 3)).tolist() == pytest.approx([1.0, 0.2])
    assert normalisation.encode(IMAGE, batch * 0).max() == 0
    assert batch[0, 1, 2, 2] == 0.5


def test_an_output_is_stretched_only_if_something_stands_out() -> None:
    ramp = np.linspace(0, 1, 16, dtype=np.float32).reshape(1, 1, 4, 4)
    found = normalisation.decode(STRETCHED, 0.2 + 0.7 * ramp)
    np.testing.assert_allclose(found, ramp, atol=1e-6)
    faint = np.float32(0.1) * ramp
    np.testing.assert_array_equal(normalisation.decode(STRETCHED, faint), faint)
    for constant in (0.0, 0.3, 1.0):
        array = np.full((1, 1, 4, 4), constant, np.float32)
        np.testing.assert_array_equal(normalisation.decode(STRETCHED, array), array)


def test_each_picture_of_a_batch_is_stretched_by_itself() -> None:
    batch = np.zeros((2, 1, 2, 2), np.float32)
    batch[0, 0, 0], batch[1, 0, 0] = 0.6, 0.3
    found = normalisation.decode(STRETCHED, batch)
    assert found.max((1, 2, 3)).tolist() == pytest.approx([1.0, 0.3])


def test_logits_become_alpha_without_overflow() -> None:
    array = np.array([-1e4, -1, 0, 1, 1e4], np.float32).reshape(1, 1, 1, 5)
    found = normalisation.decode(LOGITS, array).ravel()
    np.testing.assert_allclose(found, [0, 0.26894, 0.5, 0.73106, 1], atol=1e-5)


def test_half_precision_is_read_as_single() -> None:
    found = normalisation.decode(STRETCHED, np.ones((1, 1, 2, 2), np.float16))
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "image", "channels": 3, "activation": "sigmoid"},
        {"role": "image", "channels": 3, "scaling": "brightest"},
        {"role": "trimap", "channels": 1, "scaling": "own-maximum"},
        {"role": "alpha", "channels": 1, "activation": "softmax"},
        {"role": "alpha", "channels": 1, "stretch": "yes"},
    ],
)
def test_words_that_mean_nothing_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"scaling|activation|stretch"):
        TensorSpec(name="t", **fields)  # type: ignore[arg-type]


def test_what_hangs_on_the_whole_picture_is_not_tiled() -> None:
    alpha = TensorSpec(name="y", role="alpha", channels=1)
    square = SizeRule(maximum_px=64, fit="square")
    for fields in ({"outputs": (STRETCHED,)}, {"inputs": (IMAGE,)}, {"size": square}):
        plain = TensorSpec(name="x", role="image", channels=3)
        given = {"inputs": (plain,), "outputs": (alpha,)} | fields
        spec = {"id": "a", "title": "a", "guide": Guide.NONE, "weights": "a.onnx", **given}
        with pytest.raises(ValueError, match="tiling must be false"):
            NetworkSpec(**spec).require_runnable()  # type: ignore[arg-type]
        NetworkSpec(**spec, tiling=False).require_runnable()  # type: ignore[arg-type]
