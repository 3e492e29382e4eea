import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from matteplug.training import losses

TRUTH = torch.tensor([[0.0, 0.5, 1.0], [0.0, 0.25, 1.0]]).view(1, 1, 2, 3)
GUESS = torch.tensor([[0.5, 0.5, 1.0], [0.0, 0.75, 0.9]]).view(1, 1, 2, 3)
UNKNOWN = torch.tensor([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]).view(1, 1, 2, 3)


def test_l1_counts_the_unknown_pixels_only() -> None:
    # errors there: 0, 0, 0.5, 0.1; the 0.5 in the known corner is not seen
    assert losses.l1(GUESS, TRUTH, UNKNOWN).item() == pytest.approx(0.6 / 4)


def test_the_squared_error_is_least_at_the_mean_of_what_may_be() -> None:
    assert losses.squared(GUESS, TRUTH, UNKNOWN).item() == pytest.approx((0.25 + 0.01) / 4)
    truth = torch.tensor([0.0, 0.0, 0.0, 1.0]).view(1, 1, 2, 2)
    everywhere = torch.ones_like(truth)
    costs = {g: losses.squared(torch.full_like(truth, g), truth, everywhere) for g in (0, 0.25, 1)}
    assert min(costs, key=lambda g: costs[g].item()) == 0.25


def test_composition_weighs_by_contrast() -> None:
    foreground = torch.full((1, 3, 2, 3), 0.8)
    background = torch.full((1, 3, 2, 3), 0.6)
    background[:, :, 1, 2] = 0.8  # same colours: the wrong alpha cannot be seen
    loss = losses.composition(GUESS, TRUTH, UNKNOWN, foreground, background)
    assert loss.item() == pytest.approx(0.5 * 0.2 / 4)


def test_gradient_by_hand() -> None:
    # masked error: [[0, 0, 0], [0, .5, -.1]]; across .5 + .6, down .5 + .1
    assert losses.gradient(GUESS, TRUTH, UNKNOWN).item() == pytest.approx(1.7 / 4)


def test_laplacian_of_a_constant_error_is_the_last_level() -> None:
    # a constant error of 0.25 on 64 × 64: smooth levels vanish, the fifth holds 4 × 4 pixels,
    # weight 16
    truth = torch.zeros(1, 1, 64, 64)
    loss = losses.laplacian(truth + 0.25, truth, torch.ones_like(truth))
    assert loss.item() == pytest.approx(16 * 16 * 0.25 / 64**2, rel=1e-4)


def test_laplacian_of_one_pixel_by_hand() -> None:
    # two levels of a 4 × 4 picture with a one at (0, 0); kept pixels are (0, 0), (0, 2), (2, 0),
    # (2, 2)
    truth = torch.zeros(1, 1, 4, 4)
    guess = truth.clone()
    guess[0, 0, 0, 0] = 1.0
    line = torch.tensor([6 / 16, 1 / 16])
    small = line[:, None] * line[None, :]
    up = torch.tensor([[7, 1], [4, 4], [1, 7], [0, 8]]) / 8  # border pixels repeat
    first = (guess[0, 0] - up @ small @ up.T).abs().sum()
    expected = (first + 2 * small.sum()) / 16
    loss = losses.laplacian(guess, truth, torch.ones_like(truth), levels=2)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 33)])
def test_laplacian_takes_any_size(size: tuple[int, int]) -> None:
    truth = torch.zeros(2, 1, *size)
    guess = torch.rand(2, 1, *size, requires_grad=True)
    losses.laplacian(guess, truth, torch.ones_like(truth)).backward()  # type: ignore[no-untyped-call]
    assert guess.grad is not None
    assert torch.isfinite(guess.grad).all()


def test_a_batch_without_unknown_pixels_costs_nothing() -> None:
    none = torch.zeros_like(UNKNOWN)
    colours = torch.rand(1, 3, 2, 3)
    assert losses.l1(GUESS, TRUTH, none).item() == 0
    assert losses.squared(GUESS, TRUTH, none).item() == 0
    assert losses.gradient(GUESS, TRUTH, none).item() == 0
    assert losses.laplacian(GUESS, TRUTH, none).item() == 0
    assert losses.composition(GUESS, TRUTH, none, colours, 1 - colours).item() == 0


def test_unknown_root_is_a_smooth_l1_over_the_unknown_area() -> None:
    assert losses.unknown_root(GUESS, TRUTH, UNKNOWN).item() == pytest.approx(0.6 / 4, abs=1e-5)
    smooth = losses.unknown_root(TRUTH, TRUTH, UNKNOWN, epsilon=0.3)
    assert smooth.item() == pytest.approx(6 * 0.3 / 4)


def test_areas_erode_what_is_opaque_and_what_is_clear() -> None:
    alpha = torch.tensor([0.0, 0, 0, 0, 0.5, 1, 1, 1, 1]).expand(1, 1, 9, 9)
    expected = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert losses.areas(alpha, 3)[0, 4].tolist() == expected.tolist()
    assert losses.areas(alpha, 1)[0, 4].tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 2]


def test_cross_entropy_by_hand() -> None:
    alpha = torch.ones(1, 1, 4, 4)
    logits = torch.tensor([0.0, 1.0, 2.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    expected = -np.log(np.exp(2) / (1 + np.exp(1) + np.exp(2)))
    assert losses.cross_entropy(logits, alpha, 3).item() == pytest.approx(expected, rel=1e-5)


def test_dissimilarity_agrees_with_scikit_image() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 24, 31))
    other = 0.7 * one + 0.3 * other
    similarity = structural_similarity(  # type: ignore[no-untyped-call]
        one, other, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    tensors = [torch.tensor(x)[None, None].float() for x in (one, other)]
    assert losses.dissimilarity(*tensors).item() == pytest.approx(1 - similarity, abs=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert losses.dissimilarity(*tensors).item() == pytest.approx(1 - similarity, abs=1e-5)


def test_adversaries_want_the_opposite() -> None:
    real, fake = torch.tensor([0.8, 1.0]), torch.tensor([0.5, 0.1])
    assert losses.fools(fake).item() == pytest.approx((0.25 + 0.81) / 2)
    assert losses.tells_apart(real, fake).item() == pytest.approx((0.02 + 0.13) / 2)
