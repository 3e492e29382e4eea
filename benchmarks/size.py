"""Large pictures: time, error, seams and memory, coarse to fine and the whole picture at once.

Every measurement runs in a process of its own, with the network "citm".
``python benchmarks/size.py [--shared ../shared] [--whole-mib 12000] [--only NAME]``

* speed: 12 megapixels, 8 % unknown: the whole picture through the network, and coarse to fine.
* error: SAD in the unknown area against the truth, both ways, on synthetic and scaled-up pictures.
* seams: gradient of the difference between both ways, along the tiles' borders and elsewhere.
* context: the same pictures in tiles alone, without the coarser levels: SAD, megapixels computed
  and time.
* 8k: peak memory of the whole process, foreground colours included, at 7680×4320.
* linear: time against the unknown area, four lengths of hair.

If the whole picture would need more than ``--whole-mib``, it is computed at the largest size that
fits, and its time is scaled by the number of pixels; the table says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import resident
from matteplug import api, plugins
from matteplug.engine import Session, default_engine
from matteplug.matting import coarse_to_fine, network_inputs, tiling
from matteplug.network import NetworkSpec
from matteplug.types import UNKNOWN, MatteOptions, MatteRequest, Rect, Size
from pictures import KnownPicture, scaled_up, synthetic

NETWORK = "citm"
Values = dict[str, Any]


def session() -> Session:
    """Return the network, ready to run on the CPU."""
    return default_engine().session(spec(), "cpu")


def spec() -> NetworkSpec:
    """Return the network's description."""
    return plugins.registry().network(NETWORK)


def whole(scene: KnownPicture) -> tuple[NDArray[np.float32], float]:
    """Return alpha and seconds of the whole picture at once."""
    run, request = session(), MatteRequest(image=scene.image, trimap=scene.trimap)
    started = time.perf_counter()
    outputs = run.run(network_inputs.tensors(request, Rect(0, 0, *Size.of(scene.trimap))))
    return outputs["alpha"][0, 0], time.perf_counter() - started


class Focused(NamedTuple):
    """The coarse-to-fine result, the finest level's kept parts, and the megapixels of all runs."""

    alpha: NDArray[np.float32]
    elapsed_s: float
    tiles: list[Rect]
    computed: float


def focused(scene: KnownPicture) -> Focused:
    """Run coarse to fine, and record what was computed."""
    run, request = session(), MatteRequest(image=scene.image, trimap=scene.trimap)
    planned: list[tuple[tiling.Tile, ...]] = []
    plan = tiling.plan

    def recorded(*arguments: Any, **options: Any) -> tuple[tiling.Tile, ...]:
        planned.append(plan(*arguments, **options))
        return planned[-1]

    with patch.object(tiling, "plan", recorded):
        started = time.perf_counter()
        outputs = coarse_to_fine.run(run, request)
        elapsed_s = time.perf_counter() - started
    crop = coarse_to_fine.crop_around_unknown(request)
    kept_parts = [tile.kept for tile in planned[-1]]
    tiles = [kept._replace(x=crop.x + kept.x, y=crop.y + kept.y) for kept in kept_parts]
    seen = [tile.seen for level in planned for tile in level]
    computed = sum(rect.width * rect.height for rect in seen) / 1e6
    return Focused(outputs["alpha"][0, 0], elapsed_s, tiles, computed)


def tiles_alone(scene: KnownPicture) -> Focused:
    """Compute the same unknown area in tiles of the picture alone, without coarser levels."""
    with patch.object(coarse_to_fine, "levels", lambda size, affordable_px: (size,)):
        return focused(scene)


def sad(alpha: NDArray[np.float32], scene: KnownPicture) -> float:
    """Return the sum of absolute differences in the unknown area, in thousands."""
    return float(np.abs(alpha - scene.alpha)[scene.trimap == UNKNOWN].sum() / 1000)


def largest_px(whole_mib: float) -> float:
    """Return the number of pixels of a whole picture that fits the memory."""
    network = spec()
    if network.mib_per_megapixel <= 0:
        return 2e6
    return (whole_mib - network.mib_fixed) / network.mib_per_megapixel * 1e6


# Each of these runs in a process of its own.


def measure_speed_whole(options: argparse.Namespace) -> Values:
    """Time the whole picture at once, at the largest size that fits."""
    side = min(1.0, (largest_px(options.whole_mib) / 12e6) ** 0.5)
    size = Size(int(4000 * side), int(3000 * side))
    _, elapsed_s = whole(synthetic(size, 0.08))
    factor = 12e6 / (size.width * size.height)
    note = "" if side == 1 else f"computed at {size}, × {factor:.2f}"
    return {"what": "whole picture", "seconds": elapsed_s * factor, "note": note}


def measure_speed_focused(options: argparse.Namespace) -> Values:
    """Time coarse to fine."""
    scene = synthetic(Size(4000, 3000), 0.08)
    result = focused(scene)
    unknown = float((scene.trimap == UNKNOWN).mean())
    note = f"{unknown:.1%} unknown, {result.computed:.1f} MP computed"
    return {"what": "focused", "seconds": result.elapsed_s, "note": note}


def measure_error(options: argparse.Namespace) -> Values:
    """Measure errors, of the whole picture and of tiles alone, and seams."""
    name, megapixels = options.only.split(":")[1:]
    megapixels = min(float(megapixels), largest_px(options.whole_mib) / 1e6)
    if name == "synthetic":
        scene = synthetic(Size(*(int(n * (megapixels / 12) ** 0.5) for n in (4000, 3000))), 0.08)
    else:
        scene = scaled_up(options.shared, name, megapixels)
    together, _ = whole(scene)
    apart, near = focused(scene), tiles_alone(scene)
    return {
        "picture": f"{name}, {megapixels:.1f} MP",
        "whole": sad(together, scene),
        "focused": sad(apart.alpha, scene),
        "focused_mp": apart.computed,
        "focused_s": apart.elapsed_s,
        "alone": sad(near.alpha, scene),
        "alone_mp": near.computed,
        "alone_s": near.elapsed_s,
    } | seams(apart.alpha - together, scene, apart.tiles)


