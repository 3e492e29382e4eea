"""Networks without a guide on pictures that training never saw, by kind; what choices are made by.

    python benchmarks/holdout_subjects.py --data photos:DIR --data people:DIR --data subjects:DIR
        RUN_OR_FILE.pt ... [--side 256 --detail 384] [--refine] [--teacher FILE.onnx ...]

Whole taught photographs (where the teachers agree), rendered people and drawn things before holdout
backgrounds, and pictures without a subject; all of the holdout, the same in every run.  Prints
intersection over union at 0.5 and mean squared error by kind, how many of the empty pictures come
out empty, how well the confidence orders the others by their true IoU (Spearman's ρ), and the
confidence below which half of them are worse than 0.8.  With --refine a second row per network has
its edge computed by the trimap network and what lies apart removed, as the library does.  --teacher
adds networks of others, whose masks are soft over a wide area (as `matteplug train teach` takes
them); --photographs measures on that many of the photographs alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product
from pathlib import Path
from statistics import mean
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from matteplug.engine import Engine, OrtEngine
from matteplug.matting import edge_refinement, islands
from matteplug.matting.confidence import NOTHING
from matteplug.networks.families import family
from matteplug.networks.hfam.graph import HfamGraph
from matteplug.networks.hfam.model import Hfam
from matteplug.result import DOUBT
from matteplug.training.run import checkpoint
from matteplug.training.scenes import SceneSource
from matteplug.training.scenes.photographs import Photographs, read_rgb
from matteplug.training.scenes.taught import files_of
from matteplug.training.teach.teachers import Teacher, teachers
from matteplug.types import MatteRequest
from no_guide import near_edge

SIDE_PX = 320
SCENES = 90
"""Number of pictures of people, and of things."""
THINGS = ("fur", "feathers", "tree", "foliage", "wicker", "solid", "bars", "letters")
Found = tuple[NDArray[np.float32], float]
KINDS = ("photograph", "person", "thing", "empty")


@dataclass(frozen=True)
class SubjectCase:
    """A picture whose matte is known where `known`; `kind` is one of `KINDS`."""

    kind: str
    image: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Score:
    """What a network made of a case."""

    kind: str
    iou: float
    mse: float
    confidence: float
    edge: float


def main() -> int:
    """Print a row per network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", type=Path, nargs="+", metavar="RUN_OR_FILE")
    parser.add_argument("--data", action="append", required=True, metavar="KIND:DIR")
    parser.add_argument("--side", type=int, help="what the semantic branch sees (as configured)")
    parser.add_argument("--detail", type=int, help="the same of the detail branch")
    parser.add_argument("--refine", action="store_true", help="also with the edge refined")
    parser.add_argument("--teacher", action="append", default=[], metavar="FILE.onnx")
    parser.add_argument("--photographs", type=int, metavar="N", help="only so many photographs")
    parser.add_argument("--raw", action="store_true", help="confidence without calibration")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    folders = {kind: Path(folder) for kind, _, folder in (d.partition(":") for d in args.data)}
    cases = list(islice(holdout_cases(folders), args.photographs))
    counts = {kind: sum(case.kind == kind for case in cases) for kind in KINDS}
    heads = [f"{counts[kind]} of {kind}, IoU · MSE · edge" for kind in KINDS[:-1] if counts[kind]]
    table = Table("network", *heads, f"{counts['empty']} empty, found empty", "ρ", "doubt below")
    engine = OrtEngine(threads=args.threads, spinning=False)
    methods: dict[str, Callable[[NDArray[np.uint8]], Found]] = {}
    for path in args.networks:
        graph = read(path, args.side, args.detail)
        if args.raw:
            graph.model.config = replace(graph.model.config, calibration=(NOTHING, DOUBT))
        methods[path.name if path.is_dir() else path.stem] = partial(by_graph, graph)
    for teacher in teachers(args.teacher, engine) if args.teacher else ():
        methods[teacher.name] = partial(by_teacher, teacher)
    for method, refiner in product(methods, (None, engine) if args.refine else (None,)):
        scores = [score(methods[method], case, refiner) for case in cases]
        name = method + (" refined" if refiner else "")
        row = [words([s for s in scores if s.kind == kind]) for kind in KINDS[:-1] if counts[kind]]
        found = [s for s in scores if s.kind != "empty"]
        empty = [s.confidence for s in scores if s.kind == "empty"]
        if empty:
            print(of_confidence(name, empty, found))
        order = spearmanr([s.confidence for s in found], [s.iou for s in found]).statistic
        share = f"{mean(c < NOTHING for c in empty):.3f}" if empty else ""
        table.add_row(name, *row, share, f"{order:.2f}", f"{half_bad(found):.2f}")
    Console(width=200).print(table)
    return 0


