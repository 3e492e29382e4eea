"""Pixels out of Krita's layers and selection, and the matte back into the document.

Bytes leave Krita as they are, in the layer's own depth and profile.  Krita's RGB is BGRA in 8 and
16 bits and RGBA in floating point; gray gets its value thrice.  Other models (CMYK, Lab, …) are
converted on a duplicate for the estimate, and never back: that would change every pixel.
"""

import array

from . import masks, selections
from .bridge import Pixels, Refusal
from .qt import QtCore

SRGB = "sRGB-elle-V2-srgbtrc.icc"
_DEPTHS = {
    "U8": ("u8", "B", 0x80),
    "U16": ("u16", "H", 0x8000),
    "F16": ("f16", "H", 0x3800),
    "F32": ("f32", "I", 0x3F000000),
}
"""For a depth: its name on the wire, the `array` type of its size, the bits of one half."""
NOTHING_SELECTED = "Nothing is selected, so people and subjects were looked for."
_KINDS = {
    "grouplayer": "a group",
    "vectorlayer": "a vector layer",
    "filterlayer": "a filter layer",
    "filllayer": "a fill layer",
    "filelayer": "a file layer",
    "clonelayer": "a clone layer",
    "transparencymask": "a transparency mask",
    "selectionmask": "a selection mask",
}


