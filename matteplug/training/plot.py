"""Draw the curves of runs: losses, errors on the holdout scenes, learning rate and speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matteplug.training.run import run_log

_OTHERS = {"event", "step", "time", "samples", "lr", "progress", "crops_per_s", "wait_share"}


def plot(logs: Sequence[Path], out: Path | None = None) -> Path:
    """Write a PNG with the curves of one or more logs over the number of crops; return its path.

    Args:
        logs: files ``log.jsonl`` or folders of runs.
        out: the PNG; by default ``curves.png`` beside the first log.

    Raises:
        TrainingError: a log is missing or damaged.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8), layout="constrained")
    axes = figure.subplots(2, 2)
    for log in logs:
        events = run_log.read(log)
        steps = [e for e in events if e["event"] == "step"]
        holdout = [e for e in events if e["event"] == "validation"]
        name = f"{(log if log.is_dir() else log.parent).name}: " if len(logs) > 1 else ""
        for term in sorted({term for e in steps for term in e} - _OTHERS):
            _curve(axes[0, 0], [e for e in steps if term in e], term, name + term)
        for error in ("sad", "mse"):
            _curve(axes[0, 1], holdout, error, name + error)
        _curve(axes[1, 0], steps, "lr", name + "learning rate")
        _curve(axes[1, 1], steps, "crops_per_s", name + "crops per second")
    titles = ("losses in training", "mean errors on the holdout scenes", "learning rate", "speed")
    for axis, title in zip(axes.flat, titles, strict=True):
        axis.set(title=title, xlabel="crops")
        if axis.get_lines():
            axis.legend(fontsize="small")
    for axis in axes[0]:
        axis.set_yscale("log")
    if out is None:
        out = (logs[0] if logs[0].is_dir() else logs[0].parent) / "curves.png"
    figure.savefig(out, dpi=110)
    return out


def _curve(axis: Any, events: Sequence[dict[str, Any]], key: str, label: str) -> None:
    if events:
        axis.plot(
            [e["samples"] for e in events], [e[key] for e in events], label=label, linewidth=1
        )
