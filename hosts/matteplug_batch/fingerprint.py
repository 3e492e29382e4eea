"""The fingerprint of a result: its files as they were when read, settings, and networks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matteplug import __version__, options, plugins, weights
from matteplug.errors import MatteplugError
from matteplug.matting import choice
from matteplug.network import Guide, NetworkSpec
from matteplug_batch.job import Job

Fingerprint = Mapping[str, Any]
"""Plain JSON; equal where the results are."""


def fingerprint_of(job: Job) -> Fingerprint:
    """Return what the result of `job` would be made from if its files were read now.

    A missing file has only a name, so that it equals nothing that was ever read.
    """
    settings, chosen = job.settings, job.settings.options
    pixels = [option.name for option in options.of(type(chosen)) if option.pixels]
    backdrop = job.backdrop
    sources = [_named(path, _status(path)) for path in job.sources]
    if backdrop is not None and backdrop.status is not None:
        sources.append(_named(Path(backdrop.text), backdrop.status))
    return {
        "sources": sources,
        "output": settings.output.value,
        "backdrop": backdrop.text if backdrop else None,
        "shadow": settings.shadow,
        "crop_px": settings.crop_px,
        "depth": settings.depth,
        "encoding": asdict(settings.encoding),
        "network": settings.network,
        "networks": _networks(job),
        "version": __version__,
        "options": {name: getattr(chosen, name) for name in pixels},
    }


def _networks(job: Job) -> dict[str, list[str]] | None:
    """Return who makes the matte: ids, with the distribution and the checksum of the weights.

    None where that cannot be told, because there is none or its weights are damaged.
    """
    registry, settings = plugins.registry(), job.settings
    try:
        commercial = settings.options.commercial
        named = settings.network
        first = registry.network(named) if named else choice.best(_kind(job), commercial)
        specs = [first]
        if settings.options.refine and first.edge_band_fraction > 0:
            specs.append(choice.best(Guide.TRIMAP, commercial))
        return {spec.id: [_distribution(spec), _checksum(spec)] for spec in specs}
    except MatteplugError:
        return None


def _kind(job: Job) -> Guide:
    if job.guide is None:
        return Guide.NONE
    return Guide.PLATE if job.guide == job.found.plate else Guide.TRIMAP


def _distribution(spec: NetworkSpec) -> str:
    bringing = (one for one in plugins.registry().plugins if spec.id in one.networks)
    return next((one.distribution for one in bringing), "")


def _checksum(spec: NetworkSpec) -> str:
    if spec.weights is None:
        return ""
    path = weights.path_of(spec)
    return weights.sha256_of(path, path.stat().st_mtime_ns)


def _named(path: Path, status: os.stat_result | None) -> list[Any]:
    return [path.name, status.st_size, status.st_mtime_ns] if status else [path.name]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
