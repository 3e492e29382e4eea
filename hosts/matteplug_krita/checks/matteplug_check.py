"""Makes one matte in Krita's own Python, in kritarunner; see `matteplug_krita.check`."""

import json
import os
import time

from krita import Krita, Selection

FOLDER = os.environ["MATTEPLUG_CHECK"]
SIDE = 64


def disc():
    """Return a white disc on black, one byte a pixel."""
    inside = [(2 * i + 1) / SIDE - 1 for i in range(SIDE)]
    return bytes(255 if x * x + y * y < 0.5 else 0 for y in inside for x in inside)


def make():
    """Make a matte of the disc and return the alpha at its centre and in the corner."""
    from matteplug_smart_matte import smart_matte

    document = Krita.instance().createDocument(SIDE, SIDE, "check", "RGBA", "U8", "", 72.0)
    document.setBatchmode(True)
    layer = document.createNode("disc", "paintlayer")
    mask = disc()
    pixels = bytes(value for gray in mask for value in (gray, gray, gray, 255))
    layer.setPixelData(pixels, 0, 0, SIDE, SIDE)
    document.rootNode().addChildNode(layer, None)
    selection = Selection()
    selection.setPixelData(mask, 0, 0, SIDE, SIDE)
    document.setSelection(selection)
    smart_matte(document, layer)
    (matte_layer,) = (
        node for node in document.rootNode().childNodes() if node.name() == "disc matte"
    )
    alpha = bytes(matte_layer.pixelData(0, 0, SIDE, SIDE))[3::4]
    document.setModified(False)
    document.close()
    return alpha[len(alpha) // 2 + SIDE // 2], alpha[0]


def __main__(_arguments):  # noqa: N807 - kritarunner calls it
    """Write the report."""
    Krita.instance().setBatchmode(True)
    report = {"version": Krita.instance().version()}
    started = time.time()
    try:
        report["centre"], report["corner"] = make()
    except Exception as error:
        report["error"] = "%s: %s" % (type(error).__name__, error)
    report["elapsed_s"] = time.time() - started
    with open(os.path.join(FOLDER, "report.json"), "w") as file:
        json.dump(report, file)
