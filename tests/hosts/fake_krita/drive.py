"""Clicks through the docker in a fake Krita; see test_krita_qt.py."""

import json
import sys
import time

from krita import Document, Krita, QtWidgets

application = QtWidgets.QApplication(sys.argv)
program = Krita.instance()
program.settings["matteplug", "guide"] = "nonsense"
program.settings["matteplug", "band_px"] = "7"


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it does not come"
        application.processEvents()
        time.sleep(0.01)


def find(kind, text):
    return next(one for one in docker.findChildren(kind) if one.text() == text)


import matteplug_smart_matte as plugin

service = plugin._service
(factory,) = program.factories
docker = factory.make()
assert docker.windowTitle() == "Smart Matte"
docker.show()
boxes = docker.findChildren(QtWidgets.QComboBox)
(view,) = (box for box in boxes if box.objectName() == "view")
assert not view.isVisibleTo(docker), "there is no preview"
network, guide, layer, output, *_ = (box for box in boxes if box is not view)
message = docker.findChild(QtWidgets.QLabel, "message")
band = docker.findChild(QtWidgets.QSpinBox)
button = find(QtWidgets.QPushButton, "Smart Matte")
cancel = find(QtWidgets.QPushButton, "Cancel")
bar = docker.findChild(QtWidgets.QProgressBar)
assert band.value() == 7
assert guide.currentData() == "selection", "what cannot be is not kept"

button.click()
assert "no picture" in message.text(), message.text()

program.document = document = Document()
assert service.worker._worker is None, "no worker before it is needed"
service.greet()
wait_for(lambda: network.count() > 1)
assert "citm" in [network.itemData(i) for i in range(network.count())]
guide.setCurrentIndex(guide.findData("trimap"))
assert layer.isVisibleTo(docker)
assert layer.findText("cat") > 0
guide.setCurrentIndex(guide.findData("plate"))
assert "citm" not in [network.itemData(i) for i in range(network.count())]
guide.setCurrentIndex(guide.findData("selection"))
assert not layer.isVisibleTo(docker)
refine, align = (find(QtWidgets.QCheckBox, text) for text in ("Refine the edge", "Align the plate"))
numbers = docker.findChildren(QtWidgets.QSpinBox)
(limit,) = (one for one in numbers if one.suffix() == " MiB")
(shift,) = (one for one in numbers if one.minimum() < 0)
assert not shift.isVisibleTo(docker), "the edge controls are folded"
find(QtWidgets.QToolButton, "Edge").click()
assert shift.isVisibleTo(docker)
assert shift.text() == "0 percent"
(kind,) = (one for one in docker.findChildren(QtWidgets.QComboBox) if one.findText("rough") > 0)
assert kind.currentText() == "automatic"
kind.setCurrentText("rough")
assert service.choices.options()["selection_kind"] == "rough"
kind.setCurrentText("automatic")
assert refine.isChecked()
assert not refine.isEnabled(), "a selection becomes a trimap"
guide.setCurrentIndex(guide.findData("plate"))
assert align.isEnabled()
align.setChecked(False)
assert (limit.value(), limit.text()) == (0, "Automatic")
limit.setValue(512)
assert limit.text() == "512 MiB"
assert json.loads(program.settings["matteplug", "further"]) == {"align": False, "limit_mib": 512}
assert service.choices.options()["limit_mib"] == 512
limit.setValue(0)
align.setChecked(True)
assert program.settings["matteplug", "further"] == "{}", "what is as it was is not kept"
guide.setCurrentIndex(guide.findData("selection"))
band.setValue(0)
assert program.settings["matteplug", "band_px"] == "0"

button.click()
assert service.busy
assert cancel.isVisibleTo(docker)
assert not button.isVisibleTo(docker)
wait_for(lambda: not service.busy)
assert message.text().startswith("Matte by citm in "), message.text()
assert [node.name() for node in document.root.children] == ["cat", "cat matte"]
alpha = document.root.children[1].data[3::4]
assert alpha == bytes([128] * 7 + [255]) * 5, list(alpha)
process = service.worker._worker._process

button.click()
cancel.click()
assert not cancel.isEnabled()
wait_for(lambda: not service.busy)
assert message.text() == "Cancelled.", message.text()
assert len(document.root.children) == 2

button.click()
wait_for(lambda: not service.busy)
assert len(document.root.children) == 3, message.text()
assert service.worker._worker._process is process, "the same worker"

document.selected = None
button.click()
wait_for(lambda: not service.busy)
assert "Nothing is selected, so people and subjects were looked for" in message.text()
assert len(document.root.children) == 4
process.kill()
process.wait()
document.selected = type("All", (), {"pixelData": lambda self, *_: b"\xff\0" * 20})()
button.click()
wait_for(lambda: not service.busy)
assert len(document.root.children) == 5, "a worker that died is replaced: " + message.text()
last = service.worker._worker._process
application.aboutToQuit.emit()
assert last.poll() is not None, "it ends with the program"
print("done", bar.format())
