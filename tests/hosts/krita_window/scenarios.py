"""What is done in Krita's window, step by step.

Each `yield` gives control back to Krita until what it yields is true, or for so many seconds.
"""

import math
import time

from krita import Selection
from PyQt5.QtCore import QByteArray, Qt


def photograph(stage):
    """Select, run, look, undo; run again; run into errors; cancel; make a mask."""
    report, plan = stage.report, stage.plan
    report["menu"] = stage.menu_path("Smart Matte")
    stage.button("Smart Matte").click()
    yield lambda: stage.said() != ""
    report["without a document"] = stage.said()
    yield from stage.open(plan["picture"])
    document, layer = stage.document, stage.layer
    before = stage.pixels(layer)
    stage.save("before", before)
    report["size"] = [document.width(), document.height()]
    stage.select_ellipse(*plan["ellipse"])
    document.waitForDone()
    selected = stage.selected()
    stage.save("selection", selected)
    report["undo before"] = stage.undo_state()
    report["first"] = yield from stage.run()
    stage.save("matte", stage.pixels(stage.matte()))
    report["current"] = document.activeNode().name()
    report["untouched"] = stage.pixels(layer) == before
    report["selection kept"] = stage.selected() == selected
    stage.action("edit_undo").trigger()
    yield 0.5
    report["undone"] = stage.layers()
    report["undo after"] = stage.undo_state()
    report["selection after undo"] = stage.selected() == selected
    stage.action("edit_redo").trigger()
    yield 0.5
    report["redone"] = stage.layers()
    stage.save("matte again", stage.pixels(stage.matte()))
    yield from stage.make_current(layer)
    report["again"] = yield from stage.run()
    yield from stage.make_current(layer)

    report["before cancel"] = stage.layers()
    stage.button("Smart Matte").click()
    yield 0.3
    started = time.perf_counter()
    stage.button("Cancel").click()
    yield lambda: not stage.service.busy
    report["cancelled"] = {
        "elapsed_s": time.perf_counter() - started,
        "said": stage.said(),
        "layers": stage.layers(),
        "pid": stage.pid(),
    }
    yield from stage.make_current(layer)
    stage.service.choose("output", "mask")
    report["undo before mask"] = stage.undo_state()
    report["mask"] = yield from stage.run()
    (mask,) = layer.childNodes()
    stage.save("mask", stage.pixels(mask))
    report["selection after mask"] = stage.selected() == selected
    report["untouched under the mask"] = stage.pixels(layer) == before
    stage.action("edit_undo").trigger()
    yield 0.5
    report["mask undone"] = stage.layers()
    stage.service.choose("output", "new-layer")

    yield from stage.open(plan["large picture"])
    report["large size"] = [stage.document.width(), stage.document.height()]
    stage.select_ellipse(*plan["large ellipse"])
    report["large"] = []
    ratio = math.inf
    while len(report["large"]) < 6 and ratio > plan["speed limit"]:
        yield from stage.make_current(stage.layer)
        yield 0.5  # Krita draws the thumbnails of the layer before
        run = yield from stage.run()
        if report["large"]:  # the first one is not warm
            ratio = run["elapsed_s"] / run["header"]["elapsed_s"]["total"]
        report["large"].append(run)

    yield from stage.make_current(stage.layer)
    stage.button("Smart Matte").click()
    yield 0.3
    report["runs when it quits"] = stage.service.busy


def screenshots(stage):
    """Take the pictures of the guide: where the entry is, and what comes of it."""
    yield from stage.open(stage.plan["picture"])
    stage.service.greet()
    size = (stage.document.width(), stage.document.height())
    with open(stage.plan["selection"], "rb") as file:
        selection = Selection()
        selection.setPixelData(QByteArray(file.read()), 0, 0, *size)
    stage.document.setSelection(selection)
    yield lambda: stage.service.networks
    stage.docker.show()
    stage.window.qwindow().resizeDocks([stage.docker], [560], Qt.Vertical)
    bar = stage.window.qwindow().menuBar()
    tools = next(a for a in bar.actions() if a.text().replace("&", "") == "Tools")
    scripts = next(a for a in tools.menu().actions() if a.text().replace("&", "") == "Scripts")
    at = bar.mapToGlobal(bar.actionGeometry(tools).bottomLeft())
    tools.menu().popup(at)
    yield 0.5
    tools.menu().setActiveAction(scripts)
    inside = tools.menu().actionGeometry(scripts).topRight()
    scripts.menu().popup(tools.menu().mapToGlobal(inside))
    entry = stage.action("matteplug_smart_matte")
    scripts.menu().setActiveAction(entry)
    yield from stage.shoot("krita-menu.png")
    scripts.menu().close()
    tools.menu().close()
    yield from stage.open_preview()
    stage.look("white")
    yield from stage.seen()
    yield 5.0  # until the message on the canvas is gone
    yield from stage.shoot("krita-preview.png")
    stage.button("Close preview").click()
    yield 0.5
    stage.report["run"] = yield from stage.run()
    stage.layer.setVisible(False)
    stage.document.setSelection(Selection())
    stage.document.refreshProjection()
    yield 5.0  # until the message on the canvas is gone
    yield from stage.shoot("krita-result.png")


