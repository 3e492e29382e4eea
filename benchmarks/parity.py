"""How far the networks are from the public code, on the parity cases: one table.

usage: python benchmarks/parity.py [../shared/parity] [--only NAME]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from matteplug.networks import checkpoints

Tensors = dict[str, NDArray[Any]]


class ParityRow(NamedTuple):
    """One output of one case."""

    case: str
    output: str
    worst: float
    tolerance: float


def main() -> int:
    """Print the table; return 1 if an output is beyond its tolerance."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).parents[2] / "shared" / "parity"
    parser.add_argument("folder", type=Path, nargs="?", default=default, help="the cases")
    parser.add_argument("--only", default="", help="cases whose name begins like this")
    args = parser.parse_args()
    print(f"{'case':<42}{'output':<28}{'worst':>9}  {'limit':>7}")
    beyond = 0
    for row in compare(args.folder, args.only):
        fails = not row.worst <= row.tolerance
        beyond += fails
        mark = "  beyond" if fails else ""
        print(f"{row.case:<42}{row.output:<28}{row.worst:>9.1e}  {row.tolerance:>7.0e}{mark}")
    return 1 if beyond else 0


def compare(folder: Path, only: str = "") -> Iterator[ParityRow]:
    """Yield a row for every output of the cases in `folder`.

    Args:
        folder: has the cases of the first three networks, and the survey's in ``survey``.
        only: take the cases whose names begin like this.
    """
    for path in sorted([*folder.glob("*.npz"), *folder.glob("survey/*.npz")]):
        if path.name.startswith(only):
            case = dict(np.load(path))
            with torch.inference_mode():
                outputs = answers(network(path, case), path.stem, case)
            for name, output in outputs.items():
                worst = float(np.abs(output.numpy() - case[name]).max())
                yield ParityRow(path.stem, name, worst, tolerance(path.stem, name))


def tolerance(case: str, output: str) -> float:
    """Return how far an output may be off, by the cases' own descriptions."""
    if case.startswith("bmv2"):
        return 2e-5
    return 3e-4 if output == "logits" else 1e-4


KINDS = {
    "matteformer": "matteformer",
    "background_matting": "background-matting",
    "bmv2": "background-matting-v2",
    "dim": "dim",
    "dim_foamliu": "dim-foamliu",
    "mmnet": "mmnet",
    "modnet": "modnet",
}
"""How a case's name begins, and which import its weights are for; the longest one counts."""


def network(path: Path, case: Tensors) -> nn.Module:
    """Return the network with the weights that a case was computed with."""
    name = path.stem.partition("_shared_")[0]
    rule = _rule(path.parent / "make_state.py")
    shapes = json.loads((path.parent / f"{name}_keys.json").read_text())
    extra = {"gain": float(case["gain"])} if "gain" in case else {}
    state = rule.make_state(shapes, **extra)
    state |= {key.removeprefix("state/"): v for key, v in case.items() if key.startswith("state/")}
    kind = max((kind for kind in KINDS if name.startswith(kind)), key=len)
    return checkpoints.load(KINDS[kind], state)


def answers(network: nn.Module, name: str, case: Tensors) -> dict[str, Tensor]:
    """Return a network's outputs for a case, by the case's names."""
    given = {key: torch.from_numpy(array) for key, array in case.items()}
    if name.startswith("background_matting"):
        inputs = [given[key] for key in ("image", "background", "segmentation", "motion")]
        return dict(zip(("alpha", "foreground"), _call(network, "raw", *inputs), strict=True))
    if name.startswith("bmv2"):
        return _plate_answers(network, given)
    inputs = [given["image"]] + ([given["trimap"]] if "trimap" in given else [])
    if "trimap" in given and given["trimap"].ndim == 2:
        inputs[1] = given["trimap"][None]
    heads = cast(dict[str, Tensor], _call(network, "heads", *inputs))
    return {key: value for key, value in heads.items() if key in case}


def _plate_answers(network: nn.Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    image, plate = given["image"], given["background"]
    if "backbone_scale" not in given:
        coarse = _call(network, "base", image, plate)
        names = ("alpha", "foreground", "error")
        hidden = coarse.hidden.mean(dim=1, keepdim=True)
        return {name: getattr(coarse, name) for name in names} | {"hidden_mean": hidden}
    outputs: dict[str, Tensor] = {}
    for mode in ("sampling", "thresholding", "full"):
        if f"{mode}_alpha" in given:
            heads = _call(
                network,
                "heads",
                image,
                plate,
                backbone_scale=given["backbone_scale"].item(),
                mode=mode,
                sample_pixels=int(given["refine_sample_pixels"]),
                threshold=given["refine_threshold"].item(),
            )
            outputs |= {f"{mode}_{name}": heads[name] for name in ("alpha", "foreground")}
            outputs |= {name: heads[name] for name in heads if name.endswith("_coarse")}
    return outputs


def _call(network: nn.Module, method: str, *args: Any, **options: Any) -> Any:
    return getattr(network, method)(*args, **options)


def _rule(path: Path) -> Any:
    source = importlib.util.spec_from_file_location("rule", path)
    assert source is not None
    assert source.loader is not None
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    return module


if __name__ == "__main__":
    raise SystemExit(main())
