"""The subcommand ``matteplug train``: train a network, plot a log, look at the data."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from matteplug import packages
from matteplug.errors import TrainingError
from matteplug.hookspecs import Command
from matteplug.plugins import registry
from matteplug.training.people import command as people
from matteplug.training.teach import command as teach

_ONE = "A run is a folder: checkpoints, a log, samples.  Ctrl-C stops it; --resume continues it."

_EXAMPLES = (
    "matteplug train citm --data photos:photos/ --minutes 60 --out runs/citm",
    "matteplug train citm --resume runs/citm               # the rest of the budget",
    "matteplug train citm --resume runs/citm --minutes 60  # a new schedule, same weights",
    "matteplug train plot runs/citm/log.jsonl",
    "matteplug train sheet --data photos:photos/ --out sheet.png",
    "matteplug train people --parts parts/ --photos photos/ --out people/ --count 1000",
    "matteplug train teach photos/ --out subjects/ --teacher hfam --teacher other.onnx",
)


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="train",
        help="Train a network, plot its log, look at the data, render people, teach masks.",
        configure=configure,
        run=run,
        examples=_EXAMPLES,
    )


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands: one per family, ``plot``, ``sheet`` and ``people``."""
    actions = parser.add_subparsers(
        title="actions", required=True, metavar="NETWORK|plot|sheet|people|teach"
    )
    families = registry().families
    for family in families:
        training = actions.add_parser(family, help=f"Train {family}.", description=_ONE)
        name = f"{parser.prog} {family}"
        if not any(example.startswith(f"{name} ") for example in _EXAMPLES):
            training.epilog = f"example:\n  {name} --data photos:photos/ --minutes 60"
            training.formatter_class = argparse.RawDescriptionHelpFormatter
        _configure_training(training)
        training.set_defaults(action=_train, family=family)
    plot = actions.add_parser("plot", help="draw the curves of one or more runs")
    plot.add_argument(
        "log", type=Path, nargs="+", help="a run's folder or its log.jsonl; several to compare"
    )
    plot.add_argument("--out", type=Path, help="PNG to write (default: beside the first log)")
    plot.set_defaults(action=_plot)
    sheet = actions.add_parser("sheet", help="draw a PNG of scenes, to look at the data")
    _configure_data(sheet)
    sheet.add_argument(
        "--out", type=Path, default=Path("sheet.png"), help="PNG to write (default: sheet.png)"
    )
    sheet.add_argument(
        "--network",
        choices=families,
        default="citm",
        help="network whose data is shown (default: citm)",
    )
    sheet.add_argument("--count", type=int, default=24, help="number of scenes (default: 24)")
    sheet.add_argument("--holdout", action="store_true", help="show the scenes for validation")
    sheet.add_argument("--held", action=_Renamed, const="--holdout", help=argparse.SUPPRESS)
    sheet.set_defaults(action=_sheet)
    rendering = actions.add_parser("people", help="render people with alpha, to train on")
    people.configure(rendering)
    rendering.set_defaults(action=people.run)
    teaching = actions.add_parser("teach", help="give photographs masks that networks agree on")
    teach.configure(teaching)
    teaching.set_defaults(action=teach.run)


class _Renamed(argparse.Action):
    """An option that has another name now: names it and stops."""

    def __init__(self, option_strings: Sequence[str], dest: str, const: str, **rest: Any) -> None:
        super().__init__(option_strings, dest, nargs="?", const=const, **rest)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> NoReturn:
        parser.error(f"{option_string} is now called {self.const}.")


