"""HFAM's recipe: three losses on three outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from matteplug.errors import NetworkError
from matteplug.networks.backbones.efficientnet_lite import EfficientNetLite, folded
from matteplug.networks.backbones.imagenet_weights import packaged
from matteplug.networks.checkpoints import read_public
from matteplug.networks.hfam.model import Hfam, HfamOutput
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import hfam, recipe
from matteplug.training.settings import TrainSettings


class Answers(nn.Module):
    """Stands for the network: what it answers is known."""

    def __init__(self, alpha: Tensor, confidence: float) -> None:
        super().__init__()
        self.alpha, self.confidence = alpha, nn.Parameter(torch.tensor(confidence))

    def forward(self, image: Tensor) -> HfamOutput:
        classes = [self.alpha == 0, (self.alpha > 0) & (self.alpha < 1), self.alpha == 1]
        return HfamOutput(self.confidence * torch.cat(classes, 1).float(), self.alpha, self.alpha)


def portrait() -> Batch:
    ramp = (255 * torch.linspace(-1, 2, 64).clamp(0, 1)).round() / 255
    ramp = ramp.expand(1, 1, 64, 64)
    picture = torch.rand(1, 3, 64, 64)
    return Batch(
        image=picture,
        alpha=ramp,
        trimap=torch.ones(1, 64, 64, dtype=torch.int64),
        foreground=picture,
        background=picture,
    )


def terms_of(alpha: Tensor, confidence: float, **options: float) -> dict[str, float]:
    network = cast(Any, Answers(alpha, confidence))
    made = hfam.HfamRecipe(network, {**hfam.OPTIONS, "border_px": 1, **options})
    (phase,) = made.phases(portrait(), 0.0)
    return {"loss": phase.loss.item()} | {k: v.item() for k, v in phase.terms.items()}


def test_the_truth_costs_nothing() -> None:
    terms = terms_of(portrait().alpha, confidence=50.0)
    assert terms == {name: pytest.approx(0, abs=1e-4) for name in terms}


def test_the_detail_counts_ten_times_and_at_the_border_only() -> None:
    truth = portrait().alpha
    inside = (truth > 0) & (truth < 1)
    guess = torch.where(inside, truth, 1 - truth)  # wrong where all is known
    assert terms_of(guess, 50.0)["detail"] == pytest.approx(0, abs=1e-5)
    terms = terms_of(torch.where(inside, truth * 0.5, truth), 50.0)
    assert terms["detail"] == pytest.approx(truth[inside].mean().item() / 2, rel=1e-4)
    weighted = terms["semantic"] + 10 * terms["detail"] + terms["fusion"]
    assert terms["loss"] == pytest.approx(weighted, rel=1e-5)


def test_an_unsure_network_pays_for_its_classes() -> None:
    assert terms_of(portrait().alpha, confidence=0.0)["semantic"] == pytest.approx(1.0986, abs=1e-4)


def test_one_step_of_the_compact_network() -> None:
    torch.manual_seed(0)
    made = recipe(TrainSettings(family="hfam", config="compact"))
    assert made.requirements.portraits
    (phase,) = made.phases(portrait(), 0.0)
    phase.loss.backward()  # type: ignore[no-untyped-call]
    network = cast(Hfam, made.parts["network"])
    silent = {name for name, p in network.named_parameters() if p.grad is None}
    assert silent == {f"encoder.{name}" for name, _ in network.encoder.named_parameters()}
    with torch.no_grad():
        assert made.predict(network.eval(), portrait()).shape == (1, 1, 64, 64)


def test_a_new_network_has_imagenets_encoder() -> None:
    made = recipe(TrainSettings(family="hfam", config="compact"))
    network = cast(Hfam, made.parts["network"])
    path = packaged(network.encoder)
    assert path is not None
    assert isinstance(network.encoder, EfficientNetLite)
    expected = folded(read_public(path), network.encoder)
    assert torch.equal(network.encoder.stem.weight, expected["stem.weight"])


def test_an_encoder_of_another_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.pt"
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, file)
    with pytest.raises(NetworkError, match=r"not the weights .* unexpected \(conv1\.weight\)"):
        recipe(TrainSettings(family="hfam", config="compact", encoder=str(file)))


def test_nothing_is_learnt_where_teachers_disagree() -> None:
    batch = portrait()
    known = torch.ones_like(batch.alpha)
    known[..., 40:] = 0
    guess = torch.where(known > 0, batch.alpha, 1 - batch.alpha)  # wrong where it does not count
    network = cast(Any, Answers(guess, 50.0))
    made = hfam.HfamRecipe(network, {**hfam.OPTIONS, "border_px": 1})
    (phase,) = made.phases(replace(batch, known=known), 0.0)
    assert phase.loss.item() == pytest.approx(0, abs=1e-3)