class ColourSpace:
    """A colour space of Krita, and how its bytes go over the wire."""

    def __init__(self, model, depth, profile):
        """Take what a node says of itself."""
        self.key = (model, depth, profile)
        self.model = model
        wire_depth, self.code, self.half = _DEPTHS[depth]
        self.direct = model in ("RGBA", "GRAYA")
        swapped = model == "RGBA" and depth in ("U8", "U16")
        self.wire = "%s %s" % ("BGRA" if swapped else "RGBA", wire_depth)

    @classmethod
    def of(cls, node):
        """Return the space of a node's pixels."""
        return cls(node.colorModel(), node.colorDepth(), node.colorProfile())

    def for_estimate(self):
        """Return the space in which the worker sees the pixels."""
        return self if self.direct else ColourSpace("RGBA", self.key[1], SRGB)

    def take(self, node, rect):
        """Return a node's pixels, in this space."""
        if ColourSpace.of(node).key != self.key:
            node = node.duplicate()
            node.setColorSpace(*self.key)
        x, y, width, height = rect
        data = bytes(node.pixelData(x, y, width, height))
        if self.model == "GRAYA":
            gray = array.array(self.code, data)
            colours = array.array(self.code, bytes(2 * len(data)))
            for channel in range(3):
                colours[channel::4] = gray[0::2]
            colours[3::4] = gray[1::2]
            data = colours.tobytes()
        return Pixels(self.wire, width, height, data, x, y)

    def from_wire(self, data):
        """Return the bytes of this space for those that the worker answered."""
        if self.model != "GRAYA":
            return data
        colours = array.array(self.code, data)
        gray = array.array(self.code, bytes(len(data) // 2))
        gray[0::2] = colours[0::4]
        gray[1::2] = colours[3::4]
        return gray.tobytes()

    def with_alpha(self, pixels, cutout):
        """Return pixels of this space with the alpha of a cutout from the worker."""
        alpha = array.array(self.code, cutout)[3::4]
        result = array.array(self.code, pixels)
        step = len(result) // len(alpha)
        result[step - 1 :: step] = alpha
        return result.tobytes()

    def is_linear(self, document):
        """Tell whether colours are linear, by what Krita makes of a gray in sRGB."""
        pixel = document.createNode("", "paintlayer")
        pixel.setColorSpace(*self.key)
        gray = array.array(self.code, [self.half] * (2 if self.model == "GRAYA" else 4))
        pixel.setPixelData(QtCore.QByteArray(gray.tobytes()), 0, 0, 1, 1)
        pixel.setColorSpace("RGBA", "U8", SRGB)
        return abs(bytes(pixel.pixelData(0, 0, 1, 1))[0] - 188) < 8


class LayerJob:
    """One matte: the document and layer it is for, and what the worker is asked."""

    def __init__(self, document, layer, choices):
        """Read the layer and its guide; raise Refusal where the matte cannot be made."""
        document.waitForDone()
        _check_layer(layer, choices)
        bounds = layer.bounds()
        if bounds.isEmpty():
            raise Refusal("layer-empty", "The layer is empty.")
        self.document, self.layer = document, layer
        self.notes = []
        self.rect = (bounds.x(), bounds.y(), bounds.width(), bounds.height())
        self.space = ColourSpace.of(layer)
        self.seen = self.space.for_estimate()
        self.choose(choices)
        self._own = bytes(layer.pixelData(*self.rect)) if not self.space.direct else b""
        guide = self._guide(self.seen)
        self.buffers = dict(guide, image=self.seen.take(layer, self.rect))
        self.options = dict(choices.options(), linear=self.seen.is_linear(document))
        if not guide and choices.guide == "selection":
            self.options["network"] = None  # the one chosen is for selections
            self.notes.append(NOTHING_SELECTED)

    def choose(self, choices):
        """Take choices, of which the output may differ from those before; raise Refusal."""
        _check_layer(self.layer, choices)
        if choices.output == "selection":
            selections.check(self.layer)
        self.choices = choices
        self._check_space()

    @property
    def results(self):
        """Return what the output is made of, see `bridge`."""
        return {
            "new-layer": {"cutout": self.seen.wire},
            "mask": {"alpha": "Y u8"},
            "layer-mask": {"foreground": self.seen.wire, "alpha": "Y u8"},
            "selection": {"alpha": "Y u8"},
        }[self.choices.output]

    def put(self, answer):
        """Put the worker's answer into the document, as one step of its history."""
        gone = self.document.rootNode() is None or self.layer.parentNode() is None
        if gone:
            raise Refusal("layer-gone", "The layer is gone, so there is no place for its matte.")
        output = self.choices.output
        if output == "mask":
            masks.add(self.document, self.layer, self.rect, answer["alpha"])
        elif output == "selection":
            selections.select(self.document, self.layer, self.rect, answer["alpha"])
        elif output == "new-layer":
            self._add(self._node(answer["cutout"]))
        else:
            node = self._node(answer["foreground"])
            with masks.made(self.document, node.name(), self.rect, answer["alpha"]) as mask:
                node.setChildNodes([mask])  # which makes no undo step; adding the layer does
                self._add(node)
            self.document.refreshProjection()

    def _node(self, data):
        """Return a layer, which is not in the document yet, with colours that the worker made."""
        if self.space.direct:
            data = self.space.from_wire(data)
        else:
            data = self.space.with_alpha(self._own, data)
        node = self.document.createNode("%s matte" % self.layer.name(), "paintlayer")
        if ColourSpace.of(node).key != self.space.key:
            node.setColorSpace(*self.space.key)
        # Before it is added: pixels that are set later are not part of the undo step.
        node.setPixelData(QtCore.QByteArray(data), *self.rect)
        return node

    def _add(self, node):
        self.layer.parentNode().addChildNode(node, self.layer)

    def _check_space(self):
        choices = self.choices
        if self.space.direct or not choices.coloured or not choices.clean_colours:
            return
        raise Refusal(
            "colour-model",
            "Clean colours are computed in RGB; converting back to %s would change every colour."
            % self.space.model.rstrip("A"),
            "Switch off clean colours, choose a transparency mask, or convert the layer to RGB.",
        )

    def _guide(self, space):
        guide = self.choices.guide
        if guide == "none":
            return {}
        if guide == "selection":
            return self._selection()
        layer = find(self.document.rootNode(), self.choices.guide_layer)
        if layer is None:
            raise Refusal("guide-missing", "Choose the layer that is the %s." % guide)
        if layer == self.layer:
            raise Refusal(
                "guide-is-layer",
                "The %s is the layer itself." % guide,
                "Choose the picture's layer.",
            )
        if guide == "trimap":
            return {"trimap": space.take(layer, self.rect)}
        bounds = layer.bounds()
        if bounds.isEmpty():
            raise Refusal("plate-empty", "The plate is empty.")
        rect = (bounds.x(), bounds.y(), bounds.width(), bounds.height())
        return {"plate": space.take(layer, rect)}

    def _selection(self):
        selection = self.document.selection()
        if selection is None:
            return {}
        x, y, width, height = self.rect
        data = bytes(selection.pixelData(x, y, width, height))
        if data.count(0) == len(data):
            raise Refusal("selection-elsewhere", "The selection does not touch the layer.")
        return {"selection": Pixels("Y u8", width, height, data, x, y)}


def paint_layers(node):
    """Return the paint layers below a node, from the top."""
    layers = []
    for child in reversed(node.childNodes()):
        if child.type() == "paintlayer":
            layers.append(child)
        layers.extend(paint_layers(child))
    return layers


def find(root, identity):
    """Return the paint layer of this id, or None."""
    for layer in paint_layers(root):
        if layer.uniqueId().toString() == identity:
            return layer
    return None


def _check_layer(layer, choices):
    if layer is None:
        raise Refusal("layer-missing", "No layer is selected.")
    kind = layer.type()
    if kind != "paintlayer":
        raise Refusal(
            "layer-kind",
            '"%s" is %s.' % (layer.name(), _KINDS.get(kind, "not a paint layer")),
            "Select a paint layer, or convert it: Layer > Convert > to Paint Layer.",
        )
    if choices.output == "mask" and layer.locked():
        raise Refusal(
            "layer-locked",
            'The layer "%s" is locked.' % layer.name(),
            "Unlock it, or choose a new layer.",
        )
    if layer.parentNode().locked():
        raise Refusal(
            "group-locked",
            'The group "%s" is locked.' % layer.parentNode().name(),
            "Unlock it first.",
        )
