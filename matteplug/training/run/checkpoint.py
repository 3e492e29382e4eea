"""The state of a run on disk: written whole or not at all; the previous one is kept.

A file has ``family``, ``config``, ``step``, ``state`` (the averaged weights, which export and
evaluation read) and ``training`` (everything that resuming needs).  Reading it executes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from matteplug.errors import TrainingError
from matteplug.training.writing import writing

LAST, PREVIOUS = "last.pt", "previous.pt"


def write(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write `content` as the last checkpoint of a run; the one before becomes the previous.

    Raises:
        TrainingError: the file cannot be written; the earlier checkpoints are untouched.
    """
    last = folder / LAST
    fresh = last.with_suffix(".tmp")
    try:
        with writing(last):
            with fresh.open("wb") as file:
                torch.save(dict(content), file)
                file.flush()
                os.fsync(file.fileno())
            if last.exists():
                os.replace(last, folder / PREVIOUS)
            os.replace(fresh, last)
    finally:
        fresh.unlink(missing_ok=True)
    return last


def read(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint file, or of the newest readable one of a run's folder.

    Raises:
        TrainingError: there is none, or it is damaged or not a checkpoint of a training run.
    """
    files = [path / LAST, path / PREVIOUS] if path.is_dir() else [path]
    files = [file for file in files if file.is_file()]
    if not files:
        raise TrainingError(
            "checkpoint-missing",
            f"There is no checkpoint at {path}.",
            f"Name a run's folder (with {LAST} in it) or a checkpoint file.",
        )
    for file in files:
        content = _load(file)
        if content is not None:
            return content
    raise TrainingError(
        "checkpoint-damaged",
        f"{' and '.join(map(str, files))} cannot be read as checkpoints of a training run.",
        "Start again with --init from another checkpoint, or without.",
    )


def refuse_other(content: Mapping[str, Any], family: str, config: str) -> None:
    """Refuse a checkpoint of another network or configuration.

    Raises:
        TrainingError: the checkpoint is of another one; the message names both.
    """
    theirs, ours = f"{content['family']}/{content['config']}", f"{family}/{config}"
    if theirs != ours:
        raise TrainingError(
            "checkpoint-configuration",
            f"The checkpoint holds {theirs}, not {ours}.",
            f"Train it as: matteplug train {content['family']} --config {content['config']}.",
        )


def _load(file: Path) -> dict[str, Any] | None:
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception:  # torch raises many kinds of errors for damaged files
        return None
    wanted = {"family", "config", "state"}
    return content if isinstance(content, dict) and wanted <= content.keys() else None
