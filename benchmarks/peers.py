"""Compare our networks with existing solvers: time, memory and error at growing sizes.

    python benchmarks/peers.py [--megapixels 0.4 2 8 24] [--limit-s 120] [--shared ../shared]

pymatting's closed-form and KNN, and the two matting operations of GEGL, which GIMP's Foreground
Select uses, get the same synthetic pictures and trimaps, and with --shared a real one (GT05),
scaled up.  Pictures are passed as files; every run is a process of its own.

* Time.  For ours and pymatting, only the call, after one on a small picture: starting, reading
  files, loading and compiling are not counted.  GEGL is a program: its time includes its start,
  reading two uncompressed pictures and writing one; the time of a start is printed first.
* Memory.  The peak of the whole process (Linux) during that time, including what was loaded before.
  A peak above TARGET_MIB is marked.
* A run that takes longer than --limit-s is stopped, and its peak so far is reported; one that asks
  for more than --memory-mib (what the machine can spare, not the target) fails.  The table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import matteplug
import resident
from matteplug.evaluation.metrics import measure
from matteplug.types import Size
from pictures import KnownPicture, scaled_up, synthetic

NETWORKS = ("citm", "closed-form", "knn")
GEGL = {
    "GEGL levin": ("matting-levin", "levels=1 active-levels=1"),
    "GEGL global": ("matting-global", ""),
}
"""Operation and its options; these levels give the best mattes of levin."""
BAND = 0.08
WARM = Size(96, 64)
TARGET_MIB = 2048
HEADINGS = ("picture", "method", "seconds", f"peak MiB (! over {TARGET_MIB})", "SAD", "MSE × 10³")

Alpha = NDArray[np.float32]


def main() -> None:
    """Measure every method at every size, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.4, 2, 8, 24])
    parser.add_argument("--methods", nargs="+", default=[*NETWORKS, *GEGL])
    parser.add_argument("--limit-s", type=float, default=120, help="for every run (120)")
    parser.add_argument("--memory-mib", type=int, default=12288, help="for every process (12288)")
    parser.add_argument("--shared", type=Path, help="folder with eval/alphamatting")
    parser.add_argument("--child", nargs=2, metavar=("METHOD", "DIR"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        solve(args.child[0], Path(args.child[1]))
        return
    has_gegl = shutil.which("gegl") is not None
    methods = [method for method in args.methods if has_gegl or method not in GEGL]
    if not GEGL.keys().isdisjoint(methods):
        print_start_of_gegl()
    table = Table(title=f"Pictures with {BAND:.0%} unknown")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if number < 2 else "right")
    for shared in [None] + ([args.shared] if args.shared else []):
        for megapixels in args.megapixels:
            scene = scaled_up(shared, "GT05", megapixels) if shared else _made(megapixels)
            picture = f"{'GT05 scaled to' if shared else 'synthetic,'} {megapixels:g} MP"
            with tempfile.TemporaryDirectory() as name:
                write(scene, Path(name))
                for method in methods:
                    print(f"{picture}: {method}", file=sys.stderr)
                    cells = measured(method, Path(name), scene, args.limit_s, args.memory_mib)
                    table.add_row(picture, method, *cells)
            table.add_section()
    Console().print(table)


def write(scene: KnownPicture, folder: Path) -> None:
    """Write a picture and its trimap, for us and for GEGL."""
    np.save(folder / "image.npy", scene.image)
    np.save(folder / "trimap.npy", scene.trimap)
    cv2.imwrite(str(folder / "image.ppm"), scene.image[..., ::-1])
    cv2.imwrite(str(folder / "trimap.pgm"), scene.trimap)


def measured(
    method: str, folder: Path, scene: KnownPicture, limit_s: float, memory_mib: int
) -> list[str]:
    """Return a method's table cells: seconds, peak, SAD and MSE, or why there are none."""
    ours = [sys.executable, __file__, "--child", method, str(folder)]
    with subprocess.Popen(
        _gegl(method, folder) if method in GEGL else ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory_mib * 2**20,) * 2)
        assert process.stdout is not None
        process.stdout.readline()  # "ready": from here on it counts
        try:
            out, messages = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            mib = _peak_mib(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
            return [f"> {limit_s:g}", _marked(mib)]
    if process.returncode:
        if (
            process.returncode == -signal.SIGKILL
            or "alloc" in messages
            or "MemoryError" in messages
        ):
            return [f"out of {memory_mib} MiB"]
        return [(messages.strip().splitlines() or [f"status {process.returncode}"])[-1][:40]]
    run = json.loads(out.splitlines()[-1])
    alpha = _read(folder, method)
    errors = measure(scene.alpha, alpha, scene.trimap)
    return [
        f"{run['seconds']:.1f}",
        _marked(run["mib"]),
        f"{errors.sad:.2f}",
        f"{1000 * errors.mse:.2f}",
    ]


def solve(network: str, folder: Path) -> None:
    """Run one of ours or of pymatting's on the picture in a folder; print seconds and peak MiB."""
    options: dict[str, Any] = {"network": network, "clean_colours": False}
    image, trimap = (np.load(folder / f"{name}.npy") for name in ("image", "trimap"))
    small = synthetic(WARM, BAND)
    matteplug.matte(small.image, trimap=small.trimap, **options)
    print("ready", flush=True)
    resident.forget_peak()
    started = time.perf_counter()
    alpha = matteplug.matte(image, trimap=trimap, **options).alpha
    run = {"seconds": time.perf_counter() - started, "mib": resident.peak_mib()}
    np.save(folder / "alpha.npy", alpha)
    print(json.dumps(run))


def _marked(mib: float) -> str:
    return f"{mib:.0f}{' !' if mib > TARGET_MIB else ''}"


def _peak_mib(process: int) -> float:
    """Return the peak of a running process, or of the process it has launched."""
    launched = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return max(resident.peak_mib(each) for each in (str(process), *launched))


def _made(megapixels: float) -> KnownPicture:
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    return synthetic(Size(height * 3 // 2, height), BAND)


def print_start_of_gegl() -> None:
    """Print GEGL's time for almost no work."""
    with tempfile.TemporaryDirectory() as name:
        write(synthetic(WARM, BAND), Path(name))
        command = _launched(Path(name), "gegl:invert")
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    run = json.loads(out.splitlines()[-1])
    print(f"GEGL inverts {WARM} in {run['seconds']:.1f} s and {run['mib']:.0f} MiB.")


def _gegl(method: str, folder: Path) -> list[str]:
    operation, settings = GEGL[method]
    trimap = f"aux=[ gegl:load path={folder / 'trimap.pgm'} ]"
    return _launched(folder, f"gegl:{operation} {settings} {trimap}")


def _launched(folder: Path, chain: str) -> list[str]:
    """Return the command that starts GEGL from a small process."""
    launch = Path(__file__).with_name("launch.py")
    files = [str(folder / "image.ppm"), "-o", str(folder / "alpha.ppm")]
    return [sys.executable, str(launch), "gegl", *files, "--", *chain.split()]


def _read(folder: Path, method: str) -> Alpha:
    """Read an alpha; GEGL writes that of its global operation in sRGB's curve."""
    if method not in GEGL:
        ours: Alpha = np.load(folder / "alpha.npy")
        return ours
    stored = np.asarray(cv2.imread(str(folder / "alpha.ppm"), cv2.IMREAD_UNCHANGED))[..., 0]
    alpha: Alpha = stored.astype(np.float32) / np.float32(np.iinfo(stored.dtype).max)
    if method != "GEGL global":
        return alpha
    light: Alpha = np.where(alpha <= 0.04045, alpha / 12.92, ((alpha + 0.055) / 1.055) ** 2.4)
    return light


if __name__ == "__main__":
    main()
