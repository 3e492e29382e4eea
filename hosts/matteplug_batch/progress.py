"""The progress bar: how many pictures, at what rate, and how long it will take."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from matteplug_batch.display_text import name, remark, sentence
from matteplug_batch.outcome import PictureOutcome, State

_NAME = 28
"""Number of letters of a picture's name in the bar."""


class Bar:
    """An `Observer` that draws a bar on a terminal, and reports failures at once.

    Elsewhere, as in a log, there is a line for each picture that was worked on.

    Args:
        console: where to.
        quiet: report nothing but failures.
        lines: have the lines on a terminal too.
    """

    def __init__(self, console: Console, *, quiet: bool = False, lines: bool = False) -> None:
        self._console = console
        self._has_lines = not quiet and (lines or not console.is_terminal)
        self._done = 0
        self._current = ""
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._progress.add_task("reading", total=None)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def start(self, pictures: int) -> None:
        """Learn that the work starts, and how many pictures there are to do."""
        self._done = 0
        self._progress.reset(self._task, total=pictures)

    def begin(self, image: Path) -> None:
        """Learn which picture is the current one."""
        shown = name(Path(image.name))
        self._current = shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"
        self._progress.update(self._task, description=f"{self._current}: reading")

    def step(self, fraction: float, what: str) -> None:
        """Learn how far the current picture is, 0 to 1."""
        # The last bit is kept for `finish`, so that the count never runs ahead.
        completed = self._done + min(fraction, 0.99)
        self._progress.update(
            self._task, completed=completed, description=f"{self._current}: {what}"
        )

    def finish(self, outcome: PictureOutcome) -> None:
        """Learn what became of a picture."""
        if outcome.state is State.FAILED or (self._has_lines and outcome.earlier is None):
            self._console.print(Text(line_of(outcome)), soft_wrap=True)
        self._done += 1
        self._progress.update(self._task, completed=self._done)

    def wait(self) -> None:
        """Learn that there is nothing to do until further pictures come in."""
        self._progress.update(self._task, description="waiting for pictures")

    def stop(self) -> None:
        """Learn that the batch will end as soon as the current picture can be stopped."""
        text = f"Stopping after {self._current}; press Ctrl-C again to quit at once."
        self._console.print(Text(text), soft_wrap=True)


def line_of(outcome: PictureOutcome) -> str:
    """Return what became of a picture, on one line."""
    picture = name(outcome.image)
    if outcome.error is not None:
        is_named = picture in outcome.error.message
        return f"{'' if is_named else f'{picture}: '}{sentence(outcome.error)}"
    notes = remark(outcome.notes)
    if outcome.result is None:
        return f"{picture}: {outcome.state.value}. {notes}"
    by = f" ({outcome.network} on {outcome.provider}, {outcome.elapsed_s:.1f} s)"
    made = name(outcome.result) + (by if outcome.network else "")
    return f"{picture}: {outcome.state.value}, {made}. {notes}".rstrip()


class _Rate(ProgressColumn):
    """Seconds per picture, or pictures per second if they are fast."""

    def render(self, task: Task) -> Text:
        """Return the column's text."""
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.1f} pictures/s" if speed >= 1 else f"{1 / speed:.1f} s/picture")
