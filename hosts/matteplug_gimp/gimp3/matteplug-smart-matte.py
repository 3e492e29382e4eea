#!/usr/bin/env python3
"""Filters > Smart Matte for GIMP 3: the half that lives in GIMP, copied into its plug-ins folder.

GIMP's Python, its standard library and PyGObject are all that it needs.  It shows the dialog, hands
the layer and its guide to the worker (`bridge`), and puts the answer back (`gimp_layers`).
"""

import os
import sys

import gi

HERE = os.path.dirname(os.path.abspath(__file__))
# Python has the folder that a link leads to (hosts install --dev), where the bridge is not
sys.path.insert(0, HERE)
gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gimp, GLib, GObject

import bridge
import gimp_layers

PROCEDURE = "matteplug-smart-matte"
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


def run(procedure, run_mode, image, drawables, config, _data):
    """Make the matte; what goes wrong comes back as an error status with a sentence."""
    client, log = "GIMP %s" % Gimp.version(), ""
    try:
        layer = gimp_layers.the_layer(image, drawables)
        settings = bridge.installed(HERE)
        log = settings["log"]
        with bridge.Worker(settings["python"], client=client) as worker:
            interactive = run_mode == Gimp.RunMode.INTERACTIVE
            if interactive and not _ask(procedure, config, worker.hello["networks"]):
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
            notes = _matte(worker, image, layer, config)
        if notes:
            Gimp.message("\n".join(notes))
    except gimp_layers.Refused as error:
        text = str(error)
    except Exception as error:
        text = bridge.explain(error, log, client)
    else:
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(text))


def _matte(worker, image, layer, config):
    """Ask the worker and put its answer into the image; return what the user should know."""
    output = config.get_property("output")
    gimp_layers.check_output(layer, output)
    buffers = _buffers(image, layer, config)
    options = {
        "network": config.get_property("network") or None,
        "band_px": config.get_property("band-px") or None,
        "clean_colours": config.get_property("clean-colours"),
    }
    Gimp.progress_init("Smart Matte")
    header, answer = worker.matte(
        buffers, gimp_layers.wanted(image, output), options, "gimp3", _report
    )
    gimp_layers.put(image, layer, output, answer)
    Gimp.progress_end()
    Gimp.displays_flush()
    notes = list(header["notes"])
    if len(buffers) == 1:
        found = "Nothing is selected, so the network %s found the foreground by itself."
        notes.insert(0, found % header["network"])
    return notes


def _buffers(image, layer, config):
    """Return what the worker gets: the layer, and its guide unless nothing is selected."""
    buffers = {"image": gimp_layers.colours(image, layer)}
    guide, drawable = config.get_property("guide"), config.get_property("guide-drawable")
    if guide == "selection":
        if not Gimp.Selection.is_empty(image):
            buffers["selection"] = gimp_layers.selection(image, layer)
    elif drawable is None:
        raise gimp_layers.Refused("Choose the layer or channel that is the %s." % guide)
    elif guide == "plate":
        buffers["plate"] = gimp_layers.colours(image, drawable)
    else:
        buffers["trimap"] = gimp_layers.gray(image, drawable)
    return buffers


def _report(share, what):
    Gimp.progress_set_text("Smart Matte: %s" % what)
    Gimp.progress_update(share)


def _ask(procedure, config, networks):
    """Show the dialog and tell whether the user pressed OK."""
    gi.require_version("Gtk", "3.0")
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi, Gtk

    GimpUi.init(PROCEDURE)
    dialog = GimpUi.ProcedureDialog.new(procedure, config, "Smart Matte")
    # The networks are the worker's and not GIMP's: a list made here, written into the text setting.
    chooser = Gtk.ComboBoxText()
    chooser.append("", "Automatic")
    for network in networks:
        chooser.append(network["id"], network["title"])
    if not chooser.set_active_id(config.get_property("network")):
        chooser.set_active_id("")
    row = Gtk.Box(spacing=12, margin_bottom=6)
    row.pack_start(Gtk.Label(label="Network"), False, False, 0)
    row.pack_start(chooser, True, True, 0)
    dialog.get_content_area().pack_start(row, False, False, 0)
    row.show_all()
    dialog.fill(["guide", "guide-drawable", "band-px", "output", "clean-colours"])
    accepted = dialog.run()
    config.set_property("network", chooser.get_active_id() or "")
    dialog.destroy()
    return accepted


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
        procedure.set_image_types("RGB*, GRAY*")
        # Several layers get the menu entry too, and a sentence instead of silence.
        procedure.set_sensitivity_mask(
            Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
        )
        procedure.set_menu_label("Smart _Matte...")
        procedure.add_menu_path("<Image>/Filters")
        procedure.set_documentation(
            "Cut the foreground out along a soft edge",
            "Turns a rough selection, a trimap or a clean plate into a layer with a soft edge.",
            name,
        )
        procedure.set_attribution("matteplug", "matteplug", "2026")
        flags = GObject.ParamFlags.READWRITE
        procedure.add_choice_argument(
            "guide", "_Guide", "What tells the foreground", _choice(GUIDES), "selection", flags
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
            "Half width in pixels of the band along the selection's edge; 0 for automatic",
            0,
            500,
            0,
            flags,
        )
        procedure.add_choice_argument(
            "output", "O_utput", "Where the matte goes", _choice(OUTPUTS), "new-layer", flags
        )
        procedure.add_boolean_argument(
            "clean-colours",
            "C_lean colours",
            "Remove the background's colour from soft edges",
            True,
            flags,
        )
        return procedure


def _choice(entries):
    choice = Gimp.Choice.new()
    for number, (nick, label, explanation) in enumerate(entries):
        choice.add(nick, number, label, explanation)
    return choice


Gimp.main(SmartMatte.__gtype__, sys.argv)
