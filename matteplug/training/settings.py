"""What a training run is told, kept beside its checkpoints as plain data."""

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
        leave_out: leave out files of datasets that do not fit instead of refusing to start.
        hold: styles of made scenes that are kept out of training, so that a network can be measured
            on what it has never seen.
        minutes, steps: the budget of this schedule, the first that is reached ends it; None for no
            such bound.
        batch: crops a step at the first of `sizes_px`.
        sizes_px: sides of the crops, taken in turn; other sizes get more or fewer crops, so that
            memory stays level.
        lr, betas, weight_decay: AdamW's.
        warmup_steps: the learning rate rises for so long after each start.
        final_lr: share of `lr` that is left at the end of the cosine.
        ema: decay of the averaged weights, which are what is kept in the end.
        clip: norm that the gradient is clipped to.
        seed: of weights, data and augmentation.
        workers: processes that make data.
        threads: processor threads of the training itself; 0 leaves torch's choice.
        device: "cpu", "cuda" or "auto".
        bf16: compute in bfloat16 where autocast does.
        options: the recipe's own numbers by name, loss weights among them.
        checkpoint_s, validate_s, sheet_s: seconds between checkpoints, validations and sample
            sheets.
        log_steps: steps between two lines of the log.
        held_scenes: number of scenes kept for validation.
    """

    family: str
    config: str
    data: tuple[str, ...] = ()
    leave_out: bool = False
    hold: tuple[str, ...] = ()
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
    held_scenes: int = 32

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {**asdict(self), "options": dict(self.options)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrainSettings:
        """Make settings from what `to_json` returned.

        Settings this version does not know are left out.
        """
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known
        }
        return cls(**values)
