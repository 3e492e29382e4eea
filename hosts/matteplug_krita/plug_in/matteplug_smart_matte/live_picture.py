"""An open picture of the worker, asked in the background: Krita never waits for it.

Needs the standard library only.
"""

import collections
import threading


class LivePicture:
    """Takes what is painted in order, and of what is to be seen only the latest."""

    def __init__(self, picture, lock, on_seen, on_error):
        """Ask for nothing yet.

        `picture` is a `bridge.RemotePicture`, `lock` is held while it is asked.  `on_seen(results)`
        and `on_error(error)` are called from another thread, where `on_error` is the end.
        """
        self._picture = picture
        self._lock = lock
        self._on_seen, self._on_error = on_seen, on_error
        self._changing = threading.Lock()
        self._painted = collections.deque()
        self._wanted = None
        self._running = self._closed = False

    def see(self, results, options):
        """Ask for results with these edge controls; what was asked for and not begun is dropped."""
        self._later(lambda: setattr(self, "_wanted", (self._on_seen, results, options)))

    def paint(self, trimap):
        """Have a part of a painted layer taken over, before anything else is seen."""
        self._later(lambda: self._painted.append(trimap))

    def finish(self, on_result, results, options):
        """Ask for the results that stay; nothing is seen after them."""
        self._later(lambda: setattr(self, "_wanted", (on_result, results, options)))

    def close(self):
        """Have the worker forget the picture."""
        self._closed = True
        self._picture.close()

    def _later(self, note):
        with self._changing:
            note()
            if self._running:
                return
            self._running = True
        thread = threading.Thread(target=self._run)
        thread.daemon = True  # Krita does not wait for it
        thread.start()

    def _run(self):
        while True:
            with self._changing:
                painted = self._painted.popleft() if self._painted else None
                wanted = None
                if painted is None:
                    wanted, self._wanted = self._wanted, None
                if self._closed or (painted is None and wanted is None):
                    self._running = False
                    return
            try:
                with self._lock:
                    if painted is not None:
                        self._picture.paint(painted)
                        continue
                    on_seen, results, options = wanted
                    answer = self._picture.edge(results, options)
            except Exception as error:
                if not self._closed:
                    self._on_error(error)
                with self._changing:
                    self._running = False
                return
            if not self._closed:
                on_seen(answer)
