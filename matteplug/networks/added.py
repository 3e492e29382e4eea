"""Networks that users add: an ONNX file and a spec, registered without writing Python.

`add` copies both into the user's folder; the hook lists them from there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from matteplug import folders, weights
from matteplug.errors import NetworkError
from matteplug.hookspecs import hookimpl
from matteplug.network import NetworkSpec
from matteplug.networks import cards, onnx_file


@hookimpl
def matteplug_networks() -> Iterable[NetworkSpec]:
    """Return the networks that the user added; `matteplug plugins` names damaged ones."""
    return weights.manifests_in(folders.networks_folder()).specs


def read_spec(path: Path) -> NetworkSpec:
    """Read the spec that a user wrote, JSON in the form of `NetworkSpec`.

    Raises:
        NetworkError: it cannot be read, or lacks something a network needs.
    """
    spec = weights.read_manifest(path)
    if not spec.id or spec.id != spec.id.lower() or not spec.id.replace("-", "").isalnum():
        raise NetworkError(
            "spec-id",
            f"The id {spec.id!r} is not lower-case letters, digits and hyphens.",
            str(path),
        )
    if "image" not in {tensor.role for tensor in spec.inputs}:
        raise NetworkError("spec-inputs", f"The spec {path} has no input with the role image.")
    if "alpha" not in {tensor.role for tensor in spec.outputs}:
        raise NetworkError("spec-outputs", f"The spec {path} has no output with the role alpha.")
    try:
        replace(spec, weights=f"{spec.id}.onnx", solver=None).require_runnable()
    except ValueError as error:
        raise NetworkError("spec-tensors", f"The spec {path} cannot work: {error}.") from error
    return spec


def add(graph: Path, spec: NetworkSpec) -> NetworkSpec:
    """Copy a network into the user's folder.

    Args:
        graph: the ONNX file, with all its weights inside.
        spec: its description; if it has a checksum, it must be the file's.

    Returns:
        The spec as it is listed from now on.

    Raises:
        NetworkError: the file is not an ONNX graph, keeps weights in other files or does not match
            the spec's checksum, or a network of that name was added before.
    """
    onnx_file.check(graph)
    sha256 = weights.sha256_of(graph, graph.stat().st_mtime_ns)
    if spec.sha256 and spec.sha256 != sha256:
        raise NetworkError(
            "weights-changed",
            f"{graph} is not the file that the spec names: its checksum is {sha256[:12]}…, in the "
            f"spec {spec.sha256[:12]}….",
            "Download it again, or drop sha256 from the spec.",
        )
    folder = folders.networks_folder()
    manifest = folder / f"{spec.id}.json"
    if manifest.exists():
        raise NetworkError(
            "name-taken",
            f"A network named {spec.id} was added before.",
            f"Remove it first: matteplug networks remove {spec.id}",
        )
    provenance = {**spec.provenance, "added_from": graph.name}
    listed = replace(
        spec, weights=f"{spec.id}.onnx", sha256=sha256, solver=None, provenance=provenance
    )
    folder.mkdir(parents=True, exist_ok=True)
    with _atomically(folder / f"{spec.id}.onnx") as path:
        shutil.copyfile(graph, path)
    _describe(listed)
    return weights.read_manifest(manifest)


def record(spec: NetworkSpec, data: str, errors: Mapping[str, Any]) -> NetworkSpec:
    """Keep what was measured of a network that was added, in its manifest and card.

    Args:
        spec: the network, as it is listed.
        data: what it was measured on.
        errors: names to numbers.

    Raises:
        NetworkError: it was not added by the user, or nothing can be written.
    """
    manifest = folders.networks_folder() / f"{spec.id}.json"
    listed = weights.read_manifest(manifest)
    metrics = {**listed.metrics, data: dict(errors)}
    _describe(replace(listed, weights=f"{spec.id}.onnx", metrics=metrics))
    return weights.read_manifest(manifest)


def _describe(spec: NetworkSpec) -> None:
    """Write a network's card and manifest; that comes last, for it makes the network appear."""
    folder = folders.networks_folder()
    source = f"{spec.provenance.get('added_from', 'not known')}, sha256 {spec.sha256}"
    with _atomically(folder / f"{spec.id}.md") as path:
        path.write_text(cards.text(spec, source), encoding="utf-8")
    with _atomically(folder / f"{spec.id}.json") as path:
        path.write_text(json.dumps(spec.to_json(), indent=2) + "\n", encoding="utf-8")


def remove(network_id: str) -> None:
    """Remove a network that was added.

    Raises:
        NetworkError: no network of that name was added.
    """
    manifest = folders.networks_folder() / f"{network_id}.json"
    if network_id not in {path.stem for path in manifest.parent.glob("*.json")}:
        raise NetworkError(
            "network-unknown",
            f"No network named {network_id!r} was added.",
            "See: matteplug networks",
        )
    manifest.unlink()
    for suffix in (".onnx", ".md"):
        manifest.with_suffix(suffix).unlink(missing_ok=True)


@contextlib.contextmanager
def _atomically(path: Path) -> Iterator[Path]:
    """Yield a file to write; it becomes `path` if no error occurs."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise NetworkError("not-written", f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
