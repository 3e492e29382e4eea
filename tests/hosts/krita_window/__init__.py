"""Drives the real Krita in its window: a plug-in of the tests, beside Smart Matte's own.

Reads scenario.json in the folder MATTEPLUG_TEST and writes report.json there; then Krita quits.
"""

import json
import os
import time
import traceback

from krita import Extension, Krita
from krita_window.scenarios import SCENARIOS
from krita_window.stage import FOLDER, Stage
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QLabel

TICK_MS = 10
LIMIT_S = 300.0


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

    def watch(self, boxes):
        """Note what every box says that would stop a person, and close it."""
        box = QApplication.activeModalWidget()
        if box is not None:
            boxes.append([box.windowTitle()] + [label.text() for label in box.findChildren(QLabel)])
            box.close()
        QTimer.singleShot(200, lambda: self.watch(boxes))

    def begin(self):
        window = Krita.instance().activeWindow()
        if window is None or not window.qwindow().isVisible():
            QTimer.singleShot(100, self.begin)
            return
        with open(os.path.join(FOLDER, "scenario.json")) as file:
            plan = json.load(file)
        window.qwindow().showMaximized()
        stage = Stage(plan)
        self.watch(stage.report.setdefault("boxes", []))
        QTimer.singleShot(500, lambda: drive(stage, SCENARIOS[plan["scenario"]](stage)))


Krita.instance().addExtension(Driver(Krita.instance()))
