"""Our networks beside the solvers that people have: time, memory and error at growing sizes.

    python benchmarks/peers.py [--megapixels 0.4 2 8 24] [--limit-mib 2048] [--shared ../shared]

pymatting's closed-form and KNN, and the two matting operations of GEGL, which GIMP's Foreground
Select uses, get the same made pictures and trimaps, and with --shared a real one (GT05) scaled up.
Every run is a process of its own, whose peak memory is read from the system (Linux).  One that
passes --memory-mib, or --seconds, is stopped, and the table says so.  The times are those of the
method alone, after one run on a small picture: compiling and loading are not counted.

Ours gets --limit-mib for its tiles.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import matteplug
from matteplug.evaluation.metrics import measure
from matteplug.types import Size
from pictures import Scene, made, scaled_up

NETWORKS = ("citm", "closed-form", "knn")
GEGL = {
    "GEGL levin": ("matting-levin", "levels=1 active-levels=1"),
    "GEGL global": ("matting-global", ""),
}
"""Operation and its options; these levels give levin's best mattes."""
BAND = 0.08
WARM = Size(96, 64)

Alpha = NDArray[np.float32]


def main() -> None:
    """Measure every method at every size, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.4, 2, 8, 24])
    parser.add_argument("--methods", nargs="+", default=[*NETWORKS, *GEGL])
    parser.add_argument("--limit-mib", type=int, default=2048, help="for our tiles (2048)")
    parser.add_argument("--memory-mib", type=int, default=16384, help="for every process (16384)")
    parser.add_argument("--seconds", type=int, default=300, help="for every run (300)")
    parser.add_argument("--shared", type=Path, help="folder with eval/alphamatting")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(run(args.child, args.megapixels[0], args.limit_mib, args.shared)))
        return
    table = Table(title=f"Pictures with {BAND:.0%} unknown; ours within {args.limit_mib} MiB")
    headings = ("picture", "method", "seconds", "peak MiB", "SAD", "MSE × 10³")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number < 2 else "right")
    for shared in [None] + ([args.shared] if args.shared else []):
        for megapixels in args.megapixels:
            for method in args.methods:
                picture = f"{'GT05 scaled to' if shared else 'made,'} {megapixels:g} MP"
                table.add_row(picture, method, *in_child(args, method, megapixels, shared))
            table.add_section()
    Console().print(table)


def in_child(
    args: argparse.Namespace, method: str, megapixels: float, shared: Path | None
) -> list[str]:
    """Return the cells of a run in a process of its own."""
    if method in GEGL and shutil.which("gegl") is None:
        return ["no gegl here"]
    command = [sys.executable, __file__, "--child", method, "--megapixels", str(megapixels)]
    command += ["--limit-mib", str(args.limit_mib)]
    command += ["--shared", str(shared)] if shared else []

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (args.memory_mib * 2**20,) * 2)

    print(*command[2:], file=sys.stderr)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=args.seconds + 60,
            preexec_fn=limited,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"> {args.seconds}"]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        short = "Memory" in done.stderr or "alloc" in done.stderr or done.returncode < 0
        return [f"out of {args.memory_mib} MiB" if short else last[:40]]
    found = json.loads(done.stdout.splitlines()[-1])
    return [
        f"{found['seconds']:.1f}",
        f"{found['mib']:.0f}",
        f"{found['sad']:.2f}",
        f"{1000 * found['mse']:.2f}",
    ]


def run(method: str, megapixels: float, limit_mib: int, shared: Path | None) -> dict[str, float]:
    """Run one method on one picture; return seconds, peak MiB and errors."""
    scene = scaled_up(shared, "GT05", megapixels) if shared else made(_size(megapixels), BAND)
    solve = _gegl(method) if method in GEGL else _ours(method, limit_mib)
    if method not in GEGL:
        solve(made(WARM, BAND))
    started = time.perf_counter()
    alpha = solve(scene)
    seconds = time.perf_counter() - started
    errors = measure(scene.alpha, alpha, scene.trimap)
    who = resource.RUSAGE_CHILDREN if method in GEGL else resource.RUSAGE_SELF
    mib = resource.getrusage(who).ru_maxrss / 1024
    return {"seconds": seconds, "mib": mib, "sad": errors.sad, "mse": errors.mse}


def _size(megapixels: float) -> Size:
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    return Size(height * 3 // 2, height)


def _ours(network: str, limit_mib: int) -> Callable[[Scene], Alpha]:
    options: dict[str, Any] = {"network": network, "clean_colours": False}
    if network == "citm":
        options["limit_mib"] = limit_mib
    return lambda scene: matteplug.matte(scene.image, trimap=scene.trimap, **options).alpha


def _gegl(method: str) -> Callable[[Scene], Alpha]:
    operation, settings = GEGL[method]

    def solve(scene: Scene) -> Alpha:
        with tempfile.TemporaryDirectory() as name:
            image, trimap, out = (str(Path(name) / f"{n}.png") for n in ("i", "t", "o"))
            cv2.imwrite(image, scene.image[..., ::-1])
            cv2.imwrite(trimap, scene.trimap)
            chain = f"gegl:{operation} {settings} aux=[ gegl:load path={trimap} ]".split()
            subprocess.run(["gegl", image, "-o", out, "--", *chain], check=True)
            return _read(out, linear=method == "GEGL global")

    return solve


def _read(path: str, linear: bool) -> Alpha:
    """Read an alpha; GEGL writes that of its global operation in sRGB's curve."""
    stored = np.asarray(cv2.imread(path, cv2.IMREAD_UNCHANGED))
    stored = stored if stored.ndim == 2 else stored[..., 0]
    alpha: Alpha = stored.astype(np.float32) / np.float32(np.iinfo(stored.dtype).max)
    if not linear:
        return alpha
    light: Alpha = np.where(alpha <= 0.04045, alpha / 12.92, ((alpha + 0.055) / 1.055) ** 2.4)
    return light


if __name__ == "__main__":
    main()
