"""The survey networks' recipes: each stage's losses and what learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from matteplug.errors import TrainingError
from matteplug.networks.background_matting_v2 import config as bmv2
from matteplug.networks.dim import config as dim
from matteplug.networks.fast_deep_matting import config as fdm
from matteplug.networks.hattmatting import config as hattmatting
from matteplug.networks.mmnet import config as mmnet
from matteplug.networks.modnet import config as modnet
from matteplug.networks.shm import config as shm
from matteplug.networks.sim import config as sim
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import Recipe, recipe
from matteplug.training.recipes import hattmatting as hattmatting_recipe
from matteplug.training.recipes.sim import learnt_gradient
from matteplug.training.settings import TrainSettings

TINY: dict[str, tuple[Any, Any]] = {
    "modnet": (
        modnet,
        modnet.ModnetConfig(width=0.125, low=(8, 8), high=8, fused=4),
    ),
    "mmnet": (mmnet, mmnet.MmnetConfig(width=0.25)),
    "dim": (dim, dim.DimConfig(widths=(4, 4, 8, 8, 8), refined=4)),
    "background-matting-v2": (
        bmv2,
        bmv2.BackgroundMattingV2Config(
            layers=(1, 1, 1, 1), width=1 / 16, context=8, decoder=(8, 8, 8), hidden=4
        ),
    ),
    "fast-deep-matting": (fdm, fdm.FastDeepMattingConfig(width=6, feathering=4)),
    "shm": (shm, shm.ShmConfig(light=True, width=0.125, matting=(4, 4, 8, 8))),
    "hattmatting": (
        hattmatting,
        hattmatting.HattConfig(
            layers=(1, 1, 1, 1), width=4, groups=1, group_width=64, context=16, dilations=(1, 2, 3)
        ),
    ),
    "sim": (
        sim,
        sim.SimConfig(layers=(1, 1, 1, 1), width=4, context=8, fine=(8, 8, 4), classifier=4),
    ),
}
STAGES = [
    (family, stage)
    for family, stages in {
        "modnet": (1, 2),
        "mmnet": (0,),
        "dim": (1, 2, 3),
        "background-matting-v2": (1, 2),
        "fast-deep-matting": (1, 2),
        "shm": (1, 2, 3),
        "hattmatting": (1, 2),
        "sim": (0,),
    }.items()
    for stage in stages
]
"""Every family's stages; 0 for one that has none."""


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    for module, config in TINY.values():
        monkeypatch.setitem(module.CONFIGS, "tiny", config)


def batch() -> Batch:
    ramp = torch.linspace(-1, 2, 64).clamp(0, 1).expand(2, 1, 64, 64)
    foreground, background = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    return Batch(
        image=ramp * foreground + (1 - ramp) * background,
        alpha=ramp,
        trimap=(ramp[:, 0] > 0).long() + (ramp[:, 0] >= 1).long(),
        foreground=foreground,
        background=background,
        plate=background,
    )


def made(family: str, **options: float) -> Recipe:
    return recipe(TrainSettings(family=family, config="tiny", options=options))


def learn(current: Recipe, steps: int = 1) -> list[float]:
    optimisers = {
        name: torch.optim.Adam([p for p in part.parameters() if p.requires_grad], lr=3e-3)
        for name, part in current.parts.items()
        if any(p.requires_grad for p in part.parameters())
    }
    values = []
    for _ in range(steps):
        for phase in current.phases(batch(), 0.0):
            optimisers[phase.part].zero_grad()
            phase.loss.backward()  # type: ignore[no-untyped-call]
            optimisers[phase.part].step()
            if phase.part == "network":  # without the adversarial term, which may rise
                fools = phase.terms.get("fools", torch.zeros(()))
                values.append((phase.loss - hattmatting_recipe.OPTIONS["fools"] * fools).item())
    return values


@pytest.mark.parametrize(("family", "stage"), STAGES)
def test_every_stage_learns_and_predicts(family: str, stage: int) -> None:
    current = made(family, **({"stage": float(stage)} if stage else {}))
    values = learn(current, steps=8)
    assert all(torch.tensor(values).isfinite())
    if (family, stage) != ("modnet", 2):
        assert min(values[4:]) < values[0]
    with torch.no_grad():
        alpha = current.predict(current.parts["network"].eval(), batch())
    assert alpha.shape == (2, 1, 64, 64)


