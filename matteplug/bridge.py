# -*- coding: utf-8 -*-
"""The host's end of the wire: starts matteplug's worker and asks it for mattes.

This one file is copied into each host.  It needs the standard library only, Python 2.7 or 3.6 and
later, and imports nothing else of matteplug.

The protocol, number 2
----------------------
Host and worker exchange frames over the worker's standard input and output:

    4 bytes     magic, "MPLG"
    4 bytes     length of the header, unsigned, big endian; at most 1 MiB
    header      a JSON object in UTF-8; its "type" says what the frame is
    buffers     raw bytes, one after the other; header["buffers"] lists them in order, each an
                object with at least "name" and "bytes" (its length); at most 8 GiB together

A buffer of pixels also has "format", "size" and "at".  "format" is channels and depth: RGB, RGBA,
BGRA or Y; u8, u16, f16 or f32 in the machine's byte order ("BGRA u8").  "size" is [width, height],
"at" is [x, y], where the buffer lies in the host's coordinates ([0, 0] where it is left out).
Full scale is 255, 65535 or, of floats, 1.  Colours are sRGB-encoded and straight; rows are packed,
from the top.

    host                                       worker
    hello  protocol, client                    hello  protocol, version, networks, options,
                                                      provider
                                               or error  code, message, hint
    load   network                             (nothing)
    matte  id, buffers, options, results,      progress  id, share, what       (any number)
           host                                matte  id, buffers, network, provider, elapsed_s,
                                                      confidence, outcome, notes,
                                                      licences
                                               or error  id, code, message, hint
    open   id, buffers, options, host, view    progress, view                  (any number)
                                               opened id, and what describes a matte
                                               or error
    edge   id, picture, rect, scale,           edge   id, buffers
           options, results                    or error
    stroke id, picture, paint, radius, points  changed id, rect
                                               or error
    paint  id, picture, buffers                changed id, rect
                                               or error
    undo   id, picture                         changed id, rect
                                               or error
    close  picture                             (nothing)
    cancel id                                  (a matte, open, stroke or paint is answered with
                                               the error "cancelled")
    bye                                        (the worker ends)

hello comes first.  Its answer lists the networks with "id", "title" and "guide", so that a host
names none itself.  "options" lists, for its dialog, what a user can set beside the network, each
with "name", "type" (bool, int, str), "default" (null is automatic), "label", "help", "unit",
"low" and "high" (of an int, null for no limit), "choices" (of a text or an int that has a few),
"group" (of those that a dialog shows together, "" for none), "guides" ("selection", "trimap",
"plate", "none": those for which it matters; none for all) and "hosts" (ids of those that show it;
none for all).
"provider" is what is known about where they will run: "id", "verdict" (proven,
not probed, missing) and "reason".  What an interpreter prints as it starts comes before that answer
and is not a frame: the host skips it, up to 64 KiB.  From then on there are only frames.
load has a network loaded that a matte is likely to ask for, while the user looks at a dialog; null
stands for the one that a selection will take.
matte takes the buffers "image" and, each optional, "selection", "trimap", "plate", "segmentation".
Masks are Y; a trimap may have colours and alpha too, and is their gray over black.
Masks are cropped to the image's rectangle and are zero outside their own; a plate has to cover it.
Floats of masks beyond 0 and 1 are clipped.
"options" gives values by name: "network", and what hello lists; null stands for the default.
"results" names what is wanted and in which format: "alpha" (Y),
"foreground" (RGB; or RGBA, BGRA with the image's own alpha) and "cutout" (RGBA, BGRA: the
foreground with the matte's alpha times the image's own).  Their colours are straight.
"outcome" is "done", "doubtful" (the confidence is low; a note says so) or "empty".
"host" is the id of a host adapter, for hosts whose bytes need one.
open makes a matte as matte does and keeps it, for a dialog with a preview; "picture" is the id of
the frame that opened it.  "view" is the longest side of the views that the host wants meanwhile (0:
none): each is a frame "view" with "id", "share" (of the work that is done) and the buffer "alpha"
(Y u8), which is of the whole picture scaled down: coarse first, sharper with each part.
edge gives the "results" of "rect" ([x, y, width, height] in the host's coordinates; null for the
image's), scaled down by "scale" (1 or less), with the edge controls in "options"; sides are
rounded.  Options that are not edge controls are those that the picture was opened with.  Beside
the results of a matte there is "trimap" (Y u8): black, gray and white, with the strokes.
stroke paints "foreground", "background" or "unknown" ("paint": what is known under the brush, or is
to be looked at again) with a brush of "radius" pixels along "points" ([x, y], …).
paint is for hosts with brushes of their own: the buffer "trimap" (RGBA, BGRA) is the part that
changed of a layer that is painted over the picture.  Black is background, white foreground, gray to
be looked at again; what was painted and is transparent now is taken back.
undo takes the last stroke or paint back.  "rect" in the answer is what changed, [0, 0, 0, 0] for
nothing.
A picture stays open until it is closed or the worker ends.
An id is any JSON value; one that comes twice stands for both mattes.
A worker whose standard input closes ends at once, in mid-run too.
"""

