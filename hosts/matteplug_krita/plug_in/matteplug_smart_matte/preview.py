"""The preview: a document of its own where the edge is seen, with a layer to paint on.

Nothing of it is in the picture's document, whose layers and history stay as they are.  Its layers
are, from below, the photograph, the matte as the view shows it, and the corrections; it has 8 bits.
"""

from krita import Krita, ManagedColor

from .bridge import Pixels
from .corrections import Corrections
from .layers import SRGB
from .qt import QtCore, QtGui, QtWidgets

VIEWS = (
    ("transparency", "Over transparency"),
    ("black", "On black"),
    ("white", "On white"),
    ("overlay", "Red overlay"),
    ("mask", "Black and white"),
    ("band", "Unknown band"),
)
PAINTS = (
    ("foreground", "Foreground", "Paint white: this is foreground", 1.0),
    ("background", "Background", "Paint black: this is background", 0.0),
    ("unknown", "Look again", "Paint gray: compute the edge here again", 0.5),
)
_BEHIND = {
    "transparency": (0, 0, 0, 0),
    "black": (0, 0, 0, 255),
    "white": (255, 255, 255, 255),
}
_LINEAR_SRGB = "sRGB-elle-V2-g10.icc"
_RED, _ORANGE = (0, 0, 230), (0, 140, 255)  # blue, green, red
_OVERLAY = bytes((255 - alpha) * 160 // 255 for alpha in range(256))
"""The red's opacity for every alpha."""
_BAND = bytes(150 if 0 < known < 255 else 0 for known in range(256))
_CORRECTIONS_OPACITY = 90


class Preview:
    """The document of one preview, in a view of Krita's current window."""

    def __init__(self, job, view):
        """Show the photograph; `job` is a `layers.LayerJob`, `view` one of VIEWS."""
        app = Krita.instance()
        x, y, width, height = job.rect
        self._at, self._size = (x, y), (width, height)
        profile = _profile(job)
        self._photograph = _bytes(job.layer, profile, job.rect)
        self.document = app.createDocument(
            width, height, "Smart Matte preview", "RGBA", "U8", profile, 72.0
        )
        self._bottom = self.document.rootNode().childNodes()[0]
        self._bottom.setName("Photograph")
        self._matte = self.document.createNode("Matte", "paintlayer")
        self._layer = self.document.createNode("Corrections", "paintlayer")
        self._set(self._bottom, self._photograph)
        self._layer.setOpacity(_CORRECTIONS_OPACITY)
        for node in (self._bottom, self._matte):
            node.setLocked(True)
        # Not by addChildNode: a person who undoes strokes would take the layers back in the end.
        self.document.rootNode().setChildNodes([self._bottom, self._matte, self._layer])
        self._corrections = Corrections(self._size)
        self.view = view
        self.document.refreshProjection()
        if (window := app.activeWindow()) is not None:
            window.showView(window.addView(self.document))
            # Krita makes the layer of a new view the current one a little later.
            QtCore.QTimer.singleShot(200, self._ready_to_paint)

    @property
    def gone(self):
        """Tell whether the user has closed it."""
        return self.document is None or self.document.rootNode() is None

    def results(self):
        """Return what the worker is asked for, for the view."""
        if self.view == "band":
            return {"trimap": "Y u8"}
        if self.view in ("overlay", "mask"):
            return {"alpha": "Y u8"}
        return {"cutout": "BGRA u8"}

    def show(self, answer):
        """Show results of the worker, `Pixels` by name, as the view has them."""
        if "cutout" in answer:
            self._draw(answer["cutout"].data)
        elif "trimap" in answer:
            self._draw(self._tinted(_ORANGE, answer["trimap"].data.translate(_BAND)))
        else:
            self._draw_alpha(answer["alpha"].data)

    def show_coarse(self, pixels):
        """Show a small alpha, which comes before the matte is done."""
        if self.gone or self.view == "band":
            return
        image = QtGui.QImage(
            pixels.data,
            pixels.width,
            pixels.height,
            pixels.width,
            QtGui.QImage.Format.Format_Grayscale8,
        )
        smooth = QtCore.Qt.TransformationMode.SmoothTransformation
        ignored = QtCore.Qt.AspectRatioMode.IgnoreAspectRatio
        large = image.scaled(*self._size, ignored, smooth).convertToFormat(
            QtGui.QImage.Format.Format_Grayscale8
        )
        width, height = self._size
        bits, stride = large.constBits(), large.bytesPerLine()
        bits.setsize(stride * height)
        data = bytes(bits)
        if stride != width:
            data = b"".join(data[row * stride : row * stride + width] for row in range(height))
        self._draw_alpha(data)

    def changed(self):
        """Return the part of the corrections that was painted since the last call, or None."""
        if QtWidgets.QApplication.mouseButtons() != QtCore.Qt.MouseButton.NoButton:
            return None  # in the middle of a stroke
        bounds = self._layer.bounds()
        part = self._corrections.changed(
            (bounds.x(), bounds.y(), bounds.width(), bounds.height()),
            lambda rect: bytes(self._layer.pixelData(*rect)),
        )
        self.document.setModified(False)  # it is not a picture that needs saving
        if part is None:
            return None
        (x, y, width, height), data = part
        return Pixels("BGRA u8", width, height, data, x + self._at[0], y + self._at[1])

    def paint_with(self, gray):
        """Take Krita's brush with a gray, on the layer of the corrections."""
        app = Krita.instance()
        view = app.activeWindow().activeView()
        colour = ManagedColor("RGBA", "U8", "")
        colour.setComponents([gray, gray, gray, 1.0])
        view.setForeGroundColor(colour)
        self.document.setActiveNode(self._layer)
        brush = app.action("KritaShape/KisToolBrush")
        if brush is not None:
            brush.trigger()

    def close(self):
        """Close its view and forget it."""
        document, self.document = self.document, None
        if document is not None and document.rootNode() is not None:
            document.waitForDone()  # Krita crashes where it still draws
            document.setModified(False)
            document.close()

    def _ready_to_paint(self):
        if not self.gone:
            self.document.setActiveNode(self._layer)

    def _draw_alpha(self, alpha):
        if self.view == "overlay":
            self._draw(self._tinted(_RED, alpha.translate(_OVERLAY)))
            return
        if self.view == "mask":
            data = bytearray(b"\xff") * (4 * len(alpha))
            for channel in range(3):
                data[channel::4] = alpha
        else:
            data = bytearray(self._photograph)
            data[3::4] = alpha
        self._draw(bytes(data))

    def _tinted(self, colour, alpha):
        data = bytearray(bytes((*colour, 0)) * len(alpha))
        data[3::4] = alpha
        return bytes(data)

    def _draw(self, data):
        self._bottom.setVisible(self.view in ("overlay", "band"))
        behind = QtGui.QColor(*_BEHIND.get(self.view, _BEHIND["transparency"]))
        if self.document.backgroundColor() != behind:
            self.document.setBackgroundColor(behind)
        self._set(self._matte, data)
        self.document.refreshProjection()

    def _set(self, node, data):
        node.setPixelData(QtCore.QByteArray(data), 0, 0, *self._size)


def _profile(job):
    """Return the profile of the preview, in which the worker's colours are what they are."""
    model, _, profile = job.seen.key
    if model == "RGBA":
        return profile
    return _LINEAR_SRGB if job.options["linear"] else SRGB


def _bytes(layer, profile, rect):
    copy = layer.duplicate()
    copy.setColorSpace("RGBA", "U8", profile)
    return bytes(copy.pixelData(*rect))