def without_gradient(current: Recipe) -> set[str]:
    for phase in current.phases(batch(), 0.0):
        phase.loss.backward()  # type: ignore[no-untyped-call]
    names = current.parts["network"].named_parameters()
    return {name.split(".")[0] for name, p in names if p.grad is None}


def test_what_each_stage_leaves_alone() -> None:
    assert without_gradient(made("mmnet")) == set()
    assert without_gradient(made("modnet")) == set()
    assert without_gradient(made("dim")) == {"refinement"}
    assert without_gradient(made("dim", stage=3)) == set()
    assert "refinement" not in without_gradient(made("dim", stage=2))
    assert without_gradient(made("background-matting-v2")) == {"refiner"}
    assert without_gradient(made("background-matting-v2", stage=2)) == set()
    assert without_gradient(made("fast-deep-matting", stage=1)) == {"feathering"}
    assert without_gradient(made("fast-deep-matting")) == set()
    assert without_gradient(made("shm", stage=1)) == {"mnet"}
    assert without_gradient(made("shm", stage=2)) == {"tnet"}
    assert without_gradient(made("shm")) == set()
    assert without_gradient(made("hattmatting")) == set()
    assert without_gradient(made("sim")) == {"classifier"}


def test_adaptation_keeps_the_norms_and_needs_weights_but_no_truth() -> None:
    current = made("modnet", stage=2)
    assert current.requirements.weights
    assert not current.requirements.truth
    network = current.parts["network"]

    def norms() -> list[torch.Tensor]:
        modules = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        return [t.clone() for m in modules for t in (m.running_mean, m.weight) if t is not None]

    before = norms()
    learn(current, steps=2)
    assert all(torch.equal(a, b) for a, b in zip(before, norms(), strict=True))


def test_stages_that_do_not_exist_are_refused() -> None:
    for family in {family for family, stage in STAGES if stage}:
        with pytest.raises(TrainingError, match="no stage 7"):
            made(family, stage=7)
    with pytest.raises(TrainingError, match="no option"):
        made("mmnet", stage=1)


def test_the_discriminator_learns_in_the_second_stage() -> None:
    current = made("hattmatting", stage=2)
    assert [phase.part for phase in current.phases(batch(), 0.0)] == ["network", "discriminator"]
    assert set(made("hattmatting").parts) == {"network"}


def test_learnt_weights_are_worth_the_inverse_of_what_they_weigh() -> None:
    truth = torch.linspace(0, 1, 8).expand(1, 1, 8, 8)
    everywhere = torch.ones_like(truth)
    gap = losses.gradient(truth * 0.5, truth, everywhere).item()
    slope = losses.gradient(truth * 0.5, torch.zeros_like(truth), everywhere).item()

    def at(first: float, second: float) -> float:
        weight = torch.tensor([[first, second]])
        return learnt_gradient(truth * 0.5, truth, everywhere, weight).item()

    best = at(1 / gap, 1 / slope)
    assert best < min(at(0.5 / gap, 1 / slope), at(2 / gap, 1 / slope), at(1 / gap, 2 / slope))


def test_sobel_measures_slopes() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 6, 8)
    error = losses.sobel(ramp, torch.zeros_like(ramp))
    # a slope of 1 across, half of it in the first and last column; nothing down
    assert error.item() == pytest.approx((6 + 2 * 0.5) / 8 / 2)


def test_soft_cross_entropy_is_least_at_the_truth() -> None:
    truth = torch.tensor([0.25]).view(1, 1, 1, 1)

    def at(probability: float) -> float:
        odds = torch.logit(torch.tensor(probability)).view(1, 1, 1, 1)
        logits = torch.cat([torch.zeros_like(odds), odds], dim=1)
        return losses.soft_cross_entropy(logits, truth).item()

    assert at(0.25) == pytest.approx(0.5623, abs=1e-4)
    assert at(0.25) < min(at(0.2), at(0.3))
