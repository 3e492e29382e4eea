"""The parts of Smart Matte that every GIMP shares: settings, the worker's request, messages.

Copied into each GIMP's plug-ins folder beside `bridge`: the standard library only, Python 2.7 and
3.6.  Text is the native str: in Python 2 that is what GIMP takes and gives, bytes in UTF-8.
"""

from __future__ import absolute_import, division, print_function

import json
import sys

import bridge

TYPE_CHECKING = False  # typing's own is not there in Python 2
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Mapping, Sequence, Tuple

GUIDES = (
    ("selection", "Selection", "A rough selection of the foreground"),
    ("trimap", "Trimap", "A layer or channel: black background, white foreground, gray unknown"),
    ("plate", "Plate", "A layer with the same view without the foreground"),
)
OUTPUTS = (
    ("new-layer", "New layer", "A new layer with clean colours and transparency"),
    ("layer-mask", "Layer mask", "A mask on this layer"),
    ("new-layer-with-mask", "New layer with mask", "A new layer with clean colours and a mask"),
    ("selection", "Selection", "The matte as a soft selection"),
)


SETTINGS = ("network", "guide", "guide-drawable", "band-px", "output", "clean-colours", "options")
"""The procedure's own; GIMP knows them before there is a worker, so that their list is fixed.

What else the worker has, now or later, comes in the last one: a JSON object, or "".
"""
OWN = ("network", "band_px", "clean_colours")
"""The worker's options that are settings of their own."""


def make(worker, layers, image, layer, settings, host, report):
    # type: (bridge.Worker, Any, Any, Any, Mapping[str, Any], str, Callable[[float, str], None]) -> str
    """Make a layer's matte and put it into the image; return what the user should know, or "".

    `layers` knows this GIMP's pixels: check, exists, place, colours, trimap, selection, put.
    `settings` has what `SETTINGS` names, `host` is the adapter's id.
    Raises bridge.BridgeError, of which bridge.Refusal is one; then the image is as it was.
    """
    buffers, options = asked(layers, image, layer, settings)
    wanted = results(settings["output"], buffers["image"].format.split()[1])
    header, answer = worker.matte(buffers, wanted, options, host, report)
    return put(layers, image, layer, settings, buffers, header, answer)


def asked(layers, image, layer, settings):
    # type: (Any, Any, Any, Mapping[str, Any]) -> Tuple[Dict[str, bridge.Pixels], Dict[str, Any]]
    """Return the buffers and the options that a worker makes the layer's matte of."""
    buffers = _buffers(layers, image, layer, settings)
    options = further(settings["options"])
    options["network"] = settings["network"] or None
    options["band_px"] = int(settings["band-px"]) or None
    options["clean_colours"] = bool(settings["clean-colours"])
    return buffers, options


def put(layers, image, layer, settings, buffers, header, answer):
    # type: (Any, Any, Any, Mapping[str, Any], Mapping[str, bridge.Pixels], Mapping[str, Any], Any) -> str
    """Put a matte into the image; return what the user should know, or ""."""
    output, seen = settings["output"], buffers["image"]
    _check_again(layers, image, layer, output, seen)
    hides = further(settings["options"]).get("hide_original", True)
    layers.put(image, layer, output, seen, answer, hides=hides)
    notes = list(header["notes"])
    if len(buffers) == 1:
        note = "Nothing is selected, so the network %s looked for the foreground."
        notes.insert(0, note % header["network"])
    return native("\n".join(notes))


def _buffers(layers, image, layer, settings):
    # type: (Any, Any, Any, Mapping[str, Any]) -> Dict[str, bridge.Pixels]
    """Return what the worker gets: the layer, and its guide unless nothing is selected."""
    buffers = {"image": layers.colours(image, layer)}
    guide, drawable = settings["guide"], settings["guide-drawable"]
    if guide == "selection":
        selection = layers.selection(image, layer)
        if selection is not None:
            buffers["selection"] = selection
    elif drawable is None:
        raise bridge.Refusal("guide-missing", "Choose the layer or channel that is the %s." % guide)
    elif drawable == layer:
        raise bridge.Refusal(
            "guide-is-layer", "The %s is the layer itself." % guide, "Choose another."
        )
    elif guide == "plate":
        buffers["plate"] = layers.colours(image, drawable)
    else:
        buffers["trimap"] = layers.trimap(image, drawable)
    return buffers


def _check_again(layers, image, layer, output, seen):
    # type: (Any, Any, Any, str, bridge.Pixels) -> None
    """Raise bridge.Refusal if the image cannot take the matte any more: GIMP was free meanwhile.

    A new layer goes where the pixels `seen` lay; all else has to fit the layer as it is now.
    """
    if not layers.exists(layer):
        raise bridge.Refusal("layer-gone", "The layer is gone, so there is no place for its matte.")
    layers.check(image, layer, output)
    fits = layers.place(layer) == (seen.x, seen.y, seen.width, seen.height)
    if output in ("layer-mask", "selection") and not fits:
        raise bridge.Refusal(
            "layer-changed", "The layer changed meanwhile.", "Try again, or choose a new layer."
        )


def results(output, depth):
    # type: (str, str) -> Dict[str, str]
    """Return the results that an output is made of, and their formats."""
    return {
        "new-layer": {"cutout": "RGBA " + depth},
        "layer-mask": {"alpha": "Y " + depth},
        "new-layer-with-mask": {"foreground": "RGBA " + depth, "alpha": "Y " + depth},
        "selection": {"alpha": "Y " + depth},
    }[output]


def further(text):
    # type: (str) -> Dict[str, Any]
    """Return the options in the setting "options"; raise bridge.Refusal if the text has none."""
    try:
        options = json.loads(text or "{}")
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise bridge.Refusal(
            "options-form",
            "The options are not a JSON object.",
            'Write them as in {"refine": false, "limit_mib": 2048}.',
        )
    return options


def as_text(options, shown):
    # type: (Sequence[Mapping[str, Any]], Sequence[Any]) -> str
    """Return the text of the setting "options" for what a dialog shows of each of `options`."""
    values = {o["name"]: bridge.chosen(o, value) for o, value in zip(options, shown)}
    changed = {o["name"]: values[o["name"]] for o in options if values[o["name"]] != o["default"]}
    return json.dumps(changed, sort_keys=True) if changed else ""


def check_choices(settings):
    # type: (Mapping[str, Any]) -> None
    """Raise bridge.Refusal for an unknown guide or output; for hosts that take any text."""
    for name, entries in (("guide", GUIDES), ("output", OUTPUTS)):
        known = [entry[0] for entry in entries]
        if settings[name] not in known:
            raise bridge.Refusal(
                "choice-unknown",
                'There is no %s "%s": %s.' % (name, settings[name], ", ".join(known)),
            )


def told(error, log, client):
    # type: (Exception, str, str) -> str
    """Return what to tell the user about an error, which goes to the log file too."""
    return native(bridge.explain(error, log, client))


def native(text):
    # type: (str) -> str
    """Return text from the bridge or the worker as GIMP's native str."""
    return text.encode("utf-8") if sys.version_info[0] == 2 else text  # type: ignore[return-value]
