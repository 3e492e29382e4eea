"""Networks trained the same way on portraits: HFAM's stages, and a U-Net of the same size.

`ablation.py` trains them and can save their weights; `portraits.py` runs the saved ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from matteplug.networks import checkpoints
from matteplug.networks.backbones.imagenet_weights import start_from_imagenet
from matteplug.networks.hfam.config import COMPACT
from matteplug.networks.hfam.model import MULTIPLE, Hfam
from matteplug.networks.ops.padding import replicate_to_multiple
from matteplug.training.data.batch import Batch
from matteplug.training.recipes import NETWORK, Recipe
from matteplug.training.recipes.hfam import OPTIONS, HfamRecipe
from matteplug.types import Alpha
from unet import UNet, UNetRecipe

BASELINE = replace(COMPACT, mfem=(), bridge=False, attention=False)
STAGES = {
    "baseline": BASELINE,
    "+ MFEM on one feature": replace(BASELINE, mfem=(4,)),
    "+ MFEM on three": replace(BASELINE, mfem=(2, 3, 4)),
    "+ BB": replace(BASELINE, mfem=(2, 3, 4), bridge=True),
    "+ position attention": COMPACT,
}
NAMES = (*STAGES, "U-Net")
_FAMILY = "ablation"


def recipe(name: str) -> Recipe:
    """Return the recipe of one of `NAMES`, with its untrained network."""
    if name not in STAGES:
        return UNetRecipe(UNet())
    network = Hfam(STAGES[name])
    start_from_imagenet(network.encoder)
    return HfamRecipe(network, OPTIONS)


@dataclass(frozen=True)
class Trained:
    """A network that was trained on crops of one size.

    Attributes:
        name: one of `NAMES`.
        recipe: how it was trained.
        network: in eval mode, on the CPU.
        side_px: of the crops, and the longest side at which it sees a picture.
        crops: number of crops it was trained on.
    """

    name: str
    recipe: Recipe
    network: nn.Module
    side_px: int
    crops: int

    def save(self, folder: Path) -> Path:
        """Write the weights into a folder, which is created; return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name.removeprefix('+ ').replace(' ', '-').lower()}.pt"
        state = self.network.state_dict()
        checkpoints.save(path, _FAMILY, self.name, state, side_px=self.side_px, crops=self.crops)
        return path

    @classmethod
    def read(cls, path: Path) -> Trained:
        """Read what `save` wrote.

        Raises:
            NetworkError: there is no such file, or it is of another kind.
        """
        saved = checkpoints.read(path, _FAMILY)
        trained_by = recipe(saved.config)
        network = trained_by.parts[NETWORK].eval()
        checkpoints.load_into(network, saved.state, f"the weights of {saved.config}")
        return cls(saved.config, trained_by, network, saved.meta["side_px"], saved.meta["crops"])

    @torch.no_grad()
    def alpha(self, image: NDArray[np.uint8]) -> Alpha:
        """Return alpha (H, W) of a picture (H, W, 3)."""
        scale = self.side_px / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        tensor = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
        padded = replicate_to_multiple(tensor, MULTIPLE)
        nothing = torch.zeros_like(padded[:, :1])
        batch = Batch(
            image=padded,
            alpha=nothing,
            trimap=nothing[:, 0].long(),
            foreground=padded,
            background=padded,
        )
        predicted = self.recipe.predict(self.network, batch)
        alpha = predicted[0, 0, : small.shape[0], : small.shape[1]].numpy()
        return np.asarray(cv2.resize(alpha, image.shape[1::-1], interpolation=cv2.INTER_LINEAR))
