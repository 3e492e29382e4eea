"""A batch on the device: bytes from the stream become the tensors that networks take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from matteplug.training.data.stream import Arrays


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Scenes with known alpha, (B, C, H, W) float32 in [0, 1] unless stated otherwise.

    Attributes:
        image: C = 3.
        alpha: the true alpha, C = 1.
        trimap: (B, H, W) int64, 0 background, 1 unknown, 2 foreground.
        foreground, background: straight colours, C = 3.
        plate: captured clean background, C = 3; None if the source makes none.
        segmentation: soft coarse mask, C = 1; None if the source makes none.
        known: 1 where alpha may be learnt from, else 0, C = 1; None for everywhere.
    """

    image: Tensor
    alpha: Tensor
    trimap: Tensor
    foreground: Tensor
    background: Tensor
    plate: Tensor | None = None
    segmentation: Tensor | None = None
    known: Tensor | None = None

    @cached_property
    def unknown(self) -> Tensor:
        """Return (B, 1, H, W), 1 where the trimap says unknown."""
        return (self.trimap == 1).unsqueeze(1).float()


def to_device(arrays: Arrays, device: torch.device) -> Batch:
    """Return the batch on `device`; it is transferred as bytes.

    Args:
        arrays: (B, C, H, W) uint8 by entry; the trimap holds 0, 128 and 255.
        device: where the network is.
    """
    channels_last = torch.channels_last
    tensors: dict[str, Tensor] = {}
    for name, array in arrays.items():
        tensor = torch.from_numpy(array)
        if device.type == "cuda":
            tensor = tensor.pin_memory().to(device, non_blocking=True)
        if name == "trimap":
            tensors[name] = (tensor[:, 0] > 85).long() + (tensor[:, 0] > 170).long()
        else:
            tensors[name] = tensor.float().div_(255).contiguous(memory_format=channels_last)
    return Batch(**tensors)
