#!/usr/bin/env python3
"""Smart Matte for a GIMP 2.10 without Python-Fu: Python 3 and libgimp, copied into GIMP's folder.

Needs nothing but Python 3.6 and the libraries that GIMP itself has.  Its dialog is a Script-Fu file
in GIMP's scripts folder.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Python's path has the folder that a link leads to (hosts install --dev), where the other files are
# not
sys.path.insert(0, HERE)

import bridge
import gegl_pixels
import smart_matte
from gimp_layers import Layers
from libgimp import DRAWABLE, FLOAT, IMAGE, INT32, STRING, gimp, pdb, serve

PROCEDURE = "plug-in-matteplug-smart-matte"
ENTRY = ("Smart _Matte...", "<Image>/Filters")
NONINTERACTIVE = 1
ERRORS_COME_HERE = 1  # instead of in a box of GIMP's own
ARGUMENTS = (
    (INT32, "run-mode", "RUN-INTERACTIVE asks for what comes after the layer"),
    (IMAGE, "image", "The image"),
    (DRAWABLE, "drawable", "The layer"),
    (STRING, "network", "Id of the network; empty for automatic"),
    (STRING, "guide", "selection, trimap or plate"),
    (DRAWABLE, "guide-drawable", "The layer or channel that is the trimap or plate; else -1"),
    (
        FLOAT,
        "band-px",
        "How far the unknown band reaches to both sides of a hard edge; 0: automatic",
    ),
    (STRING, "output", "new-layer, layer-mask, new-layer-with-mask or selection"),
    (INT32, "clean-colours", "Remove the background's colour from soft edges: 1 or 0"),
    (STRING, "options", 'Further options as a JSON object, such as {"refine": false}; or ""'),
)

SHOWN_FIRST = (0, -1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 100, 1, 1, 1, 0)
"""What GIMP takes for the arguments of the dialog, which brings its own."""


def run(run_mode, image, layer, *values):
    """Make the matte, or have Script-Fu ask how; return an error's sentence, or None."""
    if run_mode != NONINTERACTIVE:
        return ask(run_mode, image, layer)
    settings = dict(zip(smart_matte.SETTINGS, values))
    layers = Layers(pdb, gegl_pixels)
    client, log = "GIMP %s" % pdb.gimp_version(), ""
    try:
        gegl_pixels.start()
        smart_matte.check_choices(settings)
        layers.check(image, layer, settings["output"])
        installed = bridge.installed(HERE)
        log = installed["log"]
        with bridge.Worker(installed["python"], client=client) as worker:
            gimp.gimp_progress_init(b"Smart Matte")
            notes = smart_matte.make(worker, layers, image, layer, settings, "gimp2", report)
        gimp.gimp_displays_flush()
        layers.note(notes)
    except Exception as error:
        return smart_matte.told(error, log, client)
    return None


def ask(run_mode, image, layer):
    """Show Script-Fu's dialog, which calls `run` again; or have it take what it took last."""
    pdb.gimp_plugin_set_pdb_error_handler(ERRORS_COME_HERE)
    try:
        pdb.script_fu_matteplug_smart_matte(run_mode, image, layer, *SHOWN_FIRST)
    except RuntimeError as error:
        return str(error)
    return None


def report(fraction, what):
    """Show how far the worker is."""
    gimp.gimp_progress_set_text(("Smart Matte: %s" % what).encode())
    gimp.gimp_progress_update(fraction)


if __name__ == "__main__":
    about = "Turn a rough selection, a trimap or a clean plate into a layer with a soft edge"
    sys.exit(serve(PROCEDURE, about, "*", ARGUMENTS, run, ENTRY))
