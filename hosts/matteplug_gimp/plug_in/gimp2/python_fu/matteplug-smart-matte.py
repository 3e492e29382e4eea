#!/usr/bin/env python2
"""Filters > Smart Matte for a GIMP 2.10 with Python-Fu: the half that lives in GIMP.

Copied into GIMP's plug-ins folder; Python 2.7, its standard library and Python-Fu are all that it
needs.  Python-Fu makes the dialog out of the parameters.
"""

from __future__ import absolute_import, division, print_function

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Python's path has the folder that a link leads to (hosts install --dev), where the other files are
# not
sys.path.insert(0, HERE)

import gimp
import gimpfu

import bridge
import region_pixels
import smart_matte
from gimp_layers import Layers

TYPE_CHECKING = False  # typing's own is not there in Python 2
if TYPE_CHECKING:
    from typing import Any, Optional

PROCEDURE = "plug-in-matteplug-smart-matte"
CLIENT = "GIMP %d.%d.%d" % gimp.version


class SmartMatte(object):
    """The plug-in in one of GIMP's calls: to be listed, or to be run once."""

    def __init__(self, running):
        # type: (bool) -> None
        """Start the worker where the plug-in is to run: the dialog lists its networks."""
        self._worker = None  # type: Optional[bridge.Worker]
        self._options = []  # type: list[bridge.Header]
        self._failure = ""
        self._log = ""
        try:
            if running:
                installed = bridge.installed(HERE)
                self._log = installed["log"]
                self._worker = bridge.Worker(installed["python"], client=CLIENT)
                self._options = bridge.offered(self._worker.hello, "gimp2", smart_matte.OWN)
        except Exception as error:  # told when it is run, which it is only when it is registered
            self._failure = smart_matte.told(error, self._log, CLIENT)

    def register(self):
        # type: () -> None
        """Describe the procedure, its menu entry and its dialog."""
        networks = [("Automatic", "")]
        if self._worker is not None:
            for network in self._worker.hello["networks"]:
                title = smart_matte.native(network["title"])
                networks.append((title, smart_matte.native(network["id"])))
        settings = [
            (gimpfu.PF_IMAGE, "image", "Image", None),
            (gimpfu.PF_DRAWABLE, "drawable", "Layer", None),
            (gimpfu.PF_RADIO, "network", "_Network", "", tuple(networks)),
            (gimpfu.PF_RADIO, "guide", "_Guide", "selection", _choices(smart_matte.GUIDES)),
            (gimpfu.PF_DRAWABLE, "guide-drawable", "_Trimap or plate", None),
            (gimpfu.PF_SPINNER, "band-px", "_Band width (0: automatic)", 0, (0, 2000, 1)),
            (gimpfu.PF_RADIO, "output", "O_utput", "new-layer", _choices(smart_matte.OUTPUTS)),
            (gimpfu.PF_TOGGLE, "clean-colours", "C_lean colours", True),
        ]  # type: list[tuple[Any, ...]]
        # GIMP wants a fixed list from scripts, so that there these are one text.
        settings.extend(_entry(option) for option in self._options)
        if not self._options:
            settings.append((gimpfu.PF_STRING, "options", "Further _options (JSON)", ""))
        gimpfu.register(
            PROCEDURE,
            "Cut the foreground out along a soft edge",
            "Turns a rough selection, a trimap or a clean plate into a layer with a soft edge.",
            "matteplug",
            "matteplug",
            "2026",
            "Smart _Matte...",
            "*",
            settings,
            [],
            self.run,
            menu="<Image>/Filters",
        )

    def run(self, image, layer, *values):
        # type: (gimp.Image, gimp.Layer, *Any) -> None
        """Make the matte; an error is shown, and makes the procedure fail."""
        fixed = len(smart_matte.SETTINGS) - 1
        settings = dict(zip(smart_matte.SETTINGS, values[:fixed]))
        rest = values[fixed:]
        by_script = len(rest) == 1 and isinstance(rest[0], str)
        settings["options"] = rest[0] if by_script else smart_matte.as_text(self._options, rest)
        layers = Layers(gimp.pdb, region_pixels)
        try:
            smart_matte.check_choices(settings)
            layers.check(image, layer, settings["output"])
            if self._worker is None:
                raise bridge.Refusal("failed", self._failure)
            with self._worker as worker:
                gimp.progress_init("Smart Matte")
                notes = smart_matte.make(worker, layers, image, layer, settings, "gimp2", _report)
            gimp.displays_flush()
            layers.note(notes)
        except Exception as error:
            gimpfu.fail(smart_matte.told(error, self._log, CLIENT))


def _report(fraction, _what):
    # type: (float, str) -> None
    gimp.progress_update(fraction)


def _entry(option):
    # type: (bridge.Header) -> tuple[Any, ...]
    """Return the dialog's entry for an option of the worker."""
    name = smart_matte.native(option["name"].replace("_", "-"))
    label, default = smart_matte.native(option["label"]), option["default"]
    if option["type"] == "bool":
        return (gimpfu.PF_TOGGLE, name, label, default)
    if option["type"] == "str" and option.get("choices"):  # an older worker has none
        choices = [smart_matte.native(choice) for choice in option["choices"]]
        shown = tuple((choice, choice) for choice in choices)
        return (gimpfu.PF_RADIO, name, label, smart_matte.native(default), shown)
    if option["type"] == "str":
        return (gimpfu.PF_STRING, name, label, smart_matte.native(default or ""))
    automatic = ", 0: automatic" if default is None else ""
    label = "%s (%s%s)" % (label, smart_matte.native(option["unit"]), automatic)
    limits = (0 if default is None else option["low"], option["high"], 1)
    return (gimpfu.PF_SPINNER, name, label, default or 0, limits)


def _choices(entries):
    # type: (tuple[tuple[str, str, str], ...]) -> tuple[tuple[str, str], ...]
    """Return (what the dialog shows, what the procedure takes) of every entry."""
    return tuple((label, nick) for nick, label, _ in entries)


SmartMatte(running="-run" in sys.argv).register()
gimpfu.main()
