"""The docker's rows for what the worker's hello says that a user can set."""

from .qt import QtCore, QtWidgets


class OptionRows:
    """Rows at the end of a form, made when the worker has told its options."""

    def __init__(self, form, choose):
        """Add nothing yet; `choose(option, shown)` is called when the user changes one."""
        self._form = form
        self._choose = choose
        self._own = form.rowCount()
        self._options = []
        self._groups = {}
        self._rows = []

    def show(self, options, choices):
        """Have a row for each option, showing what is chosen; gray where the guide ignores it."""
        if options != self._options:
            while self._form.rowCount() > self._own:
                self._form.removeRow(self._form.rowCount() - 1)
            self._options = options
            self._groups = {}
            self._rows = [(option, self._add(option)) for option in options]
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
            control.setEnabled(choices.guide in (option["guides"] or [choices.guide]))

    def _add(self, option):
        form = self._form_of(option.get("group", ""))  # an older worker has none
        if option["type"] == "bool":
            control = QtWidgets.QCheckBox(option["label"])
            control.toggled.connect(lambda shown: self._choose(option, shown))
            form.addRow("", control)
        else:
            if option["type"] == "int":
                control = QtWidgets.QSpinBox()
                control.setRange(0 if option["default"] is None else option["low"], option["high"])
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
            form.addRow(option["label"], control)
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
            self._form.addRow(button)
            self._form.addRow(content)
            self._groups[group] = QtWidgets.QFormLayout(content)
            unfold(False)
        return self._groups[group]
