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
        given: settings by name; the others come from the resumed run, else from the defaults.
        resume: folder of a run to resume.
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
    content = _resumable(resume) if resume else None
    settings = _resumed(content, family, given) if content else _fresh(family, given)
    _check(settings)
    folder = resume or _new_folder(settings, out)
    _prepare_torch(settings)
    # a checkpoint brings its encoder along
    current = recipe(replace(settings, encoder="") if resume or init else settings)
    if current.requirements.weights and not (resume or init):
        raise TrainingError(
            "no-weights", "This stage starts from trained weights.", "Name them: --init CHECKPOINT"
        )
    train, holdout = sources(settings, current.requirements)
    trainer = Trainer(settings, current)
    if content is not None:
        trainer.resume(content, new_schedule=bool(_BUDGET & given.keys()))
    elif init:
        trainer.start_from(checkpoint.read(init))
    return Run(trainer, train, holdout, folder, (*train.skipped, *holdout.skipped))


def _resumable(folder: Path) -> Mapping[str, Any]:
    """Return the last checkpoint of a run."""
    content = checkpoint.read(folder)
    if "training" not in content or "settings" not in content["training"]:
        raise TrainingError(
            "no-run",
            f"{folder} holds weights, but not a run.",
            "Start a run from them with --init.",
        )
    return content


def _fresh(family: str, given: Mapping[str, Any]) -> TrainSettings:
    config = given.get("config") or families.default_config(family)
    return TrainSettings(**{**given, "family": family, "config": config})


def _resumed(content: Mapping[str, Any], family: str, given: Mapping[str, Any]) -> TrainSettings:
    """Return a run's settings, changed by what is given; a new budget replaces the old one."""
    settings = TrainSettings.from_json(content["training"]["settings"])
    checkpoint.refuse_other(content, family, str(given.get("config", settings.config)))
    if _BUDGET & given.keys():
        settings = replace(settings, minutes=None, steps=None)
    options = {**settings.options, **given.get("options", {})}
    return replace(settings, **{**given, "options": options})


def _new_folder(settings: TrainSettings, out: Path | None) -> Path:
    folder = out or Path("runs") / f"{settings.family}-{settings.config}"
    if (folder / checkpoint.LAST).exists():
        raise TrainingError(
            "run-exists",
            f"There is already a run in {folder}.",
            f"Resume it with --resume {folder}, or name another folder with --out.",
        )
    return folder


def _prepare_torch(settings: TrainSettings) -> None:
    keep_freed_memory()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)


def _check(settings: TrainSettings) -> None:
    if not settings.minutes and not settings.steps:
        raise TrainingError(
            "no-budget", "No training budget was given.", "Give --minutes or --steps."
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
                f"Use a multiple of {multiple}: {max(1, round(size_px / multiple)) * multiple}.",
            )
    for name in ("batch", "lr"):
        if getattr(settings, name) <= 0:
            raise TrainingError(f"bad-{name}", f"--{name} must be more than 0.")
