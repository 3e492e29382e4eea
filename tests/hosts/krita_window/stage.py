"""What a person has before them in Krita's window, and what they do with it."""

import os
import subprocess
import time

from krita import Krita, Selection
from PyQt5.QtCore import QByteArray
from PyQt5.QtWidgets import (
    QApplication,
    QComboBox,
    QDockWidget,
    QFormLayout,
    QLabel,
    QListView,
    QMdiArea,
    QPushButton,
    QWidget,
)

FOLDER = os.environ["MATTEPLUG_TEST"]


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
        return self.docker.findChild(QLabel, "message").text()

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

    def history(self):
        """Return the names of the steps in the document in front that can be undone."""
        views = self.window.qwindow().findChildren(QListView)
        view = next(v for v in views if v.metaObject().className() == "KisUndoView")
        model, current = view.model(), view.selectionModel().currentIndex().row()
        return [model.data(model.index(row, 0)) for row in range(1, current + 1)]

    def number(self, label):
        """Return the entry of an edge control."""
        for form in self.docker.findChildren(QFormLayout):
            for row in range(form.rowCount()):
                title = form.itemAt(row, QFormLayout.LabelRole)
                if title is not None and title.widget().text() == label:
                    return form.itemAt(row, QFormLayout.FieldRole).layout().itemAt(1).widget()
        raise LookupError(label)

    def open_preview(self):
        self.button("Preview").click()
        yield lambda: self.service.preview is not None and not self.service.busy
        yield from self.seen()

    def look(self, view):
        box = self.docker.findChild(QComboBox, "view")
        box.setCurrentIndex(box.findData(view))

    def seen(self):
        """Wait until the preview shows all that was asked for."""
        yield 0.3
        yield lambda: not self.service._picture._running
        yield 0.3
        self.service.preview.document.waitForDone()

    def preview_pixels(self, name):
        document = self.service.preview.document
        (node,) = (n for n in document.rootNode().childNodes() if n.name() == name)
        return node.pixelData(0, 0, document.width(), document.height())

    def paint(self, dx, dy):
        """Paint a line from the middle of the canvas with the pointer."""
        front = self.window.qwindow().findChild(QMdiArea).activeSubWindow()
        (canvas,) = (
            one
            for one in front.findChildren(QWidget)
            if one.metaObject().className() == "KisOpenGLCanvas2" and one.isVisible()
        )
        at = canvas.mapToGlobal(canvas.rect().center())
        yield 0.3
        for words in (
            ("mousemove", str(at.x()), str(at.y()), "mousedown", "1"),
            ("mousemove", str(at.x() + dx), str(at.y() + dy)),
            ("mouseup", "1"),
        ):
            subprocess.run(["xdotool", *words], check=True)
            yield 0.4

    def output(self, kind):
        if kind == "selection":
            return self.selected()
        return self.pixels(self.layer.childNodes()[0] if kind == "mask" else self.matte())

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
