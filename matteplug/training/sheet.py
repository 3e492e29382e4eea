"""Contact sheets: look at the data before training on it.

One row holds scenes side by side, each as image, trimap, alpha and foreground.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.errors import RequestError
from matteplug.training.scenes import Scene, SceneSource

U8 = NDArray[np.uint8]


def strip(scene: Scene, edge_px: int) -> U8:
    """Return one scene's pictures side by side, (edge_px, n·edge_px, 3) uint8 RGB."""
    pictures = [scene.image, scene.trimap, scene.alpha, scene.foreground]
    size = (edge_px, edge_px)
    tiles = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
    return np.hstack([np.dstack([tile] * 3) if tile.ndim == 2 else tile for tile in tiles])


def sheet(scenes: Iterable[Scene], per_row: int = 2, edge_px: int = 160) -> U8:
    """Return a contact sheet (H, W, 3) uint8 RGB of scenes; the last row is filled with black."""
    strips = [strip(scene, edge_px) for scene in scenes]
    strips += [np.zeros_like(strips[0])] * (-len(strips) % per_row)
    rows = [np.hstack(strips[i : i + per_row]) for i in range(0, len(strips), per_row)]
    return np.vstack(rows)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the sheet command."""
    parser.add_argument("out", type=Path, help="PNG to write")
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--sprites", type=Path, help="folder of cut-outs with alpha")
    parser.add_argument("--people", type=Path, help="folder of rendered people with alpha")
    parser.add_argument("--style", action="append", help="draw only this style (repeatable)")
    parser.add_argument("--split", choices=("train", "held"), default="train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=24, help="scenes on the sheet")
    parser.add_argument("--size", type=int, default=256, help="edge of a scene in pixels")
    parser.add_argument("--edge", type=int, default=160, help="edge of a tile on the sheet")
    parser.add_argument("--per-row", type=int, default=2)


def run(arguments: argparse.Namespace) -> int:
    """Write the sheet; returns the exit status.

    Raises:
        RequestError: a folder cannot be used, or the PNG cannot be written.
    """
    source = SceneSource(
        seed=arguments.seed,
        size_px=arguments.size,
        photos=arguments.photos,
        sprites=arguments.sprites,
        people=arguments.people,
        styles=dict.fromkeys(arguments.style, 1.0) if arguments.style else None,
        split=arguments.split,
        reuse=1,
    )
    scenes = [source.sample(index) for index in range(arguments.count)]
    pixels = sheet(scenes, arguments.per_row, arguments.edge)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(arguments.out), pixels[..., ::-1]):
        raise RequestError(
            "not-written", f"{arguments.out} could not be written.", "Name a .png file."
        )
    for number, scene in enumerate(scenes):
        print(f"{number:3d}  {', '.join(scene.styles)}")
    return 0


def main() -> int:
    """Run as `python -m matteplug.training.sheet`."""
    parser = argparse.ArgumentParser(prog="matteplug train sheet", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
