"""The docker's part for the preview: the view, what to paint, OK and Cancel."""

from .preview import PAINTS, VIEWS
from .qt import QtWidgets


class PreviewPanel(QtWidgets.QWidget):
    """Controls that are there while a preview is."""

    def __init__(self, service):
        """Show the service's view."""
        super().__init__()
        self._view = QtWidgets.QComboBox()
        self._view.setObjectName("view")
        for nick, label in VIEWS:
            self._view.addItem(label, nick)
        self._view.setCurrentIndex(self._view.findData(service.view))
        self._view.currentIndexChanged.connect(lambda _: service.look(self._view.currentData()))
        self._ok = QtWidgets.QPushButton("OK")
        self._ok.setToolTip("Make the output, and close the preview")
        self._ok.clicked.connect(service.accept)
        leave = QtWidgets.QPushButton("Close preview")
        leave.clicked.connect(service.close_preview)
        paints = QtWidgets.QHBoxLayout()
        for _, label, explanation, gray in PAINTS:
            button = QtWidgets.QPushButton(label)
            button.setMinimumWidth(20)  # three beside each other fit a narrow docker
            button.setToolTip(explanation)
            button.clicked.connect(lambda _, gray=gray: service.paint_with(gray))
            paints.addWidget(button)
        ends = QtWidgets.QHBoxLayout()
        ends.addWidget(self._ok)
        ends.addWidget(leave)
        form = QtWidgets.QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("View", self._view)
        form.addRow(paints)
        form.addRow(ends)

    def set_ready(self, ready):
        """Let OK be pressed, or not: the matte is still being made."""
        self._ok.setEnabled(ready)
