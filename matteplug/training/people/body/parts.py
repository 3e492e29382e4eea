"""The parts of people, in a folder that the user provides.

`people.npz`, `people.json` and textures are data of the MakeHuman project, released under CC0: a
body with morph targets, a rig, poses, clothes, hair, eyes.  Bodies keep its
units: decimetres, y up, the front towards +z.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matteplug.errors import RequestError
from matteplug.training.people.materials import TEXTURE_PX

Array = NDArray[Any]
ARRAYS, TABLE = "people.npz", "people.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class Garment:
    """A part fitted to the body: clothes, hair on strips, eyes, brows, teeth.

    Attributes:
        name, kind: as in the parts' table.
        faces, uv, uv_faces: as in `matteplug.training.people.meshes.Mesh`.
        anchors, anchor_weights, offsets: (V, 3) body vertices, their weights, and the offsets
            added.
        scale: for each axis two body vertices and their distance in the base body.
        hidden: body vertices that it covers.
        texture: file name, or None.
    """

    name: str
    kind: str
    faces: Array
    uv: Array
    uv_faces: Array
    anchors: Array
    anchor_weights: Array
    offsets: Array
    scale: dict[str, Sequence[float]]
    hidden: Array
    texture: str | None

    def fitted(self, body: Array) -> Array:
        """Return its vertices (V, 3) on a body (B, 3) in rest pose, decimetres."""
        stretch = np.ones(3)
        for axis, name in enumerate("xyz"):
            if name in self.scale:
                first, second, length = self.scale[name]
                stretch[axis] = abs(body[int(first), axis] - body[int(second), axis]) / length
        at: Array = np.einsum("vk,vkd->vd", self.anchor_weights, body[self.anchors])
        return at + self.offsets * stretch


class Parts:
    """The parts, read once.

    Raises:
        RequestError: the folder or a file in it is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._textures: dict[str, Array] = {}
        if not (folder / ARRAYS).is_file() or not (folder / TABLE).is_file():
            raise RequestError(
                "no-parts",
                f"{folder} has no parts of people ({ARRAYS} and {TABLE}).",
                "Name the folder with the parts: --parts DIR; docs/training.md describes it.",
            )
        try:
            with open(folder / ARRAYS, "rb") as file, np.load(file) as archive:
                arrays = {name: archive[name] for name in archive.files}
            table = json.loads((folder / TABLE).read_text("utf-8"))
            self._read(arrays, table)
        except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise RequestError(
                "parts-damaged",
                f"The parts in {folder} cannot be read.",
                f"Copy {ARRAYS} and {TABLE} there again ({type(error).__name__}: {error}).",
            ) from error

    def _read(self, arrays: dict[str, Array], table: dict[str, Any]) -> None:
        self.body: Array = arrays["base/v"].astype(np.float64)
        self.faces: Array = arrays["base/f"].astype(np.int64)
        self.uv: Array = arrays["base/vt"].astype(np.float32)
        self.uv_faces: Array = arrays["base/ft"].astype(np.int64)
        self._group_of, self._groups = arrays["base/g"], table["groups"]
        bones = table["bones"]
        self.bones = list(bones)
        self.bone = {name: number for number, name in enumerate(self.bones)}
        self.parents = [self.bone.get(bones[name]["parent"], -1) for name in self.bones]
        self.heads = [np.array(bones[name]["head"], int) for name in self.bones]
        self.poses: dict[str, dict[str, list[tuple[str, float]]]] = table["poses"]
        self.weights = np.zeros((len(self.body), len(self.bones)), np.float32)
        at = (arrays["w/i"].astype(int), arrays["w/b"].astype(int))
        np.add.at(self.weights, at, arrays["w/w"].astype(np.float32))
        self._borrow_weights()
        self.targets = {
            name: (
                arrays[f"t/{name}/i"].astype(int),
                arrays[f"t/{name}/d"].astype(np.float32),
            )
            for name in sorted(table["targets"])
        }
        self.garments = {
            name: self._garment(name, entry, arrays) for name, entry in table["clothes"].items()
        }

    def _borrow_weights(self) -> None:
        """Normalise the rig's weights; vertices without any take those of the nearest vertex."""
        from scipy.spatial import cKDTree

        bare = self.weights.sum(axis=1) < 1e-3
        if bare.any():
            nearest = cKDTree(self.body[~bare]).query(self.body[bare])[1]
            self.weights[bare] = self.weights[~bare][nearest]
        self.weights /= self.weights.sum(axis=1, keepdims=True)

    @staticmethod
    def _garment(name: str, entry: dict[str, Any], arrays: dict[str, Array]) -> Garment:
        def part(key: str, kind: type) -> Array:
            return arrays[f"c/{name}/{key}"].astype(kind)

        textures = [texture.replace(".png", ".webp") for texture in entry["tex"]]
        return Garment(
            name=name, kind=entry["kind"], faces=part("f", np.int64), uv=part("vt", np.float32),
            uv_faces=part("ft", np.int64), anchors=part("b", np.int64),
            anchor_weights=part("w", np.float64), offsets=part("o", np.float64),
            scale=entry["scale"], hidden=part("del", np.int64),
            texture=textures[0] if textures else None,
        )  # fmt: skip

    def group(self, name: str) -> Array:
        """Return the faces (F, 4) of a named group: "body", "helper-tights", …."""
        faces: Array = self.faces[self._group_of == self._groups[name]]
        return faces

    def group_uv(self, name: str) -> Array:
        """Return the texture corners (F, 4) of a named group's faces."""
        corners: Array = self.uv_faces[self._group_of == self._groups[name]]
        return corners

    def of_kind(self, kind: str) -> list[str]:
        """Return the names of the garments of a kind, sorted."""
        return sorted(name for name, garment in self.garments.items() if garment.kind == kind)

    def texture(self, name: str) -> Array:
        """Return a texture (TEXTURE_PX, TEXTURE_PX, 4) uint8, cached after the first call.

        Raises:
            RequestError: the file is missing or damaged.
        """
        if name not in self._textures:
            self._textures[name] = read_texture(self._folder / name)
        return self._textures[name]

    def bone_weight(self, bones: Sequence[str]) -> Array:
        """Return each body vertex's weight (V,) in bones whose names begin with one of `bones`."""
        chosen = [i for i, bone in enumerate(self.bones) if bone.startswith(tuple(bones))]
        weight: Array = self.weights[:, chosen].sum(axis=1)
        return weight

    @cached_property
    def head_weight(self) -> Array:
        """(V,): each body vertex's weight in the head and its child bones."""
        below = {self.bone["head"]}
        while True:
            more = {i for i, parent in enumerate(self.parents) if parent in below} - below
            if not more:
                break
            below |= more
        weight: Array = self.weights[:, sorted(below)].sum(axis=1)
        return weight

    @cached_property
    def ears(self) -> Array:
        """(V,) in [0, 1]: the ears, found by the targets that scale them."""
        return self._moved_by("ears/", "scale")

    @cached_property
    def lips(self) -> Array:
        """(V,) in [0, 1]: the lips, found by the targets that change their volume."""
        return self._moved_by("mouth/", "lip", "volume")

    def _moved_by(self, folder: str, *words: str) -> Array:
        most = np.zeros(len(self.body))
        for name, (index, delta) in self.targets.items():
            if name.startswith(folder) and all(word in name for word in words):
                length = np.linalg.norm(delta, axis=1)
                scale = length.max() if len(words) > 1 else 1.0
                most[index] = np.maximum(most[index], length / max(scale, 1e-6))
        weight: Array = most / max(most.max(), 1e-6)
        return weight


def read_texture(path: Path) -> Array:
    """Return a picture as (TEXTURE_PX, TEXTURE_PX, 4) uint8.

    Raises:
        RequestError: the file is missing or damaged.
    """
    try:
        with Image.open(path) as picture:
            small = picture.convert("RGBA").resize((TEXTURE_PX,) * 2, Image.Resampling.BILINEAR)
    except (OSError, ValueError) as error:
        raise RequestError(
            "texture-unreadable",
            f"The picture {path} cannot be read.",
            "Remove it, or copy it there again.",
        ) from error
    return np.asarray(small)