from __future__ import absolute_import, division, unicode_literals

import collections
import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import traceback

try:
    import queue
except ImportError:  # Python 2
    import Queue as queue  # type: ignore[import-not-found, no-redef]

TYPE_CHECKING = False  # typing's own is not there in Python 2
if TYPE_CHECKING:
    from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

    Header = Dict[str, Any]
    Frame = Tuple[Header, Dict[str, bytes]]
    Buffers = Sequence[Tuple[Mapping[str, Any], bytes]]
    Options = Optional[Mapping[str, Any]]
    Progress = Optional[Callable[[float, str], None]]
    View = Optional[Callable[[float, "Pixels"], None]]

PROTOCOL = 2
MAGIC = b"MPLG"
HEADER_LIMIT = 1 << 20
BUFFERS_LIMIT = 8 << 30

_PREFIX = struct.Struct(str(">4sI"))
_SCRUBBED = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "GI_TYPELIB_PATH",
)
"""Variables by which a program with its own Python or libraries would break another's."""
_FLATPAK = "/.flatpak-info"
"""A file that exists only inside a Flatpak."""
_CHUNK = 1 << 20
_CREATE_NO_WINDOW = 0x08000000
_TAIL_BYTES = 4000
_BEAT_S = 1.0
_FRAMES_AHEAD = 16  # that are read before somebody asks for them
_CHANNEL_BYTES = {"u8": 1, "u16": 2, "f16": 2, "f32": 4}
_STRAY_LIMIT = 1 << 16
_TEXT = type("")
_NUMBER = (int, type(1 << 64), float)  # of Python 2, long is a type of its own
_ANSWERS = {
    "hello": {"protocol": _NUMBER},
    "progress": {"share": _NUMBER, "what": _TEXT},
    "view": {"share": _NUMBER},
    "matte": {},
    "opened": {},
    "edge": {},
    "changed": {"rect": list},
    "error": {"code": _TEXT, "message": _TEXT, "hint": _TEXT},
}  # type: Dict[str, Dict[str, Any]]
"""What a worker's frames must have."""
_LISTED = {
    "networks": {"id": _TEXT, "title": _TEXT, "guide": _TEXT},
    "options": {"name": _TEXT, "type": _TEXT, "label": _TEXT, "help": _TEXT, "hosts": list},
}  # type: Dict[str, Dict[str, Any]]
"""What the items of the lists in a worker's hello must have."""


class Pixels(collections.namedtuple("Pixels", "format width height data x y")):
    """Raw pixels of a host: see "format", "size" and "at" above."""

    def __new__(cls, format, width, height, data, x=0, y=0):
        # type: (str, int, int, bytes, int, int) -> Pixels
        """`data` is bytes, or anything of their length that a file writes."""
        return super(Pixels, cls).__new__(cls, format, width, height, data, x, y)


class BridgeError(Exception):
    """An error for the user: `code`, one sentence `message`, and `hint` on what to do."""

    def __init__(self, code, message, hint=""):
        # type: (str, str, str) -> None
        Exception.__init__(self, code, message, hint)
        self.code = _text(code)
        self.message = _text(message)
        self.hint = _text(hint)

    def __str__(self):
        # type: () -> str
        text = ("%s %s" % (self.message, self.hint)).rstrip()
        if sys.version_info[0] == 2:
            return text.encode("utf-8")
        return text


class Refusal(BridgeError):
    """A request that cannot be met, for the reason given; nothing is broken."""


def installed(folder):
    # type: (str) -> Dict[str, str]
    """Return what the installer wrote beside the host's files: "host", "python" and "log".

    Raises BridgeError: it is missing or damaged.
    """
    path = os.path.join(_native(folder), str("settings.json"))
    try:
        with io.open(path, encoding="utf-8") as file:
            settings = json.load(file)
        return {name: settings[name] for name in ("host", "python", "log")}
    except (IOError, OSError, ValueError, KeyError, TypeError):
        raise BridgeError(
            "settings",
            "Smart Matte does not know where matteplug is: %s is missing or damaged." % _text(path),
            "Run: matteplug hosts install",
        )


