"""The worker of this program run: started when first needed, kept, and called in a thread.

Needs the standard library only.
"""

import threading

from . import bridge

PATIENCE_S = 3.0
"""A cancelled worker that is still busy after this long is ended."""


class BackgroundWorker:
    """A `bridge.Worker` that is started on demand; one matte at a time."""

    def __init__(self, start):
        """`start()` returns a new `bridge.Worker`; it is not called yet."""
        self._start = start
        self._worker = None
        self._starting = threading.Lock()
        self._asking = threading.Lock()
        self._cancelled = threading.Event()
        self._answered = threading.Event()

    def greet(self, on_hello, on_error):
        """Start the worker if there is none; call `on_hello(hello)` or `on_error(error)`."""
        _in_thread(lambda: self._get().hello, on_hello, on_error)

    def ask(self, on_answer, on_error, *arguments):
        """Make a matte; call `on_answer((header, data))` or `on_error(error)`.

        The arguments are those of `matte`; the calls come from another thread.
        """
        self._begin()
        _in_thread(lambda: self._matte(*arguments), on_answer, on_error)

    def open(self, on_opened, on_error, *arguments):
        """Open a picture; call `on_opened(picture)`, a `RemotePicture`, or `on_error(error)`.

        The arguments are those of `bridge.Worker.open` but for the host.
        """
        self._begin()
        _in_thread(lambda: self._open(*arguments), on_opened, on_error)

    def exclusively(self):
        """Return the lock under which an open picture is asked: one thing at a time."""
        return self._asking

    def matte(self, buffers, results, options, progress=None):
        """Return what `bridge.Worker.matte` returns, and raise what it raises."""
        self._begin()
        return self._matte(buffers, results, options, progress)

    def cancel(self):
        """Stop the matte that is being made; the worker stays, if it listens."""
        self._cancelled.set()
        worker = self._worker
        if worker is not None:
            worker.cancel()
        _in_thread(self._insist, None, None)

    def close(self):
        """End the worker, also in the middle of a matte."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _begin(self):
        self._cancelled.clear()
        self._answered.clear()

    def _matte(self, buffers, results, options, progress=None):
        return self._ask(
            lambda worker, report: worker.matte(buffers, results, options, "krita", report),
            progress,
        )

    def _open(self, buffers, options, progress, view, view_px):
        return self._ask(
            lambda worker, report: worker.open(buffers, options, "krita", report, view, view_px),
            progress,
        )

    def _ask(self, work, progress):
        def report(fraction, what):
            if self._cancelled.is_set():  # it came before the worker had the matte
                worker.cancel()
            if progress is not None:
                progress(fraction, what)

        try:
            with self._asking:
                worker = self._get()
                if not self._cancelled.is_set():
                    answer = work(worker, report)
        except bridge.BridgeError:
            if not self._cancelled.is_set():
                raise
        finally:
            self._answered.set()
        if self._cancelled.is_set():  # however it ended, and if it was done by then
            raise bridge.BridgeError("cancelled", "Cancelled.", "Start it again when you like.")
        return answer

    def _get(self):
        with self._starting:
            if self._worker is None or not self._worker.alive:
                self._worker = self._start()
            return self._worker

    def _insist(self):
        if not self._answered.wait(PATIENCE_S):
            self.close()


def _in_thread(work, on_result, on_error):
    def run():
        try:
            result = work()
        except Exception as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            if on_result is not None:
                on_result(result)

    thread = threading.Thread(target=run)
    thread.daemon = True  # Krita does not wait for it
    thread.start()
