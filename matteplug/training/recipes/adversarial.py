"""Background matting, stage 2: training on real pictures, which have no ground truth.

A frozen copy of the stage-1 network, the teacher, gives pseudo alpha and foreground.  The student
learns from them, with a weight that is halved as training proceeds, and from a discriminator that
it must make accept its composite on a new backdrop as a photograph (Sengupta et al. 2020, section
3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from matteplug.networks.background_matting.model import BackgroundMatting, PlateOutput
from matteplug.networks.ops.patch_discriminator import PatchDiscriminator
from matteplug.training import losses
from matteplug.training.data.batch import Batch
from matteplug.training.data.requirements import DataRequirements
from matteplug.training.recipes import NETWORK, Phase
from matteplug.training.recipes.composites import compare, predict
from matteplug.training.recipes.teacher import FrozenTeacher

PSEUDO_LOSS_WEIGHTS = {"alpha": 2.0, "gradient": 4.0, "foreground": 1.0, "composite": 1.0}
"""Loss weights of the terms against the teacher's answers."""


class AdversarialRecipe:
    """Train a `BackgroundMatting` against a discriminator; see `Recipe`."""

    requirements = DataRequirements(plates=True, trimap=False, truth=False, weights=True)

    def __init__(self, network: BackgroundMatting, options: Mapping[str, float]) -> None:
        self.parts: dict[str, nn.Module] = {
            NETWORK: network,
            "teacher": FrozenTeacher(network),
            "discriminator": PatchDiscriminator(),
        }
        self._options = options

    def phases(self, batch: Batch, progress: float) -> Iterator[Phase]:
        """Yield the student's update, then the discriminator's."""
        student, discriminator = self.parts[NETWORK], self.parts["discriminator"]
        with torch.no_grad():
            pseudo = predict(cast(FrozenTeacher, self.parts["teacher"]).of(student), batch)
        output = predict(student, batch)
        composite = on_new_backdrop(output, batch)
        terms = compare(output, pseudo, batch.image, cast(Tensor, batch.plate))
        terms["fools"] = losses.fools(discriminator(composite))
        weighted = [weight * terms[name] for name, weight in PSEUDO_LOSS_WEIGHTS.items()]
        imitation = torch.stack(weighted).sum()
        yield Phase(NETWORK, terms["fools"] + self.imitation(progress) * imitation, terms)

        real, fake = discriminator(batch.image), discriminator(composite.detach())
        yield Phase("discriminator", losses.tells_apart(real, fake), {})

    def imitation(self, progress: float) -> float:
        """Return the weight of the teacher's answers, which is halved at equal intervals."""
        halved = int(progress * (self._options["halvings"] + 1))
        return self._options["pseudo"] * float(0.5 ** min(halved, self._options["halvings"]))

    def predict(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the alpha."""
        return predict(network, batch).alpha


def on_new_backdrop(output: PlateOutput, batch: Batch) -> Tensor:
    """Return αF + (1 − α)B', (B, 3, H, W), where B' is the mirrored plate of another scene."""
    backdrop = cast(Tensor, batch.plate).roll(1, 0).flip(-1)
    return output.alpha * output.foreground + (1 - output.alpha) * backdrop