def explain(error, log, client=""):
    # type: (BaseException, str, str) -> str
    """Add an error to the file `log`, and return what the user reads.

    The text names the file, except for a refusal, whose sentence is enough.  Call it where the
    error is handled; anything but a BridgeError is logged with its traceback.  `log` is empty if
    the settings that name it are missing.
    """
    if isinstance(error, BridgeError):
        text = "\n".join(filter(None, (error.message, error.hint.strip())))
        detail = "%s: %s" % (error.code, text)
    else:
        text = "Smart Matte failed: %s." % error.__class__.__name__
        detail = traceback.format_exc()
        if isinstance(detail, bytes):  # Python 2
            detail = detail.decode("utf-8", "replace")
    if not log:
        return text
    path = _native(log)
    try:
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with io.open(path, "a", encoding="utf-8") as file:
            file.write("%s %s\n%s\n\n" % (time.strftime("%Y-%m-%d %H:%M:%S"), client, detail))
    except (IOError, OSError):
        return "%s\n(The log %s cannot be written.)" % (text, log)
    return text if isinstance(error, Refusal) else "%s\nThe log is %s." % (text, log)


def offered(hello, host, own=()):
    # type: (Mapping[str, Any], str, Sequence[str]) -> List[Header]
    """Return the options in a worker's hello that `host` shows, but for the names in `own`."""
    options = hello.get("options", ())  # an older worker lists none
    return [o for o in options if host in (o["hosts"] or [host]) and o["name"] not in own]


def chosen(option, shown):
    # type: (Mapping[str, Any], Any) -> Any
    """Return an option's value for what a dialog shows, where 0 and "" are automatic."""
    if option["default"] is None and not shown:
        return None
    if option["type"] == "str":
        return shown
    return bool(shown) if option["type"] == "bool" else int(shown)


def write_frame(stream, header, buffers=()):
    # type: (IO[bytes], Mapping[str, Any], Buffers) -> None
    """Write one frame; `buffers` are (entry, bytes), where entry becomes part of the header.

    Raises BridgeError: the header is too large.
    """
    _write_all(stream, _head(header, buffers), buffers)


def _head(header, buffers):
    # type: (Mapping[str, Any], Buffers) -> bytes
    """Return what comes before the buffers' bytes."""
    entries = [dict(entry, bytes=len(data)) for entry, data in buffers]
    whole = json.dumps(dict(header, buffers=entries), ensure_ascii=sys.version_info[0] == 2)
    text = whole.encode("utf-8", "replace")  # names of files may hold half a surrogate pair
    if len(text) > HEADER_LIMIT:
        raise BridgeError("wire-size", "A frame's header would have %d bytes." % len(text))
    return _PREFIX.pack(MAGIC, len(text)) + text


def _write_all(stream, head, buffers):
    # type: (IO[bytes], bytes, Buffers) -> None
    stream.write(head)
    for _, data in buffers:
        stream.write(data)
    stream.flush()


def read_frame(stream, stray=None):
    # type: (IO[bytes], Optional[bytearray]) -> Optional[Frame]
    """Return (header, {name: bytes}) of the next frame, or None at the end of the stream.

    Bytes before the frame are added to `stray`, if that is given.
    Raises BridgeError: what comes is not a frame ("wire-magic"), is too large ("wire-size"), is
    cut off ("wire-truncated") or malformed ("wire-header").
    """
    prefix = _read(stream, _PREFIX.size)
    while stray is not None and not MAGIC.startswith(prefix[:4]) and len(stray) < _STRAY_LIMIT:
        stray += prefix[:1]
        prefix = prefix[1:] + _read(stream, 1)
    if not prefix:
        return None
    # Two or three bytes unlike the magic are foreign text too, not a frame that was cut off.
    if not MAGIC.startswith(prefix[:4]):
        raise BridgeError("wire-magic", "What came over the wire is not a frame: %r." % prefix)
    if len(prefix) < _PREFIX.size:
        raise _truncated(len(prefix), _PREFIX.size)
    length = _PREFIX.unpack(prefix)[1]
    if length > HEADER_LIMIT:
        raise BridgeError("wire-size", "A frame's header claims to have %d bytes." % length)
    header = _header(_read_all(stream, length))
    total = sum(entry["bytes"] for entry in header["buffers"])
    if total > BUFFERS_LIMIT:
        raise BridgeError("wire-size", "A frame claims to carry %d bytes." % total)
    buffers = {}
    for entry in header["buffers"]:
        buffers[entry["name"]] = _read_all(stream, entry["bytes"])
    return header, buffers