def holdout_cases(folders: dict[str, Path]) -> Iterator[SubjectCase]:
    """Yield the holdout of all kinds."""
    for path in files_of(folders["subjects"], "image", "holdout"):
        alpha, known = (
            np.asarray(cv2.imread(str(folders["subjects"] / part / f"{path.stem}.png"), 0))
            for part in ("alpha", "known")
        )
        yield SubjectCase("photograph", read_rgb(path), np.float32(alpha / 255), known > 127)
    for kind, source in (
        ("person", scenes(folders, people=folders["people"], styles={"people": 1.0})),
        ("thing", scenes(folders, styles=dict.fromkeys(THINGS, 1.0))),
    ):
        for index in range(0, 8 * SCENES, 8):  # every eighth shows other objects
            scene = source.sample(index)
            if scene.alpha.any():
                alpha = np.float32(scene.alpha / 255)
                yield SubjectCase(kind, scene.image, alpha, np.ones_like(alpha, bool))
    parts = files_of(folders["subjects"], "background", "holdout")
    for path in [*Photographs(folders["photos"], "holdout").paths, *parts]:
        whole = read_rgb(path)
        scale = min(1.0, 640 / max(whole.shape[:2]))
        smaller = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image = np.asarray(smaller, np.uint8)
        nothing = np.zeros(image.shape[:2], np.float32)
        yield SubjectCase("empty", image, nothing, np.ones_like(nothing, bool))


def scenes(
    folders: dict[str, Path], *, styles: dict[str, float], people: Path | None = None
) -> SceneSource:
    """Return a source of whole objects before backgrounds of the holdout."""
    return SceneSource(
        seed=0,
        size_px=SIDE_PX,
        photos=folders["photos"],
        people=people,
        styles=styles,
        split="holdout",
        layout="portrait",
    )


def read(path: Path, side_px: int | None, detail_px: int | None) -> HfamGraph:
    """Return the graph of a run's averaged weights, with other sides if they are given."""
    content = checkpoint.read(path)
    model = cast(Hfam, family("hfam").build(content["config"]))
    model.load_state_dict(content["state"])
    model.config = replace(
        model.config,
        side_px=side_px or model.config.side_px,
        detail_px=detail_px or model.config.detail_px,
    )
    return HfamGraph(model)


@torch.inference_mode()
def by_graph(graph: HfamGraph, image: NDArray[np.uint8]) -> Found:
    """Return the alpha and the confidence that a graph finds."""
    tensor = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float()
    alpha, confidence = (output[0, 0].numpy() for output in graph(tensor))
    return alpha, float(confidence.mean())


def by_teacher(teacher: Teacher, image: NDArray[np.uint8]) -> Found:
    """Return a teacher's mask, which comes without a confidence."""
    return teacher.mask(image), 1.0


def score(
    find: Callable[[NDArray[np.uint8]], Found], case: SubjectCase, refiner: Engine | None
) -> Score:
    """Run a network on a case and measure it where the truth is known."""
    alpha, confidence = find(case.image)
    if refiner is not None:
        request = MatteRequest(image=case.image)
        refined = edge_refinement.run(refiner, family("hfam").spec("compact"), request, alpha)
        alpha = islands.without_scraps(alpha if refined is None else refined.alpha)
    truth, found = case.alpha[case.known] > 0.5, alpha[case.known] > 0.5
    union = int((truth | found).sum())
    iou = int((truth & found).sum()) / union if union else 1.0
    squared = float(np.square(alpha - case.alpha)[case.known].mean())
    near = near_edge(case.alpha) & case.known
    edge = float(np.abs(alpha - case.alpha)[near].mean()) if near.any() else 0.0
    return Score(case.kind, iou, squared, confidence, edge)


def of_confidence(name: str, empty: list[float], found: list[Score]) -> str:
    """Return what a threshold for empty pictures can be chosen by."""
    missed = sum(s.confidence < NOTHING for s in found)
    lowest = [np.quantile([s.confidence for s in found], q) for q in (0.01, 0.02, 0.05, 0.1)]
    return (
        f"{name}: {missed} of {len(found)} subjects are called empty; 95 % of the empty pictures "
        f"have less confidence than {np.quantile(empty, 0.95):.3f};\n1, 2, 5, 10 % of the others "
        f"less than {', '.join(f'{q:.3f}' for q in lowest)}"
    )


def half_bad(scores: list[Score]) -> float:
    """Return the highest confidence below which half of the results or more have IoU < 0.8."""
    ordered = sorted(scores, key=lambda s: s.confidence)
    bad = np.cumsum([s.iou < 0.8 for s in ordered]) / np.arange(1, len(ordered) + 1)
    under = np.flatnonzero(bad >= 0.5)
    return ordered[int(under.max())].confidence if len(under) else 0.0


def words(scores: list[Score]) -> str:
    """Return mean IoU, how many are below 0.75, mean squared error and error near edges."""
    poor = sum(s.iou < 0.75 for s in scores)
    errors = f"{mean(s.mse for s in scores):.4f} · {mean(s.edge for s in scores):.4f}"
    return f"{mean(s.iou for s in scores):.3f} ({poor} < 0.75) · {errors}"


if __name__ == "__main__":
    sys.exit(main())
