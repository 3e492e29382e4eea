"""Start or resume a run: settings, data and checkpoint brought together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from matteplug.errors import TrainingError
from matteplug.networks import families
from matteplug.training.data.sources import sources
from matteplug.training.recipes import recipe
from matteplug.training.run import checkpoint
from matteplug.training.run.loop import Run
from matteplug.training.run.memory import keep_freed_memory
from matteplug.training.run.trainer import Trainer
from matteplug.training.settings import TrainSettings

_BUDGET = {"minutes", "steps"}


def start(
    family: str,
    given: Mapping[str, Any],
    resume: Path | None = None,
    init: Path | None = None,
    out: Path | None = None,
) -> Run:
    """Return a run that is ready to train.

    Args:
        family: the network.
        given: settings by name; what is missing comes from the run that is resumed, else from the
            defaults.
        resume: folder of a run to go on with.
        init: checkpoint whose weights a new run starts from.
        out: folder of a new run; by default ``runs/<family>-<config>``.

    Raises:
        TrainingError: the settings contradict each other or the checkpoint, or data is missing.
    """
    if resume and init:
        raise TrainingError(
            "resume-and-init",
            "--resume and --init cannot go together.",
            "--resume has its own weights.",
        )
    content = checkpoint.read(resume) if resume else None
    if content is None:
        settings = TrainSettings(**{"family": family, "config": "compact", **given})
    else:
        if "training" not in content:
            raise TrainingError(
                "no-run", f"{resume} holds weights, but no run.", "Start one from them with --init."
            )
        settings = TrainSettings.from_json(content["training"]["settings"])
        checkpoint.refuse_other(content, family, str(given.get("config", settings.config)))
        if _BUDGET & given.keys():  # a new budget replaces the old one whole
            settings = replace(settings, minutes=None, steps=None)
        options = {**settings.options, **given.get("options", {})}
        settings = replace(settings, **{**given, "options": options})
    _check(settings)
    folder = resume or out or Path("runs") / f"{settings.family}-{settings.config}"
    if not resume and (folder / checkpoint.LAST).exists():
        raise TrainingError(
            "run-exists",
            f"There is a run in {folder} already.",
            f"Go on with it by --resume {folder}, or name another folder with --out.",
        )
    keep_freed_memory()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    made = recipe(settings)
    if made.requirements.weights and not (resume or init):
        raise TrainingError(
            "no-weights", "This stage goes on from weights.", "Name them: --init CHECKPOINT"
        )
    train, held = sources(settings, made.requirements)
    trainer = Trainer(settings, made)
    if content is not None:
        trainer.resume(content, new_schedule=bool(_BUDGET & given.keys()))
    elif init:
        trainer.start_from(checkpoint.read(init))
    return Run(trainer, train, held, folder, (*train.left_out, *held.left_out))


def _check(settings: TrainSettings) -> None:
    if not settings.minutes and not settings.steps:
        raise TrainingError(
            "no-budget", "How long to train was not said.", "Give --minutes or --steps."
        )
    if not settings.data:
        raise TrainingError(
            "no-data",
            "No training data was named.",
            "Name a folder of photographs: --data photos:DIR",
        )
    multiple = families.family(settings.family, settings.config).multiple(settings.config)
    for size_px in settings.sizes_px:
        if size_px < multiple or size_px % multiple:
            raise TrainingError(
                "bad-size",
                f"Crops of {size_px} px do not fit the network.",
                f"Take a multiple of {multiple}: {max(1, round(size_px / multiple)) * multiple}.",
            )
    for name in ("batch", "lr"):
        if getattr(settings, name) <= 0:
            raise TrainingError(f"bad-{name}", f"--{name} must be more than 0.")