def _header(text):
    # type: (bytes) -> Header
    try:
        header = json.loads(text.decode("utf-8"))  # type: Header
        json.dumps(header, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is not text
    except (ValueError, RuntimeError, MemoryError) as error:  # too deep: a RuntimeError
        raise _unclear("%s" % error)
    require(header, {"type": _TEXT})
    names = set()
    if not isinstance(header.setdefault("buffers", []), list):
        raise _unclear("its buffers are not a list")
    for entry in header["buffers"]:
        require(entry, {"name": _TEXT, "bytes": _NUMBER})
        if isinstance(entry["bytes"], float) or entry["bytes"] < 0:
            raise _unclear("a buffer has %r bytes" % entry["bytes"])
        if entry["name"] in names:
            raise _unclear("two buffers have one name")
        names.add(entry["name"])
    return header


def require(thing, fields):
    # type: (Any, Mapping[str, Any]) -> None
    """Check that an object of a header has these fields, of these types.

    Raises BridgeError ("wire-header").
    """
    if not isinstance(thing, dict):
        raise _unclear("there is a %s instead of an object" % type(thing).__name__)
    for name in sorted(fields):
        if name not in thing:
            raise _unclear('there is no "%s"' % name)
        if not isinstance(thing[name], fields[name]) or isinstance(thing[name], bool):
            raise _unclear('"%s" is a %s' % (name, type(thing[name]).__name__))


def _unclear(reason):
    # type: (str) -> BridgeError
    return BridgeError("wire-header", "A frame's header cannot be understood: %s." % reason)


def _check_answer(header):
    # type: (Header) -> None
    """Check a worker's frame, so that a host can read it without looking.

    Raises BridgeError ("wire-header").
    """
    kind = header["type"]
    require(header, _ANSWERS.get(kind, {}))
    if kind in ("progress", "view"):
        if not -0.01 <= header["share"] <= 1.01:  # NaN, too
            raise _unclear("the share is %r" % header["share"])
        header["share"] = min(max(float(header["share"]), 0.0), 1.0)
    if kind == "hello" and header["protocol"] == PROTOCOL:
        for name in sorted(_LISTED):
            items = header.setdefault(name, [])  # an older worker lists no options
            if not isinstance(items, list):
                raise _unclear('"%s" is not a list' % name)
            for item in items:
                require(item, _LISTED[name])
    if kind in ("matte", "view", "edge"):
        for entry in header["buffers"]:
            if kind != "matte":
                require(entry, {"format": _TEXT, "size": list})
            _check_size(entry)
    if kind == "view" and "alpha" not in [entry["name"] for entry in header["buffers"]]:
        raise _unclear("a view lacks its alpha")
    if kind == "changed":
        numbers = [side for side in header["rect"] if isinstance(side, _NUMBER)]
        if len(numbers) != 4 or len(header["rect"]) != 4:
            raise _unclear("the rectangle is %r" % header["rect"])


def _check_size(entry):
    # type: (Header) -> None
    """Check that a buffer of pixels has the bytes that its format and size ask for."""
    if "format" not in entry or "size" not in entry:
        return
    require(entry, {"format": _TEXT, "size": list})
    channels, _, depth = entry["format"].partition(" ")
    sides = [side for side in entry["size"] if isinstance(side, _NUMBER) and side > 0]
    if depth not in _CHANNEL_BYTES or len(sides) != 2 or len(entry["size"]) != 2:
        raise _unclear('the format of "%s" is not known' % entry["name"])
    expected = sides[0] * sides[1] * len(channels) * _CHANNEL_BYTES[depth]
    if entry["bytes"] != expected:
        raise _unclear('"%s" has %d bytes, not %s' % (entry["name"], entry["bytes"], expected))


def _read_all(stream, size):
    # type: (IO[bytes], int) -> bytes
    data = _read(stream, size)
    if len(data) < size:
        raise _truncated(len(data), size)
    return data


def _read(stream, size):
    # type: (IO[bytes], int) -> bytes
    """Return up to `size` bytes; memory grows with what arrives, not with what is claimed."""
    parts = []
    while size:
        part = stream.read(min(size, _CHUNK))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _truncated(got, wanted):
    # type: (int, int) -> BridgeError
    return BridgeError("wire-truncated", "A frame is cut off: %d of %d bytes." % (got, wanted))


class Worker(object):
    """A worker process: started and greeted by the constructor, ended by `close` or `with`.

    `hello` is the worker's greeting: "version", "networks", "provider".  It is asked for one thing
    at a time; `cancel` may be called from any thread and from the progress callback.
    """

    def __init__(self, python, client="", hello_limit_s=30.0, arguments=("-m", "matteplug.worker")):
        # type: (str, str, float, Sequence[str]) -> None
        """Start `python` (path of the interpreter that has matteplug) and wait for its hello.

        Never give sys.executable: inside an editor that is the editor, or whatever is on PATH.
        Raises BridgeError: it cannot be started, dies, fails, is silent for `hello_limit_s`
        seconds, or is of another version.
        """
        self._python = _text(python)  # for what the user reads
        self._frames = queue.Queue(_FRAMES_AHEAD)  # type: queue.Queue[Any]
        self._closed = False
        self._sending = threading.Lock()
        self._stray = bytearray()  # what came on its standard output before its hello
        self._tail = b""  # of its standard error
        self._id = 0
        self._process = _start(python, arguments)  # type: Any
        self._listening = _thread(self._listen)
        self._logging = _thread(self._log)
        try:
            self._send({"type": "hello", "protocol": PROTOCOL, "client": client})
            self.hello = self._next(
                ("hello",), hello_limit_s, lambda: self._give_up(hello_limit_s)
            )[0]
            self._check_version()
        except BaseException:
            self._kill()
            raise

    def __enter__(self):
        # type: () -> Worker
        return self

    def __exit__(self, *details):
        # type: (*object) -> None
        self.close()

    @property
    def alive(self):
        # type: () -> bool
        """Tell whether the worker can take another matte."""
        return self._process.poll() is None

    def matte(self, buffers, results, options=None, host=None, progress=None):
        # type: (Mapping[str, Pixels], Mapping[str, str], Options, Optional[str], Progress) -> Frame
        """Return (header, {name: bytes}) of the matte; see the protocol.

        `buffers` maps names to `Pixels`, `results` names to formats.  `progress` is called in this
        thread with the fraction done (0 to 1) and what is being done, and again after every
        second of silence, from the first on and while the pixels are sent: reporting is how a
        plug-in notices that its host is gone.
        Raises Refusal: the worker refuses ("cancelled" after `cancel`); or BridgeError: it failed
        ("internal"), died, or sent a frame that cannot be understood.
        """
        header = {"type": "matte", "results": results, "options": options or {}}
        if host is not None:
            header["host"] = host
        return self.ask(header, "matte", buffers, progress)

    def open(self, buffers, options=None, host=None, progress=None, view=None, view_px=0):
        # type: (Mapping[str, Pixels], Options, Optional[str], Progress, View, int) -> RemotePicture
        """Return an open picture; see the protocol.

        `view` is called with the share that is done and a view of the alpha, `Pixels` whose longest
        side is `view_px`; the rest, and the errors, are as for `matte`.
        """
        header = {"type": "open", "options": options or {}, "view": view_px if view else 0}
        if host is not None:
            header["host"] = host
        opened = self.ask(header, "opened", buffers, progress, view)[0]
        return RemotePicture(self, opened)

    def ask(self, header, answered, buffers=None, progress=None, view=None):
        # type: (Header, str, Optional[Mapping[str, Pixels]], Progress, View) -> Frame
        """Send a frame, and return its answer, which is of the type `answered`.

        What is called on the way, and the errors, are those of `matte` and `open`.
        """
        self._id += 1
        number = self._id
        buffers = buffers or {}
        latest = [0.0, "waiting"]  # type: list[Any]

        def tell():
            # type: () -> None
            if progress is not None:
                try:
                    progress(*latest)
                except BaseException:
                    self.cancel()
                    raise

        pixels = [(_entry(name, buffers[name]), buffers[name].data) for name in buffers]
        self._send(dict(header, id=number), pixels, tell)
        while True:
            answer, data = self._next(("progress", "view", answered, "error"), _BEAT_S, tell)
            if answer.get("id") != number:
                continue  # left over from an earlier matte
            if answer["type"] == answered:
                missing = sorted(set(header.get("results") or ()) - set(data))
                if missing:
                    raise self._garbled(_unclear("it lacks the result %s" % missing[0]))
                return answer, data
            if answer["type"] == "error":
                kind = BridgeError if answer["code"] == "internal" else Refusal
                raise kind(answer["code"], answer["message"], answer["hint"])
            if answer["type"] == "progress":
                latest = [answer["share"], answer["what"]]
                tell()
            elif view is not None:
                view(answer["share"], _pixels(answer, data, "alpha"))

    def mention(self, header):
        # type: (Mapping[str, Any]) -> None
        """Send a frame that has no answer, and return at once.

        A worker that is gone raises nothing here; whoever waits for an answer is told.
        """
        # From a thread: a worker that does not read would block this one.
        _thread(lambda: self._write(_head(header, ())))

    def load(self, network=None):
        # type: (Optional[str]) -> None
        """Have a network loaded (None: the one for a selection) ahead of its matte."""
        self._send({"type": "load", "network": network})

    def cancel(self):
        # type: () -> None
        """Ask the worker to stop what it is doing; return at once."""
        self.mention({"type": "cancel", "id": self._id})

    def close(self, limit_s=1.0):
        # type: (float) -> None
        """End the worker: say bye, and kill it if it has not ended after `limit_s` seconds."""
        self.mention({"type": "bye"})
        self._kill(limit_s)

    def _check_version(self):
        # type: () -> None
        theirs = self.hello.get("protocol", 0)
        version = self.hello.get("version", "?")
        if theirs == PROTOCOL:
            return
        if theirs > PROTOCOL:
            raise Refusal(
                "bridge-older",
                "This plug-in is older than the installed matteplug %s (it speaks protocol %s, "
                "matteplug protocol %s)." % (version, PROTOCOL, theirs),
                "Install the plug-in that comes with it: %s -m matteplug hosts install"
                % _quoted(self._python),
            )
        raise Refusal(
            "worker-older",
            "The installed matteplug %s is older than this plug-in (it speaks protocol %s, the "
            "plug-in protocol %s)." % (version, theirs, PROTOCOL),
            "Run: %s -m pip install --upgrade matteplug" % _quoted(self._python),
        )

    def _send(self, header, buffers=(), after_silence=lambda: None):
        # type: (Mapping[str, Any], Buffers, Callable[[], None]) -> None
        """Send a frame; `after_silence` is called every second that the worker does not take it."""
        head = _head(header, buffers)
        outcome = []  # type: List[Any]

        def send():
            # type: () -> None
            try:
                outcome.append(self._write(head, buffers))
            except BaseException as error:  # data that is not bytes: the caller's mistake
                outcome.append(error)

        sending = _thread(send)
        while sending.is_alive():
            sending.join(_BEAT_S)
            if sending.is_alive():
                after_silence()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        if not outcome[0]:
            raise self._died()

    def _write(self, head, buffers=()):
        # type: (bytes, Buffers) -> bool
        try:
            with self._sending, _broken_pipe_is_an_error():
                _write_all(self._process.stdin, head, buffers)
        except (IOError, OSError, ValueError):  # it is gone, or its pipe is closed
            return False
        return True

    def _hang_up(self):
        # type: () -> None
        # Python before 3.8 crashes where a buffered file is closed while another thread writes.
        with self._sending, _broken_pipe_is_an_error():
            try:
                self._process.stdin.close()
            except (IOError, OSError):  # what could not be flushed is lost
                pass

    def _give_up(self, limit_s):
        # type: (float) -> None
        self._kill()
        raise BridgeError(
            "worker-silent",
            "matteplug did not answer within %s seconds." % limit_s,
            "The machine may be busy; try again." + self._last_output(),
        )

    def _next(self, types, silence_s, after_silence):
        # type: (Sequence[str], float, Callable[[], None]) -> Frame
        """Return the next frame; `after_silence` is called whenever none came for that long."""
        while True:
            try:
                frame = self._frames.get(True, silence_s)  # type: Any
                break
            except queue.Empty:
                if not self._listening.is_alive() and self._frames.empty():
                    raise self._died()
                after_silence()
        if frame is None:
            raise self._died()
        if isinstance(frame, BridgeError):
            raise self._garbled(frame)
        header = frame[0]
        try:
            _check_answer(header)
        except BridgeError as error:
            raise self._garbled(error)
        if header["type"] not in types:
            self._kill()
            if header["type"] == "error":  # it could not even say hello
                raise BridgeError(
                    header["code"], header["message"], header["hint"] + self._last_output()
                )
            raise BridgeError(
                "wire-order",
                'matteplug answered with a frame "%s".' % header["type"],
                self._last_output(),
            )
        return frame  # type: ignore[no-any-return]

    def _listen(self):
        # type: () -> None
        frame = ()  # type: Any
        stray = self._stray  # type: Optional[bytearray]
        while frame is not None:
            try:
                frame = read_frame(self._process.stdout, stray)
                stray = None
            except (IOError, OSError, ValueError):  # closed by `_kill`
                frame = None
            except MemoryError:
                self._put(
                    BridgeError(
                        "memory",
                        "There is not enough memory for the result.",
                        "Select or crop a smaller part.",
                    )
                )
                return
            except BridgeError as error:
                self._put(error)
                return
            self._put(frame)

    def _put(self, frame):
        # type: (Any) -> None
        """Queue what was read; wait until what is already queued has been taken."""
        while True:
            try:
                self._frames.put(frame, True, _BEAT_S)
                return
            except queue.Full:
                if self._closed:
                    return

    def _log(self):
        # type: () -> None
        try:
            pipe = self._process.stderr.fileno()
            for part in iter(lambda: os.read(pipe, _TAIL_BYTES), b""):  # it may have no lines
                self._tail = (self._tail + part)[-_TAIL_BYTES:]
        except (IOError, OSError, ValueError):  # closed by `_kill`
            pass

    def _last_output(self):
        # type: () -> str
        """Return the end of the worker's output outside frames, as the last part of a hint."""
        self._logging.join(1.0)
        output = (bytes(self._stray) + self._tail)[-_TAIL_BYTES:]
        text = output.decode("utf-8", "replace").strip()
        return "\nIts last output:\n%s" % text if text else ""

    def _garbled(self, error):
        # type: (BridgeError) -> BridgeError
        """End a worker whose frames are not understood, and return the error with its words."""
        self._kill()
        return BridgeError(error.code, error.message, error.hint + self._last_output())

    def _died(self):
        # type: () -> BridgeError
        status = self._kill(1.0)  # its pipes have closed, so the status is about to come
        return BridgeError(
            "worker-died",
            "matteplug's worker ended unexpectedly (status %s)." % status,
            (_sandbox_hint() or "Check that %s has matteplug." % self._python)
            + self._last_output(),
        )

    def _kill(self, patience_s=0.0):
        # type: (float) -> int
        """End the process if it has not ended after `patience_s`, and return its status."""
        self._closed = True
        deadline = time.time() + patience_s
        while self._process.poll() is None and time.time() < deadline:
            time.sleep(0.01)  # Python 2 has no wait with a limit
        if self._process.poll() is None:
            self._process.kill()
        status = self._process.wait()  # type: int
        # Where a grandchild holds the pipes, closing one waits for who writes or reads it.
        _thread(self._hang_up).join(1.0)
        for thread, stream in (
            (self._listening, self._process.stdout),
            (self._logging, self._process.stderr),
        ):
            thread.join(1.0)
            if not thread.is_alive():
                stream.close()
        return status


class RemotePicture(object):
    """A picture that a worker has open, from `Worker.open`; see the protocol.

    `matte` is the frame "opened": "network", "outcome", "notes" and the like.  What raises raises
    as `Worker.matte`; "not-open" after `close`.
    """

    def __init__(self, worker, matte):
        # type: (Worker, Header) -> None
        self._worker = worker
        self.matte = matte

    def edge(self, results, options=None, rect=None, scale=1.0):
        # type: (Mapping[str, str], Options, Optional[Sequence[int]], float) -> Dict[str, Pixels]
        """Return the results, by name, of a rectangle with its edge adjusted and scaled down."""
        header = {"type": "edge", "results": results, "options": options or {}}
        answer, data = self._ask(dict(header, rect=rect, scale=scale), "edge")
        return {name: _pixels(answer, data, name) for name in results}

    def stroke(self, paint, radius, points):
        # type: (str, float, Sequence[Tuple[float, float]]) -> List[int]
        """Paint "foreground", "background" or "unknown"; return the rectangle that changed."""
        header = {"type": "stroke", "paint": paint, "radius": radius, "points": list(points)}
        return self._ask(header, "changed")[0]["rect"]  # type: ignore[no-any-return]

    def paint(self, trimap):
        # type: (Pixels) -> List[int]
        """Take over a part of a painted layer; return the rectangle that changed."""
        answer, _ = self._ask({"type": "paint"}, "changed", {"trimap": trimap})
        return answer["rect"]  # type: ignore[no-any-return]

    def undo(self):
        # type: () -> List[int]
        """Take the last stroke back; return the rectangle that changed."""
        return self._ask({"type": "undo"}, "changed")[0]["rect"]  # type: ignore[no-any-return]

    def close(self):
        # type: () -> None
        """Have the worker forget the picture; return at once."""
        self._worker.mention({"type": "close", "picture": self.matte["id"]})

    def _ask(self, header, answered, buffers=None):
        # type: (Header, str, Optional[Mapping[str, Pixels]]) -> Frame
        return self._worker.ask(dict(header, picture=self.matte["id"]), answered, buffers)


def _pixels(header, data, name):
    # type: (Header, Mapping[str, bytes], str) -> Pixels
    """Return the pixels of that name in an answer that was checked."""
    entry = next(entry for entry in header["buffers"] if entry["name"] == name)
    width, height = entry["size"]
    x, y = entry.get("at", (0, 0))
    return Pixels(entry["format"], width, height, data[name], x, y)


def _entry(name, pixels):
    # type: (str, Pixels) -> Header
    return {
        "name": name,
        "format": pixels.format,
        "size": [pixels.width, pixels.height],
        "at": [pixels.x, pixels.y],
    }


def _start(python, arguments):
    # type: (str, Sequence[str]) -> subprocess.Popen[bytes]
    python = _native(python)
    # "-m" searches the working folder first, and a host's may hold anything.
    folder = os.path.dirname(os.path.abspath(python)) if os.path.dirname(python) else None
    command = [os.path.abspath(python) if folder else python]
    command.extend(arguments)
    if os.path.exists(_FLATPAK):
        # The interpreter is outside, where nothing of the sandbox's environment goes.
        outside = ["flatpak-spawn", "--host", "--watch-bus"]
        command = outside + ([str("--directory=") + folder] if folder else []) + command
        folder = None
    options = {  # type: Dict[str, Any]
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "bufsize": -1,
        "cwd": folder,
        "env": {k: v for k, v in os.environ.items() if k not in _SCRUBBED},
    }
    if os.name == "nt":
        options["creationflags"] = _CREATE_NO_WINDOW
    else:
        options["close_fds"] = True
    try:
        return subprocess.Popen([_native(word) for word in command], **options)
    except (IOError, OSError) as error:
        raise BridgeError(
            "worker-not-started",
            "The Python of matteplug, %s, cannot be started: %s."
            % (_text(python), _text(error.strerror)),
            "Check that it exists, or have another one used: matteplug hosts install",
        )


def _native(text):
    # type: (Any) -> Any
    """Return text as the system's functions take it: bytes in Python 2, on Windows in ANSI."""
    if sys.version_info[0] > 2 or isinstance(text, bytes):
        return text
    try:
        return text.encode(sys.getfilesystemencoding() or "ascii")
    except UnicodeError:  # the C locale has ASCII only, where files have names in UTF-8
        return text.encode("utf-8")


def _text(native):
    # type: (Any) -> Any
    """Return what the system's functions returned as text for the user; reverses `_native`."""
    if not isinstance(native, bytes):
        return native
    try:
        return native.decode(sys.getfilesystemencoding() or "ascii")
    except UnicodeError:
        return native.decode("utf-8", "replace")


def _quoted(path):
    # type: (str) -> str
    """Return a path as a command line takes it."""
    return '"%s"' % path if " " in path else path


def _sandbox_hint():
    # type: () -> str
    """Return what a Flatpak needs, inside one."""
    if not os.path.exists(_FLATPAK):
        return ""
    program = os.environ.get("FLATPAK_ID", "PROGRAM")
    talk = "flatpak override --user --talk-name=org.freedesktop.Flatpak %s" % program
    return "It may not start programs outside its sandbox. Run: %s" % talk


def _thread(target):
    # type: (Callable[[], object]) -> threading.Thread
    thread = threading.Thread(target=target)
    thread.daemon = True  # a host that ends does not wait
    thread.start()
    return thread


class _broken_pipe_is_an_error(object):  # noqa: N801 - reads as a sentence after `with`
    """Turn the signal of a broken pipe into an exception, for this thread only.

    A Python of its own ignores the signal; one inside an editor (Krita) may not, and the signal
    would end the editor.  It is blocked whether it is ignored now or not: another thread may
    change that before the pipe breaks.
    """

    def __enter__(self):
        # type: () -> None
        self._blocked = None  # type: Optional[Any]
        if hasattr(signal, "pthread_sigmask"):  # not on Windows, nor in Python 2, which ignores it
            self._blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])

    def __exit__(self, *details):
        # type: (*object) -> None
        if self._blocked is not None:
            if signal.SIGPIPE in signal.sigpending():
                signal.sigwait([signal.SIGPIPE])  # takes it away
            signal.pthread_sigmask(signal.SIG_SETMASK, self._blocked)
