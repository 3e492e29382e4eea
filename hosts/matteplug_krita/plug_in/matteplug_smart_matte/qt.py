"""Qt as this Krita has it, version 5 or 6: both may be installed, and only Krita's own works."""

import importlib
import sys

import krita  # noqa: F401 - brings its Qt with it

_PYQT = "PyQt6" if "PyQt6.QtCore" in sys.modules else "PyQt5"
QtCore = importlib.import_module(_PYQT + ".QtCore")
QtGui = importlib.import_module(_PYQT + ".QtGui")
QtWidgets = importlib.import_module(_PYQT + ".QtWidgets")
