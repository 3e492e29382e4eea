"""The settings of a training run, kept beside its checkpoints as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """The settings of a run; a resumed run starts from those of its checkpoint.

    Attributes:
        family, config: the network ("citm") and which of its configurations ("compact").
        data: sources, "kind:folder" each; see `sources`.
        skip_bad_files: skip files of datasets that do not fit instead of refusing to start.
        holdout_styles: styles of synthetic scenes that training never shows, so that a network can
            be measured on what it has never seen.
        encoder: file with ImageNet weights for the encoder of a new network; "" for those of an
            installed package, if there are any.
        minutes, steps: the budget of this schedule; it ends with the one that is reached first.
            None for no limit.
        batch: crops per step at the first of `sizes_px`.
        sizes_px: sides of the crops, taken in turn; larger crops come in smaller batches, so that
            memory use stays about the same.
        lr, betas, weight_decay: AdamW's.
        warmup_steps: number of steps over which the learning rate rises after each start.
        final_lr: fraction of `lr` that is left at the end of the cosine.
        ema: decay of the averaged weights, which are what the run produces.
        clip: norm that the gradient is clipped to.
        seed: of weights, data and augmentation.
        workers: processes that make batches.
        threads: CPU threads of the training itself; 0 leaves the choice to torch.
        device: "cpu", "cuda" or "auto".
        bf16: compute in bfloat16 where autocast does.
        options: the recipe's own numbers by name, loss weights among them.
        checkpoint_s, validate_s, sheet_s: seconds between checkpoints, validations and sample
            sheets.
        log_steps: steps between two lines of the log.
        holdout_scenes: number of scenes kept for validation.
    """

    family: str
    config: str
    data: tuple[str, ...] = ()
    skip_bad_files: bool = False
    holdout_styles: tuple[str, ...] = ()
    encoder: str = ""
    minutes: float | None = None
    steps: int | None = None
    batch: int = 8
    sizes_px: tuple[int, ...] = (256,)
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 1e-4
    warmup_steps: int = 100
    final_lr: float = 0.015
    ema: float = 0.998
    clip: float = 1.0
    seed: int = 0
    workers: int = 1
    threads: int = 0
    device: str = "auto"
    bf16: bool = True
    options: Mapping[str, float] = field(default_factory=dict)
    checkpoint_s: float = 50.0
    validate_s: float = 180.0
    sheet_s: float = 600.0
    log_steps: int = 25
    holdout_scenes: int = 32

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {**asdict(self), "options": dict(self.options)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrainSettings:
        """Make settings from what `to_json` returned; settings of other versions are ignored."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known
        }
        return cls(**values)
