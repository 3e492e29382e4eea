"""Has a worker follow what a dialog wants, in a thread of its own: only the latest wish counts."""

import threading

import bridge


class Live:
    """An open picture that follows the dialog.

    Nothing here waits for the worker but `finish`.  What comes back is passed to three functions,
    in the thread of the worker: `seen(view, share)` with the alpha while a picture is being opened,
    `shown(look, pixels)` with the answer to a look, and `told(text, busy)` with a sentence.
    """

    def __init__(self, worker, seen, shown, told):
        self._worker = worker
        self._seen, self._shown, self._told = seen, shown, told
        self._changed = threading.Condition()
        self._wanted = None  # what to open: buffers, options, host, longest side of the views
        self._look = None
        self._strokes = []  # to be painted, and "undo"
        self._picture = None
        self._busy = False
        self._error = None
        self._ended = False
        self._thread = threading.Thread(target=self._run)
        self._thread.daemon = True
        self._thread.start()

    def open(self, buffers, options, host, view_px):
        """Open a picture in place of what is open, or being opened."""
        with self._changed:
            self._wanted = (buffers, options, host, view_px)
            self._strokes, self._error = [], None
            self._changed.notify()
        self._worker.cancel()

    def look(self, look):
        """See a part: `look` has the rect, scale, results and options of an edge."""
        with self._changed:
            self._look = look
            self._changed.notify()

    def stroke(self, paint, radius, points):
        """Paint a stroke."""
        with self._changed:
            self._strokes.append((paint, radius, points))
            self._changed.notify()

    def undo(self):
        """Take the last stroke back."""
        with self._changed:
            self._strokes.append("undo")
            self._changed.notify()

    def finish(self, results, options, while_waiting):
        """Return the frame "opened" and the whole results, once all that was wanted is done.

        `while_waiting` is called every now and then.  Raises what went wrong.
        """
        with self._changed:
            self._look = None
            while self._busy or self._wanted or self._strokes:
                self._changed.wait(0.05)
                while_waiting()
            if self._picture is None:
                raise self._error or bridge.Refusal("not-open", "The picture is not open.")
            self._ended = True
            self._changed.notify()
        self._thread.join()
        return self._picture.matte, self._picture.edge(results, options)

    def end(self):
        """Let the picture go, whatever is being done."""
        with self._changed:
            self._ended = True
            self._wanted, self._look, self._strokes = None, None, []
            self._changed.notify()
        self._worker.cancel()
        self._thread.join(2.0)

    def _run(self):
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                while not (self._ended or self._wanted or self._strokes or self._can_look()):
                    self._changed.wait()
                if self._ended:
                    return
                self._busy = True
                wanted, self._wanted = self._wanted, None
                strokes, look = (), None
                if not wanted:
                    strokes, self._strokes = self._strokes[:1], self._strokes[1:]
                    if not strokes:
                        look, self._look = self._look, None
            try:
                if wanted:
                    self._open(*wanted)
                elif strokes:
                    self._paint(strokes[0])
                else:
                    given = self._picture.edge(look.results, look.options, look.rect, look.scale)
                    self._shown(look, given)
            except bridge.BridgeError as error:
                self._fail(error, wanted)

    def _can_look(self):
        return self._look and self._picture

    def _open(self, buffers, options, host, view_px):
        if self._picture is not None:
            self._picture.close()
            self._picture = None
        self._told("", True)

        def progress(share, what):
            self._told("%d %%: %s" % (100 * share, what), True)

        self._picture = self._worker.open(
            buffers, options, host, progress, lambda share, view: self._seen(view, share), view_px
        )
        matte = self._picture.matte
        self._told(" ".join(matte["notes"]), False)

    def _paint(self, stroke):
        if self._picture is None:
            return
        self._told("painting", True)
        if stroke == "undo":
            self._picture.undo()
        else:
            self._picture.stroke(*stroke)
        self._told("", False)

    def _fail(self, error, opening):
        with self._changed:
            if error.code == "cancelled":
                return
            if opening:
                self._error = error
        self._told("\n".join(filter(None, (error.message, error.hint))), False)
