"""Tools > Scripts > Smart Matte for Krita: the half that lives in Krita, copied there.

Krita's Python, its standard library and its PyQt are all that it needs.
"""

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from .choices import Choices
from .docker import ID, SmartMatteDocker
from .layers import LayerJob
from .qt import QtWidgets
from .service import SmartMatte

__all__ = ["smart_matte"]


def smart_matte(document, layer, **choices):
    """Make a layer's matte, for scripts: wait for it, and return what the worker says of it.

    `choices` are those of `choices.Choices`.  Raises `bridge.Refusal` and `bridge.BridgeError`.
    """
    job = LayerJob(document, layer, Choices(**choices))
    header, data = _service.worker.matte(job.buffers, job.results, job.options)
    job.put(data)
    return dict(header, notes=job.notes + header["notes"])


class SmartMatteExtension(Extension):
    """The menu entry."""

    def setup(self):
        """Have nothing to set up."""

    def createActions(self, window):  # noqa: N802 - Krita's name
        """Add the entry to a window's menu."""
        action = window.createAction("matteplug_smart_matte", "Smart Matte", "tools/scripts")
        action.triggered.connect(self._run)

    def _run(self, *_):
        """Run as the docker says, and show it: it has the progress, and the errors."""
        window = Krita.instance().activeWindow()  # the one given above is gone by now
        docker = window.qwindow().findChild(QtWidgets.QDockWidget, ID)
        if docker is not None:
            docker.show()
            docker.raise_()
        _service.run()


_service = SmartMatte(Krita.instance())
_right = getattr(DockWidgetFactoryBase, "DockPosition", DockWidgetFactoryBase).DockRight
Krita.instance().addExtension(SmartMatteExtension(Krita.instance()))
Krita.instance().addDockWidgetFactory(
    DockWidgetFactory(ID, _right, lambda: SmartMatteDocker(_service))
)
