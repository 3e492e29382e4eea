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
from .live_picture import LivePicture
from .preview import Preview
from .qt import QtCore, QtGui, QtWidgets
from .selections import show

HERE = os.path.dirname(os.path.abspath(__file__))
_GROUP = "matteplug"
_MESSAGE_MS = 4000
_LOOK_MS = 250
"""How often the corrections are looked at."""
_COARSE_PX = 1000
"""Longest side of what is shown while the matte is made."""


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
    _opened = QtCore.pyqtSignal(object)
    _glimpsed = QtCore.pyqtSignal(object)
    _seen = QtCore.pyqtSignal(object)
    _finished = QtCore.pyqtSignal(object)
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
        self.view = "transparency"
        self.preview = self._picture = None
        self._looking = QtCore.QTimer(self)
        self._looking.setInterval(_LOOK_MS)
        self._looking.timeout.connect(self._look_at_corrections)
        self._opened.connect(self._show_opened)
        self._glimpsed.connect(self._show_coarse)
        self._seen.connect(self._show_seen)
        self._finished.connect(self._finish_preview)
        self._answered.connect(self._finish)
        self._failed.connect(self._fail)
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
            self._see()

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
        """Make the matte of the current layer, as chosen; while there is a preview, accept that."""
        if self.preview is not None:
            self.accept()
            return
        if not self._begin():
            return
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

    def open_preview(self, *_):
        """Make the matte of the current layer, and show it before it is put anywhere."""
        if self.preview is not None or not self._begin():
            return
        job = self._job
        try:
            self.preview = Preview(job, self.view)
        except Exception as error:
            self._end(_sentence(error))
            return
        self._looking.start()
        self.chosen.emit()
        self.worker.open(
            self._opened.emit,
            lambda error: self._failed.emit(_sentence(error)),
            job.buffers,
            job.options,
            self.progressed.emit,
            lambda _, pixels: self._glimpsed.emit(pixels),
            _COARSE_PX,
        )

    def look(self, view):
        """Show the preview another way."""
        self.view = view
        if self.preview is not None:
            self.preview.view = view
            self._see()

    def paint_with(self, gray):
        """Let the user paint corrections."""
        if self.preview is not None:
            self.preview.paint_with(gray)

    def accept(self, *_):
        """Make the output of what the preview shows, and close it."""
        if self._picture is None or self.busy:
            return
        try:
            job = self._previewed
            job.choose(Choices(**vars(self.choices)))
        except Exception as error:
            self.ended.emit(_sentence(error))
            return
        self._look_at_corrections()
        self._job = job
        self.started.emit()
        self.progressed.emit(1.0, "output")
        self._picture.finish(self._finished.emit, job.results, job.choices.edge_options())

    def close_preview(self, *_):
        """Close the preview, which leaves nothing in the document."""
        if self.busy:
            self.cancel()
            return
        self._leave_preview()
        self.ended.emit("")

    def _begin(self):
        """Read the current layer for a matte, and tell whether one can be made."""
        if self.busy:
            return False
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
            return False
        self.started.emit()
        self.greet()
        return True

    def _show_opened(self, picture):
        job, self._previewed = self._job, self._job
        self._picture = LivePicture(
            picture,
            self.worker.exclusively(),
            self._seen.emit,
            lambda error: self._failed.emit(_sentence(error)),
        )
        self._job = None
        self._see()
        matte = picture.matte
        seconds = matte["elapsed_s"]["total"]
        sentence = "Preview by %s in %.1f s." % (matte["network"], seconds)
        self.ended.emit(" ".join([sentence] + job.notes + matte["notes"]))

    def _show_coarse(self, pixels):
        if self.preview is not None:
            self.preview.show_coarse(pixels)

    def _see(self):
        """Ask for what the preview's view shows, with the edge as chosen."""
        if self._picture is not None and not self.busy:
            self._picture.see(self.preview.results(), self.choices.edge_options())

    def _show_seen(self, answer):
        if self.preview is None or self.preview.gone:
            return
        if set(answer) == set(self.preview.results()):  # not of the view before
            self.preview.show(answer)

    def _look_at_corrections(self):
        if self.preview is None:
            return
        if self.preview.gone:
            self.close_preview()
            return
        if self._picture is None or self.busy:
            return
        part = self.preview.changed()
        if part is not None:
            self._picture.paint(part)
            self._see()

    def _finish_preview(self, answer):
        job = self._previewed
        sentence = "Done."
        try:
            if job.document.rootNode() is not None:
                show(job.document)
            job.put({name: pixels.data for name, pixels in answer.items()})
        except Exception as error:
            sentence = _sentence(error)
        self._job = None
        self._leave_preview()
        self._end(sentence)

    def _leave_preview(self):
        self._looking.stop()
        picture, self._picture = self._picture, None
        preview, self.preview = self.preview, None
        if picture is not None:
            picture.close()
        if preview is not None:
            preview.close()
        self.chosen.emit()

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
        self._end(" ".join([sentence] + self._job.notes + header["notes"]))

    def _fail(self, sentence):
        self._job = None
        if self.preview is not None:
            self._leave_preview()
        self._end(sentence)

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
