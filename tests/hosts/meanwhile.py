"""An image that is edited while its matte is made: the cases, and what has to come of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .reports import floats

WORDS = {
    ("crop", "new-layer"): "",
    ("scale", "new-layer-with-mask"): "",
    ("precision", "new-layer"): "",
    ("move", "selection"): "The layer changed meanwhile.",
    ("crop", "layer-mask"): "The layer changed meanwhile.",
    ("mask", "layer-mask"): "already has a mask",
    ("indexed", "new-layer"): "Mode > RGB",
    ("remove", "new-layer"): "The layer is gone",
}
"""What the user is told after an edit, for an output; nothing where the matte is put."""
CASES = {
    f"{edit}, {output}": {"meanwhile": edit, "output": output, "size": [40, 30], "at": [5, 6]}
    for edit, output in WORDS
}


def judge(report: dict[str, Any], title: str) -> None:
    """Check that the matte lies where its pixels lay, or that nothing was added."""
    assert report.get("error") is None
    before, (edit, output) = report["before"], title.split(", ")
    told = WORDS[edit, output]
    made = [layer for layer in report["layers"] if layer["name"].endswith(" matte")]
    if told:
        assert told in report["refused"]
        assert made == []
        assert report["channels"] == 0
        assert edit == "mask" or not any(layer["mask"] for layer in report["layers"])
        return
    (layer,) = made
    assert report["refused"] == ""
    assert (layer["at"], layer["size"]) == (before["at"], before["size"])
    seen, put = (floats(found["pixels"], found) for found in (before, layer))
    assert np.abs(put - seen).max() < 1e-5
    if layer["mask"]:
        counted = np.arange(put[..., 0].size).reshape(put.shape[:2]) % 251
        assert (np.rint(floats(layer["mask"], layer, 1) * 255) == counted).all()
