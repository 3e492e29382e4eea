"""The log of a run: one JSON object per line, appended, so that it survives a kill.

Every line has ``event`` ("start", "step", "validation", "checkpoint", "stop") and ``step``.  A run
that was killed repeats the steps since its last checkpoint; its "start" line says from which step,
and `read` drops the repeated events.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from matteplug.errors import TrainingError
from matteplug.training.writing import writing

NAME = "log.jsonl"


class RunLog:
    """Append events to a run's log."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def write(self, event: str, step: int, **values: Any) -> None:
        """Append one event; floats are rounded to five significant digits.

        Raises:
            TrainingError: it cannot be written; the log is as it was.
        """
        line = {"event": event, "step": step, "time": round(time.time(), 1)}
        line |= {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in values.items()}
        with writing(self._path):
            before = self._path.stat().st_size if self._path.exists() else 0
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
            except OSError:
                os.truncate(self._path, before)  # a resumed run would continue mid-line
                raise


def read(path: Path) -> list[dict[str, Any]]:
    """Return the events of a log, or of the log in a run's folder, without repeated ones.

    Raises:
        TrainingError: there is no such log, or one of its lines is not an event.
    """
    path = path / NAME if path.is_dir() else path
    if not path.is_file():
        raise TrainingError("log-missing", f"There is no log at {path}.", f"Name a run's {NAME}.")
    events: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            name, step = event["event"], event["step"]
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                break  # cut short when the run was killed
            raise TrainingError(
                "log-damaged", f"Line {number} of {path} is not an event of a training run."
            ) from error
        if name == "start":
            events = [e for e in events if e["step"] <= step]
        events.append(event)
    return events
