"""The compact network's priors: right where truth is known, equal to the matrix, exportable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor
from torch.nn import functional as F

from matteplug.networks.citm.priors import KINDS, Priors, likeness, spread_colours
from matteplug.networks.citm.priors.table import likelihoods, posterior
from matteplug.networks.ops.alpha_propagation import propagate_alpha, solve
from matteplug.networks.ops.matting_laplacian import Laplacian


def one_hot(areas: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(areas, 3).movedim(-1, 1).float()


def scene(height: int = 96, width: int = 128) -> tuple[Tensor, Tensor, Tensor]:
    """Return image, regions and true alpha: a soft disc, smooth colours on either side."""
    y = torch.linspace(0, 1, height)[:, None].expand(height, width)
    x = torch.linspace(0, 1, width)[None].expand(height, width)
    from_centre = torch.hypot((y - 0.5) * height, (x - 0.5) * width)
    waves = 3 * torch.sin(24 * x) * torch.sin(20 * y)
    alpha = ((30 + waves - from_centre) / 10 + 0.5).clamp(0, 1)
    F = torch.stack([0.7 + 0.2 * x, 0.4 + 0.2 * y, 0.2 + 0.1 * x])
    B = torch.stack([0.1 + 0.1 * y, 0.3 + 0.2 * x, 0.7 - 0.2 * y])
    image = alpha * F + (1 - alpha) * B
    areas = 1 + (from_centre < 18).long() - (from_centre > 42).long()
    return image[None], one_hot(areas[None]), alpha[None, None]


def pyramid(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return stand-ins for frozen features: the image's own means at strides 8, 16 and 32."""
    fine, middle, coarse = (F.avg_pool2d(image, stride) for stride in (8, 16, 32))
    return fine, middle, coarse


