"""Make the scenes that trimap networks are validated on: rendered subjects and held-out drawings.

    python benchmarks/validation/compose.py --photos DIR [--people DIR] [--sprites DIR]
        [--renders DIR] --out DIR [--count 96] [--seed 0]

`--renders` are what `cycles/render.py` made; each is composited in linear light over a photograph.
`--count` scenes are made by training's generator, of its held-out random numbers and files, in turn
in each of `STYLES`.  No photograph here is trained on: their names decide (`Photographs`).

OUT gets one folder per style, `cycles-STYLE` and `drawn-STYLE`, as `matteplug evaluate OUT` reads
them: `NAME.jpg`, `NAME_alpha.png` and three trimaps: `NAME_trimap1.png` with a narrow band,
`NAME_trimap2.png` with a wide one, and `NAME_strokes.png`.  Scenes that are there stay as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matteplug.images import srgb
from matteplug.training.scenes import SceneSource, camera, colour_maps, trimaps
from matteplug.training.scenes.kinds import strokes
from matteplug.training.scenes.kinds.dark_on_dark import CLOTH, cloth, darkened
from matteplug.training.scenes.noise import Rng
from matteplug.training.scenes.photographs import Photographs
from matteplug.training.scenes.textures import Textures

STYLES = (
    "things", "yarn", "wire", "dark", "flyaways", "camouflage", "gaps", "clutter",
    "fur", "hair", "veil", "feathers", "people", "sprites", "net", "solid",
)  # fmt: skip
SIDE_PX = 256
BANDS = {"trimap1": (0.015, 0.0), "trimap2": (0.06, 0.04)}
"""Reach of the unknown band, and width of the gaps that it closes, as fractions of the side."""
SMALLEST_PX = 60
"""Smaller known islands are unknown."""
LEAST = 30
"""Pixels of each kind that every trimap of a drawn scene knows at least."""
NARROWER = 0.7
ZOOM = (1.0, 4.0)
"""Photograph pixels per pixel behind a rendered subject."""
QUALITY = 95
U8 = NDArray[Any]
Makers = Iterator[tuple[str, "Callable[[], Validation]"]]
"""Names of scenes, and what makes them."""


class ComposedScene(NamedTuple):
    """A scene: image (H, W, 3) and alpha (H, W) uint8, and what trimaps do not give away."""

    image: U8
    alpha: U8
    hidden: U8 | None


class Validation(NamedTuple):
    """A scene and its trimaps (H, W) uint8, by ending."""

    picture: ComposedScene
    trimaps: dict[str, U8]


def main() -> int:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--people", type=Path)
    parser.add_argument("--sprites", type=Path)
    parser.add_argument("--renders", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=6 * len(STYLES))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    made = 0
    for makers in (drawn(args), rendered(args)):
        for name, make in makers:
            if not (args.out / f"{name}_strokes.png").exists():
                save(args.out / name, make())
                made += 1
    print(f"{made} scenes made in {args.out}")
    return 0


def drawn(args: argparse.Namespace) -> Makers:
    """Yield the generator's scenes, style by style in turn."""

    @cache
    def source(style: str) -> SceneSource:
        return SceneSource(
            seed=len(STYLES) * args.seed + STYLES.index(style),
            size_px=SIDE_PX,
            photos=args.photos,
            people=args.people,
            sprites=args.sprites,
            styles={style: 1.0},
            split="holdout",
        )

    def scene(style: str, turn: int) -> Validation:
        for index in range(20 * turn, 20 * turn + 20):  # every twentieth shows another object
            made = source(style).sample(index)
            picture = ComposedScene(made.image, made.alpha, made.hidden)
            found = Validation(picture, guides(np.random.default_rng(index), picture))
            if all(
                (t == level).sum() > LEAST for t in found.trimaps.values() for level in (0, 255)
            ):
                break
        return found

    needed = {"people": args.people, "sprites": args.sprites}
    styles = [style for style in STYLES if needed.get(style, True) is not None]
    for number in range(args.count):
        turn, place = divmod(number, len(styles))
        style = styles[place]
        yield f"drawn-{style}/{number:03}", partial(scene, style, turn)


def rendered(args: argparse.Namespace) -> Makers:
    """Yield what was rendered, over photographs."""
    photographs = Photographs(args.photos, "holdout")
    for path in sorted(args.renders.glob("*-???.npz")) if args.renders else ():
        style, _, number = path.stem.rpartition("-")
        yield f"cycles-{style}/{number}", partial(composited, path, style, photographs, args.seed)


def composited(path: Path, style: str, photographs: Photographs, seed: int) -> Validation:
    """Return a rendered subject over a photograph, in linear light, with a sensor's noise."""
    with np.load(path) as arrays:
        layer, hidden = arrays["layer"].astype(np.float32), arrays["hidden"]
    rng = np.random.default_rng([seed, int(path.stem[-3:])])
    side = len(layer)
    behind = photographs.crop(rng, photographs.choose(rng), side, ZOOM)
    if style == "dark":
        behind = darkened(cloth(rng, Textures(photographs, side), behind), rng.uniform(*CLOTH))
    behind = srgb.linear_from_srgb(behind)
    if style == "camouflage":
        behind = over(layer[:, ::-1], behind)
    alpha = np.clip(layer[..., 3], 0, 1)
    image = srgb.srgb_from_linear(np.clip(over(layer, behind), 0, 1))
    noisy = camera.quantise(image + camera.noise(rng, image))
    picture = ComposedScene(noisy, camera.quantise(alpha), hidden if hidden.any() else None)
    return Validation(picture, guides(rng, picture))


def over(layer: U8, behind: U8) -> U8:
    """Return a premultiplied layer (H, W, 4) over (H, W, 3), both in linear light."""
    front = np.ascontiguousarray(layer[..., :3])
    clear = np.ascontiguousarray(1 - np.clip(layer[..., 3], 0, 1))
    result: U8 = front + behind * colour_maps.spread(clear)
    return result


def guides(rng: Rng, picture: ComposedScene) -> dict[str, U8]:
    """Return the three trimaps by ending."""
    bands = {kind: banded(picture, *size) for kind, size in BANDS.items()}
    return bands | {"strokes": strokes.draw(rng, picture.alpha, picture.hidden)}


def save(path: Path, scene: Validation) -> None:
    """Write a scene's files, the strokes last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    cv2.imwrite(f"{path}.jpg", scene.picture.image[..., ::-1], quality)
    cv2.imwrite(f"{path}_alpha.png", scene.picture.alpha)
    for kind, trimap in scene.trimaps.items():
        cv2.imwrite(f"{path}_{kind}.png", trimap)


def banded(picture: ComposedScene, reach: float, gap: float) -> U8:
    """Return a trimap (H, W) whose band reaches so far, less where nothing else would be known."""
    side = len(picture.alpha)
    soft = trimaps.undecided(picture.alpha, picture.hidden)
    inside = picture.alpha > 127
    closed = trimaps.closed(soft, int(gap * side)) if gap else soft
    while True:
        unknown = trimaps.distance_from(closed) <= reach * side
        trimap = np.where(unknown, 128, np.where(inside, 255, 0)).astype(np.uint8)
        if trimaps.enough_known(trimap, inside) or reach * side < 1:
            break
        reach, closed = reach * NARROWER, soft
    trimaps.without_specks(trimap, SMALLEST_PX)
    return trimap


if __name__ == "__main__":
    sys.exit(main())
