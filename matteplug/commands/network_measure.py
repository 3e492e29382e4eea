"""``matteplug networks measure NAME DIR``: record how well a network that was added does."""

from __future__ import annotations

import argparse
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("id", help="the network's id")
    add("folder", type=Path, metavar="DIR", help="pictures with true alphas, as for `evaluate`")
    add("--trimap", metavar="WORD", help="as for `evaluate`")


def run(args: argparse.Namespace) -> int:
    """Measure the network beside the one that is chosen now, and keep both; return the status.

    Raises:
        NetworkError: the network is unknown, or was not added by the user.
        RequestError: the folder has no pictures with alphas.
    """
    from dataclasses import asdict

    from rich.console import Console

    from matteplug import __version__, plugins
    from matteplug.errors import NetworkError
    from matteplug.evaluation import methods, samples, scores
    from matteplug.evaluation.metrics import Count
    from matteplug.matting import choice
    from matteplug.networks import added
    from matteplug.types import MatteOptions

    spec = plugins.registry().network(args.id)
    if spec.id not in plugins.registry().added:
        raise NetworkError(
            "network-not-added",
            f"{spec.id} was not added by you: what is recorded of it comes with it.",
            f"To measure it, run: matteplug evaluate {args.folder} --network {spec.id}",
        )
    usual = choice.usual(spec.guide)
    chosen = samples.find(args.folder, args.trimap)
    how = MatteOptions(clean_colours=False)
    both = [methods.network(name, how) for name in (spec.id, usual.id)]
    ours, theirs = scores.evaluate(chosen, both, Count.UNKNOWN)
    Console().print(scores.to_table(chosen, [ours, theirs], Count.UNKNOWN))
    data = chosen.folder.resolve().name + (f", {chosen.trimap}" if chosen.trimap else "")
    errors = {
        **asdict(ours.mean()),
        "pictures": len(ours.images),
        "evaluator": f"matteplug {__version__}",
        "beside": {"network": usual.id, **asdict(theirs.mean())},
    }
    added.record(spec, data, errors)
    plugins.registry.cache_clear()
    automatic = choice.best(spec.guide).id
    print(f"Recorded in the card of {spec.id}. Without a name, {automatic} is used.")
    return 0
