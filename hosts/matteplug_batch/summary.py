"""The end of a batch: a table for people, or JSON for programs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from matteplug import listing
from matteplug_batch.display_text import line, name, remark, sentence
from matteplug_batch.find import kind_of
from matteplug_batch.outcome import WRITTEN, BatchReport, PictureOutcome, State
from matteplug_batch.plan import Plan

_COLUMNS = ("picture", "result", "guide", "time", "remarks")
_ROWS = 40
"""Up to this many pictures each gets a row; beyond that, successes without notes are counted."""
_COLOURS = {
    State.DONE: "green",
    State.DOUBTFUL: "magenta",
    State.EMPTY: "magenta",
    State.FAILED: "red",
    State.SKIPPED: "yellow",
}
_REMARKABLE = (State.DOUBTFUL, State.EMPTY, State.FAILED)


def announce(console: Console, plan: Plan, *, watch: bool = False) -> None:
    """Print how many pictures were found, with which guides, and where the results go.

    Args:
        console: where to.
        plan: what is there now.
        watch: say that further pictures are waited for.
    """
    kinds = Counter(kind_of(job.guide) for job in plan.jobs)
    known = [f"{kinds[kind]} with a {kind}" for kind in ("trimap", "mask", "plate") if kinds[kind]]
    rest = [f"{kinds['none']} without a guide"] if kinds["none"] else []
    found = f" ({', '.join(known + rest)})" if plan.jobs else ""
    console.print(f"Pictures: {len(plan.jobs)}{found}.")
    console.print(Text(f"Results go to {name(plan.out)}"), soft_wrap=True)
    if watch:
        console.print("Further pictures are cut out as they come in, until Ctrl-C.")


def show(console: Console, report: BatchReport, plan: Plan) -> None:
    """Print the table of pictures and the totals."""
    rows = report.outcomes
    if len(rows) > _ROWS:
        rows = [o for o in rows if o.state in _REMARKABLE or (o.state is State.DONE and o.notes)]
    if rows and console.is_terminal:
        console.print(_table(rows, plan.folder))
    elif rows:
        listing.show(_COLUMNS, [[str(cell) for cell in _cells(row, plan.folder)] for row in rows])
    if len(rows) < len(report.outcomes):
        console.print(f"Not listed: {len(report.outcomes) - len(rows)} pictures without remarks.")
    for total in totals(report, plan.out):
        console.print(Text(total), soft_wrap=True)


def totals(report: BatchReport, out: Path) -> list[str]:
    """Return the totals of the batch, in sentences."""
    counts = {state: report.count(state) for state in State}
    always = (State.DONE, State.FAILED)
    parts = [f"{n} {state.value}" for state, n in counts.items() if n or state in always]
    if report.waiting:
        parts.append(f"{report.waiting} not started")
    lines = [f"{', '.join(parts)}, in {_duration(report.elapsed_s)}."]
    if any(counts[state] for state in WRITTEN):
        makers = Counter(
            f"{outcome.network} on {outcome.provider}"
            for outcome in report.outcomes
            if outcome.state in WRITTEN
        )
        lines.append(f"Made by {', '.join(f'{who} ({n})' for who, n in makers.most_common())}.")
        lines.append(f"Results: {name(out)}")
    if report.interrupted:
        lines.append("Interrupted; the same command with --resume continues from here.")
    elif report.stopped is not None:
        reason = line(report.stopped.message)
        lines.append(f"Stopped, as all other pictures would fail too: {reason}")
    return lines


def as_json(report: BatchReport, plan: Plan) -> dict[str, Any]:
    """Return the report as plain JSON data; paths as text."""
    return {
        "folder": str(plan.folder),
        "out": str(plan.out),
        "status": report.status,
        **{state.value: report.count(state) for state in State},
        "waiting": report.waiting,
        "interrupted": report.interrupted,
        "elapsed_s": round(report.elapsed_s, 3),
        "pictures": [_entry(outcome, plan.folder) for outcome in report.outcomes],
    }


def _entry(outcome: PictureOutcome, folder: Path) -> dict[str, Any]:
    error = outcome.error
    return {
        "picture": str(outcome.image.relative_to(folder)),
        "state": outcome.state.value,
        "result": str(outcome.result) if outcome.result else None,
        "guide": str(outcome.guide.relative_to(folder)) if outcome.guide else None,
        "network": outcome.network or None,
        "provider": outcome.provider or None,
        "licences": dict(outcome.licences),
        "confidence": None if outcome.confidence is None else round(outcome.confidence, 3),
        "earlier": outcome.earlier and outcome.earlier.value,
        "elapsed_s": round(outcome.elapsed_s, 3),
        "notes": list(outcome.notes),
        "error": error and {"code": error.code, "message": error.message, "hint": error.hint},
    }


def _table(rows: list[PictureOutcome], folder: Path) -> Table:
    table = Table(*_COLUMNS)
    for outcome in rows:
        table.add_row(*_cells(outcome, folder))
    return table


def _cells(outcome: PictureOutcome, folder: Path) -> tuple[Text, ...]:
    remarks = sentence(outcome.error) if outcome.error else remark(outcome.notes)
    return (
        Text(name(outcome.image.relative_to(folder)), overflow="fold"),
        Text(outcome.state.value, style=_COLOURS[outcome.state]),
        Text(kind_of(outcome.guide)),
        Text(f"{outcome.elapsed_s:.1f} s" if outcome.state in WRITTEN else ""),
        Text(remarks, overflow="fold"),
    )


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
