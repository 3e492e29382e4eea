"""Prior-attentive windowed self-attention (PA-WSA): windows that also look at prior tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KINDS = 3
"""Prior tokens of a set: unknown, background, foreground, in this order."""


class PriorAttention(nn.Module):
    """Multi-head attention of a window's tokens over themselves and the sets of prior tokens.

    Args:
        channels: C.
        heads: attention heads, h.
        window: side of the window; L = window².
        prior_sets: how many sets of three prior tokens it attends to; P = 3 · prior_sets.
    """

    relative_position_index: Tensor

    def __init__(self, channels: int, heads: int, window: int, prior_sets: int) -> None:
        super().__init__()
        self.heads = heads
        self.relative_rows = (2 * window - 1) ** 2
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        rows = self.relative_rows + KINDS * prior_sets
        self.relative_position_bias_table = nn.Parameter(torch.empty(rows, heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        index = relative_position_index(window)
        self.register_buffer("relative_position_index", index, persistent=False)

    def forward(self, windows: Tensor, priors: Tensor, mask: Tensor | None) -> Tensor:
        """Attend.

        Args:
            windows: (B, N, L, C), N windows.
            priors: (B, P, C).
            mask: (N, L, L), added to the scores of spatial pairs; or None.

        Returns:
            (B, N, L, C).
        """
        tokens = windows.shape[2]
        query, key, value = self._heads(self.qkv(windows), 3)  # (B, N, h, L, d) each
        prior_key, prior_value = self._heads(self._prior_key_value(priors).unsqueeze(1), 2)
        query = query * query.shape[-1] ** -0.5
        spatial = query @ key.transpose(-2, -1)  # (B, N, h, L, L)
        prior = query @ prior_key.transpose(-2, -1)  # (B, N, h, L, P), the same keys in any window
        bias = self._bias()  # (h, L, L + P)
        if mask is not None:
            bias = bias + F.pad(mask, (0, priors.shape[1])).unsqueeze(1)  # (N, h, L, L + P)
        scores = torch.cat((spatial, prior), dim=-1)
        weights = torch.softmax(scores + bias.to(scores.dtype), dim=-1)
        out = weights[..., :tokens] @ value + weights[..., tokens:] @ prior_value
        mixed: Tensor = self.proj(out.transpose(2, 3).flatten(3))
        return mixed

    def project_values(self, priors: Tensor) -> Tensor:
        """Send prior tokens (B, P, C) through the value and output projections."""
        channels = priors.shape[-1]
        weight, bias = self.qkv.weight[2 * channels :], self.qkv.bias[2 * channels :]
        projected: Tensor = self.proj(F.linear(priors, weight, bias))
        return projected

    def _prior_key_value(self, priors: Tensor) -> Tensor:
        channels = priors.shape[-1]
        return F.linear(priors, self.qkv.weight[channels:], self.qkv.bias[channels:])

    def _heads(self, joined: Tensor, parts: int) -> tuple[Tensor, ...]:
        split = joined.reshape(*joined.shape[:3], parts, self.heads, -1)  # (B, N, L, parts, h, d)
        return split.permute(3, 0, 1, 4, 2, 5).unbind(0)

    def _bias(self) -> Tensor:
        spatial = self.relative_position_bias_table[self.relative_position_index]  # (L, L, h)
        prior = self.relative_position_bias_table[self.relative_rows :]  # (P, h)
        prior = prior.expand(spatial.shape[0], -1, -1)  # (L, P, h)
        return torch.cat((spatial, prior), dim=1).permute(2, 0, 1)


def relative_position_index(window: int) -> Tensor:
    """Return the row of the bias table for every pair of a window's tokens, (L, L) int64."""
    y, x = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    y, x = y.flatten(), x.flatten()
    down = y[:, None] - y[None, :] + window - 1
    right = x[:, None] - x[None, :] + window - 1
    return down * (2 * window - 1) + right
