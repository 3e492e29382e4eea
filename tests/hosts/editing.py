"""A user who edits the image while its matte is made; copied beside the drivers as `serving` is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SAMPLE_BYTES = {"u8": 1, "u16": 2, "f32": 4}


class EditedMeanwhile:
    """Answers as `bridge.Worker`, after an edit: cutouts are the image, masks count up."""

    def __init__(self, edit: Callable[[], object]) -> None:
        """Take what the user does."""
        self._edit = edit

    def matte(
        self, buffers: Mapping[str, Any], results: Mapping[str, str], *_rest: object
    ) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return a header and the bytes of the results."""
        self._edit()
        image, answer = buffers["image"], {}
        for name, wanted in results.items():
            channels, depth = wanted.split()
            counted = bytes(
                i % 251 for i in range(image.width * image.height * SAMPLE_BYTES[depth])
            )
            answer[name] = bytes(image.data) if channels == "RGBA" else counted
        return {"network": "none", "notes": []}, answer


def make_meanwhile(
    smart_matte: Any, layers: Any, image: Any, layer: Any, *, output: str, edit: Callable[..., Any]
) -> str:
    """Make a matte of a layer that is edited meanwhile; return what was refused, or "".

    `smart_matte` and `layers` are the modules of the GIMP at hand, `edit` takes image and layer.
    """
    settings: dict[str, Any] = dict.fromkeys(smart_matte.SETTINGS, "")
    settings.update({"guide": "selection", "band-px": 0, "output": output})
    worker = EditedMeanwhile(lambda: edit(image, layer))
    try:
        smart_matte.make(worker, layers, image, layer, settings, "gimp", None)
    except smart_matte.bridge.Refusal as error:
        return str(error)
    return ""
