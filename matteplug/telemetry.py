"""Switches off what ONNX Runtime would report about its user.

Its Linux library (1.31.1, observed) writes a device id and a queue of events, with the path of the
interpreter, to the user's cache as soon as it is imported, and looks up a host of its maker ten
seconds later.  With `VARIABLE` set before the import it does neither.  Afterwards nothing takes
back what the import has queued: not the variable, not `onnxruntime.disable_telemetry_events`.
"""

from __future__ import annotations

import os
import sys

VARIABLE = "ORT_DISABLE_TELEMETRY"
_SET = ("1", "true", "yes")
"""What it takes for set, in either case."""
_too_late = False


def switch_off() -> None:
    """Set `VARIABLE` for this process and those it starts; called when matteplug is imported."""
    global _too_late  # noqa: PLW0603 - a fact about the process
    _too_late = "onnxruntime" in sys.modules and os.environ.get(VARIABLE, "").lower() not in _SET
    os.environ[VARIABLE] = "1"


def is_off() -> bool:
    """Tell whether ONNX Runtime reports nothing; not if it was imported before matteplug."""
    return not _too_late
