"""The subcommand ``matteplug train``: train a network, plot a log, look at the data."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from matteplug.errors import TrainingError
from matteplug.hookspecs import Command
from matteplug.plugins import registry
from matteplug.training.people import command as people

_EPILOG = """\
examples:
  matteplug train citm --config compact --data photos:photos/ --minutes 60 --out runs/citm
  matteplug train citm --resume runs/citm                 (go on with what is left of the budget)
  matteplug train citm --resume runs/citm --minutes 60    (a new schedule on the same weights)
  matteplug train plot runs/citm/log.jsonl
  matteplug train sheet --data photos:photos/ --out sheet.png
  matteplug train people --parts parts/ --photos photos/ --out people/ --count 1000 --jobs 4
"""


def command() -> Command:
    """Return the subcommand."""
    return Command(
        name="train",
        help="train a network, plot a log ('plot'), look at the data ('sheet'), render 'people'",
        configure=configure,
        run=run,
    )


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands: one per family, ``plot``, ``sheet`` and ``people``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(
        title="what to do", required=True, metavar="NETWORK|plot|sheet|people"
    )
    families = registry().families
    for family in families:
        training = actions.add_parser(family, help=f"train {family}")
        _configure_training(training)
        training.set_defaults(action=_train, family=family)
    plot = actions.add_parser("plot", help="draw the curves of a log")
    plot.add_argument(
        "log", type=Path, help="a run's log.jsonl or folder; more to compare", nargs="+"
    )
    plot.add_argument("--out", type=Path, help="PNG to write (beside the first log)")
    plot.set_defaults(action=_plot)
    sheet = actions.add_parser("sheet", help="look at the data: a PNG of scenes")
    _configure_data(sheet)
    sheet.add_argument(
        "--out", type=Path, default=Path("sheet.png"), help="PNG to write (sheet.png)"
    )
    sheet.add_argument(
        "--network", choices=families, default="citm", help="what it would see (citm)"
    )
    sheet.add_argument("--count", type=int, default=24, help="number of scenes (24)")
    sheet.add_argument("--held", action="store_true", help="the scenes held for validation")
    sheet.set_defaults(action=_sheet)
    rendering = actions.add_parser("people", help="render people with alpha, to train on")
    people.configure(rendering)
    rendering.set_defaults(action=people.run)


def _configure_data(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", action="append", metavar="KIND:DIR", help="where scenes come from; repeatable")
    add("--leave-out", action="store_true", help="leave out files of datasets that do not fit")
    add("--size", type=int, nargs="+", metavar="PX", help="sides of the crops, taken in turn (256)")
    add("--seed", type=int, help="of data and weights (0)")


def _configure_training(parser: argparse.ArgumentParser) -> None:
    _configure_data(parser)
    add = parser.add_argument
    add("--config", help="which of the network's configurations (compact)")
    add("--out", type=Path, help="folder of the run (runs/NETWORK-CONFIG)")
    add("--resume", type=Path, metavar="RUN", help="go on with the run in this folder")
    add("--init", type=Path, metavar="CHECKPOINT", help="start from these weights (file or run)")
    add(
        "--hold",
        action="append",
        metavar="STYLE",
        help="keep a style of made scenes out; repeatable",
    )
    add("--minutes", type=float, help="stop after so long, with a usable checkpoint")
    add("--steps", type=int, help="stop after so many updates")
    add("--batch", type=int, help="crops a step (8)")
    add("--lr", type=float, help="peak learning rate (0.001)")
    add("--ema", type=float, help="decay of the averaged weights (0.998)")
    add("--set", action="append", metavar="NAME=NUMBER", help="an option of the recipe; repeatable")
    add("--workers", type=int, help="processes that make data (1)")
    add("--threads", type=int, help="processor threads of the training (torch's choice)")
    add("--device", help="cpu, cuda or auto (auto)")
    add("--fp32", action="store_true", help="compute in float32, not bfloat16")


def run(arguments: argparse.Namespace) -> int:
    """Do what the arguments say; return the exit status.

    Raises:
        TrainingError: the extra "train" is not installed, or the run cannot start or go on.
    """
    # Threads that spin while they wait would take the workers' share of the processor.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for needed in ("torch", "matplotlib", "numba", "scipy"):
        if find_spec(needed) is None:
            raise TrainingError(
                "no-train-extra",
                f"Training needs {needed}, which is not installed.",
                'Install it with: pip install "matteplug[train]"',
            )
    status: int = arguments.action(arguments)
    return status


def _train(arguments: argparse.Namespace) -> int:
    from matteplug.training.run.session import start

    session = start(
        arguments.family, _settings(arguments), arguments.resume, arguments.init, arguments.out
    )
    reason = session.train()
    trainer = session.trainer
    cost = f"{trainer.samples} crops, {trainer.trained_s / 60:.1f} minutes in all"
    print(f"{session.folder}: {trainer.step} steps, {cost}.", file=sys.stderr)
    return 0 if reason == "budget" else 130


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the settings that were given; what was left out is not in it."""
    names = (
        "config",
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
    given["hold"] = tuple(arguments.hold) if arguments.hold else None
    given["leave_out"] = arguments.leave_out or None
    given["bf16"] = False if arguments.fp32 else None
    return {name: value for name, value in given.items() if value is not None}


def _option(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError as error:
        raise TrainingError(
            "bad-option", f"{text!r} is no option of a recipe.", "Write it as --set gradient=0.5."
        ) from error


def _plot(arguments: argparse.Namespace) -> int:
    from matteplug.training.plot import plot

    print(plot(arguments.log, arguments.out))
    return 0


def _sheet(arguments: argparse.Namespace) -> int:
    from PIL import Image

    from matteplug.training.data.sources import sources
    from matteplug.training.recipes import recipe
    from matteplug.training.settings import TrainSettings
    from matteplug.training.sheet import sheet

    settings = TrainSettings(
        family=arguments.network, config="compact", data=tuple(arguments.data or ()), workers=0
    )
    settings = replace(settings, seed=arguments.seed or 0, leave_out=arguments.leave_out)
    settings = replace(settings, sizes_px=tuple(arguments.size or settings.sizes_px))
    source = sources(settings, recipe(settings).requirements)[arguments.held]
    numbers = range(0, 8 * arguments.count, 8)  # every eighth shows other objects
    scenes = [source.scene(number, settings.sizes_px[0]) for number in numbers]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet(scenes)).save(arguments.out)
    print(arguments.out)
    return 0