def preview(stage):
    """Look at a preview in every view, change the edge, correct it, and make every output."""
    report, plan, service = stage.report, stage.plan, stage.service
    yield from stage.open(plan["picture"])
    service.greet()
    yield lambda: service.networks
    stage.docker.show()
    stage.select_ellipse(*plan["ellipse"])
    yield 0.3
    document, layer = stage.document, stage.layer
    report["size"] = [document.width(), document.height()]
    before = stage.pixels(layer)

    def state():
        return [stage.layers(), stage.history(), document.modified(), stage.selected().hex()]

    report["before"] = state()
    yield from stage.open_preview()
    report["said"] = stage.said()
    report["layers meanwhile"] = stage.layers()
    report["in front"] = [n.name() for n in stage.app.activeDocument().rootNode().childNodes()]
    report["current"] = stage.app.activeDocument().activeNode().name()
    shown = service.preview.document
    for view in ("transparency", "black", "white", "overlay", "mask", "band"):
        stage.look(view)
        yield from stage.seen()
        stage.save("view " + view, stage.preview_pixels("Matte"))
        stage.save("whole " + view, shown.pixelData(0, 0, *report["size"]))
    stage.look("mask")
    yield from stage.seen()

    asked, edge = [], service._picture._picture.edge

    def count(*arguments):
        asked.append(arguments[1])
        time.sleep(0.2)  # as for a large picture; this is another thread
        return edge(*arguments)

    service._picture._picture.edge = count  # until the preview is closed
    shift = stage.number("Shift edge")
    longest, last = 0.0, time.perf_counter()
    for value in range(1, 61):
        shift.setValue(value)
        yield lambda: True
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    yield from stage.seen()
    report["asked"], report["last asked"] = len(asked), asked[-1]
    report["longest pause"] = longest
    stage.save("shifted", stage.preview_pixels("Matte"))
    shift.setValue(0)
    yield from stage.seen()
    stage.save("shifted back", stage.preview_pixels("Matte"))

    stage.button("Foreground").click()
    yield from stage.paint(*plan["stroke"])
    report["strokes"] = stage.history()
    yield from stage.seen()
    stage.save("corrections", stage.preview_pixels("Corrections"))
    stage.save("corrected", stage.preview_pixels("Matte"))
    stage.action("edit_undo").trigger()
    yield 1.0
    yield from stage.seen()
    stage.save("correction undone", stage.preview_pixels("Matte"))
    stage.button("Close preview").click()
    yield lambda: service.preview is None
    yield 0.5
    report["after"] = state()
    report["documents"] = len(stage.app.documents())

    for output in ("new-layer", "mask", "layer-mask", "selection"):
        yield from stage.make_current(layer)
        service.choose("output", output)
        yield from stage.open_preview()
        shift.setValue(60)
        stage.button("OK").click()
        yield lambda: service.preview is None and not service.busy
        yield 0.7
        made = {"said": stage.said(), "layers": stage.layers(), "history": stage.history()}
        made["in front"] = stage.app.activeDocument() == document
        stage.save("output " + output, stage.output(output))
        if output == "layer-mask":
            stage.save("its mask", stage.pixels(stage.matte().childNodes()[0]))
        stage.action("edit_undo").trigger()
        yield 0.7
        made["undone"] = [stage.layers(), stage.selected().hex()]
        shift.setValue(0)
        report[output] = made
    report["untouched"] = stage.pixels(layer) == before

    service.choose("output", "new-layer")
    yield from stage.make_current(layer)
    yield from stage.open_preview()
    service.preview.document.setModified(False)
    service.preview.document.close()  # as by the cross of its tab
    yield lambda: service.preview is None
    yield 0.5
    report["closed by its tab"] = [stage.layers(), stage.said()]

    stage.action("deselect").trigger()
    yield 0.5
    report["nothing selected"] = yield from stage.run()


SCENARIOS = {"photograph": photograph, "preview": preview, "screenshots": screenshots}
