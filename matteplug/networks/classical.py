"""The classical solvers, closed-form and KNN matting, by way of pymatting (extra ``classical``).

They are registered by the same hook as the networks.  Listing them is cheap: pymatting, which
numba compiles, is imported when one of them is used.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug import packages
from matteplug.errors import EngineError
from matteplug.hookspecs import hookimpl
from matteplug.network import Guide, NetworkSpec, TensorSpec

SMALLEST_PX = 5
"""Shortest side that the solvers' windows and neighbour counts work with."""

MEASURED = {
    "evaluator": "matteplug evaluate",
    "data": "alphamatting.com, nine training images at low resolution, means over the unknown area",
}

_Solver = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
_Tensors = Mapping[str, NDArray[np.float32]]


@hookimpl
def matteplug_networks() -> Iterable[NetworkSpec]:
    """Return the two solvers."""
    common: dict[str, Any] = {
        "guide": Guide.TRIMAP,
        "inputs": (
            TensorSpec(name="image", role="image", channels=3),
            TensorSpec(name="trimap", role="trimap", channels=1),
        ),
        "outputs": (TensorSpec(name="alpha", role="alpha", channels=1),),
        "tiling": False,
        "licence": "MIT",
        "licence_code": "MIT",
        "commercial": "yes",
        "training_data": "None: a classical method.",
    }
    return [
        NetworkSpec(
            id="closed-form",
            title="Closed-form matting (classical)",
            solver="matteplug.networks.classical:closed_form",
            metrics=MEASURED
            | {
                "trimap1": {"sad": 4.951, "mse": 0.01867, "grad": 9.406, "conn": 4.599},
                "trimap2": {"sad": 7.477, "mse": 0.02097, "grad": 13.33, "conn": 7.027},
            },
            citation="Levin et al.: A closed-form solution to natural image matting, PAMI 2008",
            **common,
        ),
        NetworkSpec(
            id="knn",
            title="KNN matting (classical)",
            solver="matteplug.networks.classical:knn",
            metrics=MEASURED
            | {
                "trimap1": {"sad": 4.924, "mse": 0.01257, "grad": 4.929, "conn": 4.541},
                "trimap2": {"sad": 7.317, "mse": 0.01378, "grad": 7.776, "conn": 6.756},
            },
            citation="Chen et al.: KNN matting, PAMI 2013",
            **common,
        ),
    ]


def closed_form(inputs: _Tensors) -> dict[str, NDArray[np.float32]]:
    """Solve for an alpha that is linear in the colours of every 3×3 window.

    | name            | shape        | dtype   | range              |
    |-----------------|--------------|---------|--------------------|
    | inputs, image   | (B, 3, H, W) | float32 | [0, 1]             |
    | inputs, trimap  | (B, 1, H, W) | float32 | 0, 0.5 (unknown), 1|
    | returned, alpha | (B, 1, H, W) | float32 | [0, 1]             |

    Raises:
        EngineError: pymatting is not installed, or the trimap has too little known area.
    """
    return _solve("estimate_alpha_cf", inputs)


def knn(inputs: _Tensors) -> dict[str, NDArray[np.float32]]:
    """Solve for an alpha that is similar for pixels of similar colour and position.

    Arguments, result and errors are those of `closed_form`.
    """
    return _solve("estimate_alpha_knn", inputs)


def _solve(name: str, inputs: _Tensors) -> dict[str, NDArray[np.float32]]:
    solve = _solver(name)
    height, width = inputs["image"].shape[2:]
    padding = [(0, max(SMALLEST_PX - height, 0)), (0, max(SMALLEST_PX - width, 0))]
    alphas = []
    for image, trimap in zip(inputs["image"], inputs["trimap"], strict=True):
        colours = np.pad(image.transpose(1, 2, 0).astype(np.float64), [*padding, (0, 0)], "edge")
        known = np.pad(trimap[0].astype(np.float64), padding, "edge")
        # pymatting questions the range of dark pictures, and prints about its own performance
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            try:
                alpha = solve(colours, known)
            except ValueError as error:
                raise EngineError(
                    "solver-failed",
                    f"The solver found no alpha: {str(error).strip().splitlines()[0]}",
                    "Mark some foreground and some background in the trimap.",
                ) from error
        alpha = np.where(known == 0.5, alpha, known)  # KNN only penalises errors in the known area
        alphas.append(alpha[np.newaxis, :height, :width].astype(np.float32))
    return {"alpha": np.stack(alphas)}


def check() -> None:
    """Check that what the solvers need is installed, without importing it.

    Raises:
        EngineError: it is not.
    """
    if find_spec("pymatting") is None:
        raise EngineError(
            "no-pymatting",
            "pymatting, which solves for classical mattes, is not installed.",
            f"Run: {packages.install('matteplug[classical]')}",
        )


def _solver(name: str) -> _Solver:
    check()
    import pymatting

    solver: _Solver = getattr(pymatting, name)
    return solver
