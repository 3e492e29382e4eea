"""The matte as the document's selection, in one step of its history."""

import time

from krita import Krita, Selection

from .bridge import Refusal
from .qt import QtCore, QtWidgets

_PATIENCE_S = 2.0


def select(document, layer, rect, data):
    """Select by one byte per pixel in `rect`, nothing outside.

    A script's `setSelection` cannot be undone, but Krita's own command Select Opaque can.  It takes
    what the current node covers, which is a mask that is on a layer meanwhile.
    """
    selection = Selection()
    selection.setPixelData(QtCore.QByteArray(data), *rect)
    app = Krita.instance()
    command = app.action("selectopaque")
    if app.activeWindow() is None or command is None:  # a script without a window
        document.setSelection(selection)
        return
    show(document)
    mask = document.createSelectionMask("Smart Matte")
    mask.setSelection(selection)
    layer.setChildNodes([mask])  # unlike addChildNode, this makes no undo step
    try:
        document.setActiveNode(mask)
        _wait(lambda: document.activeNode() == mask)
        command.trigger()
        document.waitForDone()
        QtWidgets.QApplication.processEvents()
    finally:
        layer.setChildNodes([])
        document.setActiveNode(layer)
        document.refreshProjection()


def check(layer):
    """Raise Refusal where a selection could not be undone."""
    if layer.childNodes():
        raise Refusal(
            "layer-masks",
            'The layer "%s" has masks, so Krita could not undo the selection.' % layer.name(),
            "Choose another output, or select a layer without masks.",
        )


def show(document):
    """Bring a document's view to the front, since commands are for the view in front."""
    app = Krita.instance()
    for view in app.activeWindow().views():
        if view.document() == document:
            view.setVisible()  # showView knows only the very object that addView returned
    _wait(lambda: app.activeDocument() == document)


def _wait(condition):
    """Let Krita work until what it does a little later is done."""
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise Refusal("krita-busy", "Krita is busy.", "Try again.")
        QtWidgets.QApplication.processEvents()
        time.sleep(0.01)
