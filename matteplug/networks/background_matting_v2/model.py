"""Background Matting V2: a base network at low resolution, a refiner where it errs (figure 3)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.backbones.mobilenetv2 import MobileNetV2
from matteplug.networks.backbones.resnet import ResNet
from matteplug.networks.background_matting_v2.coarse import Coarse
from matteplug.networks.background_matting_v2.config import BackgroundMattingV2Config
from matteplug.networks.background_matting_v2.decoder import BaseDecoder
from matteplug.networks.background_matting_v2.refiner import PATCH_PX, PatchRefiner
from matteplug.networks.ops.aspp import Aspp
from matteplug.networks.ops.resizing import resize

MULTIPLE = PATCH_PX

Mode = Literal["sampling", "thresholding", "full"]


class BackgroundMattingV2(nn.Module):
    """Image and plate in, alpha and foreground out.

    Args:
        config: the network's numbers; one of `config.CONFIGS`.
    """

    def __init__(self, config: BackgroundMattingV2Config) -> None:
        super().__init__()
        self.config = config
        self.backbone: MobileNetV2 | ResNet
        if config.layers:
            depths = (config.layers[0], config.layers[1], config.layers[2], config.layers[3])
            self.backbone = ResNet(
                depths, channels=6, width=round(64 * config.width), output_stride=16
            )
        else:
            self.backbone = MobileNetV2(6, width=config.width, last=False, dilated=True)
        x1, x2, x3, _, x4 = self.backbone.channels
        self.aspp = Aspp(x4, config.context, (3, 6, 9))
        self.decoder = BaseDecoder(
            (config.context, *config.decoder, 1 + 3 + 1 + config.hidden), (x3, x2, x1, 6)
        )
        self.refiner = PatchRefiner(config.hidden + 4) if config.refined else None

    def forward(self, image: Tensor, plate: Tensor, divisor: int = 4) -> tuple[Tensor, Tensor]:
        """Refine where the expected error exceeds the configuration's threshold.

        Args:
            image: (B, 3, H, W) in [0, 1]; H and W multiples of 4.
            plate: (B, 3, H, W) in [0, 1], registered to the image.
            divisor: the base network works at 1 / divisor of the size.

        Returns:
            Alpha (B, 1, H, W) and foreground (B, 3, H, W), in [0, 1].
        """
        height, width = image.shape[2:]
        coarse = self.base(*_small(image, plate, height // divisor, width // divisor))
        error = _of_patches(coarse.error, height, width)
        chosen = select(error, "thresholding", threshold=self.config.threshold)
        return self._matte(image, plate, coarse, chosen)

    def base(self, image: Tensor, plate: Tensor) -> Coarse:
        """Run the base network at the size of its inputs, (B, 3, h, w) in [0, 1] (section 3.2)."""
        x0 = torch.cat((image, plate), dim=1)
        x1, x2, x3, _, x4 = self.backbone(x0)
        x = self.decoder(self.aspp(x4), (x3, x2, x1, x0))
        alpha, residual, error = x[:, :1], x[:, 1:4], x[:, 4:5]
        return Coarse(
            alpha=alpha.clamp(0, 1),
            residual=residual,
            foreground=(residual + image).clamp(0, 1),
            error=error.clamp(0, 1),
            hidden=x[:, 5:].relu(),
        )

    def heads(
        self,
        image: Tensor,
        plate: Tensor,
        *,
        backbone_scale: float = 0.25,
        mode: Mode = "sampling",
        sample_pixels: int = 80_000,
        threshold: float = 0.7,
    ) -> dict[str, Tensor]:
        """Compute the coarse and the refined matte as the public code does.

        Decided: the refiner runs over the whole picture and the selection chooses per pixel, which
        gives what refining the selected patches gives, and exports.

        Args:
            image: (B, 3, H, W) in [0, 1]; H and W multiples of 4.
            plate: (B, 3, H, W) in [0, 1], registered to the image.
            backbone_scale: of the base network's input, at most 1/2.
            mode: refine the `sample_pixels` with the largest expected error, those where it exceeds
                `threshold`, or all.
            sample_pixels: with "sampling"; those of no expected error are left as they are.
            threshold: with "thresholding".

        Returns:
            "alpha" (B, 1, H, W), "foreground" (B, 3, H, W), "alpha_coarse", "foreground_coarse" and
            "error_coarse" (B, ·, h, w), all float32 in [0, 1].

        Raises:
            ValueError: a side is not a multiple of 4, an unknown mode, or there is no refiner.
        """
        height, width = image.shape[2:]
        if height % MULTIPLE or width % MULTIPLE:
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {height}×{width}")
        if self.refiner is None:
            raise ValueError("this is the base network, without a refiner")
        size = int(height * backbone_scale), int(width * backbone_scale)
        coarse = self.base(*_small(image, plate, *size))
        error = _of_patches(coarse.error, height, width)
        chosen = select(error, mode, sample_pixels=sample_pixels, threshold=threshold)
        alpha, foreground = self._matte(image, plate, coarse, chosen)
        return {
            "alpha": alpha,
            "foreground": foreground,
            "alpha_coarse": coarse.alpha.float(),
            "foreground_coarse": coarse.foreground.float(),
            "error_coarse": coarse.error.float(),
        }

    def _matte(
        self, image: Tensor, plate: Tensor, coarse: Coarse, chosen: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return alpha and foreground: refined in the chosen patches, else enlarged."""
        height, width = image.shape[2:]
        both = resize(torch.cat((coarse.alpha, coarse.residual), dim=1), height, width)
        if self.refiner is not None:
            mask = F.interpolate(chosen, scale_factor=float(PATCH_PX), mode="nearest")
            both = mask * self.refiner(image, plate, coarse) + (1 - mask) * both
        alpha, residual = both[:, :1].float(), both[:, 1:].float()
        return alpha.clamp(0, 1), (residual + image).clamp(0, 1)


def select(error: Tensor, mode: Mode, *, sample_pixels: int = 0, threshold: float = 1.0) -> Tensor:
    """Return 1 where a patch is refined, else 0, (B, 1, h, w).

    Args:
        error: expected error of every patch, (B, 1, h, w).
        mode: see `BackgroundMattingV2.heads`.
        sample_pixels: with "sampling".
        threshold: with "thresholding".

    Raises:
        ValueError: an unknown mode.
    """
    if mode == "full":
        return torch.ones_like(error)
    if mode == "thresholding":
        return (error > threshold).to(error.dtype)
    if mode == "sampling":
        flat = error.flatten(1)
        count = min(sample_pixels // PATCH_PX**2, flat.shape[1])
        largest = flat.topk(count, dim=1).indices
        chosen = torch.zeros_like(flat).scatter_(1, largest, 1.0)
        return (chosen * (flat > 0)).view_as(error)
    raise ValueError(f"there is no mode {mode!r}; there are sampling, thresholding and full")


def _small(image: Tensor, plate: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    return resize(image, height, width), resize(plate, height, width)


def _of_patches(error: Tensor, height: int, width: int) -> Tensor:
    """Return the expected error of every patch of a picture, (B, 1, H/4, W/4)."""
    return resize(error, height // PATCH_PX, width // PATCH_PX)
