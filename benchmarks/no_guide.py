"""Pictures without any guide: our network beside what people already use, by one command.

    python benchmarks/no_guide.py DIR... [--peers ../shared/teachers] [--network hfam] [--alone]

Each DIR holds NAME.jpg and NAME_alpha.png, as `matteplug evaluate` takes them.  Prints for every
folder and method the mean intersection over union at alpha 0.5, and the least; the mean squared
error of the picture; the mean absolute error within 20 px of the truth's edge; seconds per picture;
and the most memory that a picture took (Linux).  Ours twice: alone, and with its edge refined by
the trimap network, as the library does.  Peers whose files are not in --peers are named and left
out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from matteplug.evaluation import samples
from matteplug.runtime.ort import import_onnxruntime
from matteplug.types import Alpha, Image
from portraits import by_grabcut, by_network, overlap
from resident import forget_peak, now_mib, peak_mib

EDGE_PX = 20
PEERS = Path("../shared/teachers")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Method = Callable[[Image], Alpha]


class PictureErrors(NamedTuple):
    """Of one picture: overlap, squared error, absolute error near the edge, seconds, MiB."""

    iou: float
    mse: float
    edge: float
    elapsed_s: float
    mib: float


def main() -> int:
    """Print a table per folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--peers", type=Path, default=PEERS, metavar="DIR")
    parser.add_argument("--network", default="hfam")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    args = parser.parse_args()
    methods = with_and_without_edge(args.network)
    if not args.alone:
        methods = peers_in(args.peers) | methods
    for folder in args.folders:
        table = Table(folder.name, "IoU", "least", "MSE", f"error within {EDGE_PX} px", "s", "MiB")
        found = [samples.read(sample) for sample in samples.find(folder, "none").samples]
        for name, method in methods.items():
            rows = [measured(method, scene.image, scene.truth) for scene in found]
            table.add_row(
                name,
                f"{mean(row.iou for row in rows):.3f}",
                f"{min(row.iou for row in rows):.3f}",
                f"{mean(row.mse for row in rows):.4f}",
                f"{mean(row.edge for row in rows):.4f}",
                f"{mean(row.elapsed_s for row in rows):.2f}",
                f"{max(row.mib for row in rows):.0f}",
            )
        Console(width=120).print(table)
    return 0


def with_and_without_edge(network: str) -> dict[str, Method]:
    """Return a network alone, and with its edge refined as the library does."""
    return {
        f"{network} alone": partial(by_network, network, refine=False),
        f"{network}, edge refined": partial(by_network, network, refine=True),
    }


def peers_in(peers: Path) -> dict[str, Method]:
    """Return the peers, by name; says which are missing."""
    methods: dict[str, Method] = {"GrabCut, centred rectangle": by_grabcut}
    files = {name: peers / f"{name}.onnx" for name in ("selfie_general", "selfie_landscape")}
    u2netp = peers / "u2netp.onnx"
    if all(path.exists() for path in files.values()):
        general = partial(by_onnx, session(files["selfie_general"]), (256, 256))
        landscape = partial(by_onnx, session(files["selfie_landscape"]), (256, 144))
        methods["selfie, general"] = general
        methods["selfie, landscape"] = landscape
        methods["both selfie, mean"] = lambda image: (
            np.float32(0.5) * (general(image) + landscape(image))
        )
    if u2netp.exists():
        methods["U²-Net-p"] = partial(
            by_onnx, session(u2netp), (320, 320), mean=IMAGENET_MEAN, std=IMAGENET_STD
        )
    for path in (*files.values(), u2netp):
        if not path.exists():
            print(f"{path} is missing: left out", file=sys.stderr)
    return methods


def session(path: Path) -> object:
    """Return an ONNX Runtime session on the CPU."""
    return import_onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])


def by_onnx(
    network: object,
    size: tuple[int, int],
    image: Image,
    *,
    mean: tuple[float, ...] = (0.0, 0.0, 0.0),
    std: tuple[float, ...] = (1.0, 1.0, 1.0),
) -> Alpha:
    """Ask a peer, which sees the picture at a size (width, height) of its own."""
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    tensor = ((small - np.array(mean)) / np.array(std)).astype(np.float32)
    name = network.get_inputs()[0].name  # type: ignore[attr-defined]
    inputs = {name: np.ascontiguousarray(tensor.transpose(2, 0, 1)[None])}
    found = network.run(None, inputs)[0][0, 0]  # type: ignore[attr-defined]
    alpha = cv2.resize(found, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(np.asarray(alpha, np.float32), 0, 1)


def measured(method: Method, image: Image, truth: NDArray[np.float32]) -> PictureErrors:
    """Run a method and compare what it finds with the truth."""
    before = now_mib()
    forget_peak()
    began = time.perf_counter()
    alpha = method(image)
    elapsed_s = time.perf_counter() - began
    mib = peak_mib() - before
    near = near_edge(truth)
    return PictureErrors(
        iou=overlap(truth, alpha),
        mse=float(np.square(alpha - truth).mean()),
        edge=float(np.abs(alpha - truth)[near].mean()) if near.any() else 0.0,
        elapsed_s=elapsed_s,
        mib=mib,
    )


def near_edge(truth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where the truth's edge, or partial alpha, is at most `EDGE_PX` away."""
    inside = (truth > 0.5).astype(np.uint8)
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    edge |= (truth > 0.02) & (truth < 0.98)
    away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(away <= EDGE_PX)


if __name__ == "__main__":
    sys.exit(main())
