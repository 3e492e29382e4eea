"""What a person does in Krita, case by case; run by Krita's own Python in kritarunner.

Cases come and reports go as `serving` says; see test_krita.py.
"""

import base64
import os
import struct
import time
import traceback

from krita import Krita, Selection
from matteplug_smart_matte import _service, smart_matte
from PyQt5.QtCore import QByteArray
from serving import serve

FOLDER = os.environ["MATTEPLUG_TEST"]
SIZE = (60, 40)
FORMATS = {"U8": ("B", 255), "U16": ("H", 65535), "F16": ("e", 1.0), "F32": ("f", 1.0)}


def text_of(data):
    return base64.b64encode(bytes(data)).decode()


def value(depth, share):
    full = FORMATS[depth][1]
    return share * full if full == 1.0 else int(share * full + 0.5)


def pixel(model, depth, colour, alpha):
    """Return one pixel's bytes; models other than RGB get the colour's first values."""
    red, green, blue = order = colour
    if model == "RGBA" and depth in ("U8", "U16"):
        order = (blue, green, red)
    channels = {"GRAYA": (red,), "CMYKA": (red, green, blue, 0.1)}.get(model, order)
    values = [value(depth, share) for share in (*channels, alpha)]
    return struct.pack("<%d%s" % (len(values), FORMATS[depth][0]), *values)


def make_scene(scene):
    """Make a document as a test describes it, its bytes in Krita's own order."""
    size, (x, y) = scene["size"], scene["at"]
    profile = "sRGB-elle-V2-srgbtrc.icc"
    document = Krita.instance().createDocument(
        *size, "test", "RGBA", scene["depth"], profile, 300.0
    )
    for node in document.rootNode().childNodes():
        node.remove()
    layer = document.createNode("cat", "paintlayer")
    layer.setPixelData(QByteArray(base64.b64decode(scene["pixels"])), x, y, *size)
    document.rootNode().addChildNode(layer, None)
    selection = Selection()
    selection.setPixelData(QByteArray(base64.b64decode(scene["selection"])), 0, 0, *size)
    document.setSelection(selection)
    document.waitForDone()
    return document, layer


def make(case):
    """Make the document of a case: one layer with a gradient, and a selection."""
    app = Krita.instance()
    model, depth = case.get("model", "RGBA"), case.get("depth", "U8")
    profile = case.get("profile", "")
    document = app.createDocument(*SIZE, "test", model, depth, profile, 300.0)
    for node in document.rootNode().childNodes():
        node.remove()
    layer = document.createNode("cat", "paintlayer")
    if "layer space" in case:
        model, depth, profile = case["layer space"]
        layer.setColorSpace(model, depth, profile)
    width, height = case.get("size", SIZE)
    x, y = case.get("at", (0, 0))
    data = bytearray()
    for row in range(height):
        for column in range(width):
            gray = (5 * column + 3 * row) % 256 / 255
            colour = (column * 4 % 256 / 255, row * 6 % 256 / 255, gray)
            data += pixel(model, depth, colour, 1.0 if column < width - 6 else 0.35)
    layer.setPixelData(QByteArray(bytes(data)), x, y, width, height)
    parent = document.rootNode()
    if case.get("group"):
        group = document.createGroupLayer("group")
        parent.addChildNode(group, None)
        parent = group
    parent.addChildNode(layer, None)
    document.waitForDone()
    if "move" in case:
        layer.move(*case["move"])
    if case.get("select", True):
        document.setSelection(ellipse(*case.get("ellipse", (12, 8, 30, 22))))
    document.waitForDone()
    return document, layer


def ellipse(left, top, width, height):
    rows = bytearray()
    for y in range(height):
        for x in range(width):
            a, b = (2 * x + 1) / width - 1, (2 * y + 1) / height - 1
            rows.append(255 if a * a + b * b <= 1 else 0)
    selection = Selection()
    selection.setPixelData(QByteArray(bytes(rows)), left, top, width, height)
    return selection


