"""An entry of the dialog for each of the worker's options."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk


def entry(option):
    """Return the entry of an option, as the worker's hello describes it."""
    if option["type"] == "str" and option.get("choices"):  # an older worker has none
        return _Choice(option)
    kinds = {"bool": _Check, "int": _Number}
    return kinds.get(option["type"], _Text)(option)


class _Entry:
    """A row with a label and a widget; `row` is what a dialog shows."""

    def __init__(self, option):
        self._option = option
        self.row = Gtk.Box(spacing=12, margin_top=3, tooltip_text=option["help"])

    def _labelled(self, widget):
        unit = self._option["unit"]
        text = self._option["label"] + (" (%s)" % unit if unit else "")
        label = Gtk.Label(label=text, xalign=0)
        self.row.pack_start(label, True, True, 0)
        self.row.pack_start(widget, False, False, 0)


class _Check(_Entry):
    def __init__(self, option):
        super().__init__(option)
        self._widget = Gtk.CheckButton(label=option["label"])
        self.row.pack_start(self._widget, True, True, 0)

    def show(self, value):
        self._widget.set_active(bool(value))

    def value(self):
        return self._widget.get_active()

    def connect(self, changed):
        self._widget.connect("toggled", lambda _: changed())


class _Number(_Entry):
    """A whole number; where none is given, which is 0 here, it is automatic and says so."""

    def __init__(self, option):
        super().__init__(option)
        self._automatic = option["default"] is None
        low = 0 if self._automatic else option["low"]
        self._widget = Gtk.SpinButton.new_with_range(low, option["high"], 1)
        self._widget.set_numeric(False)  # or it could not say automatic
        self._widget.set_width_chars(9)
        if self._automatic:
            self._widget.connect("output", self._say_automatic)
        self._labelled(self._widget)

    def show(self, value):
        self._widget.set_value(value or 0)

    def value(self):
        number = self._widget.get_value_as_int()
        return None if self._automatic and number == 0 else number

    def connect(self, changed):
        self._widget.connect("value-changed", lambda _: changed())

    def _say_automatic(self, widget):
        if widget.get_value_as_int():
            return False
        widget.set_text("automatic")
        return True


class _Choice(_Entry):
    def __init__(self, option):
        super().__init__(option)
        self._widget = Gtk.ComboBoxText()
        for choice in option["choices"]:
            self._widget.append(choice, choice)
        self._labelled(self._widget)

    def show(self, value):
        self._widget.set_active_id(value)

    def value(self):
        return self._widget.get_active_id()

    def connect(self, changed):
        self._widget.connect("changed", lambda _: changed())


class _Text(_Entry):
    def __init__(self, option):
        super().__init__(option)
        self._widget = Gtk.Entry()
        self._labelled(self._widget)

    def show(self, value):
        self._widget.set_text(value or "")

    def value(self):
        return self._widget.get_text() or None

    def connect(self, changed):
        self._widget.connect("changed", lambda _: changed())