def spotted(height: int, width: int) -> Tensor:
    """Return (1, 3, H, W): half noise, half near-grey, whose windows' covariances are singular."""
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))
    grey = image[:, :1] * torch.tensor([0.9, 0.5, 0.3])[:, None, None] + 0.001 * image
    return torch.where(torch.arange(width) < width // 2, grey, image)


def matrix(image: Tensor, epsilon: float) -> Any:
    from pymatting import cf_laplacian

    # pymatting adds its epsilon to the sum over the window's nine pixels.
    return cf_laplacian(image[0].permute(1, 2, 0).double().numpy(), epsilon=9 * epsilon)


def test_a_smooth_scene_is_recovered() -> None:
    image, regions, alpha = scene()
    _, found = Priors()(image, regions, pyramid(image))
    unknown = regions[:, 1:2] > 0
    assert (found - alpha)[unknown].abs().mean() < 0.02
    assert torch.equal(found[~unknown], alpha[~unknown])


def test_propagation_mends_what_the_colours_guess() -> None:
    image, regions, alpha = scene()
    unknown = regions[:, 1:2] > 0
    errors = [
        (Priors(kinds)(image, regions)[1] - alpha)[unknown].abs().mean()
        for kinds in (("colours",), ("propagation",))
    ]
    assert errors[1] < 0.8 * errors[0]


@pytest.mark.parametrize("epsilon", [1e-3, 1e-5])
def test_the_stencil_is_pymattings_matrix(epsilon: float) -> None:
    image = spotted(20, 28)
    laplacian, expected = Laplacian(image, epsilon), matrix(image, epsilon)
    alpha = torch.rand(1, 1, 20, 28, generator=torch.Generator().manual_seed(2))
    np.testing.assert_allclose(
        laplacian.times(alpha).numpy().ravel(), expected @ alpha.numpy().ravel(), atol=1e-4
    )
    np.testing.assert_allclose(laplacian.diagonal.numpy().ravel(), expected.diagonal(), atol=1e-4)


def test_the_gradient_of_the_product_is_that_of_the_matrix() -> None:
    laplacian = Laplacian(spotted(6, 7).double(), 1e-3)
    alpha = torch.rand(1, 1, 6, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(laplacian.times, (alpha,))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_steps_converge_to_the_direct_solution(weighted: bool) -> None:
    from scipy.sparse import diags
    from scipy.sparse.linalg import spsolve

    image, regions, alpha = scene(24, 32)
    free = regions[:, 1:2]
    guess = alpha * (1 - free) + 0.5 * free
    data_weight = weighted * torch.rand(guess.shape, generator=torch.Generator().manual_seed(3))
    laplacian, L = Laplacian(image, 1e-4), matrix(image, 1e-4)
    inside = free.numpy().ravel() > 0
    values, weights = guess.numpy().ravel().astype(float), data_weight.numpy().ravel().astype(float)
    A = L[inside][:, inside] + diags(weights[inside])
    direct = spsolve(
        A.tocsc(), (weights * values)[inside] - L[inside][:, ~inside] @ values[~inside]
    )
    errors = [
        np.abs(
            solve(laplacian, guess, free, steps, data_weight).numpy().ravel()[inside] - direct
        ).max()
        for steps in (5, 20, 150)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 2e-3


def test_what_is_trusted_mends_what_is_not() -> None:
    image, regions, alpha = scene()
    unknown = regions[:, 1:2]
    wrong = torch.zeros_like(alpha)
    wrong[..., 30:60, 20:70] = 0.4
    guess = (alpha + unknown * wrong).clamp(0, 1)
    data_weight = torch.where(F.avg_pool2d(wrong, 2) > 0, 1e-3, 10.0)
    mended = propagate_alpha(image, unknown, guess, data_weight, stride=2)
    assert torch.equal(mended[unknown == 0], alpha[unknown == 0])
    left = [(a - alpha)[unknown > 0].abs().mean() for a in (mended, guess)]
    assert left[0] < 0.3 * left[1]


def test_an_affine_alpha_is_its_own_model() -> None:
    image = spotted(16, 24)
    alpha = 0.3 * image[:, :1] + 0.5 * image[:, 1:2] - 0.2 * image[:, 2:] + 0.1
    laplacian = Laplacian(image, 1e-6)
    model = laplacian.model(alpha)
    again = (model[:, :3] * (image - 0.5)).sum(dim=1, keepdim=True) + model[:, 3:]
    assert (again - alpha).abs().max() < 0.01
    assert laplacian.times(alpha).abs().max() < 0.01


def test_colours_are_carried_from_the_nearest_known() -> None:
    image = torch.zeros(1, 3, 64, 64)
    image[:, 0, :, :32], image[:, 2, :, 32:] = 1, 1
    known = torch.zeros(1, 1, 64, 64)
    known[..., :8], known[..., 56:] = 1, 1
    spread = spread_colours(image, known)
    assert (spread[0, 0] - spread[0, 2])[:, 12].min() > 0.5
    assert (spread[0, 2] - spread[0, 0])[:, 52].min() > 0.5


def test_the_table_tells_colours_seen_on_one_side() -> None:
    image, regions, _ = scene()
    background, _, foreground = regions.chunk(3, dim=1)
    found = posterior(likelihoods(image, foreground, background))
    assert found[foreground > 0].min() > 0.9
    assert found[background > 0].max() < 0.1


def halves() -> tuple[Tensor, Tensor]:
    """Return an image, dark and light with noise, and regions: a known part of each half."""
    image = 0.1 * torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(4))
    image[..., 128:] += 0.6
    areas = torch.ones(1, 256, 256, dtype=torch.long)
    areas[..., :64], areas[..., 192:] = 0, 2
    return image, one_hot(areas)


def test_likeness_tells_what_each_cell_is_nearer_to() -> None:
    image, regions = halves()
    found = likeness.distances(image, regions, pyramid(image))
    assert found.shape == (1, 2, 16, 16)
    logit = likeness.likeness(found)
    assert logit.shape == (1, 1, 256, 256)
    assert logit[..., :120].max() < -1
    assert logit[..., 136:].min() > 1


@pytest.mark.parametrize("absent", [0, 2])
def test_likeness_is_silent_without_one_of_the_areas(absent: int) -> None:
    image, regions = halves()
    areas = regions.argmax(dim=1)
    areas[areas == absent] = 1
    found = likeness.distances(image, one_hot(areas), pyramid(image))
    assert (found[:, absent // 2] == likeness.FAR).all()
    assert (found[:, 1 - absent // 2] < likeness.FAR).any()
    assert not likeness.likeness(found).any()


def test_likeness_searches_a_spread_sample_of_many_cells() -> None:
    image, regions = halves()
    larger = [F.interpolate(x, scale_factor=3.0, mode="nearest") for x in (image, regions)]
    found = likeness.distances(larger[0], larger[1], pyramid(larger[0]))  # 576 cells per area
    few = likeness.distances(image, regions, pyramid(image))
    assert (F.avg_pool2d(found, 3) - few).abs().mean() < 0.05


@pytest.mark.parametrize("area", [0, 1, 2])
@pytest.mark.parametrize("flat", [False, True])
def test_areas_may_be_empty(area: int, flat: bool) -> None:
    image = torch.full((1, 3, 32, 64), 0.3) if flat else spotted(32, 64)
    regions = one_hot(torch.full((1, 32, 64), area))
    features, alpha = Priors()(image, regions, pyramid(image))
    assert features.isfinite().all()
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    if area != 1:
        assert (alpha == area / 2).all()


def test_a_sample_does_not_depend_on_its_batch() -> None:
    image, regions, _ = scene()
    images = torch.cat([image, image.flip(2), spotted(96, 128)])
    areas = torch.cat([regions, regions.flip(2), regions])
    together = Priors()(images, areas, pyramid(images))
    for i in range(3):
        one = images[i : i + 1]
        alone = Priors()(one, areas[i : i + 1], pyramid(one))
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[i : i + 1], b, atol=1e-5, rtol=0)


def test_it_computes_in_float32_under_autocast() -> None:
    image, regions, _ = scene()
    expected = Priors()(image, regions, pyramid(image))
    with torch.autocast("cpu", torch.bfloat16):
        found = Priors()(image.bfloat16().float(), regions, pyramid(image))
        same = Priors()(image, regions, pyramid(image))
    assert found[0].dtype == torch.float32
    for a, b in zip(same, expected, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("kinds", "channels"),
    [
        (KINDS, 12),
        (("likeness",), 1),
        (("table", "propagation", "colours"), 11),
        (("colours",), 7),
        (("table",), 2),
        (("propagation", "colours"), 9),
    ],
)
def test_channels_are_counted(kinds: tuple[str, ...], channels: int) -> None:
    image, regions, _ = scene(32, 64)
    priors = Priors(kinds)
    assert priors.channels == channels == priors(image, regions, pyramid(image))[0].shape[1]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no such priors"):
        Priors(("colors",))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the exporter's own
@pytest.mark.timeout(600)
def test_the_exported_graph_agrees_at_other_sizes(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    onnxruntime = pytest.importorskip("onnxruntime")
    priors = Priors(("colours", "table", "propagation")).eval()
    image, regions, _ = scene(64, 96)
    Dim = torch.export.Dim
    free = {0: Dim("batch"), 2: 32 * Dim("rows", max=256), 3: 32 * Dim("columns", max=256)}
    program = torch.onnx.export(
        priors,
        (image.repeat(2, 1, 1, 1), regions.repeat(2, 1, 1, 1)),
        dynamo=True,
        input_names=["image", "regions"],
        dynamic_shapes=(free, free),
        verbose=False,
    )
    assert program is not None
    path = tmp_path / "priors.onnx"
    program.save(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    cases = [scene(128, 160)[:2], scene(32, 64)[:2], (spotted(96, 96), scene(96, 96)[1])]
    cases += [(spotted(32, 32), one_hot(torch.full((1, 32, 32), area))) for area in range(3)]
    for image, regions in cases:
        found = session.run(None, {"image": image.numpy(), "regions": regions.numpy()})
        features, alpha = priors(image, regions)
        np.testing.assert_allclose(found[1], alpha.numpy(), rtol=0, atol=1e-4)
        # The conjugate gradients amplify rounding; their channel is 2α - 1.
        np.testing.assert_allclose(found[0], features.numpy(), rtol=0, atol=2e-4)
