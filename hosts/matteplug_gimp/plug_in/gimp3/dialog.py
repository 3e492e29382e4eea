"""The dialog: the procedure's settings beside a preview that follows them."""

import json

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi, GLib, Gtk

import bridge
import entries
import gimp_layers
import preview
import smart_matte

REOPEN_MS = 300
"""How long after the last change of what a matte is made of it is made again."""
_NETWORKS = {"selection": ("trimap", "none"), "trimap": ("trimap",), "plate": ("plate",)}
"""The guides of the networks that can be chosen; without a selection there is none."""
_OPTIONS = {"selection": {"selection", "none"}, "trimap": {"trimap"}, "plate": {"plate"}}
"""The guides of the options that matter."""
_SIDE = 1000
"""Longest side of a thumbnail that GIMP makes."""


class Dialog:
    """Smart Matte's dialog for a layer, and what is made in it."""

    def __init__(self, procedure, config, worker, image, layer, *, host):
        """Build the dialog; `run` shows it."""
        GimpUi.init(procedure.get_name())
        self._config, self._worker, self._host = config, worker, host
        self._image, self._layer = image, layer
        self._made_of, self._reopening, self._waiting = None, 0, False
        self._buffers, self._refused = None, None
        self._dialog = GimpUi.ProcedureDialog.new(procedure, config, "Smart Matte")
        self._preview = preview.Preview(worker, gimp_layers.place(layer), self._thumbnail)
        self._edges, further = _split(bridge.offered(worker.hello, host, smart_matte.OWN))
        band = [o for o in worker.hello["options"] if o["name"] == "band_px"]
        self._band = entries.entry(band[0]) if band else None
        self._entries = {o["name"]: entries.entry(o) for o in (*further, *self._edges)}
        self._options = [*further, *self._edges]
        self._networks = Gtk.ComboBoxText()
        self._lay_out(further)
        self._show_settings()
        self._follow()

    def run(self, put):
        """Show the dialog until the matte is made or the user does not want it.

        `put` takes the worker's frame and the results, and puts them into the image.  Returns what
        it returns, or None where the user cancels.  A refusal is shown, and the dialog stays.
        """
        try:
            self._reopen()
            while self._dialog.run():
                try:
                    return self._make(put)
                except bridge.Refusal as refusal:
                    if refusal.code == "cancelled":
                        return None
                    self._say(refusal)
            return None
        finally:
            self._preview.live.end()
            self._dialog.destroy()

    def _make(self, put):
        settings = self._settings()
        gimp_layers.check(self._image, self._layer, settings["output"])
        if self._made_of != self._key():
            self._reopen()
        if self._refused is not None:
            raise self._refused
        depth = self._buffers["image"].format.split()[1]
        results = smart_matte.results(settings["output"], depth)
        self._waiting = True
        self._cancelled = False
        self._dialog.set_response_sensitive(Gtk.ResponseType.OK, False)
        try:
            matte, given = self._preview.live.finish(results, self._edge_options(), self._wait)
        finally:
            self._waiting = False
            self._dialog.set_response_sensitive(Gtk.ResponseType.OK, True)
        return put(settings, self._buffers, matte, {name: p.data for name, p in given.items()})

    def _wait(self):
        while Gtk.events_pending():
            Gtk.main_iteration()
        if self._cancelled:
            raise bridge.Refusal("cancelled", "The matte was cancelled.")

    def _lay_out(self, further):
        box = self._dialog.fill_box(
            "settings", ["guide", "guide-drawable", "output", "clean-colours"]
        )
        side = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin_start=12)
        row = Gtk.Box(spacing=12)
        label = Gtk.Label.new_with_mnemonic("_Network")
        label.set_mnemonic_widget(self._networks)
        row.pack_start(label, False, False, 0)
        row.pack_start(self._networks, True, True, 0)
        for part in (row, box):
            side.pack_start(part, False, False, 0)
        if self._band:
            side.pack_start(self._band.row, False, False, 0)
        edge = Gtk.Frame(label="Edge")
        inside = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, border_width=6)
        for option in self._edges:
            inside.pack_start(self._entries[option["name"]].row, False, False, 0)
        edge.add(inside)
        side.pack_start(edge, False, False, 0)
        for option in further:
            side.pack_start(self._entries[option["name"]].row, False, False, 0)
        scrolled = Gtk.ScrolledWindow(propagate_natural_width=True)
        scrolled.set_policy(Gtk.PolicyType.NEVER, Gtk.PolicyType.AUTOMATIC)
        scrolled.add(side)
        whole = Gtk.Box(border_width=6)
        whole.pack_start(self._preview, True, True, 0)
        whole.pack_start(scrolled, False, False, 0)
        self._dialog.get_content_area().pack_start(whole, True, True, 0)
        self._dialog.set_default_size(820, 640)
        whole.show_all()  # what does not matter for the guide is hidden after this

    def _follow(self):
        """Follow the settings: the config's where GIMP changes them, the entries' where we do."""
        self._config.connect("notify", lambda *_: self._show_settings())
        self._networks.connect("changed", lambda _: self._chosen())
        for entry in (self._band, *self._entries.values()):
            if entry:
                entry.connect(self._chosen)
        self._dialog.connect("response", self._responded)

    def _responded(self, _, response):
        if self._waiting and response != Gtk.ResponseType.OK:
            self._cancelled = True

    def _show_settings(self):
        """Show what the config has, after Reset, a loaded preset or a change of the guide."""
        self._showing = True
        guide = self._config.get_property("guide")
        self._networks.remove_all()
        self._networks.append("", "Automatic")
        for network in self._worker.hello["networks"]:
            if network["guide"] in _NETWORKS[guide]:
                self._networks.append(network["id"], network["title"])
        if not self._networks.set_active_id(self._config.get_property("network") or ""):
            self._networks.set_active_id("")
        if self._band:
            self._band.show(self._config.get_property("band-px") or None)
        try:
            kept = smart_matte.further(self._config.get_property("options"))
        except bridge.Refusal:
            kept = {}
        for option in self._options:
            entry = self._entries[option["name"]]
            entry.show(kept.get(option["name"], option["default"]))
            entry.row.set_visible(
                not option["guides"] or bool(_OPTIONS[guide] & {*option["guides"]})
            )
        self._showing = False
        self._changed()

    def _chosen(self):
        """Write what the entries show into the config."""
        if self._showing:
            return
        self._showing = True
        shown = [self._entries[option["name"]].value() for option in self._options]
        values = {
            "network": self._networks.get_active_id() or "",
            "options": smart_matte.as_text(self._options, shown),
        }
        if self._band:
            values["band-px"] = self._band.value() or 0
        for name, value in values.items():
            if (self._config.get_property(name) or type(value)()) != value:
                self._config.set_property(name, value)
        self._showing = False
        self._changed()

    def _changed(self):
        self._preview.options = self._edge_options()
        self._preview.refresh()
        if self._made_of is not None and self._key() != self._made_of:
            if self._reopening:
                GLib.source_remove(self._reopening)
            self._reopening = GLib.timeout_add(REOPEN_MS, self._reopen)

    def _reopen(self):
        self._reopening = 0
        self._made_of = self._key()
        try:
            settings = self._settings()
            self._buffers, options = smart_matte.asked(
                gimp_layers, self._image, self._layer, settings
            )
        except bridge.Refusal as refusal:
            self._refused = refusal
            self._say(refusal)
            return False
        self._refused = None
        names = [option["name"] for option in self._edges]
        bare = {name: value for name, value in options.items() if name not in names}
        self._preview.open(self._buffers, dict(bare, clean_colours=True), self._host)
        return False

    def _say(self, refusal):
        self._preview.say(" ".join(filter(None, (refusal.message, refusal.hint))))

    def _settings(self):
        return {name: self._config.get_property(name) for name in smart_matte.SETTINGS}

    def _edge_options(self):
        options = {o["name"]: self._entries[o["name"]].value() for o in self._edges}
        return dict(options, clean_colours=self._config.get_property("clean-colours"))

    def _key(self):
        """Return what a matte is made of, so that another one is made where it changes."""
        settings = self._settings()
        drawable = settings["guide-drawable"]
        try:
            options = smart_matte.further(settings["options"])
        except bridge.Refusal:
            options = {}
        for name in [option["name"] for option in self._edges] + ["hide_original"]:
            options.pop(name, None)
        return (
            settings["guide"],
            drawable.get_id() if drawable else None,
            settings["network"],
            settings["band-px"],
            json.dumps(options, sort_keys=True),
        )

    def _thumbnail(self, width, height):
        """Return a small copy of the layer as it is, RGBA, of exactly that size."""
        pixbuf = self._layer.get_thumbnail(
            min(width, _SIDE), min(height, _SIDE), Gimp.PixbufTransparency.KEEP_ALPHA
        )
        if not pixbuf.get_has_alpha():
            pixbuf = pixbuf.add_alpha(False, 0, 0, 0)
        return preview.sized(pixbuf, width, height)


def _split(options):
    """Return the edge controls, which a preview follows at once, and the other options."""
    edges = [option for option in options if option.get("group") == "Edge"]
    return edges, [option for option in options if option not in edges]
