"""Easel holds what every host holds."""

import os
import subprocess
import sys
from pathlib import Path

import easel
import matteplug_easel
import numpy as np

from matteplug.hosting.installations import Installation
from matteplug.testing import HostContract, HostScene, Outcome


class TestEasel(HostContract):
    spec = matteplug_easel.SPEC
    depths = (("u8", "u8"), ("u16", "u16"))

    def smart_matte(self, scene: HostScene, python: str, folder: Path) -> Outcome:
        path, plug_ins = folder / "picture.easel", folder / "plug-ins"
        matteplug_easel.files(Installation(folder=plug_ins)).install(python)
        easel.save(document_of(scene), path)
        done = subprocess.run(
            [sys.executable, easel.__file__, path, "smart_matte"],
            env=os.environ | {"EASEL_PLUG_INS": str(plug_ins)},
            capture_output=True,
            text=True,
            check=False,
        )
        *cutouts, layer = easel.load(path).layers
        pixels = [
            np.frombuffer(one.pixels, scene.image.dtype).reshape(*scene.image.shape[:2], 4)
            for one in (layer, *cutouts)
        ]
        return Outcome(
            error=done.stderr,
            image=pixels[0][..., :3],
            at=(layer.x, layer.y),
            cutout=pixels[1] if cutouts else None,
            cutout_at=(cutouts[0].x, cutouts[0].y) if cutouts else (0, 0),
        )


def document_of(scene: HostScene) -> easel.Document:
    height, width = scene.selection.shape
    dtype = scene.image.dtype
    opaque = np.full((height, width, 1), np.iinfo(dtype).max, dtype)
    pixels = np.concatenate([scene.image, opaque], axis=2).tobytes()
    layer = easel.Layer("cat", *scene.at, width, height, pixels)
    depth = {"uint8": "u8", "uint16": "u16"}[dtype.name]
    return easel.Document(width, height, depth, (~scene.selection).tobytes(), [layer])
