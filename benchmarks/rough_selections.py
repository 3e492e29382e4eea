"""Measure what becomes of rough selections and boxes, beside a trimap with the exact band.

    python benchmarks/rough_selections.py DIR [DIR ...] [--longest 512] [--every 1] [--taught DIR]

DIR is as `matteplug evaluate` expects it.  Selections are made from the true alphas by script:

* rough: the outline of the subject, its small gaps closed, as a polygon of 12 to 40 points, each of
  them moved by up to 8 % of the side of the square as large as the subject's frame;
* box: the subject's frame with 5 % margin.

The trimap with the exact band is unknown where the true alpha is soft and 5 px around that and its
edge.  Each selection is made a matte as what it is, and as `automatic` takes it; the rough ones as
exact, too, with the band along them as they are.
Prints the mean absolute error × 1000 over whole pictures, and intersection over union at 0.5.

--kinds prints only what `automatic` takes the selections for, which needs no network.  --taught
measures on the held-out photographs of ``matteplug train teach`` as well; --every takes each n-th
picture of DIR.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import matteplug
from matteplug.evaluation import samples
from matteplug.images import files, pixels
from matteplug.matting import rough_selection
from matteplug.training.scenes.taught import files_of
from matteplug.types import BACKGROUND, FOREGROUND, UNKNOWN, Alpha, Image, Rect, Trimap

OFF, MARGIN, AROUND_PX = 0.08, 0.05, 5
Mask = NDArray[np.bool_]


def main() -> None:
    """Print a row per folder and way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--longest", type=int, default=512, help="longest side that is measured")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--kinds", action="store_true", help="only what they are taken for")
    parser.add_argument("--taught", type=Path, metavar="DIR")
    args = parser.parse_args()
    table = Table("pictures", "selection", "made as", "error", "of exact band's", "IoU", "worst")
    parts = [(folder.name, pictures(folder, args.every)) for folder in args.folders]
    if args.taught:
        parts.append(("taught", taught(args.taught)))
    if args.kinds:
        print_kinds([picture for _, every in parts for picture in every], args.longest)
        return
    for name, every in parts:
        errors: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        for number, loaded in enumerate(every):
            image, truth = smaller(*loaded, args.longest)
            for way, alpha in answers(image, truth, np.random.default_rng(number)):
                errors[way].append((1000 * float(np.abs(alpha - truth).mean()), iou(alpha, truth)))
        exact = float(np.mean([error for error, _ in errors["trimap", "exact band"]]))
        for (selection, kind), measured in errors.items():
            error, overlap = np.mean(measured, axis=0)
            worst = min(overlap for _, overlap in measured)
            row = [f"{error:.1f}", f"{error / exact:.2f}", f"{overlap:.3f}", f"{worst:.2f}"]
            table.add_row(f"{name} ({len(measured)})", selection, kind, *row)
    Console(width=120).print(table)


