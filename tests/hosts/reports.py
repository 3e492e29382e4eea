"""What the drivers of both GIMPs are told of a scene, and report of a layer."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.testing import HostScene, Outcome


def floats(text: str, layer: dict[str, Any], channels: int = 4) -> NDArray[np.float32]:
    """Return pixels, (H, W, channels) or (H, W), of the size of a layer."""
    width, height = layer["size"]
    values = np.frombuffer(base64.b64decode(text), np.float32)
    return values.reshape((height, width, channels)[: 2 + (channels > 1)])


def described(scene: HostScene, depth: str, precision: Any) -> dict[str, Any]:
    """Return a scene as the drivers' `make_scene` takes it."""
    return {
        "precision": precision,
        "depth": depth,
        "size": scene.selection.shape[::-1],
        "at": scene.at,
        "pixels": base64.b64encode(scene.image.tobytes()).decode(),
        "selection": base64.b64encode(scene.selection.tobytes()).decode(),
    }


def outcome(report: dict[str, Any], scene: HostScene) -> Outcome:
    """Return what the report on a scene says, as the contract takes it."""
    ((status, message),) = report["results"]
    cutout = report["layers"][0] if report["layers"] else None
    return Outcome(
        error="" if status == "success" else message,
        image=_pixels(report["source"], scene),
        at=tuple(report["source"]["at"]),
        cutout=None if cutout is None else _pixels(cutout, scene),
        cutout_at=(0, 0) if cutout is None else tuple(cutout["at"]),
    )


def _pixels(layer: dict[str, Any], scene: HostScene) -> NDArray[Any]:
    width, height = layer["size"]
    values = np.frombuffer(base64.b64decode(layer["native"]), scene.image.dtype)
    return values.reshape(height, width, -1)
