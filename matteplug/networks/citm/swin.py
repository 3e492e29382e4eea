"""The Swin stages of the encoder, whose blocks pass prior tokens on (MatteFormer, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from matteplug.networks.citm.attention import KINDS, PriorAttention
from matteplug.networks.citm.config import CitmConfig, CompactConfig

MASKED = -100.0
"""What Swin adds to the score of a pair of tokens that only the cyclic shift made neighbours."""


class PatchEmbedding(nn.Module):
    """Cut the input into patches of 4×4 and embed each."""

    def __init__(self, channels: int, embed: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, embed, kernel_size=4, stride=4)
        self.norm = nn.LayerNorm(embed)

    def forward(self, x: Tensor) -> Tensor:
        """Embed (B, channels, H, W) as (B, H/4, W/4, embed)."""
        embedded: Tensor = self.norm(self.proj(x).permute(0, 2, 3, 1))
        return embedded


class PatchMerging(nn.Module):
    """Halve the resolution and double the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Merge (B, H, W, C) to (B, H/2, W/2, 2C)."""
        even, odd = x[:, 0::2], x[:, 1::2]
        corners = (even[:, :, 0::2], odd[:, :, 0::2], even[:, :, 1::2], odd[:, :, 1::2])
        merged: Tensor = self.reduction(self.norm(torch.cat(corners, dim=-1)))
        return merged


class Mlp(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Transform the last axis."""
        transformed: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return transformed


class PriorBlock(nn.Module):
    """A Swin block that attends to prior tokens and passes them on.

    Args:
        channels: C.
        heads: attention heads.
        window: side of the window.
        shift: by how many tokens the windows are displaced; 0 for none.
        prior_sets: prior sets it attends to, its own included.
        mlp_ratio: hidden width of the MLP over C.
    """

    def __init__(
        self,
        channels: int,
        *,
        heads: int,
        window: int,
        shift: int,
        prior_sets: int,
        mlp_ratio: float,
    ) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = PriorAttention(channels, heads, window, prior_sets)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, int(channels * mlp_ratio))

    def forward(self, x: Tensor, areas: Tensor, priors: Tensor | None) -> tuple[Tensor, Tensor]:
        """Transform the features and pass the prior tokens on.

        Args:
            x: (B, H, W, C).
            areas: (B, 3, H·W), each trimap area's weights, summing to 1 (an empty area's to 0).
            priors: (B, P, C), the sets of earlier blocks, or None.

        Returns:
            The features (B, H, W, C), and P + 3 prior tokens, the block's own last.
        """
        block_priors = areas @ x.flatten(1, 2)  # (B, 3, C) masked means
        priors = block_priors if priors is None else torch.cat((priors, block_priors), dim=1)
        normed = self.norm1(priors)
        x = x + self._attend(self.norm1(x), normed)
        x = x + self.mlp(self.norm2(x))
        priors = priors + self.attn.project_values(normed)
        priors = priors + self.mlp(self.norm2(priors))
        return x, priors

    def _attend(self, x: Tensor, priors: Tensor) -> Tensor:
        batch, height, width, channels = x.shape
        side, shift = self.window, self.shift
        rows, columns = (height + side - 1) // side, (width + side - 1) // side
        x = F.pad(x, (0, 0, 0, columns * side - width, 0, rows * side - height))
        mask = None
        if shift:
            x = torch.roll(x, (-shift, -shift), (1, 2))
            mask = shift_mask(rows, columns, side, shift, x.device)
        x = x.reshape(batch, rows, side, columns, side, channels).transpose(2, 3)
        x = x.reshape(batch, rows * columns, side * side, channels)  # (B, N, L, C)
        x = self.attn(x, priors, mask)
        x = x.reshape(batch, rows, columns, side, side, channels).transpose(2, 3)
        x = x.reshape(batch, rows * side, columns * side, channels)
        if shift:
            x = torch.roll(x, (shift, shift), (1, 2))
        return x[:, :height, :width]


def shift_mask(rows: int, columns: int, side: int, shift: int, device: torch.device) -> Tensor:
    """Return the mask between tokens that only the cyclic shift made neighbours.

    Along each axis the shifted grid has three regions: the whole windows, the rest of the last
    window, and what came round from the other end.

    Returns:
        (rows · columns, side², side²) float32, 0 or −100.
    """

    def region(count: int) -> Tensor:
        end = count * side
        at = torch.arange(end, device=device).reshape(count, side)
        return (at >= end - side).int() + (at >= end - shift).int()

    down = region(rows)[:, None, :, None]
    right = region(columns)[None, :, None, :]
    regions = (3 * down + right).flatten(2).flatten(0, 1)  # (N, L)
    return (regions[:, :, None] != regions[:, None, :]).float() * MASKED


def area_weights(trimap: Tensor) -> Tensor:
    """Return weights that average over each area of (B, 3, H, W) one-hot: (B, 3, H·W)."""
    areas = trimap.flatten(2)
    return areas / areas.sum(dim=2, keepdim=True).clamp(min=1.0)  # an empty area stays 0


class SwinStage(nn.Module):
    """Blocks of one resolution.

    Args:
        channels, heads, window, mlp_ratio: see `PriorBlock`.
        depth: number of blocks.
        prior_sets: sets that come in from outside the stage (the cross-layer memory).
        last: whether no stage follows (then nothing is merged).
    """

    def __init__(
        self,
        channels: int,
        *,
        heads: int,
        window: int,
        depth: int,
        prior_sets: int,
        mlp_ratio: float,
        last: bool,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            PriorBlock(
                channels,
                heads=heads,
                window=window,
                shift=window // 2 if i % 2 else 0,
                prior_sets=prior_sets + i + 1,
                mlp_ratio=mlp_ratio,
            )
            for i in range(depth)
        )
        self.downsample = None if last else PatchMerging(channels)

    def forward(self, x: Tensor, trimap: Tensor, priors: Tensor | None) -> tuple[Tensor, Tensor]:
        """Run the blocks.

        Args:
            x: (B, H, W, C).
            trimap: (B, 3, H, W) one-hot: unknown, background, foreground.
            priors: (B, P, C) prior tokens from outside the stage, or None.

        Returns:
            The features (B, H, W, C) and the last block's own prior set (B, 3, C).
        """
        areas = area_weights(trimap)
        for block in self.blocks:
            x, priors = block(x, areas, priors)
        assert priors is not None  # a stage has at least one block
        return x, priors[:, -KINDS:]


def swin_stages(config: CitmConfig | CompactConfig, *, merging: bool) -> nn.ModuleList:
    """Return the stages of an encoder.

    Args:
        config: the network's numbers.
        merging: whether each stage but the last merges its tokens for the next one.
    """
    widths = config.widths
    return nn.ModuleList(
        SwinStage(
            width,
            heads=config.heads[i],
            window=config.window,
            depth=config.depths[i],
            prior_sets=int(config.memory and i > 0),
            mlp_ratio=config.mlp_ratio,
            last=not merging or i == len(widths) - 1,
        )
        for i, width in enumerate(widths)
    )