def print_kinds(every: list[tuple[Image, Alpha]], longest_px: int) -> None:
    """Print for each selection how often it is taken as exact, rough or a box."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for number, loaded in enumerate(every):
        image, truth = smaller(*loaded, longest_px)
        for name, selection in selections(truth, np.random.default_rng(number)).items():
            counts[name][rough_selection.kind_of(image, selection.astype(np.float32))] += 1
    for name, taken in counts.items():
        shares = ", ".join(f"{kind} {n / taken.total():.0%}" for kind, n in taken.most_common())
        print(f"{taken.total()} {name}: {shares}")


def selections(truth: Alpha, rng: np.random.Generator) -> dict[str, Mask]:
    """Return the selections by their kind, but for those of nothing or everything."""
    made = {"exact": truth > 0.5, "rough": polygon(truth, rng), "box": box(truth)}
    return {name: mask for name, mask in made.items() if mask.any() and not mask.all()}


def answers(
    image: Image, truth: Alpha, rng: np.random.Generator
) -> Iterator[tuple[tuple[str, str], Alpha]]:
    """Yield what was given and how it was taken, and the alpha."""
    yield (
        ("trimap", "exact band"),
        matteplug.matte(image, trimap=exact_band(truth), clean_colours=False).alpha,
    )
    for name, selection in selections(truth, rng).items():
        seems = rough_selection.kind_of(image, selection.astype(np.float32))
        for kind in sorted({name, seems} | ({"exact"} if name == "rough" else set())):
            alpha = matteplug.matte(
                image, selection=selection, selection_kind=kind, clean_colours=False
            ).alpha
            if name in (kind, "rough"):
                yield (name, kind), alpha
            if kind == seems:
                yield (name, "automatic"), alpha


def exact_band(truth: Alpha) -> Trimap:
    """Return the trimap whose unknown part is where the truth is soft, and little more."""
    inside = truth > 0.5
    edge = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3)))
    soft = ((truth > 0.02) & (truth < 0.98)) | (edge > 0)
    side = 2 * AROUND_PX + 1
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    unknown = cv2.dilate(soft.astype(np.uint8), near) > 0
    return np.where(unknown, UNKNOWN, np.where(inside, FOREGROUND, BACKGROUND)).astype(np.uint8)


def polygon(truth: Alpha, rng: np.random.Generator) -> Mask:
    """Return a careless lasso, (H, W), around the parts of a subject that are not small."""
    inside = (truth > 0.5).astype(np.uint8)
    side = max(3, int(0.1 * np.sqrt(inside.sum())) | 1)
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    padded = cv2.copyMakeBorder(inside, side, side, side, side, cv2.BORDER_CONSTANT)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, near)
    found, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outlines = [outline[:, 0] - side for outline in found]
    largest = max(cv2.contourArea(outline) for outline in outlines)
    mask = np.zeros(truth.shape, np.uint8)
    for outline in outlines:
        if cv2.contourArea(outline) < 0.1 * largest:
            continue
        points = corners(np.asarray(outline, np.int32), int(rng.integers(12, 41)))
        reach_px = OFF * np.sqrt(np.prod(np.ptp(outline, axis=0) + 1))
        off_px = reach_px * np.sqrt(rng.uniform(0, 1, len(points)))
        angle = rng.uniform(0, 2 * np.pi, len(points))
        moved = points + off_px[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        cv2.fillPoly(mask, [moved.round().astype(np.int32)], 1)
    return mask > 0


def corners(outline: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    """Return the points of an outline, at most so many, that say most about it."""
    low, high = 0.0, float(np.ptp(outline))
    for _ in range(20):
        middle = (low + high) / 2
        if len(cv2.approxPolyDP(outline.astype(np.int32), middle, True)) > most:
            low = middle
        else:
            high = middle
    return np.asarray(cv2.approxPolyDP(outline.astype(np.int32), high, True)[:, 0], np.int32)


def box(truth: Alpha) -> Mask:
    """Return the rectangle, (H, W), around a subject."""
    frame = Rect.around(truth > 0.5)
    margins = round(MARGIN * frame.width), round(MARGIN * frame.height)
    whole = Rect(0, 0, truth.shape[1], truth.shape[0])
    mask = np.zeros(truth.shape, bool)
    mask[frame.grown(*margins).intersection(whole).slices] = True
    return mask


def iou(alpha: Alpha, truth: Alpha) -> float:
    """Return the intersection over union of the areas with alpha above 0.5."""
    one, other = alpha > 0.5, truth > 0.5
    return float((one & other).sum() / max((one | other).sum(), 1))


def pictures(folder: Path, every: int) -> Iterator[tuple[Image, Alpha]]:
    """Yield the pictures of a folder and their true alphas."""
    for sample in samples.find(folder, samples.NO_TRIMAP).samples[::every]:
        loaded = samples.read(sample)
        yield loaded.image, loaded.truth


def taught(folder: Path) -> Iterator[tuple[Image, Alpha]]:
    """Yield held-out taught photographs and their masks."""
    for path in files_of(folder, "image", "holdout"):
        mask = files.read_mask(folder / "alpha" / f"{path.stem}.png")
        yield files.read(path).image, pixels.to_float(mask)


def smaller(image: Image, truth: Alpha, longest_px: int) -> tuple[Image, Alpha]:
    """Return a picture and its alpha scaled down to a longest side."""
    scale = min(1.0, longest_px / max(truth.shape))
    size = (max(1, round(truth.shape[1] * scale)), max(1, round(truth.shape[0] * scale)))
    image = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return image, np.asarray(cv2.resize(truth, size, interpolation=cv2.INTER_AREA), np.float32)


if __name__ == "__main__":
    main()