def _configure_data(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", action="append", metavar="KIND:DIR", help="source of scenes; repeatable")
    add("--skip-bad-files", action="store_true", help="skip files of datasets that do not fit")
    add("--leave-out", action=_Renamed, const="--skip-bad-files", help=argparse.SUPPRESS)
    add(
        "--size",
        type=int,
        nargs="+",
        metavar="PX",
        help="sides of the crops, taken in turn (default: 256)",
    )
    add("--seed", type=int, help="seed of data and weights (default: 0)")


def _configure_training(parser: argparse.ArgumentParser) -> None:
    _configure_data(parser)
    add = parser.add_argument
    add("--config", help="configuration of the network (default: compact, if it has one)")
    add("--out", type=Path, help="folder of the run (default: runs/NETWORK-CONFIG)")
    add("--resume", type=Path, metavar="RUN", help="resume the run in this folder")
    add(
        "--init",
        type=Path,
        metavar="CHECKPOINT",
        help="start from the weights of this checkpoint or run",
    )
    add("--encoder", metavar="FILE", help="ImageNet weights for the encoder of a new network")
    add(
        "--holdout",
        action="append",
        metavar="STYLE",
        help="style of synthetic scenes that training never shows; repeatable",
    )
    add("--hold", action=_Renamed, const="--holdout", help=argparse.SUPPRESS)
    add("--minutes", type=float, help="stop after this time, with a usable checkpoint")
    add("--steps", type=int, help="stop after this many updates")
    add("--batch", type=int, help="crops per step (default: 8)")
    add("--lr", type=float, help="peak learning rate (default: 0.001)")
    add("--ema", type=float, help="decay of the averaged weights (default: 0.998)")
    add(
        "--set",
        action="append",
        metavar="NAME=NUMBER",
        help="change an option of the recipe; repeatable",
    )
    add("--workers", type=int, help="processes that make data (default: 1)")
    add("--threads", type=int, help="CPU threads of the training (default: torch decides)")
    add("--device", help="device: cpu, cuda or auto (default: auto)")
    add("--fp32", action="store_true", help="compute in float32 instead of bfloat16")


def run(arguments: argparse.Namespace) -> int:
    """Run the action that was chosen; return the exit status.

    Raises:
        TrainingError: the extra "train" is not installed, or the run cannot start or continue.
    """
    # Threads that spin while they wait would take CPU time from the workers.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for needed in ("torch", "matplotlib", "numba", "scipy"):
        if find_spec(needed) is None:
            raise TrainingError(
                "no-train-extra",
                f"Training needs {needed}, which is not installed.",
                f"Run: {packages.install('matteplug[train]')}",
            )
    from matteplug import opencv  # noqa: F401 - a broken one is told here

    status: int = arguments.action(arguments)
    return status


def _train(arguments: argparse.Namespace) -> int:
    from matteplug.training.run.session import start

    print(_plan(arguments), file=sys.stderr, flush=True)
    session = start(
        arguments.family, _settings(arguments), arguments.resume, arguments.init, arguments.out
    )
    reason = session.train()
    trainer = session.trainer
    cost = f"{trainer.samples} crops, {trainer.trained_s / 60:.1f} minutes in all"
    print(f"{session.folder}: {trainer.step} steps, {cost}.", file=sys.stderr)
    return 0 if reason == "budget" else 130


def _plan(arguments: argparse.Namespace) -> str:
    """Return what will be done, with which data and how long, before the first slow step."""
    data = f" on {', '.join(arguments.data)}" if arguments.data else ""
    given = {"minutes": arguments.minutes, "steps": arguments.steps}
    budget = " or ".join(f"{value:g} {name}" for name, value in given.items() if value)
    length = (
        f" for {budget}" if budget else ", for the rest of its budget" if arguments.resume else ""
    )
    what = f"{arguments.family} in {arguments.resume}" if arguments.resume else arguments.family
    verb = "Resuming" if arguments.resume else "Training"
    return f"{verb} {what}{data}{length}. Ctrl-C stops it with a checkpoint."


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the settings that were given, and no others."""
    names = (
        "config",
        "encoder",
        "minutes",
        "steps",
        "batch",
        "lr",
        "ema",
        "workers",
        "threads",
        "device",
        "seed",
    )
    given = {name: getattr(arguments, name) for name in names}
    given["data"] = tuple(arguments.data) if arguments.data else None
    given["sizes_px"] = tuple(arguments.size) if arguments.size else None
    given["options"] = dict(map(_option, arguments.set)) if arguments.set else None
    given["holdout_styles"] = tuple(arguments.holdout) if arguments.holdout else None
    given["skip_bad_files"] = arguments.skip_bad_files or None
    given["bf16"] = False if arguments.fp32 else None
    return {name: value for name, value in given.items() if value is not None}


def _option(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError as error:
        raise TrainingError(
            "bad-option",
            f"{text!r} is not an option of a recipe.",
            "Write it as --set gradient=0.5.",
        ) from error


def _plot(arguments: argparse.Namespace) -> int:
    from matteplug.training.plot import plot

    print(plot(arguments.log, arguments.out))
    return 0


def _sheet(arguments: argparse.Namespace) -> int:
    from PIL import Image

    from matteplug.networks.families import default_config
    from matteplug.training.data.sources import sources
    from matteplug.training.recipes import recipe
    from matteplug.training.settings import TrainSettings
    from matteplug.training.sheet import sheet

    settings = TrainSettings(
        family=arguments.network,
        config=default_config(arguments.network),
        data=tuple(arguments.data or ()),
        workers=0,
    )
    settings = replace(settings, seed=arguments.seed or 0, skip_bad_files=arguments.skip_bad_files)
    settings = replace(settings, sizes_px=tuple(arguments.size or settings.sizes_px))
    source = sources(settings, recipe(settings).requirements)[arguments.holdout]
    numbers = range(0, 8 * arguments.count, 8)  # every eighth shows other objects
    scenes = [source.scene(number, settings.sizes_px[0]) for number in numbers]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet(scenes)).save(arguments.out)
    print(arguments.out)
    return 0
