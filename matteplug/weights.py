"""Where weights and their manifests are, and whether they are what they claim to be.

A network's files stand side by side: ``<id>.onnx`` (the graph), ``<id>.json`` (its `NetworkSpec`,
the manifest) and ``<id>.md`` (the model card).  Nothing here loads a graph.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from matteplug.errors import NetworkError
from matteplug.network import NetworkSpec

__all__ = [
    "Manifests",
    "default_specs",
    "exported_folder",
    "manifests_in",
    "path_of",
    "read_manifest",
    "sha256_of",
]


def exported_folder() -> Path:
    """Return the folder of the default weights: in the wheel, else in the checkout."""
    package = Path(__file__).resolve().parent
    packaged = package / "exported"
    return packaged if packaged.is_dir() else package.parent / "exported"


def default_specs(ids: Iterable[str]) -> list[NetworkSpec]:
    """Return the specs of those `ids` that have a manifest among the default weights.

    Raises:
        NetworkError: a manifest exists and cannot be read.
    """
    manifests = (exported_folder() / f"{network_id}.json" for network_id in ids)
    return [read_manifest(path) for path in manifests if path.exists()]


def read_manifest(path: Path) -> NetworkSpec:
    """Read ``<id>.json``; the spec's `weights` becomes an absolute path.

    Raises:
        NetworkError: there is no such file, it is not a manifest, or its weights are outside its
            folder.
    """
    try:
        spec = NetworkSpec.from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise NetworkError(
            "manifest-missing", f"The manifest {path} cannot be read: {error.strerror}."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NetworkError(
            "manifest-damaged",
            f"{path} is not a network's manifest ({error}).",
            "Export the network again, or install matteplug again.",
        ) from error
    if spec.weights is None:
        return spec
    inside = PurePosixPath(spec.weights)
    if inside.is_absolute() or ".." in inside.parts or "\\" in spec.weights:
        raise NetworkError(
            "weights-outside", f"{path} points to weights outside its own folder: {spec.weights}."
        )
    return replace(spec, weights=str(path.parent / inside))


class Manifests(NamedTuple):
    """The manifests of a folder: what they describe, and which cannot be used and why."""

    specs: list[NetworkSpec]
    damaged: list[tuple[str, Exception]]


def manifests_in(folder: Path) -> Manifests:
    """Read all manifests of a folder; a damaged one does not hide the others."""
    manifests = Manifests([], [])
    for path in sorted(folder.glob("*.json")):
        try:
            spec = read_manifest(path)
            spec.require_runnable()
        except Exception as error:
            manifests.damaged.append((path.name, error))
        else:
            manifests.specs.append(spec)
    return manifests


def path_of(spec: NetworkSpec) -> Path:
    """Return the ONNX file of `spec`, checked against its checksum once per process.

    Raises:
        NetworkError: the spec names no file, the file is missing, or its checksum differs.
    """
    if spec.weights is None:
        raise NetworkError("no-weights", f"The network {spec.id} has no weights file.")
    path = Path(spec.weights)
    try:
        checksum = sha256_of(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise NetworkError(
            "weights-missing",
            f"The weights of {spec.id} cannot be read: {path}: {error.strerror}.",
            "Install matteplug again.",
        ) from error
    if spec.sha256 and checksum != spec.sha256:
        raise NetworkError(
            "weights-changed",
            f"The weights of {spec.id} are not the file that its manifest names: {path} has the "
            f"checksum {checksum[:12]}…, expected {spec.sha256[:12]}….",
            "Install matteplug again, or export the network again.",
        )
    return path


@lru_cache
def sha256_of(path: Path, modified_ns: int = 0) -> str:
    """Return the hex SHA-256 of a file; `modified_ns` keys the cache."""
    return sha256_now(path)


def sha256_now(path: Path) -> str:
    """Return the hex SHA-256 of a file as it is at this moment.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
