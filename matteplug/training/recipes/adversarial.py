"""Background matting, stage 2: go on with real pictures, which have no ground truth.

A frozen copy of the stage-1 network, the teacher, gives pseudo alpha and foreground.  The student
learns from them, with a weight that is halved as training goes on, and from a discriminator that
must take its composite on a new backdrop for a photograph (Sengupta et al. 2020, section 3.2).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.networks.background_matting.discriminator import PatchDiscriminator
from matteplug.networks.background_matting.model import BackgroundMatting, PlateOutput
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase
from matteplug.training.recipes.composites import against, see

PSEUDO = {"alpha": 2.0, "gradient": 4.0, "foreground": 1.0, "composite": 1.0}
"""Weights of the terms against the teacher."""


class Teacher(nn.Module):
    """The network as it was when stage 2 began; travels in the checkpoint, learns nothing."""

    taught: Tensor

    def __init__(self, student: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(student).requires_grad_(False)
        self.register_buffer("taught", torch.tensor(False))

    @torch.no_grad()
    def answer(self, batch: Batch, student: nn.Module) -> PlateOutput:
        """Return the pseudo truth; the first call takes the student's weights over."""
        if not self.taught:
            self.network.load_state_dict(student.state_dict())
            self.taught.fill_(True)
        return see(self.network.eval(), batch)


class AdversarialRecipe:
    """Train a `BackgroundMatting` against a discriminator; see `Recipe`."""

    requirements = DataRequirements(plates=True, trimap=False, truth=False, weights=True)

    def __init__(self, network: BackgroundMatting, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {
            NETWORK: network,
            "teacher": Teacher(network),
            "discriminator": PatchDiscriminator(),
        }
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the student's update, then the discriminator's."""
        student, discriminator = self.parts[NETWORK], self.parts["discriminator"]
        pseudo = cast(Teacher, self.parts["teacher"]).answer(batch, student)
        output = see(student, batch)
        composite = on_new_backdrop(output, batch)
        terms = against(output, pseudo, batch.image, cast(Tensor, batch.plate))
        terms["fools"] = losses.fools(discriminator(composite))
        imitation = torch.stack([PSEUDO[name] * terms[name] for name in PSEUDO]).sum()
        yield Phase(NETWORK, terms["fools"] + self.imitation(progress) * imitation, terms)

        judged = discriminator(batch.image), discriminator(composite.detach())
        yield Phase("discriminator", losses.tells_apart(*judged), {})

    def imitation(self, progress: float) -> float:
        """Return the weight of the teacher's answers: halved at equal intervals."""
        halved = int(progress * (self._options["halvings"] + 1))
        return self._options["pseudo"] * float(0.5 ** min(halved, self._options["halvings"]))

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha."""
        return see(network, batch).alpha


def on_new_backdrop(output: PlateOutput, batch: Batch) -> Tensor:
    """Return αF + (1 − α)B', (B, 3, H, W), where B' is the mirrored plate of another scene."""
    backdrop = cast(Tensor, batch.plate).roll(1, 0).flip(-1)
    return output.alpha * output.foreground + (1 - output.alpha) * backdrop
