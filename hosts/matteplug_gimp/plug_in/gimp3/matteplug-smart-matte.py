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


def run(procedure, run_mode, image, drawables, config, _data):
    """Make the matte; what goes wrong comes back as an error status with a sentence."""
    client, log = "GIMP %s" % Gimp.version(), ""
    try:
        layer = gimp_layers.the_layer(image, drawables)
        installed = bridge.installed(HERE)
        log = installed["log"]
        with bridge.Worker(installed["python"], client=client) as worker:
            if run_mode == Gimp.RunMode.INTERACTIVE:
                worker.load(config.get_property("network") or None)  # while the user looks
                if not _ask(procedure, config, worker.hello):
                    return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
            chosen = {name: config.get_property(name) for name in smart_matte.SETTINGS}
            gimp_layers.check(image, layer, chosen["output"])
            Gimp.progress_init("Smart Matte")
            notes = smart_matte.make(worker, gimp_layers, image, layer, chosen, "gimp3", _report)
        Gimp.progress_end()
        Gimp.displays_flush()
        if notes:
            _tell(notes)
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


def _ask(procedure, config, hello):
    """Show the dialog and tell whether the user pressed OK."""
    gi.require_version("Gtk", "3.0")
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi, Gtk

    GimpUi.init(PROCEDURE)
    dialog = GimpUi.ProcedureDialog.new(procedure, config, "Smart Matte")
    # The networks are the worker's and not GIMP's: a list made here, written into the text setting.
    chooser = Gtk.ComboBoxText()
    chooser.append("", "Automatic")
    for network in hello["networks"]:
        chooser.append(network["id"], network["title"])
    if not chooser.set_active_id(config.get_property("network") or ""):  # GIMP has "" as None
        chooser.set_active_id("")
    row = Gtk.Box(spacing=12, margin_bottom=6)
    row.pack_start(Gtk.Label(label="Network"), False, False, 0)
    row.pack_start(chooser, True, True, 0)
    dialog.get_content_area().pack_start(row, False, False, 0)
    row.show_all()
    dialog.fill(["guide", "guide-drawable", "band-px", "output", "clean-colours"])
    # So are the options without a setting of their own: their entries are written into one text.
    options = bridge.offered(hello, "gimp3", smart_matte.OWN)
    entries = _entries(options, config.get_property("options"))
    for row in _rows(entries):
        dialog.get_content_area().pack_start(row, False, False, 0)
        row.show_all()
    accepted = dialog.run()
    config.set_property("network", chooser.get_active_id() or "")
    config.set_property("options", smart_matte.as_text(options, [e.value() for e in entries]))
    dialog.destroy()
    return accepted


def _rows(entries):
    """Return what a dialog shows of its entries: a group's are together, folded if unchanged."""
    from gi.repository import Gtk

    rows, groups = [], {}
    for entry in entries:
        if not entry.group:
            rows.append(entry.row)
            continue
        if entry.group not in groups:
            groups[entry.group] = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, margin_start=12)
            rows.append(Gtk.Expander(label=entry.group, margin_top=6))
            rows[-1].add(groups[entry.group])
        groups[entry.group].pack_start(entry.row, False, False, 0)
        folder = groups[entry.group].get_parent()
        folder.set_expanded(folder.get_expanded() or entry.changed)
    return rows


def _entries(options, text):
    """Return a dialog's entry for each option, showing what `text` has of it."""
    from gi.repository import Gtk

    class Entry:
        def __init__(self, option, value):
            self.group = option.get("group", "")  # an older worker has none
            self.changed = value != option["default"]
            self.row = Gtk.Box(spacing=12, margin_top=6, tooltip_text=option["help"])
            label = option["label"] + (" (%s)" % option["unit"] if option["unit"] else "")
            if option["type"] == "bool":
                widget = Gtk.CheckButton(label=label, active=value)
                self.value = widget.get_active
            else:
                self.row.pack_start(Gtk.Label(label=label), False, False, 0)
                if option["type"] == "int":
                    low = 0 if option["default"] is None else option["low"]
                    widget = Gtk.SpinButton.new_with_range(low, option["high"], 1)
                    widget.set_value(value or 0)
                    self.value = widget.get_value_as_int
                else:
                    widget = Gtk.Entry(text=value or "")
                    self.value = widget.get_text
            self.row.pack_start(widget, True, True, 0)

    try:
        kept = smart_matte.further(text)
    except bridge.Refusal:
        kept = {}
    return [Entry(option, kept.get(option["name"], option["default"])) for option in options]


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
        procedure.add_menu_path("<Image>/Filters")
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
