"""The preview pane: the matte in a view, zoomed and moved, with strokes painted into it."""

import collections

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GdkPixbuf, GLib, Gtk

import live
import views

LOOK_MS = 60
"""How long after the last change a view is asked for."""
VIEW_PX = 800
"""Longest side of the views that come while a picture is being opened."""
_ZOOM = 1.25
_CHECK_PX = 16
_PAINTS = (
    ("foreground", "_Foreground", "What is under the brush belongs to the foreground"),
    ("background", "_Background", "What is under the brush belongs to the background"),
    ("unknown", "Look _again", "The edge is looked for again under the brush"),
)
_COLOURS = {"foreground": 0x30D030FF, "background": 0xE03030FF, "unknown": 0xE0C030FF}
_KEYS = (
    "Wheel or + and \N{MINUS SIGN} zoom, 0 fits, arrows or the right button move, F changes the "
    "view, [ and ] the brush, Space paints in the middle, Ctrl+Z takes a stroke back."
)

Look = collections.namedtuple("Look", "view rect scale results options")


class Preview(Gtk.Box):
    """A pane that shows an open picture; `live` is what it asks."""

    def __init__(self, worker, place, thumbnail):
        """Show a layer that lies at `place`; `thumbnail(w, h)` returns its pixbuf, RGBA."""
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self.live = live.Live(worker, self._seen, self._shown, self._told)
        self.options = {}
        self._place, self._thumbnail = place, thumbnail
        self._zoom, self._centre = None, None  # None: it fits
        self._asked, self._drawn = 0, None
        self._points, self._from = [], None
        self._picture = Gtk.Image()
        self._events = Gtk.EventBox(can_focus=True, tooltip_text=_KEYS)
        self._events.add(self._picture)
        self._events.set_size_request(420, 320)
        self._events.add_events(
            Gdk.EventMask.SCROLL_MASK
            | Gdk.EventMask.BUTTON_PRESS_MASK
            | Gdk.EventMask.BUTTON_RELEASE_MASK
            | Gdk.EventMask.POINTER_MOTION_MASK
        )
        for signal, handler in (
            ("size-allocate", self._sized),
            ("scroll-event", self._scrolled),
            ("button-press-event", self._pressed),
            ("motion-notify-event", self._moved),
            ("button-release-event", self._released),
            ("key-press-event", self._typed),
        ):
            self._events.connect(signal, handler)
        scrolled = Gtk.ScrolledWindow(hexpand=True, vexpand=True)
        scrolled.set_policy(Gtk.PolicyType.EXTERNAL, Gtk.PolicyType.EXTERNAL)
        scrolled.add(self._events)
        self._sentence = Gtk.Label(xalign=0, wrap=True, max_width_chars=60, selectable=True)
        self._spinner = Gtk.Spinner()
        self.pack_start(self._tools(), False, False, 0)
        self.pack_start(scrolled, True, True, 0)
        said = Gtk.Box(spacing=6)
        said.pack_start(self._spinner, False, False, 0)
        said.pack_start(self._sentence, True, True, 0)
        self.pack_start(said, False, False, 0)

    def open(self, buffers, options, host):
        """Make the matte of a layer and its guide, and show it as it comes."""
        self.live.open(buffers, options, host, VIEW_PX)
        self.refresh()

    def say(self, sentence):
        """Show a sentence below the picture."""
        self._sentence.set_text(sentence)

    def refresh(self):
        """Ask for what is to be seen, a moment after the last change."""
        if self._asked:
            GLib.source_remove(self._asked)
        self._asked = GLib.timeout_add(LOOK_MS, self._ask)

    def _tools(self):
        rows = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        row, brushes = Gtk.Box(spacing=6), Gtk.Box(spacing=6)
        self._view = Gtk.ComboBoxText(tooltip_text="What is shown behind the matte (F)")
        for name, label in views.VIEWS:
            self._view.append(name, label.replace("_", ""))
        self._view.set_active_id("transparency")
        self._view.connect("changed", lambda _: self.refresh())
        row.pack_start(self._view, False, False, 0)
        first = None
        self._paints = {}
        for name, label, help_ in _PAINTS:
            button = Gtk.RadioButton.new_with_mnemonic_from_widget(first, label)
            button.set_mode(False)
            button.set_tooltip_text(help_)
            button.connect("clicked", lambda _: self._events.grab_focus())
            first = first or button
            self._paints[name] = button
            brushes.pack_start(button, False, False, 0)
        self._radius = Gtk.SpinButton.new_with_range(1, 500, 1)
        self._radius.set_value(12)
        self._radius.set_tooltip_text("The brush's radius in pixels ([ and ])")
        brushes.pack_start(self._radius, False, False, 0)
        undo = Gtk.Button.new_with_mnemonic("_Undo stroke")
        undo.connect("clicked", lambda _: self._undo())
        row.pack_end(undo, False, False, 0)
        for part in (row, brushes):
            rows.pack_start(part, False, False, 0)
        return rows

    # what is seen

    def _sized(self, *_):
        if self._drawn is None and self._viewport()[0] > 1:  # the layer itself, to begin with
            whole = self._fitted(self._whole())
            self._put(whole, "transparency", whole.get_width(), whole.get_height())
        self.refresh()

    def _ask(self):
        self._asked = 0
        view = self._view.get_active_id()
        results, own = views.results(view)
        rect, scale = self._seen_part()
        options = dict(self.options, **own)
        self.live.look(Look(view, rect, min(1.0, scale), results, options))
        return False

    def _viewport(self):
        allocated = self._events.get_allocation()
        return max(1, allocated.width), max(1, allocated.height)

    def _scale(self):
        width, height = self._viewport()
        fits = min(width / self._place[2], height / self._place[3])
        return min(1.0, fits) if self._zoom is None else self._zoom

    def _seen_part(self):
        """Return the rectangle that is seen, in the picture's coordinates, and its scale."""
        x, y, width, height = self._place
        scale = self._scale()
        if self._centre is None:
            self._centre = (x + width / 2, y + height / 2)
        sides = []
        for start, length, middle, seen in zip(
            (x, y), (width, height), self._centre, self._viewport(), strict=True
        ):
            part = min(length, max(1, int(seen / scale)))
            begin = int(min(max(middle - part / 2, start), start + length - part))
            sides.append((begin, part))
        (left, part_width), (top, part_height) = sides
        self._centre = (left + part_width / 2, top + part_height / 2)
        return (left, top, part_width, part_height), scale

    def _shown(self, look, given):
        """Take an answer of the worker, in its thread."""
        pixels = next(iter(given.values()))
        data = views.rgba(look.view, {name: part.data for name, part in given.items()})
        GLib.idle_add(self._show, look, data, pixels.width, pixels.height)

    def _show(self, look, data, width, height):
        pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(
            GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, True, 8, width, height, 4 * width
        )
        scale = self._scale()
        if scale > 1 and look.rect == self._seen_part()[0]:
            width, height = int(width * scale), int(height * scale)
        self._put(pixbuf, look.view, width, height)

    def _put(self, pixbuf, view, width, height):
        first, second = views.BACKDROPS.get(view, (0, 0))
        how = GdkPixbuf.InterpType.NEAREST
        flat = pixbuf.composite_color_simple(width, height, how, 255, _CHECK_PX, first, second)
        self._drawn = flat
        self._picture.set_from_pixbuf(flat)
        return False

    def _seen(self, view, share):
        """Take a view of a picture that is being opened, in the worker's thread."""
        GLib.idle_add(self._see, view)

    def _see(self, seen):
        whole = self._whole(seen.width, seen.height)
        view = self._view.get_active_id()
        if view == "mask":
            data = views.gray(seen.data)
        else:
            data = views.with_alpha(whole.get_pixels(), seen.data)
            data = views.reddened(data) if view == "overlay" else data
        size = (seen.width, seen.height)
        pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(
            GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, True, 8, *size, 4 * seen.width
        )
        fitted = self._fitted(pixbuf)
        self._put(fitted, view, fitted.get_width(), fitted.get_height())
        return False

    def _whole(self, width=0, height=0):
        """Return the layer itself, small, RGBA."""
        if not width:
            scale = min(1.0, VIEW_PX / max(self._place[2:]))
            width, height = (max(1, round(side * scale)) for side in self._place[2:])
        return self._thumbnail(width, height)

    def _fitted(self, pixbuf):
        width, height = self._viewport()
        scale = min(1.0, width / self._place[2], height / self._place[3])
        return sized(pixbuf, *(max(1, round(side * scale)) for side in self._place[2:]))

    def _told(self, text, busy):
        GLib.idle_add(self._tell, text, busy)

    def _tell(self, text, busy):
        self._spinner.set_property("active", busy)
        self.say(text)
        if not busy:
            self.refresh()
        return False

    # zooming, moving, painting

    def _picture_point(self, x, y):
        """Return a point of the pane in the picture's coordinates."""
        (left, top, width, height), scale = self._seen_part()
        seen_width, seen_height = self._viewport()
        margin_x = max(0, (seen_width - width * scale) / 2)
        margin_y = max(0, (seen_height - height * scale) / 2)
        return left + (x - margin_x) / scale, top + (y - margin_y) / scale

    def _zoomed(self, factor, at=None):
        fixed = self._picture_point(*at) if at else self._centre
        before = self._scale()
        self._zoom = min(16.0, max(before * factor, min(1.0, before)))
        if fixed and self._centre:
            ratio = before / self._zoom
            self._centre = tuple(
                f + (c - f) * ratio for f, c in zip(fixed, self._centre, strict=True)
            )
        self.refresh()

    def _scrolled(self, _, event):
        _, direction = event.get_scroll_direction()
        if direction in (Gdk.ScrollDirection.UP, Gdk.ScrollDirection.DOWN):
            up = direction == Gdk.ScrollDirection.UP
            self._zoomed(_ZOOM if up else 1 / _ZOOM, (event.x, event.y))
        return True

    def _pressed(self, _, event):
        self._events.grab_focus()
        self._from = (event.x, event.y, self._centre)
        if event.button == 1:
            self._points = [self._picture_point(event.x, event.y)]
            self._mark(event.x, event.y)
        return True

    def _moved(self, _, event):
        if event.state & Gdk.ModifierType.BUTTON1_MASK and self._points:
            self._points.append(self._picture_point(event.x, event.y))
            self._mark(event.x, event.y)
        elif event.state & (Gdk.ModifierType.BUTTON2_MASK | Gdk.ModifierType.BUTTON3_MASK):
            x, y, centre = self._from
            scale = self._scale()
            self._centre = (centre[0] - (event.x - x) / scale, centre[1] - (event.y - y) / scale)
            self.refresh()
        return True

    def _released(self, _, event):
        if event.button == 1 and self._points:
            self._stroke(self._points)
            self._points = []
        return True

    def _mark(self, x, y):
        """Show where the brush was, until the worker's answer comes."""
        if self._drawn is None:
            return
        width, height = self._drawn.get_width(), self._drawn.get_height()
        seen_width, seen_height = self._viewport()
        side = max(2, int(self._radius.get_value() * self._scale()))
        left = int(x - max(0, (seen_width - width) / 2) - side / 2)
        top = int(y - max(0, (seen_height - height) / 2) - side / 2)
        left, top = max(0, left), max(0, top)
        across, down = min(side, width - left), min(side, height - top)
        if across > 0 and down > 0:
            self._drawn.new_subpixbuf(left, top, across, down).fill(_COLOURS[self._paint()])
            self._picture.set_from_pixbuf(self._drawn)

    def _paint(self):
        return next(name for name, button in self._paints.items() if button.get_active())

    def _stroke(self, points):
        self.live.stroke(self._paint(), self._radius.get_value(), points)
        self.refresh()

    def _undo(self):
        self.live.undo()
        self.refresh()

    def _typed(self, _, event):
        step = 40 / self._scale()
        moves = {
            Gdk.KEY_Left: (-step, 0),
            Gdk.KEY_Right: (step, 0),
            Gdk.KEY_Up: (0, -step),
            Gdk.KEY_Down: (0, step),
        }
        key = event.keyval
        if key in moves and self._centre:
            self._centre = tuple(c + m for c, m in zip(self._centre, moves[key], strict=True))
        elif key in (Gdk.KEY_plus, Gdk.KEY_equal, Gdk.KEY_KP_Add):
            self._zoomed(_ZOOM)
        elif key in (Gdk.KEY_minus, Gdk.KEY_KP_Subtract):
            self._zoomed(1 / _ZOOM)
        elif key in (Gdk.KEY_0, Gdk.KEY_KP_0):
            self._zoom, self._centre = None, None
        elif key == Gdk.KEY_1:
            self._zoom = 1.0
        elif key in (Gdk.KEY_f, Gdk.KEY_F):
            self._view.set_active((self._view.get_active() + 1) % len(views.VIEWS))
        elif key in (Gdk.KEY_bracketleft, Gdk.KEY_bracketright):
            factor = 1.25 if key == Gdk.KEY_bracketright else 0.8
            self._radius.set_value(max(1, round(self._radius.get_value() * factor)))
        elif key == Gdk.KEY_space and self._centre:
            self._stroke([self._centre])
        elif key == Gdk.KEY_z and event.state & Gdk.ModifierType.CONTROL_MASK:
            self._undo()
        else:
            return False
        self.refresh()
        return True


def sized(pixbuf, width, height):
    """Return a pixbuf of exactly that size."""
    if (pixbuf.get_width(), pixbuf.get_height()) == (width, height):
        return pixbuf
    return pixbuf.scale_simple(width, height, GdkPixbuf.InterpType.BILINEAR)
