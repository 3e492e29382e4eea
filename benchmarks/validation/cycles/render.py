"""Render the subjects of validation scenes with Cycles, without a background.

    python -m venv cycles && cycles/bin/pip install bpy==4.5.15     (Python 3.11)
    cycles/bin/python benchmarks/validation/cycles/render.py --photos DIR … --out DIR --count 72

Scene number i has style i modulo the number of styles; its number and the seed decide the rest.
Files that are there are not made again.  `STYLE-NUMBER.npz` holds `layer`, (H, W, 4) float16
premultiplied linear RGB and alpha, and `hidden`, (H, W) bool, what a trimap must not give away.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np
from subjects import STYLES

SIDE_PX, SAMPLES, HIDDEN_SAMPLES = 384, 16, 2
HELD = 6
"""One photograph in so many is held out of training: the same rule, by name, as training's."""


def main() -> int:
    """Render what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=5 * len(STYLES))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    photographs = held(args.photos)
    args.out.mkdir(parents=True, exist_ok=True)
    for number in range(args.count):
        style = list(STYLES)[number % len(STYLES)]
        path = args.out / f"{style}-{number:03}.npz"
        if path.exists():
            continue
        began = time.process_time()
        layer, hidden = rendered(style, [args.seed, number], photographs)
        partial = path.with_suffix(".partial.npz")
        np.savez_compressed(partial, layer=layer.astype(np.float16), hidden=hidden)
        partial.rename(path)
        print(f"{path}  {time.process_time() - began:.1f} s of CPU time", flush=True)
    return 0


def held(folders: list[Path]) -> list[Path]:
    """Return the photographs below the folders that training holds out, by their names."""
    found = sorted(path for folder in folders for path in folder.rglob("*.jpg"))
    kept = [path for path in found if digest(path) < 2**32 / HELD]
    if not kept:
        raise SystemExit("None of the photographs is held out: add some.")
    return kept


def digest(path: Path) -> int:
    """Return 32 bits that depend on a file's name only."""
    return int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4], "big")


def rendered(style: str, seed: list[int], photographs: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Return the layer (H, W, 4) and the hidden area (H, W) of one subject."""
    rng = np.random.default_rng(seed)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    set_up(rng, seed[1])
    hidden = STYLES[style](rng, photographs)
    layer = shot(SAMPLES)
    if not hidden:
        return layer, np.zeros(layer.shape[:2], bool)
    for one in bpy.context.scene.objects:
        one.hide_render = one not in hidden and one.type not in ("CAMERA", "LIGHT")
    return layer, shot(HIDDEN_SAMPLES)[..., 3] > 0


def set_up(rng: np.random.Generator, seed: int) -> None:
    """Make a camera, a sun, a lamp, a sky of one colour, and the renderer's settings."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location, camera.rotation_euler = (0, -6, rng.uniform(-0.2, 0.2)), (np.pi / 2, 0, 0)
    camera.data.lens = rng.uniform(80, 120)
    scene.collection.objects.link(camera)
    scene.camera = camera
    for kind, energy in (("SUN", rng.uniform(1, 5)), ("AREA", rng.uniform(50, 500))):
        lamp = bpy.data.objects.new(kind, bpy.data.lights.new(kind, kind))
        lamp.data.energy = energy
        lamp.location = rng.normal(0, 1, 3) * (3, 1, 2) + np.array((0, -4, 3))
        lamp.rotation_euler = rng.normal(0, 0.7, 3) + np.array((0.7, 0, 0))
        scene.collection.objects.link(lamp)
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    sky = scene.world.node_tree.nodes["Background"]
    sky.inputs["Color"].default_value = (*rng.uniform(0.5, 1, 3), 1)
    sky.inputs["Strength"].default_value = rng.uniform(0.2, 1.0)
    render = scene.render
    render.engine, render.film_transparent = "CYCLES", True
    render.resolution_x = render.resolution_y = SIDE_PX
    render.threads_mode, render.threads = "FIXED", 1
    render.image_settings.file_format, render.image_settings.color_depth = "OPEN_EXR", "32"
    render.image_settings.color_mode = "RGBA"
    cycles = scene.cycles
    cycles.device, cycles.seed, cycles.use_denoising = "CPU", seed, False
    cycles.use_adaptive_sampling, cycles.film_transparent_glass = False, True
    cycles.max_bounces, cycles.diffuse_bounces, cycles.transmission_bounces = 5, 1, 5


def shot(samples: int) -> np.ndarray:
    """Render; return (H, W, 4) float32 premultiplied linear RGB and alpha, from the top down."""
    scene = bpy.context.scene
    scene.cycles.samples = samples
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = str(Path(folder) / "layer.exr")
        bpy.ops.render.render(write_still=True)
        picture = bpy.data.images.load(scene.render.filepath)
        pixels = np.empty(SIDE_PX * SIDE_PX * 4, np.float32)
        picture.pixels.foreach_get(pixels)
        bpy.data.images.remove(picture)
    return pixels.reshape(SIDE_PX, SIDE_PX, 4)[::-1]


if __name__ == "__main__":
    sys.exit(main())
