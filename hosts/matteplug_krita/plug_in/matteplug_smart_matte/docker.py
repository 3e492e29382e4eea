"""The docker: the choices, a button, progress and Cancel, and a message on the last matte."""

from krita import DockWidget, Krita

from .choices import BAND_LIMIT_PX, GUIDES, NETWORK_GUIDES, OUTPUTS
from .layers import paint_layers
from .option_rows import OptionRows
from .preview_panel import PreviewPanel
from .qt import QtCore, QtWidgets

ID = "matteplug_smart_matte_docker"
_STEPS = 1000


class LayerBox(QtWidgets.QComboBox):
    """A list of the document's paint layers, made when it is opened."""

    def showPopup(self):  # noqa: N802 - Qt's name
        """List the layers there are now."""
        chosen = self.currentData()
        self.blockSignals(True)
        self.fill(chosen)
        self.blockSignals(False)
        super().showPopup()

    def fill(self, chosen):
        """List the layers, with the one of id `chosen` as the current one if it is there."""
        self.clear()
        self.addItem("Choose…", "")
        document = Krita.instance().activeDocument()
        for layer in paint_layers(document.rootNode()) if document is not None else []:
            self.addItem(layer.name(), layer.uniqueId().toString())
        self.setCurrentIndex(max(0, self.findData(chosen)))


class SmartMatteDocker(DockWidget):
    """The docker of one window."""

    def __init__(self, service):
        """Show the service's choices."""
        super().__init__()
        self._service = service
        self.setWindowTitle("Smart Matte")
        self._network = QtWidgets.QComboBox()
        self._guide = _box(GUIDES)
        self._layer = LayerBox()
        self._band = QtWidgets.QSpinBox()
        self._band.setRange(0, BAND_LIMIT_PX)
        self._band.setSuffix(" px")
        self._band.setSpecialValueText("Automatic")
        self._band.setToolTip("How far the unknown band extends from the selection's edge")
        self._output = _box(OUTPUTS)
        self._clean = QtWidgets.QCheckBox("Clean colours")
        self._clean.setToolTip("Remove the background's colour from soft edges")
        self._button = QtWidgets.QPushButton("Smart Matte")
        self._preview = QtWidgets.QPushButton("Preview")
        self._preview.setToolTip("See the matte, change its edge and correct it before it is made")
        self._panel = PreviewPanel(service)
        self._progress = QtWidgets.QProgressBar()
        self._progress.setRange(0, _STEPS)
        self._cancel = QtWidgets.QPushButton("Cancel")
        self._message = QtWidgets.QLabel()
        self._message.setWordWrap(True)
        self._message.setObjectName("message")
        self._lay_out()
        self._show_choices()
        self._connect()

    def canvasChanged(self, canvas):  # noqa: N802 - Krita's name
        """Have nothing to do: the document is asked when it is needed."""

    def enterEvent(self, event):  # noqa: N802 - Qt's name
        """Ask for the networks when the pointer first comes here; many never need a worker."""
        super().enterEvent(event)
        self._service.greet()

    def _lay_out(self):
        form = self._form = QtWidgets.QFormLayout()
        self._layer_label = QtWidgets.QLabel("Layer")
        form.addRow("Network", self._network)
        form.addRow("Guide", self._guide)
        form.addRow(self._layer_label, self._layer)
        form.addRow("Band width", self._band)
        form.addRow("Output", self._output)
        form.addRow("", self._clean)
        self._rows = OptionRows(form, self._service.choose_option)
        running = QtWidgets.QHBoxLayout()
        running.addWidget(self._progress)
        running.addWidget(self._cancel)
        content = QtWidgets.QWidget(self)
        column = QtWidgets.QVBoxLayout(content)
        column.addWidget(self._panel)
        column.addLayout(form)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self._preview)
        buttons.addWidget(self._button)
        column.addLayout(buttons)
        column.addLayout(running)
        column.addWidget(self._message)
        column.addStretch()
        scrolled = QtWidgets.QScrollArea(self)  # or the docker would be taller than some screens
        scrolled.setWidgetResizable(True)
        scrolled.setMinimumSize(290, 200)
        scrolled.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scrolled.setWidget(content)
        self.setWidget(scrolled)

    def _connect(self):
        service = self._service
        for box, name in (
            (self._network, "network"),
            (self._guide, "guide"),
            (self._layer, "guide_layer"),
            (self._output, "output"),
        ):
            box.currentIndexChanged.connect(_chooser(service, name, box.currentData))
        self._band.valueChanged.connect(_chooser(service, "band_px", self._band.value))
        self._clean.toggled.connect(_chooser(service, "clean_colours", self._clean.isChecked))
        self._button.clicked.connect(service.run)
        self._preview.clicked.connect(service.open_preview)
        self._cancel.clicked.connect(self._stop)
        service.chosen.connect(self._show_choices)
        service.greeted.connect(self._show_choices)
        service.started.connect(self._start)
        service.progressed.connect(self._report)
        service.ended.connect(self._end)

    def _show_choices(self, *_):
        choices = self._service.choices
        controls = (self._network, self._guide, self._layer, self._band, self._output, self._clean)
        for control in controls:
            control.blockSignals(True)
        self._fill_networks(choices)
        self._guide.setCurrentIndex(self._guide.findData(choices.guide))
        self._layer.fill(choices.guide_layer)
        self._band.setValue(choices.band_px)
        self._output.setCurrentIndex(self._output.findData(choices.output))
        self._clean.setChecked(choices.clean_colours)
        for control in controls:
            control.blockSignals(False)
        previewed = self._service.preview is not None
        other = choices.guide in ("trimap", "plate") and not previewed
        self._layer.setVisible(other)
        self._layer_label.setVisible(other)
        for control in (self._network, self._guide, self._band):
            control.setVisible(not previewed)  # they are those that it was opened with
            self._form.labelForField(control).setVisible(not previewed)
        self._band.setEnabled(choices.guide == "selection")
        self._clean.setEnabled(choices.coloured)
        self._rows.show(self._service.options, choices, previewed)
        self._show_busy()

    def _fill_networks(self, choices):
        self._network.clear()
        self._network.addItem("Automatic", "")
        for network in self._service.networks:
            if network["guide"] == NETWORK_GUIDES[choices.guide]:
                self._network.addItem(network["title"], network["id"])
        self._network.setCurrentIndex(max(0, self._network.findData(choices.network)))

    def _show_busy(self):
        busy = self._service.busy
        previewed = self._service.preview is not None
        self._button.setVisible(not busy and not previewed)
        self._preview.setVisible(not busy and not previewed)
        self._panel.setVisible(previewed)
        self._panel.set_ready(not busy)
        self._progress.setVisible(busy)
        self._cancel.setVisible(busy)

    def _stop(self):
        self._cancel.setEnabled(False)
        self._progress.setFormat("cancelling")
        self._service.cancel()

    def _start(self):
        self._cancel.setEnabled(True)
        self._message.setText("")
        self._report(0.0, "starting")
        self._show_busy()

    def _report(self, fraction, what):
        self._progress.setValue(int(fraction * _STEPS))
        self._progress.setFormat("%%p%% %s" % what)

    def _end(self, sentence):
        self._show_busy()
        self._message.setText(sentence)


def _box(entries):
    box = QtWidgets.QComboBox()
    for nick, label, explanation in entries:
        box.addItem(label, nick)
        box.setItemData(box.count() - 1, explanation, QtCore.Qt.ItemDataRole.ToolTipRole)
    return box


def _chooser(service, name, value):
    def choose(*_):
        service.choose(name, value())

    return choose
