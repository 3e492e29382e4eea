"""Background matting's recipes.

Composites with truth, then real pictures with a teacher and a critic.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from matteplug.errors import TrainingError
from matteplug.networks.background_matting.model import PlateOutput
from matteplug.training.data.batch import Batch
from matteplug.training.data.datasets import Captures
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.data.sources import sources
from matteplug.training.data.stream import BatchPlan
from matteplug.training.recipes import NETWORK, recipe
from matteplug.training.recipes.adversarial import AdversarialRecipe
from matteplug.training.recipes.background_matting import OPTIONS
from matteplug.training.recipes.composites import BackgroundMattingRecipe
from matteplug.training.run import checkpoint
from matteplug.training.run.trainer import Trainer
from matteplug.training.settings import TrainSettings


class Constant(nn.Module):
    """Stands for the network: one alpha and one colour everywhere."""

    def __init__(self, alpha: float, colour: float) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(alpha))
        self.colour = nn.Parameter(torch.tensor(colour))
        self.masks: list[Tensor] = []

    def forward(self, image: Tensor, plate: Tensor, segmentation: Tensor) -> PlateOutput:
        self.masks.append(segmentation)
        ones = torch.ones_like(image)
        return PlateOutput(self.alpha * ones[:, :1], self.colour * ones)


def scenes() -> Batch:
    """Alpha 0.5 in the left half, else 0; F 0.8, B 0.2 and so I 0.5 or 0.2."""
    alpha = torch.zeros(2, 1, 64, 64)
    alpha[..., :32] = 0.5
    plane = torch.ones(2, 3, 64, 64)
    return Batch(
        image=alpha * 0.8 + (1 - alpha) * 0.2 * plane,
        alpha=alpha,
        trimap=torch.ones(2, 64, 64, dtype=torch.int64),
        foreground=0.8 * plane,
        background=0.2 * plane,
        plate=0.2 * plane,
        segmentation=(alpha > 0).float(),
    )


def test_the_terms_of_stage_one() -> None:
    network = cast(Any, Constant(alpha=0.25, colour=0.6))
    (phase,) = BackgroundMattingRecipe(network, OPTIONS | {"unmasked": 0.0}).phases(scenes(), 0.0)
    terms = {name: term.item() for name, term in phase.terms.items()}
    assert terms["alpha"] == pytest.approx(0.25)
    assert terms["gradient"] == pytest.approx(0.5 / 64)  # the step of the truth, in every row
    assert terms["foreground"] == pytest.approx(0.2, abs=1e-6)  # where there is any
    assert terms["composite"] == pytest.approx((abs(0.3 - 0.5) + abs(0.3 - 0.2)) / 2, abs=1e-6)
    near = 32 + 5  # columns of partial alpha and the border around them
    assert terms["border"] == pytest.approx((32 * 0.25 + 5 * 0.25) / near)
    assert terms["square"] == pytest.approx(0.25**2)  # off by as much everywhere near
    weighted = terms["alpha"] + terms["gradient"] + 2 * terms["foreground"] + terms["composite"]
    weighted += terms["border"] + terms["square"]
    assert phase.loss.item() == pytest.approx(weighted)


@pytest.mark.parametrize(("fraction", "lowest"), [(0.0, 0.0), (1.0, -1.0)])
def test_some_batches_come_without_a_segmentation(fraction: float, lowest: float) -> None:
    network = Constant(0.25, 0.6)
    list(
        BackgroundMattingRecipe(cast(Any, network), OPTIONS | {"unmasked": fraction}).phases(
            scenes(), 0
        )
    )
    assert network.masks[0].min() == lowest


def test_the_teacher_stays_what_the_student_was() -> None:
    student = Constant(0.25, 0.6)
    made = AdversarialRecipe(cast(Any, student), OPTIONS)
    with torch.no_grad():
        student.alpha.fill_(0.3)  # as when weights are loaded after the recipe was made
    generator, critic = made.phases(scenes(), 0.0)
    assert (generator.part, critic.part) == (NETWORK, "discriminator")
    assert generator.terms["alpha"].item() == 0
    with torch.no_grad():
        student.alpha.fill_(0.5)
    generator, _ = made.phases(scenes(), 0.0)
    assert generator.terms["alpha"].item() == pytest.approx(0.2)


def test_the_teachers_word_is_halved_as_training_goes_on() -> None:
    made = AdversarialRecipe(cast(Any, Constant(0.25, 0.6)), OPTIONS)
    weights = [made.imitation(progress) for progress in (0.0, 0.19, 0.21, 0.5, 0.99, 1.0)]
    assert weights == pytest.approx([0.05, 0.05, 0.025, 0.0125, 0.003125, 0.003125])


def test_the_student_moves_by_the_critics_answer_and_the_critic_by_its_own() -> None:
    torch.manual_seed(0)
    settings = TrainSettings(
        family="background-matting", config="compact", steps=4, options={"stage": 2}, warmup_steps=1
    )
    made = recipe(settings)
    trainer = Trainer(settings, made)
    before = {name: copy.deepcopy(part.state_dict()) for name, part in made.parts.items()}
    terms = trainer.update(scenes())
    assert {"loss", "loss_discriminator", "fools"} <= terms.keys()
    trainer.update(scenes())
    moved = {
        name: any(
            not torch.equal(tensor, before[name][key]) for key, tensor in part.named_parameters()
        )
        for name, part in made.parts.items()
    }
    assert moved == {NETWORK: True, "teacher": False, "discriminator": True}


def test_stage_two_survives_its_checkpoint(tmp_path: Path) -> None:
    settings = TrainSettings(
        family="background-matting", config="compact", steps=4, options={"stage": 2}
    )
    first = Trainer(settings, recipe(settings))
    first.update(scenes())
    checkpoint.write(tmp_path, first.state())
    second = Trainer(settings, recipe(settings))
    second.resume(checkpoint.read(tmp_path), new_schedule=False)
    theirs = first.recipe.parts["teacher"].state_dict()
    for name, tensor in second.recipe.parts["teacher"].state_dict().items():
        assert torch.equal(tensor, theirs[name])
    assert second.recipe.parts["teacher"].initialised


def test_a_stage_is_not_resumed_as_another() -> None:
    def trainer(stage: int) -> Trainer:
        settings = TrainSettings(
            family="background-matting", config="compact", steps=4, options={"stage": stage}
        )
        return Trainer(settings, recipe(settings))

    first, second = trainer(1), trainer(2)
    for resumed, content in ((second, first.state()), (first, second.state())):
        with pytest.raises(TrainingError, match="trained network") as caught:
            resumed.resume(content, new_schedule=False)
        assert "teacher, discriminator" in caught.value.message
        assert "--init RUN" in caught.value.hint


def test_stages_have_names_and_needs() -> None:
    with pytest.raises(TrainingError, match="no stage 3"):
        recipe(TrainSettings(family="background-matting", config="compact", options={"stage": 3}))
    assert not recipe(
        TrainSettings(family="background-matting", config="compact", options={"stage": 2})
    ).requirements.truth


def captures(folder: Path, names: str = "abc") -> Path:
    rng = np.random.default_rng(0)
    for name in names:
        for kind in ("image", "plate"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / kind / f"{name}.png"), rng.integers(0, 255, (90, 120, 3)))
    return folder


def test_captures_are_pictures_with_their_plates(tmp_path: Path) -> None:
    scene = Captures(captures(tmp_path), seed=0).scene(1, 32)
    assert scene.plate is not None
    assert scene.plate.shape == scene.image.shape == (32, 32, 3)
    assert scene.segmentation is None
    assert (scene.trimap == 128).all()
    (tmp_path / "plate" / "b.png").unlink()
    with pytest.raises(TrainingError, match=r"without a partner \(1\): b"):
        Captures(tmp_path, seed=0)


def test_captures_train_stage_two_only(tmp_path: Path) -> None:
    data = (f"captures:{captures(tmp_path)}",)
    settings = TrainSettings(family="background-matting", config="compact", data=data)
    with pytest.raises(TrainingError, match="no true alpha"):
        sources(settings, DataRequirements(plates=True))


def test_made_scenes_bring_plates_when_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for number in range(12):
        coarse = rng.integers(0, 255, (6, 8, 3)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f"photo{number}.png"), cv2.resize(coarse, (320, 240)))
    settings = TrainSettings(
        family="background-matting", config="compact", data=(f"photos:{tmp_path}",)
    )
    train, _ = sources(settings, DataRequirements(plates=True, trimap=False))
    batch = train.batch(0, BatchPlan(2, (64,)))
    assert batch["plate"].shape == (2, 3, 64, 64)
    assert batch["segmentation"].shape == (2, 1, 64, 64)
    assert np.abs(batch["plate"].astype(int) - batch["background"]).mean() < 60