def prepare(case, document, layer, choices):
    """Do what makes the case special; return the layer that is the current one."""
    special = case.get("special")
    root = document.rootNode()
    if special == "group":
        return layer.parentNode()
    if special == "vector":
        node = document.createVectorLayer("shapes")
        root.addChildNode(node, None)
        return node
    if special == "empty":
        node = document.createNode("nothing", "paintlayer")
        root.addChildNode(node, None)
        return node
    if special == "locked":
        layer.setLocked(True)
    elif special == "locked group":
        layer.parentNode().setLocked(True)
    elif special in ("trimap", "plate", "small plate"):
        guide = document.createNode(special, "paintlayer")
        data = bytearray()
        width = 20 if special == "small plate" else SIZE[0]
        for _ in range(SIZE[1]):
            for x in range(width):
                gray = (0, 0.5, 1.0)[x // 20] if special == "trimap" else 0.25
                # transparent, as if erased: the colour is still there
                erased = special == "trimap" and x < 20
                colour = (1.0, 1.0, 1.0) if erased else (gray, gray, gray)
                data += pixel("RGBA", "U8", colour, 0.0 if erased else 1.0)
        if document.colorDepth() != "U8":
            guide.setColorSpace("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")
        guide.setPixelData(QByteArray(bytes(data)), 0, 0, width, SIZE[1])
        root.addChildNode(guide, None)
        choices["guide"] = special.split()[-1]
        choices["guide_layer"] = guide.uniqueId().toString()
    elif special == "itself":
        choices.update(guide="trimap", guide_layer=layer.uniqueId().toString())
    elif special == "full selection":
        selection = Selection()
        selection.select(-500, -500, 10, 10, 255)
        document.setSelection(selection)
    document.waitForDone()
    return layer


def selection_bytes(document):
    selection = document.selection()
    if selection is None:
        return None
    x, y, width, height = selection.x(), selection.y(), selection.width(), selection.height()
    return [x, y, width, height, text_of(selection.pixelData(x, y, width, height))]


def report_of(layer):
    bounds = layer.bounds()
    rect = (bounds.x(), bounds.y(), bounds.width(), bounds.height())
    return {
        "name": layer.name(),
        "type": layer.type(),
        "space": [layer.colorModel(), layer.colorDepth(), layer.colorProfile()],
        "rect": rect,
        "parent": layer.parentNode().name(),
        "pixels": text_of(layer.pixelData(*rect)),
    }


def run(case):
    if case.get("new worker"):
        _service.worker.close()
    document, layer = make_scene(case["scene"]) if "scene" in case else make(case)
    choices = dict(case.get("choices", {}))
    current = prepare(case, document, layer, choices)
    before, selected = report_of(layer), selection_bytes(document)
    siblings = [node.uniqueId() for node in layer.parentNode().childNodes()]
    results = []
    for _ in range(case.get("runs", 1)):
        started = time.perf_counter()
        try:
            header = smart_matte(document, current, **choices)
            results.append([header["network"], header["notes"]])
        except Exception as error:
            results.append([type(error).__name__, str(error)])
            if type(error).__name__ not in ("Refusal", "BridgeError"):
                results.append(traceback.format_exc())
        elapsed_s = time.perf_counter() - started
    document.waitForDone()
    rect = before["rect"]
    report = {
        "results": results,
        "elapsed_s": elapsed_s,
        "source": before,
        "untouched": report_of(layer) == before,
        "selection kept": selection_bytes(document) == selected,
        "selection": text_of(document.selection().pixelData(*rect)) if selected else None,
        "layers": [
            dict(
                report_of(node),
                inside=text_of(node.pixelData(*rect)),
                masks=[
                    dict(report_of(child), inside=text_of(child.pixelData(*rect)))
                    for child in node.childNodes()
                ],
            )
            for node in layer.parentNode().childNodes()
            if node.uniqueId() not in siblings
        ],
        "order": [node.name() for node in layer.parentNode().childNodes()],
        "masks": [
            dict(report_of(node), inside=text_of(node.pixelData(*rect)))
            for node in layer.childNodes()
        ],
        "shown": text_of(layer.projectionPixelData(*rect)),
    }
    document.setModified(False)
    document.close()
    return report


def __main__(_args):  # noqa: N807 - kritarunner calls it
    serve(FOLDER, run)
