#!/usr/bin/env python3
"""Extensions > Images > Smart Matte for Inkscape 1.2 and later: the half that lives in Inkscape.

Inkscape's Python with its own inkex is all that it needs.  It hands the picture's file as it is and
the outline of the path to the worker (`bridge`), and puts the PNG that comes back into the drawing.
"""

import base64
import json
import os
import select
import sys
import threading
import urllib.parse
import urllib.request

import inkex
from inkex.bezier import cspsubdiv

HERE = os.path.dirname(os.path.abspath(__file__))
# Python's path has the folder that a link leads to (hosts install --dev), where the bridge is not
sys.path.insert(0, HERE)
import bridge

AUTOMATIC = "automatic"  # the entry that Inkscape's list begins with; the installer adds the others
HREF = "xlink:href"
EDGE = {
    "--remove-islands-px": 0,
    "--fill-holes-px": 0,
    "--smooth-px": 0,
    "--feather-px": 0,
    "--contrast-percent": 0,
    "--shift-edge-percent": 0,
    "--decontaminate-percent": 100,
}
"""The settings on the page of the edge, and what they are by default."""
FLATNESS = 1 / 4000  # largest distance of a curve from its chords, over the picture's width


class SmartMatte(inkex.EffectExtension):
    """The extension; what goes wrong is shown by Inkscape, and the drawing stays as it was."""

    def add_arguments(self, pars):
        """Take the settings of the .inx file, which a test holds against `MatteOptions`."""
        pars.add_argument("--guide", default="path")
        pars.add_argument("--network", default=AUTOMATIC)
        pars.add_argument("--band-px", type=int, default=0)
        pars.add_argument("--selection-kind", default="automatic")
        pars.add_argument("--result", default="picture")
        for switch in ("--clean-colours", "--refine", "--align", "--hide-original"):
            pars.add_argument(switch, type=inkex.Boolean, default=True)
        pars.add_argument("--limit-mib", type=int, default=0)
        pars.add_argument("--page")  # the one that the dialog shows
        for name, default in EDGE.items():
            pars.add_argument(name, type=int, default=default)

    def effect(self):
        """Make the matte and put it into the drawing."""
        threading.Thread(target=_end_with_inkscape, daemon=True).start()
        client, log = "Inkscape, inkex %s" % inkex.__version__, ""
        try:
            settings = bridge.installed(HERE)
            log = settings["log"]
            with bridge.Worker(settings["python"], client=client) as worker:
                self._matte(worker)
        except inkex.AbortExtension:
            raise
        except Exception as error:
            raise inkex.AbortExtension(bridge.explain(error, log, client)) from None

    def _matte(self, worker):
        picture, buffers = self._asked()
        masked = self.options.result == "mask"
        if masked and picture.get("mask"):
            raise inkex.AbortExtension(
                "The picture already has a mask. Release it (Object > Mask > Release), or choose a "
                "new picture."
            )
        options = {
            "network": None if self.options.network in ("", AUTOMATIC) else self.options.network,
            "band_px": self.options.band_px or None,
            "selection_kind": self.options.selection_kind,
            "clean_colours": self.options.clean_colours,
            "refine": self.options.refine,
            "align": self.options.align,
            "hide_original": self.options.hide_original,
            "limit_mib": self.options.limit_mib or None,
        }
        for flag in EDGE:
            name = flag[2:].replace("-", "_")
            options[name] = getattr(self.options, name)
        results = {"alpha": "Y u8"} if masked else {"cutout": "RGBA u8"}
        _, answer = worker.matte(buffers, results, options, "inkscape")
        if masked:
            self._add_mask(picture, answer["alpha"])
        else:
            _add_above(picture, answer["cutout"])
            if self.options.hide_original:
                picture.style["display"] = "none"

    def _asked(self):
        """Return the picture's element, and the buffers for the worker."""
        chosen = [leaf for one in self.svg.selection.rendering_order() for leaf in _leaves(one)]
        pictures = [one for one in chosen if isinstance(one, inkex.Image)]
        guide = self.options.guide
        if guide != "path":
            if len(pictures) != 2:
                raise inkex.AbortExtension(
                    "Select two pictures, the %s above; %d are selected." % (guide, len(pictures))
                )
            picture, upper = pictures
            return picture, {"image": self._file_of(picture), guide: self._file_of(upper)}
        shapes = [one for one in chosen if not isinstance(one, inkex.Image)]
        if not pictures and shapes:
            pictures = self._under(shapes)[-1:]
        if len(pictures) != 1:
            raise inkex.AbortExtension(
                "Select one picture and a path around its foreground; %s selected."
                % ("%d pictures are" % len(pictures) if pictures else "no picture is")
            )
        buffers = {"image": self._file_of(pictures[0])}
        if shapes:
            buffers["selection"] = _outline(pictures[0], shapes)
        return pictures[0], buffers

    def _under(self, shapes):
        """Return the pictures that the middle of the shapes lies over, from the bottom."""
        middle = sum((one.bounding_box(True) for one in shapes), inkex.BoundingBox()).center
        pictures = []
        for picture in self.svg.xpath("//svg:image[not(ancestor::svg:defs)]"):
            x, y = (-_to_page(picture)).apply_to_point(middle)
            if 0 <= x - picture.left <= picture.width and 0 <= y - picture.top <= picture.height:
                pictures.append(picture)
        return pictures

    def _file_of(self, picture):
        """Return the file that a picture shows, embedded or linked."""
        link = picture.get(HREF) or picture.get("href") or ""
        scheme, _, rest = link.partition(":")
        if scheme == "data":
            kind, _, text = rest.partition(",")
            raw = urllib.parse.unquote_to_bytes(text)
            return _bytes(base64.b64decode(raw) if kind.endswith(";base64") else raw)
        path = urllib.request.url2pathname(urllib.parse.urlsplit(link).path)
        path = os.path.join(self.svg_path() or "", path)
        try:
            if scheme in ("http", "https"):
                raise OSError(0, "it is on the web")
            with open(path, "rb") as file:
                return _bytes(file.read())
        except OSError as error:
            raise inkex.AbortExtension(
                "The linked picture %s cannot be read: %s.\n"
                "Embed it first: Extensions > Images > Embed Images." % (link, error.strerror)
            ) from None

    def _add_mask(self, picture, file):
        mask = inkex.Mask()
        shown = inkex.Image()
        # a mask lies in the coordinates of what it masks, so no transform
        for name in ("x", "y", "width", "height", "preserveAspectRatio"):
            shown.set(name, picture.get(name))
        shown.set(HREF, _data_url(file))
        mask.append(shown)
        self.svg.defs.append(mask)
        picture.set("mask", mask.get_id(as_url=2))


