"""Scenes per second of the generator, the time a training run waits for them, and its steps.

    python benchmarks/training.py --photos DIR [--sprites DIR] [--people DIR] [--network NAME]
        [--config NAME …] [--log RUN] [--json]

Scenes are those that the network is trained on: parts around an edge, scenes with plates or whole
people.  The rate is measured through the stream that training reads, with two workers, and as
scenes per second of CPU time, which other programs disturb less.  With --config, configurations of
the network also make training steps in turns, on one thread, on the same batch of scenes: crops per
second of CPU time, the median of the rounds.  ONEDNN_MAX_CPU_ISA=AVX512_CORE shows a machine
without AMX.
Exits with 1 if the target is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from matteplug.plugins import registry
from matteplug.training.data.sources import SceneBatches, sources
from matteplug.training.data.stream import BatchPlan, BatchStream
from matteplug.training.recipes import recipe
from matteplug.training.run import run_log
from matteplug.training.settings import TrainSettings

RATE_TARGET = 60.0
"""Crops of 256² per second on two cores; alternatively:"""
WAIT_TARGET = 0.05
"""Fraction of a training run spent waiting for data."""
STEPS = 8
"""Steps that are timed together: a recipe may do something in a part of them only."""


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--sprites", type=Path, help="folder of cut-outs with alpha")
    parser.add_argument("--people", type=Path, help="folder of rendered people with alpha")
    parser.add_argument(
        "--network",
        choices=registry().families,
        default="citm",
        help="network that the scenes are for",
    )
    parser.add_argument(
        "--size", type=int, nargs="+", default=[256], help="sides of the crops, taken in turn"
    )
    parser.add_argument("--config", nargs="+", default=[], help="configurations to make steps with")
    parser.add_argument("--rounds", type=int, default=5, help="of the steps")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the measurement")
    parser.add_argument("--log", type=Path, help="log of a training run, for the time it waited")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    given = {"photos": args.photos, "sprites": args.sprites, "people": args.people}
    settings = TrainSettings(
        family=args.network,
        config="compact",
        data=tuple(f"{kind}:{folder}" for kind, folder in given.items() if folder is not None),
        sizes_px=tuple(args.size),
        workers=args.workers,
    )
    report: dict[str, Any] = {
        "network": args.network,
        "sizes_px": args.size,
        "workers": args.workers,
        "crops_per_s": stream_rate(settings, args.seconds),
        "crops_per_cpu_s": processor_rate(settings, args.seconds),
    }
    if args.config:
        report["steps"] = step_rates(settings, args.config, args.rounds)
    if args.log is not None:
        report["wait_share"] = waiting_fraction(args.log)
    fast = report["crops_per_s"] >= RATE_TARGET
    unnoticed = report.get("wait_share", 1.0) < WAIT_TARGET
    report["target_met"] = fast or unnoticed
    print(json.dumps(report, indent=2) if args.json else text(report))
    return 0 if report["target_met"] else 1


def stream_rate(settings: TrainSettings, seconds: float) -> float:
    """Return the crops per second that a reader gets who does nothing else."""
    source, plan = scenes(settings)
    with BatchStream(source, plan, workers=settings.workers) as stream:
        batches = iter(stream)
        for _ in range(20 * settings.workers):  # until the workers have drawn most of their objects
            next(batches)
        began, crops = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            crops += len(next(batches)["image"])
        return crops / (time.perf_counter() - began)


def processor_rate(settings: TrainSettings, seconds: float) -> float:
    """Return the crops per second of CPU time."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    source, plan = scenes(replace(settings, workers=1))
    for index in range(12):
        source.batch(index, plan)
    began, crops, index = time.process_time(), 0, 12
    while time.process_time() - began < seconds / 2:
        crops += len(source.batch(index, plan)["image"])
        index += 1
    elapsed_s = time.process_time() - began
    cv2.setNumThreads(threads)
    return crops / elapsed_s


def step_rates(settings: TrainSettings, configs: Sequence[str], rounds: int) -> dict[str, float]:
    """Return the crops per second of CPU time that each configuration is trained with."""
    import torch

    from matteplug.training.data.batch import to_device
    from matteplug.training.run.memory import keep_freed_memory
    from matteplug.training.run.trainer import Trainer

    keep_freed_memory()
    torch.set_num_threads(1)
    source, plan = scenes(replace(settings, workers=1))
    arrays = source.batch(0, plan)
    trainers = []
    for config in configs:
        chosen = replace(settings, config=config, minutes=1.0, device="cpu")
        trainers.append(Trainer(chosen, recipe(chosen)))
        trainers[-1].update(to_device(arrays, trainers[-1].device))
    steps: dict[str, list[float]] = {config: [] for config in configs}
    for _ in range(rounds):
        for config, trainer in zip(configs, trainers, strict=True):
            began = time.process_time()
            for _ in range(STEPS):
                trainer.update(to_device(arrays, trainer.device))
            steps[config].append((time.process_time() - began) / STEPS)
    return {
        config: len(arrays["image"]) / statistics.median(times) for config, times in steps.items()
    }


def scenes(settings: TrainSettings) -> tuple[SceneBatches, BatchPlan]:
    """Return the source of a run with these settings."""
    train, _ = sources(settings, recipe(settings).requirements)
    return train, BatchPlan(settings.batch, settings.sizes_px)


def waiting_fraction(log: Path) -> float:
    """Return the median fraction of waiting that a training run recorded.

    Raises:
        TrainingError: there is no such log, or it is damaged.
        StatisticsError: the run recorded no step.
    """
    steps = [event for event in run_log.read(log) if event["event"] == "step"]
    return float(statistics.median(step["wait_share"] for step in steps))


def text(report: dict[str, Any]) -> str:
    """Return the report as text."""
    sides = "², ".join(map(str, report["sizes_px"]))
    lines = [
        f"{report['crops_per_s']:6.1f} crops of {sides}² per second for {report['network']},"
        f" {report['workers']} workers (target {RATE_TARGET:.0f})",
        f"{report['crops_per_cpu_s']:6.1f} crops per second of CPU time",
    ]
    for config, rate in report.get("steps", {}).items():
        lines.append(f"{rate:6.2f} crops per second of CPU time in steps of {config}")
    if "wait_share" in report:
        lines.append(f"{100 * report['wait_share']:6.1f} % of the training run's time was waiting")
    lines.append("target met" if report["target_met"] else "TARGET MISSED")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
