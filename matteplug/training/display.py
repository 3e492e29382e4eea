"""What the user sees during a run: a progress bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType


class Display:
    """A progress bar with the rate; without a terminal, an occasional line."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("training", total=1.0)

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self._console.print(sentence, markup=False)

    def step(self, text: str, progress: float) -> None:
        """Show how far the run is, `progress` being 0 to 1."""
        if self._console.is_terminal:
            self._bar.update(self._task, completed=progress, description=text)
        else:
            self.say(f"{100 * progress:5.1f} %  {text}")

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