def seams(difference: NDArray[np.float32], scene: KnownPicture, tiles: list[Rect]) -> Values:
    """Return the mean gradient of the difference at the borders of the tiles, and elsewhere."""
    unknown = scene.trimap == UNKNOWN
    edges, inside = np.zeros(unknown.shape, np.uint8), np.zeros(unknown.shape, bool)
    for tile in tiles:
        corner = (tile.x + tile.width - 1, tile.y + tile.height - 1)
        cv2.rectangle(edges, (tile.x, tile.y), corner, 1, 3)
        inside[tile.slices] = True
    border, elsewhere = edges.astype(bool) & unknown, ~edges.astype(bool) & unknown & inside
    steps = np.hypot(*np.gradient(difference))
    return {
        "border": float(steps[border].mean()) if border.any() else 0.0,
        "elsewhere": float(steps[elsewhere].mean()) if elsewhere.any() else 0.0,
    }


def measure_8k(options: argparse.Namespace) -> Values:
    """Measure the peak memory of a whole matte at 8K."""
    scene = synthetic(Size(7680, 4320), 0.08)
    image, trimap = scene.image, scene.trimap
    del scene
    resident.forget_peak()  # making the scene is not what is measured
    request = MatteRequest(
        image=image,
        trimap=trimap,
        network=NETWORK,
        options=MatteOptions(provider="cpu", limit_mib=options.limit_mib),
    )
    matte = api.run(request)
    return {"peak_mib": resident.peak_mib(), "elapsed_s": matte.elapsed_s}


def measure_linear(options: argparse.Namespace) -> Values:
    """Time coarse to fine with hair of one length, in a band that contains it."""
    unknown = float(options.only.split(":")[1])
    scene = synthetic(Size(4000, 3000), unknown, hair=2.5 * unknown)
    result = focused(scene)
    return {
        "unknown": float((scene.trimap == UNKNOWN).sum() / 1e6),
        "computed": result.computed,
        "seconds": result.elapsed_s,
    }


MEASURES: dict[str, Callable[[argparse.Namespace], Values]] = {
    "speed-whole": measure_speed_whole,
    "speed-focused": measure_speed_focused,
    "error": measure_error,
    "8k": measure_8k,
    "linear": measure_linear,
}


def main() -> None:
    """Run every measurement and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--whole-mib", type=float, default=8000)
    parser.add_argument("--limit-mib", type=int, help="memory limit at 8K; the default's otherwise")
    parser.add_argument("--only", help="one measurement, as JSON: speed-whole, error:GT05:4, …")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(MEASURES[options.only.split(":")[0]](options)))
        return
    console = Console()

    def measured(name: str) -> Values:
        command = [sys.executable, __file__, *sys.argv[1:], "--only", name]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        values: Values = json.loads(out.splitlines()[-1])
        return values

    speeds = [measured("speed-whole"), measured("speed-focused")]
    table = Table("12 megapixels", "seconds", "", title="Speed")
    for values in speeds:
        table.add_row(values["what"], f"{values['seconds']:.1f}", values["note"])
    table.add_row("faster by", f"{speeds[0]['seconds'] / speeds[1]['seconds']:.1f}×", "")
    console.print(table)

    table = Table("picture", "SAD whole", "SAD focused", "ratio", "border", "elsewhere")
    table.title = "Error in the unknown area; gradient of the difference (× 1000)"
    pictures = ["synthetic:6"]
    if options.shared.is_dir():
        pictures += ["GT05:4", "GT14:4", "GT20:4"]
    errors = [measured(f"error:{picture}") for picture in pictures]
    for v in errors:
        row = (v["whole"], v["focused"], v["focused"] / v["whole"])
        steps = (1000 * v["border"], 1000 * v["elsewhere"])
        table.add_row(v["picture"], *(f"{n:.2f}" for n in (*row, *steps)))
    console.print(table)

    table = Table("picture", "SAD", "alone", "megapixels", "alone", "seconds", "alone")
    table.title = "Context: focused, coarser levels first, and tiles alone"
    for v in errors:
        pairs = ((v[f"focused{unit}"], v[f"alone{unit}"]) for unit in ("", "_mp", "_s"))
        table.add_row(v["picture"], *(f"{n:.2f}" for pair in pairs for n in pair))
    console.print(table)

    large = measured("8k")
    parts = ", ".join(f"{part} {s:.1f} s" for part, s in large["elapsed_s"].items())
    console.print(f"7680×4320: peak {large['peak_mib']:.0f} MiB, {parts}")

    points = [measured(f"linear:{unknown}") for unknown in (0.04, 0.08, 0.12, 0.16)]
    table = Table("megapixels unknown", "megapixels computed", "seconds")
    for point in points:
        row = (point["unknown"], point["computed"], point["seconds"])
        table.add_row(*(f"{number:.2f}" for number in row))
    console.print(table)
    unknown = np.array([point["unknown"] for point in points])
    for what in ("computed", "seconds"):
        costs = np.array([point[what] for point in points])
        slope, constant = np.polyfit(unknown, costs, 1)
        off = np.square(costs - slope * unknown - constant).sum() / costs.var() / costs.size
        console.print(f"{what}: {constant:.1f} + {slope:.1f} per megapixel, R² {1 - off:.3f}")


if __name__ == "__main__":
    main()
