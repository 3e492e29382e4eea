"""Smart Matte as this program run has it: the choices, the worker, and the matte being made.

Pixels are read and written in Krita's own thread, which is quick; the worker is waited for in
another one, whose news come back as Qt's signals.
"""

import os

from krita import Krita

from . import bridge
from .background_worker import BackgroundWorker
from .choices import NETWORK_GUIDES, OWN, Choices
from .layers import LayerJob
from .qt import QtCore, QtGui, QtWidgets

HERE = os.path.dirname(os.path.abspath(__file__))
_GROUP = "matteplug"
_MESSAGE_MS = 4000


class SmartMatte(QtCore.QObject):
    """What the menu entry and the dockers of all windows share."""

    started = QtCore.pyqtSignal()
    progressed = QtCore.pyqtSignal(float, str)
    ended = QtCore.pyqtSignal(str)
    """A matte was made, or not; a sentence for the user."""
    greeted = QtCore.pyqtSignal()
    """The worker has told its networks."""
    chosen = QtCore.pyqtSignal()

    _answered = QtCore.pyqtSignal(object)
    _failed = QtCore.pyqtSignal(str)
    _told = QtCore.pyqtSignal(object)
    _not_told = QtCore.pyqtSignal(str)

    def __init__(self, parent):
        """Start nothing yet."""
        super().__init__(parent)
        app = Krita.instance()
        self.choices = Choices.load(lambda name, default: app.readSetting(_GROUP, name, default))
        self.networks = []
        self.options = []  # of the worker, beside the choices of our own
        self.worker = BackgroundWorker(_start_worker)
        self._job = None
        self._greeting = False
        self._answered.connect(self._finish)
        self._failed.connect(self._end)
        self._told.connect(self._know)
        self._not_told.connect(self._miss)
        QtWidgets.QApplication.instance().aboutToQuit.connect(self.worker.close)

    @property
    def busy(self):
        """Tell whether a matte is being made."""
        return self._job is not None

    def choose(self, name, value):
        """Change one choice, and keep it."""
        if getattr(self.choices, name) != value:
            setattr(self.choices, name, value)
            self._settle_network()
            self.choices.save(lambda key, text: Krita.instance().writeSetting(_GROUP, key, text))
            self.chosen.emit()

    def choose_option(self, option, shown):
        """Change one of the worker's options to what the docker shows."""
        further = dict(self.choices.further)
        further[option["name"]] = value = bridge.chosen(option, shown)
        if value == option["default"]:
            del further[option["name"]]
        self.choose("further", further)

    def greet(self):
        """Ask the worker for its networks, once."""
        if not self._greeting:
            self._greeting = True
            self.worker.greet(self._told.emit, lambda error: self._not_told.emit(_sentence(error)))

    def run(self, *_):
        """Make the matte of the current layer, as chosen."""
        if self.busy:
            return
        try:
            document = Krita.instance().activeDocument()
            if document is None:
                raise bridge.Refusal(
                    "document-missing",
                    "There is no picture.",
                    "Open one and select the foreground roughly.",
                )
            choices = Choices(**vars(self.choices))  # those in the docker may change meanwhile
            self._job = LayerJob(document, document.activeNode(), choices)
        except Exception as error:
            self._end(_sentence(error))
            return
        self.started.emit()
        self.greet()
        job = self._job
        self.worker.ask(
            self._answered.emit,
            lambda error: self._failed.emit(_sentence(error)),
            job.buffers,
            job.results,
            job.options,
            self.progressed.emit,
        )

    def cancel(self):
        """Stop the matte that is being made."""
        if self.busy:
            self.worker.cancel()

    def _know(self, hello):
        self.networks = hello["networks"]
        self.options = bridge.offered(hello, "krita", OWN)
        self._settle_network()
        self.greeted.emit()

    def _miss(self, sentence):
        self._greeting = False
        self.ended.emit(sentence)

    def _settle_network(self):
        """Forget a network that is not there, or not for the guide."""
        wanted = NETWORK_GUIDES[self.choices.guide]
        suited = [network["id"] for network in self.networks if network["guide"] == wanted]
        if self.networks and self.choices.network not in suited:
            self.choices.network = ""

    def _finish(self, answer):
        header, data = answer
        try:
            self._job.put(data)
        except Exception as error:
            self._end(_sentence(error))
            return
        seconds = header["elapsed_s"]["total"]
        sentence = "Matte by %s in %.1f s." % (header["network"], seconds)
        self._end(" ".join([sentence] + header["notes"]))

    def _end(self, sentence):
        self._job = None
        self.ended.emit(sentence)
        window = Krita.instance().activeWindow()
        view = window.activeView() if window is not None else None
        if view is not None and view.document() is not None:
            view.showFloatingMessage(sentence, QtGui.QIcon(), _MESSAGE_MS, 1)


def _start_worker():
    return bridge.Worker(bridge.installed(HERE)["python"], client=_client())


def _client():
    return "Krita %s" % Krita.instance().version()


def _sentence(error):
    """Return what the user is told of an error being handled; the unforeseen goes into the log."""
    if isinstance(error, bridge.BridgeError) and error.code == "cancelled":
        return "Cancelled."
    try:
        log = bridge.installed(HERE)["log"]
    except bridge.BridgeError:
        log = ""
    return bridge.explain(error, log, _client())