def _end_with_inkscape():
    """End this process, and with it the worker, as soon as its answer is no longer read.

    Inkscape 1.2 leaves an extension running when it ends itself.
    """
    if hasattr(select, "poll"):  # Windows has none
        hung_up = select.poll()
        hung_up.register(sys.stdout.fileno(), 0)
        hung_up.poll()
        os._exit(1)


def _leaves(element):
    """Return an element, or those in a group, from the bottom."""
    if isinstance(element, inkex.Group):
        return [leaf for child in element for leaf in _leaves(child)]
    return [element] if isinstance(element, inkex.ShapeElement) else []


def _outline(picture, shapes):
    """Return the shapes in the picture's coordinates, in the adapter's form."""
    described = []
    for shape in shapes:
        to_picture = (-_to_page(picture)) @ _to_page(shape)
        curves = shape.path.transform(to_picture).to_superpath()
        if not curves:
            raise inkex.AbortExtension(
                "%s is not a path. Convert it first: Path > Object to Path." % shape.get_id()
            )
        cspsubdiv(curves, FLATNESS * (picture.width or 100))
        rings = [[list(knot[1]) for knot in curve] for curve in curves]
        described.append({"rule": shape.specified_style()("fill-rule"), "rings": rings})
    frame = [picture.left, picture.top, picture.width or None, picture.height or None]
    fit = picture.get("preserveAspectRatio") or "xMidYMid meet"
    outline = {"frame": frame, "fit": fit, "shapes": described}
    return _bytes(json.dumps(outline).encode("utf-8"))


def _to_page(element):
    return element.composed_transform()


def _add_above(picture, file):
    """Add a copy of the picture's element that shows another file."""
    new = picture.duplicate()
    new.set("href", None)
    new.set(HREF, _data_url(file))
    new.set("sodipodi:absref", None)
    new.label = "%s matte" % (picture.label or picture.get_id())


def _data_url(file):
    return "data:image/png;base64," + base64.b64encode(file).decode("ascii")


def _bytes(data):
    """Return a file as the wire carries it."""
    return bridge.Pixels("Y u8", len(data), 1, data)


if __name__ == "__main__":
    SmartMatte().run()
