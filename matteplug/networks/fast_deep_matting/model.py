"""Fast Deep Matting: a light dense block finds the person, feathering makes alpha (figure 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from matteplug.networks.fast_deep_matting.config import FastDeepMattingConfig
from matteplug.networks.ops.resizing import double

MULTIPLE = 2


class FastDeepMatting(nn.Module):
    """Portrait in, alpha out.

    Args:
        config: the network's numbers; `config.PAPER`.
    """

    def __init__(self, config: FastDeepMattingConfig) -> None:
        super().__init__()
        self.config = config
        self.segmentation = LightDenseBlock(config.width, config.dilations)
        self.feathering = Feathering(config.feathering)

    def forward(self, image: Tensor) -> Tensor:
        """Return alpha (B, 1, H, W) in [0, 1] of an image as for `heads`."""
        return self.heads(image)["alpha"].clamp(0, 1)

    def heads(self, image: Tensor) -> dict[str, Tensor]:
        """Compute what the losses act on.

        Args:
            image: (B, 3, H, W) float in [0, 1], without a mean taken off; H and W even.

        Returns:
            "logits" (B, 2, H, W) of background and foreground, and "alpha" (B, 1, H, W), about
            [0, 1] but not clamped, so that every pixel has a gradient; float32.

        Raises:
            ValueError: a side is odd.
        """
        height, width = image.shape[2:]
        if not torch.compiler.is_exporting() and (height % MULTIPLE or width % MULTIPLE):
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        logits = self.segmentation(image).float()
        return {"logits": logits, "alpha": self.feathering(image, logits).float()}


class LightDenseBlock(nn.Module):
    """A coarse mask of two classes, from four dilated layers that see all before them."""

    def __init__(self, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width - 3, 3, stride=2, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.layers = nn.ModuleList(
            nn.Conv2d((number + 1) * width, width, 3, padding=dilation, dilation=dilation)
            for number, dilation in enumerate(dilations)
        )
        self.classes = nn.Conv2d(len(dilations) * width, 2, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of background and foreground, (B, 2, H, W)."""
        features = [torch.cat((self.stem(image).relu(), self.pool(image)), dim=1)]
        for layer in self.layers:
            features.append(layer(torch.cat(features, dim=1)).relu())
        return double(self.classes(torch.cat(features[1:], dim=1)))


class Feathering(nn.Module):
    """A guided filter whose coefficients are learned (section 3.3).

    Decided: the mask is the softmax of the two classes, so that the linear form stays bounded; the
    coefficients start near 1, 0 and 0, which leaves the mask as it is.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Conv2d(width, 3, 3, padding=1)
        nn.init.normal_(last.weight, std=1e-2)
        last.bias = nn.Parameter(torch.tensor([1.0, 0.0, 0.0]))
        self.coefficients = nn.Sequential(
            nn.Conv2d(3 + 2 + 3 + 3, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            last,
        )

    def forward(self, image: Tensor, logits: Tensor) -> Tensor:
        """Return α = w_F·S_F + w_B·S_B + b, (B, 1, H, W)."""
        foreground = (logits[:, 1:] - logits[:, :1]).sigmoid()  # the softmax of two classes
        background = 1 - foreground
        seen = (image, background, foreground, image * image, image * foreground)
        w_foreground, w_background, b = self.coefficients(torch.cat(seen, dim=1)).chunk(3, dim=1)
        alpha: Tensor = w_foreground * foreground + w_background * background + b
        return alpha
