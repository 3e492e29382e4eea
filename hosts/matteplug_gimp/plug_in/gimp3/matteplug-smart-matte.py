#!/usr/bin/env python3
"""Filters > Smart Matte for GIMP 3: the half that lives in GIMP, copied into its plug-ins folder.

GIMP's Python, its standard library and PyGObject are all that it needs.  It shows the dialog, hands
the layer and its guide to the worker (`smart_matte`), and puts the answer back (`gimp_layers`).
"""

import os
import sys

import gi

HERE = os.path.dirname(os.path.abspath(__file__))
# Python's path has the folder that a link leads to (hosts install --dev), where the bridge is not
sys.path.insert(0, HERE)
gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gimp, GLib, GObject

import bridge
import gimp_layers
import smart_matte

PROCEDURE = "matteplug-smart-matte"
HOST = "gimp3"


def run(procedure, run_mode, image, drawables, config, _data):
    """Make the matte; what goes wrong comes back as an error status with a sentence."""
    client, log = "GIMP %s" % Gimp.version(), ""
    try:
        layer = gimp_layers.the_layer(image, drawables)
        installed = bridge.installed(HERE)
        log = installed["log"]
        with bridge.Worker(installed["python"], client=client) as worker:
            if run_mode == Gimp.RunMode.INTERACTIVE:
                notes = _ask(procedure, config, worker, image, layer)
                if notes is None:
                    return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
            else:
                chosen = {name: config.get_property(name) for name in smart_matte.SETTINGS}
                gimp_layers.check(image, layer, chosen["output"])
                Gimp.progress_init("Smart Matte")
                notes = smart_matte.make(worker, gimp_layers, image, layer, chosen, HOST, _report)
                Gimp.progress_end()
                if notes:
                    _tell(notes)
        Gimp.displays_flush()
    except Exception as error:
        status = Gimp.PDBStatusType.EXECUTION_ERROR
        text = smart_matte.told(error, log, client)
        return procedure.new_return_values(status, GLib.Error(text))
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


def _tell(notes):
    """Write into GIMP's error console: a box would have to be closed after every matte."""
    before = Gimp.message_get_handler()
    Gimp.message_set_handler(Gimp.MessageHandlerType.ERROR_CONSOLE)
    Gimp.message(notes)
    Gimp.message_set_handler(before)


def _report(fraction, what):
    Gimp.progress_set_text("Smart Matte: %s" % what)
    Gimp.progress_update(fraction)


def _ask(procedure, config, worker, image, layer):
    """Show the dialog and make the matte in it; return notes, or None where the user cancels."""
    import dialog  # what a display needs is loaded where there is one

    def put(settings, buffers, matte, answer):
        return smart_matte.put(gimp_layers, image, layer, settings, buffers, matte, answer)

    return dialog.Dialog(procedure, config, worker, image, layer, host=HOST).run(put)


class SmartMatte(Gimp.PlugIn):
    """The plug-in with its one procedure."""

    def do_set_i18n(self, _name):
        """Have no translations."""
        return False

    def do_query_procedures(self):
        """Name the procedures."""
        return [PROCEDURE]

    def do_create_procedure(self, name):
        """Describe the procedure, its menu entry and its settings."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("*")  # indexed images too: they get a sentence
        # Several layers get the menu entry too, and a sentence instead of silence.
        procedure.set_sensitivity_mask(
            Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
        )
        procedure.set_menu_label("Smart _Matte...")
        for menu in ("<Image>/Filters", "<Image>/Select", "<Layers>/Layers Menu"):
            procedure.add_menu_path(menu)
        procedure.set_documentation(
            "Cut the foreground out along a soft edge",
            "Turns a rough selection, a trimap or a clean plate into a layer with a soft edge.",
            name,
        )
        procedure.set_attribution("matteplug", "matteplug", "2026")
        flags = GObject.ParamFlags.READWRITE
        procedure.add_choice_argument(
            "guide",
            "_Guide",
            "What tells the foreground",
            _choice(smart_matte.GUIDES),
            "selection",
            flags,
        )
        procedure.add_drawable_argument(
            "guide-drawable", "_Trimap or plate", "The layer or channel", True, flags
        )
        procedure.add_string_argument(
            "network", "_Network", "Id of the network; empty for automatic", "", flags
        )
        procedure.add_int_argument(
            "band-px",
            "_Band width",
            "How far the unknown band reaches to both sides of a hard edge; 0 for automatic",
            0,
            2000,
            0,
            flags,
        )
        procedure.add_choice_argument(
            "output",
            "O_utput",
            "Where the matte goes",
            _choice(smart_matte.OUTPUTS),
            "new-layer",
            flags,
        )
        procedure.add_boolean_argument(
            "clean-colours",
            "C_lean colours",
            "Remove the background's colour from soft edges",
            True,
            flags,
        )
        procedure.add_string_argument(
            "options",
            "O_ptions",
            'Further options as a JSON object, such as {"refine": false}',
            "",
            flags,
        )
        return procedure


def _choice(entries):
    choice = Gimp.Choice.new()
    for number, (nick, label, explanation) in enumerate(entries):
        choice.add(nick, number, label, explanation)
    return choice


Gimp.main(SmartMatte.__gtype__, sys.argv)
