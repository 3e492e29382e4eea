"""Drives the real Krita in its window: a plug-in of the tests, beside Smart Matte's own.

Reads scenario.json in the folder MATTEPLUG_TEST and writes report.json there; then Krita quits.
The scenarios are generators: each `yield` gives control back to Krita until what it yields is
true, or for so many seconds.
"""

import json
import math
import os
import time
import traceback

from krita import Extension, Krita, Selection
from PyQt5.QtCore import QByteArray, QTimer
from PyQt5.QtWidgets import QApplication, QDockWidget, QLabel, QPushButton

FOLDER = os.environ["MATTEPLUG_TEST"]
TICK_MS = 10
LIMIT_S = 300.0


class Stage:
    """What a person has before them."""

    def __init__(self, plan):
        self.plan = plan
        self.app = Krita.instance()
        self.report = {}
        self.document = self.layer = self.answered = None
        self.service._answered.connect(self.hear)

    def hear(self, answer):
        self.answered = answer[0]

    @property
    def window(self):
        return self.app.activeWindow()

    @property
    def docker(self):
        return self.window.qwindow().findChild(QDockWidget, "matteplug_smart_matte_docker")

    @property
    def service(self):
        import matteplug_smart_matte

        return matteplug_smart_matte._service

    def action(self, name):
        return self.app.action(name)

    def button(self, text):
        buttons = self.docker.findChildren(QPushButton)
        return next(button for button in buttons if button.text() == text)

    def menu_path(self, text):
        """Return the menus that lead to an entry, from the menu bar."""

        def search(actions, path):
            for action in actions:
                here = [*path, action.text().replace("&", "")]
                if here[-1] == text:
                    return here
                if action.menu() and (found := search(action.menu().actions(), here)):
                    return found
            return []

        return search(self.window.qwindow().menuBar().actions(), [])

    def said(self):
        return self.docker.findChild(QLabel, "said").text()

    def shoot(self, name):
        """Take a picture of the screen, once it shows what there is."""
        yield 1.0
        QApplication.primaryScreen().grabWindow(0).save(os.path.join(FOLDER, name))

    def save(self, name, data):
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(bytes(data))

    def pixels(self, node):
        document = self.document
        return bytes(node.pixelData(0, 0, document.width(), document.height()))

    def selected(self):
        selection = self.document.selection()
        if selection is None:
            return None
        return bytes(selection.pixelData(0, 0, self.document.width(), self.document.height()))

    def layers(self):
        root = self.document.rootNode()
        return [[n.name(), [c.name() for c in n.childNodes()]] for n in root.childNodes()]

    def undo_state(self):
        return [self.action("edit_undo").isEnabled(), self.action("edit_undo").text()]

    def select_ellipse(self, left, top, width, height, feather_px):
        rows = bytearray()
        for y in range(height):
            b = (2 * y + 1) / height - 1
            half = int(width / 2 * max(0.0, 1 - b * b) ** 0.5)
            middle = width // 2
            rows += bytes(middle - half) + b"\xff" * (2 * half) + bytes(width - middle - half)
        selection = Selection()
        selection.setPixelData(QByteArray(bytes(rows)), left, top, width, height)
        if feather_px:
            selection.feather(feather_px)
        self.document.setSelection(selection)

    def open(self, picture):
        """Open a picture in the window, and make its layer the current one."""
        self.document = self.app.openDocument(picture)
        view = self.window.addView(self.document)
        self.window.showView(view)
        self.app.setActiveDocument(self.document)
        yield 0.5
        self.layer = self.document.rootNode().childNodes()[0]
        yield from self.make_current(self.layer)

    def matte(self):
        """Return the newest layer that was made."""
        made = [n for n in self.document.rootNode().childNodes() if n.name().endswith("matte")]
        return made[0]

    def make_current(self, layer):
        yield 0.2  # or Krita makes a layer that was just added the current one, a little later
        self.document.setActiveNode(layer)
        yield lambda: self.document.activeNode() == layer

    def run(self):
        """Choose the menu entry, and wait for what comes of it; measure, and watch Krita live.

        "elapsed_s" ends when the layer is in the document and the docker says so, "shown_s" when
        Krita has drawn its window again.
        """
        started, ticks, ended = time.perf_counter(), [], []

        def end(_sentence):
            ended.append(time.perf_counter())

        self.service.ended.connect(end)
        self.action("matteplug_smart_matte").trigger()

        def over():
            ticks.append(time.perf_counter())
            return not self.service.busy

        yield over
        self.service.ended.disconnect(end)
        yield 0.3  # Krita's own news of the layer, the menu's undo among them, are still queued
        self.document.waitForDone()
        longest = max(b - a for a, b in zip([started, *ticks], ticks, strict=False))
        return {
            "elapsed_s": ended[-1] - started,
            "shown_s": ticks[-1] - started,
            "longest_pause_s": longest,
            "said": self.said(),
            "layers": self.layers(),
            "pid": self.pid(),
            "header": self.answered,
        }

    def pid(self):
        worker = self.service.worker._worker
        return worker._process.pid if worker is not None else None


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
    report["nothing selected"] = yield from stage.run()
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
    stage.report["run"] = yield from stage.run()
    stage.layer.setVisible(False)
    stage.document.setSelection(Selection())
    stage.document.refreshProjection()
    yield 5.0  # until the message on the canvas is gone
    yield from stage.shoot("krita-result.png")


SCENARIOS = {"photograph": photograph, "screenshots": screenshots}


def drive(stage, scenario):
    """Go through a scenario, step by step, from Krita's event loop."""
    began = time.monotonic()
    waiting = [None, 0.0]

    def step():
        condition, until = waiting
        try:
            if time.monotonic() - began > LIMIT_S:
                raise TimeoutError("the scenario took too long")
            if time.monotonic() < until or (condition is not None and not condition()):
                QTimer.singleShot(TICK_MS, step)
                return
            wanted = next(scenario)
        except StopIteration:
            finish(stage)
        except BaseException:
            stage.report["error"] = traceback.format_exc()
            finish(stage)
        else:
            timed = isinstance(wanted, float)
            waiting[:] = (None, time.monotonic() + wanted) if timed else (wanted, 0.0)
            QTimer.singleShot(TICK_MS, step)

    step()


def finish(stage):
    path = os.path.join(FOLDER, "report.json")
    with open(path + ".part", "w") as file:
        json.dump(stage.report, file)
    os.replace(path + ".part", path)
    for document in stage.app.documents():
        document.setModified(False)  # or Krita asks whether to save
    stage.app.action("file_quit").trigger()


class Driver(Extension):
    def setup(self):
        pass

    def createActions(self, _window):  # noqa: N802 - Krita's name
        QTimer.singleShot(100, self.begin)

    def begin(self):
        window = Krita.instance().activeWindow()
        if window is None or not window.qwindow().isVisible():
            QTimer.singleShot(100, self.begin)
            return
        with open(os.path.join(FOLDER, "scenario.json")) as file:
            plan = json.load(file)
        Krita.instance().setBatchmode(True)
        window.qwindow().showMaximized()
        stage = Stage(plan)
        QTimer.singleShot(500, lambda: drive(stage, SCENARIOS[plan["scenario"]](stage)))


Krita.instance().addExtension(Driver(Krita.instance()))
