"""CITM's recipe: which head counts how much, and where."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from matteplug.errors import MatteplugError, TrainingError
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import citm, recipe
from matteplug.training.settings import TrainSettings


class Heads(nn.Module):
    """Stands for the network: three constant alphas."""

    def __init__(self, os8: float, os4: float, os1: float) -> None:
        super().__init__()
        self.levels = nn.Parameter(torch.tensor([os8, os4, os1]))

    def heads(self, image: Tensor, trimap: Tensor) -> dict[str, Tensor]:
        plane = torch.ones_like(image[:, :1])
        names = ("alpha_os8", "alpha_os4", "alpha_os1")
        return {name: level * plane for name, level in zip(names, self.levels, strict=True)}


def scene(trimap: int, alpha: float, size_px: int = 32) -> Batch:
    picture = torch.zeros(1, 3, size_px, size_px)
    return Batch(
        image=picture,
        alpha=torch.full_like(picture[:, :1], alpha),
        trimap=torch.full((1, size_px, size_px), trimap),
        foreground=picture + 0.75,
        background=picture + 0.25,
    )


def terms_of(network: Heads, batch: Batch, **options: float) -> dict[str, float]:
    made = citm.CitmRecipe(cast(Any, network), {**citm.OPTIONS, **options})
    (phase,) = made.phases(batch, 0.0)
    return {"loss": phase.loss.item()} | {k: v.item() for k, v in phase.terms.items()}


def test_heads_count_two_to_one_to_one() -> None:
    terms = terms_of(Heads(0.5, 0.6, 0.7), scene(trimap=1, alpha=0.4))
    assert terms["l1"] == pytest.approx((0.1 * 1 + 0.2 * 1 + 0.3 * 2) / 5, rel=1e-5)
    assert terms["composition"] == pytest.approx(0.5 * terms["l1"], rel=1e-5)
    expected = terms["l1"] + terms["composition"] + terms["laplacian"]
    assert terms["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_certain_coarse_head_is_not_replaced() -> None:
    terms = terms_of(Heads(1.0, 0.6, 0.7), scene(trimap=1, alpha=0.9))
    assert terms["l1"] == pytest.approx(0.1 * 4 / 5, rel=1e-5)


@pytest.mark.parametrize("finer", [1, 2])
def test_coarse_heads_skip_the_finest_levels_of_the_pyramid(finer: int) -> None:
    batch = scene(trimap=1, alpha=0.4, size_px=64)
    level = torch.full_like(batch.alpha, 0.7)
    whole = losses.laplacian(level, batch.alpha, batch.unknown)  # only the last level sees it
    assert citm.coarse_laplacian(level, batch, finer) == pytest.approx(whole.item(), rel=1e-4)
    fine = batch.alpha + 0.3 * (-1) ** torch.arange(64.0)
    assert citm.coarse_laplacian(fine, batch, finer) == pytest.approx(0, abs=1e-6)


def test_alpha_is_propagated_in_a_fraction_of_the_steps() -> None:
    torch.manual_seed(0)
    settings = TrainSettings(family="citm", config="compact", options={"propagated": 0.25})
    made = cast(citm.CitmRecipe, recipe(settings))
    network = cast(Any, made.parts["network"])
    seen: list[int] = []
    network.heads = lambda image, trimap: (
        Heads(0.5, 0.6, 0.7).heads(image, trimap)
        | {"data_weight": torch.ones_like(image[:, :1, ::2, ::2])}
    )

    def propagate(image: Any, trimap: Any, alpha: Any, weight: Any) -> Any:
        seen.append(1)
        return alpha

    network.propagate = propagate
    batch = scene(trimap=1, alpha=0.4)
    loss = [next(made.phases(batch, 0.0)).terms["l1"].item() for _ in range(400)]
    assert 60 < len(seen) < 140
    # three heads always, and four times the propagated alpha
    expected = 0.18 + 0.4 * 0.3 * 4 * len(seen) / 400
    assert sum(loss) / 400 == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("known", [0, 2])
def test_the_known_area_costs_nothing(known: int) -> None:
    terms = terms_of(Heads(0.5, 0.6, 0.7), scene(trimap=known, alpha=known / 2))
    assert all(value == 0 for value in terms.values())


def test_an_option_adds_the_gradient() -> None:
    assert "gradient" not in terms_of(Heads(0.5, 0.6, 0.7), scene(1, 0.4))
    assert terms_of(Heads(0.5, 0.6, 0.7), scene(1, 0.4), gradient=0.5)["gradient"] == 0


def test_one_step_of_the_compact_network_learns_something() -> None:
    torch.manual_seed(0)
    made = recipe(TrainSettings(family="citm", config="compact"))
    batch = scene(trimap=1, alpha=0.4, size_px=64)
    (phase,) = made.phases(batch, 0.0)
    phase.loss.backward()  # type: ignore[no-untyped-call]
    gradients = [p.grad for p in made.parts["network"].parameters() if p.grad is not None]
    assert gradients
    assert sum(g.abs().sum().item() for g in gradients) > 0
    with torch.no_grad():
        alpha = made.predict(made.parts["network"].eval(), batch)
    assert alpha.shape == batch.alpha.shape


def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(MatteplugError, match="'nonsense'"):
        recipe(TrainSettings(family="nonsense", config="compact"))
    with pytest.raises(MatteplugError, match="'huge'"):
        recipe(TrainSettings(family="citm", config="huge"))
    with pytest.raises(TrainingError, match="no option 'speed'"):
        recipe(TrainSettings(family="citm", config="compact", options={"speed": 1.0}))
