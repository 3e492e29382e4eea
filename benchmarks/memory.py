"""Measure the memory model of a network: a constant, and the part proportional to the picture.

Each size runs in a process of its own, whose peak is read from the system (Linux).  The numbers
go into the network's spec (`mib_fixed`, `mib_per_megapixel`), by which tiles are planned.
``python benchmarks/memory.py exported/citm.json [SIDE …]``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import resident
from matteplug import weights
from matteplug.engine import OrtEngine
from matteplug.runtime import golden
from matteplug.types import Size

SIDES = (384, 512, 768, 1024, 1280)


def main() -> None:
    """Measure every size and fit a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("sides", type=int, nargs="*", default=SIDES)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(run_mib(arguments.manifest, arguments.sides[0]))
        return
    megapixels = np.array([side * side / 1e6 for side in arguments.sides])
    grown = np.array([in_child(arguments.manifest, side) for side in arguments.sides])
    per_megapixel, fixed = np.polyfit(megapixels, grown, 1)
    table = Table("side", "megapixels", "MiB", "model, MiB")
    for side, size, mib in zip(arguments.sides, megapixels, grown, strict=True):
        table.add_row(str(side), f"{size:.2f}", f"{mib:.0f}", f"{fixed + per_megapixel * size:.0f}")
    Console().print(table)
    print(f"mib_fixed={max(0.0, fixed):.0f}, mib_per_megapixel={per_megapixel:.0f}")


def in_child(manifest: Path, side: int) -> float:
    """Return `run_mib` of a fresh process."""
    command = [sys.executable, __file__, str(manifest), str(side), "--child"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_mib(manifest: Path, side: int) -> float:
    """Return the memory, MiB, that a run of side × side pixels adds to the loaded process."""
    spec = weights.read_manifest(manifest)
    session = OrtEngine().session(spec, "cpu")
    inputs = golden.example(spec, Size(side, side), golden.SEED)
    loaded = resident.now_mib()
    resident.forget_peak()
    session.run(inputs)
    return resident.peak_mib() - loaded


if __name__ == "__main__":
    main()
