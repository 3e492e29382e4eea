"""The docker's rows for what the worker's hello says that a user can set."""

from .qt import QtCore, QtWidgets

_EDGE = "Edge"
"""The group of the options that a preview is seen with."""
_SLID = 500
"""Ranges up to this have a slider."""


class Number(QtWidgets.QSpinBox):
    """A number with a slider for it."""

    def __init__(self, low, high):
        """Have both at 0."""
        super().__init__()
        self.setRange(low, high)
        self.slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.slider.setRange(low, high)
        self.slider.setMinimumWidth(40)
        self.slider.valueChanged.connect(self.setValue)
        self.valueChanged.connect(self.slider.setValue)

    def setValue(self, value):  # noqa: N802 - Qt's name
        """Set the slider too where signals are blocked."""
        super().setValue(value)
        if self.signalsBlocked():
            self.slider.blockSignals(True)
            self.slider.setValue(value)
            self.slider.blockSignals(False)

    def setEnabled(self, enabled):  # noqa: N802 - Qt's name
        """Enable both."""
        super().setEnabled(enabled)
        self.slider.setEnabled(enabled)


class OptionRows:
    """Rows at the end of a form, made when the worker has told its options."""

    def __init__(self, form, choose):
        """Add nothing yet; `choose(option, shown)` is called when the user changes one."""
        self._form = form
        self._choose = choose
        self._own = form.rowCount()
        self._options = []
        self._groups, self._unfold = {}, {}
        self._rows = []
        self._previewed = False

    def show(self, options, choices, previewed=False):
        """Have a row for each option, showing what is chosen.

        It is gray where the guide ignores it, or where a preview does not follow it; the edge
        controls unfold when a preview opens.
        """
        if options != self._options:
            while self._form.rowCount() > self._own:
                self._form.removeRow(self._form.rowCount() - 1)
            self._options = options
            self._groups, self._unfold = {}, {}
            self._rows = [(option, self._add(option)) for option in options]
        if previewed and not self._previewed and _EDGE in self._unfold:
            self._unfold[_EDGE](True)
        self._previewed = previewed
        for option, control in self._rows:
            value = choices.further.get(option["name"], option["default"])
            control.blockSignals(True)
            if option["type"] == "bool":
                control.setChecked(value)
            elif option["type"] == "int":
                control.setValue(value or 0)
            elif isinstance(control, QtWidgets.QComboBox):
                control.setCurrentText(value)
            elif control.text() != (value or ""):  # so that the cursor stays
                control.setText(value or "")
            control.blockSignals(False)
            heeded = choices.guide in (option["guides"] or [choices.guide])
            live = option.get("group", "") == _EDGE or not previewed
            control.setEnabled(heeded and live)

    def _add(self, option):
        form = self._form_of(option.get("group", ""))  # an older worker has none
        if option["type"] == "bool":
            control = QtWidgets.QCheckBox(option["label"])
            control.toggled.connect(lambda shown: self._choose(option, shown))
            form.addRow("", control)
        else:
            if option["type"] == "int":
                low, high = option["low"], option["high"]
                low = 0 if option["default"] is None else low
                slid = high is not None and low is not None and high - low <= _SLID
                control = Number(low, high) if slid else QtWidgets.QSpinBox()
                control.setRange(low, high)
                control.setSuffix(" %s" % option["unit"] if option["unit"] else "")
                control.setSpecialValueText("Automatic" if option["default"] is None else "")
                control.valueChanged.connect(lambda _: self._choose(option, control.value()))
            elif option.get("choices"):  # an older worker has none
                control = QtWidgets.QComboBox()
                control.addItems(option["choices"])
                control.currentTextChanged.connect(lambda shown: self._choose(option, shown))
            else:
                control = QtWidgets.QLineEdit()
                control.textChanged.connect(lambda shown: self._choose(option, shown))
            form.addRow(option["label"], _row(control))
        control.setToolTip(option["help"])
        return control

    def _form_of(self, group):
        """Return the form for a group's rows, which a button above it unfolds."""
        if not group:
            return self._form
        if group not in self._groups:
            button, content = QtWidgets.QToolButton(), QtWidgets.QWidget()
            button.setText(group)
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

            def unfold(open_):
                arrow = QtCore.Qt.ArrowType
                button.setArrowType(arrow.DownArrow if open_ else arrow.RightArrow)
                content.setVisible(open_)

            button.toggled.connect(unfold)
            self._unfold[group] = button.setChecked
            self._form.addRow(button)
            self._form.addRow(content)
            self._groups[group] = QtWidgets.QFormLayout(content)
            unfold(False)
        return self._groups[group]


def _row(control):
    """Return what a form shows for a control: a number has its slider before it."""
    if not isinstance(control, Number):
        return control
    row = QtWidgets.QHBoxLayout()
    row.addWidget(control.slider, 1)
    row.addWidget(control)
    return row
