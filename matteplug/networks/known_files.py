"""Public model files that other programs use: how to recognise one, and what it needs.

The facts are data, in known_files.json; nothing here fetches or runs a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from matteplug.errors import NetworkError, known_names
from matteplug.network import CHANNELS, Guide, NetworkSpec, SizeRule, TensorSpec
from matteplug.networks.onnx_file import Signature
from matteplug.weights import sha256_now

EDGE_BAND, SOFT = 0.008, 0.02
"""What is refined, as `edge_band_fraction` and `soft_threshold` of networks without a trimap."""


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """A public file.

    Attributes:
        name: what matteplug calls it; the id of the network.
        title: its name in menus.
        kind: what it needs, a key of the table's kinds.
        file: what its publisher calls it.
        at: where it is published, a key of the table's addresses; empty where that is not known.
        bytes: its size; 0 where that is not stated.
        sha256: its checksum, hex; empty where none is stated.
        licence: of its weights.
        commercial: "yes", "no" or "unclear".
    """

    name: str
    title: str
    kind: str
    file: str
    at: str = ""
    bytes: int = 0
    sha256: str = ""
    licence: str
    commercial: str

    @property
    def address(self) -> str:
        """Return where it is published; empty where that is not known."""
        return f"{_table()['addresses'][self.at]}{self.file}" if self.at else ""

    @property
    def unusable(self) -> str:
        """Return why matteplug cannot use it, a clause; empty where it can."""
        return str(self._needs.get("unusable", ""))

    @property
    def _needs(self) -> dict[str, Any]:
        needs: dict[str, Any] = _table()["kinds"][self.kind]
        return needs

    def takes(self, signature: Signature) -> bool:
        """Tell whether a graph has the inputs and outputs of this one."""
        if self.unusable:
            return False
        names = {value.name for value in (*signature.inputs, *signature.outputs)}
        if "names" in self._needs:
            return names.issuperset(self._needs["names"].values())
        size = SizeRule(**self._needs["size"])
        side = size.maximum_px if size.fit == "square" else None
        return is_picture_network(signature) and side_of(signature) in (None, side)

    def spec(self, signature: Signature, network_id: str | None = None) -> NetworkSpec:
        """Return the spec of a file like this one.

        Args:
            signature: its inputs and outputs.
            network_id: another id than this file's name.

        Raises:
            NetworkError: its inputs or outputs are of another architecture.
        """
        if self.unusable:
            raise NetworkError("network-unusable", f"{self.title} cannot be used: {self.unusable}.")
        if not self.takes(signature):
            raise NetworkError(
                "network-unlike",
                f"The file is not like {self.name}: it has {described(signature)}.",
                "Describe it in a spec: --spec SPEC.json (docs/extending/onnx-file.md).",
            )
        needs = self._needs
        names = needs.get("names") or {
            "image": signature.inputs[0].name,
            "alpha": signature.outputs[0].name,
        }
        tensors = [
            TensorSpec(name=name, role=role, channels=CHANNELS[role] or 1, **needs.get(role, {}))
            for role, name in names.items()
        ]
        return NetworkSpec(
            id=network_id or self.name,
            title=self.title,
            guide=Guide(needs["guide"]),
            inputs=tuple(t for t in tensors if t.role in ("image", "plate")),
            outputs=tuple(t for t in tensors if t.role in ("alpha", "foreground")),
            size=SizeRule(**needs["size"]),
            tiling=False,
            edge_band_fraction=EDGE_BAND,
            soft_threshold=SOFT,
            weights=f"{network_id or self.name}.onnx",
            citation=needs["citation"],
            licence=self.licence,
            licence_code=needs.get("licence_code", ""),
            commercial=self.commercial,
            provenance={"known_file": self.name, "differences": _differences(needs)},
        )


class Recognised(NamedTuple):
    """Which known file a file is, and whether its checksum says so; or only its form."""

    known: KnownFile
    surely: bool


@lru_cache
def known_files() -> Mapping[str, KnownFile]:
    """Return the public files that are known, by name."""
    return {entry["name"]: KnownFile(**entry) for entry in _table()["files"]}


def named(name: str) -> KnownFile:
    """Return a known file; hyphens and underscores are the same.

    Raises:
        NetworkError: none has that name.
    """
    key = name.replace("_", "-")
    if key not in known_files():
        raise NetworkError(
            "file-unknown",
            f"No public file is known as {name!r}.",
            known_names(key, known_files()),
        )
    return known_files()[key]


def recognised(path: Path, signature: Signature) -> Recognised | None:
    """Return which known file `path` is: by checksum, else by size and inputs and outputs.

    A name says nothing: programs rename files.
    """
    files, checksum = known_files().values(), sha256_now(path)
    for known in files:
        if known.sha256 == checksum:
            return Recognised(known, True)
    length = path.stat().st_size
    for known in files:
        if known.takes(signature) and (known.bytes == length or "names" in known._needs):
            return Recognised(known, False)
    return None


def is_picture_network(signature: Signature) -> bool:
    """Tell whether a graph takes one picture of three channels, and nothing else."""
    shapes = [value.shape for value in signature.inputs]
    return len(shapes) == 1 and (len(shapes[0]) != 4 or shapes[0][1] in (None, 3))


def side_of(signature: Signature) -> int | None:
    """Return the side of the only square that a graph takes; None for any size.

    Raises:
        NetworkError: it takes one size, which is not square.
    """
    height, width = (*signature.inputs[0].shape[2:], None, None)[:2]
    if height != width:
        raise NetworkError(
            "not-square",
            f"The graph takes pictures of {width}×{height} only, which is not a square.",
            "Export it again with dynamic height and width.",
        )
    return height


def described(signature: Signature) -> str:
    """Return a graph's inputs and outputs, a clause for people."""
    texts = []
    for what, values in (("inputs", signature.inputs), ("outputs", signature.outputs)):
        shapes = ["×".join(str(side or "?") for side in value.shape) for value in values]
        pairs = [f"{v.name} {s}".rstrip() for v, s in zip(values, shapes, strict=True)]
        texts.append(f"the {what} {', '.join(pairs[:4])}{' …' * (len(pairs) > 4)}")
    return " and ".join(texts)


def _differences(needs: Mapping[str, Any]) -> list[str]:
    """Return how the matte differs from what the programs that use the file make of it."""
    words = {
        needs["size"].get("fit"),
        needs["image"].get("scaling"),
        needs["alpha"].get("stretch"),
        "alpha",
    }
    return [text for word, text in _table()["differences"].items() if word in words]


@lru_cache
def _table() -> dict[str, Any]:
    file = resources.files("matteplug.networks").joinpath("known_files.json")
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table
