# -*- coding: utf-8 -*-
"""What a host does with the bridge; runs on Python 2.7 and 3.6+, beside a copy of bridge.py.

client.py PYTHON TESTS: PYTHON has matteplug, TESTS is the folder of peer.py and fake_worker.py.
PYTHON and the folder of this file have a name that is not ASCII, and PYTHON prints as it starts.
"""

from __future__ import print_function, unicode_literals

import io
import json
import os
import signal
import sys
import threading
import time

import bridge
import malformed
from bridge import BridgeError, Pixels

PYTHON, TESTS = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))  # bytes in Python 2, as PYTHON


def text(native):
    return native.decode("utf-8") if isinstance(native, bytes) else native


IMAGE = {"image": Pixels("RGB u8", 1, 1, b"abc")}
LARGE = {"image": Pixels("RGB u8", 1000, 1000, b"abc" * 10**6)}


def peer(kind, **options):
    arguments = ("-S", "-E", os.path.join(TESTS, "peer.py"), kind, HERE)
    return bridge.Worker(PYTHON, arguments=arguments, **options)


def refused(code, words, function, *arguments, **options):
    """Call a function that has to fail with this code and these words."""
    try:
        function(*arguments, **options)
    except BridgeError as error:
        text = error.message + " " + error.hint
        assert error.code == code, (error.code, text)
        assert words in text, text
    else:
        raise AssertionError("no error " + code)


def matte(worker, buffers=IMAGE):
    return worker.matte(buffers, {"alpha": "Y u8"})


# what the installer left, and what the user hears of an error
refused("settings", "hosts install", bridge.installed, HERE)
refused("settings", text(HERE), bridge.installed, HERE)
log = text(HERE) + "/state/log/easel.log"
with open(os.path.join(HERE, str("settings.json")), "w") as file:
    json.dump({"host": "easel", "python": text(PYTHON), "log": log}, file)
settings = bridge.installed(HERE)
assert (settings["python"], settings["log"]) == (text(PYTHON), log), settings
PYTHON = settings["python"]
told = bridge.explain(BridgeError("code", "Ä sentence.", "A hint."), log, "Easel 1.0")
assert told == "Ä sentence.\nA hint.\nThe log is %s." % log, told
told = bridge.explain(bridge.Refusal("no", "Nothing is selected."), log)
assert told == "Nothing is selected.", told
try:
    raise ValueError("schwarzweiß")
except ValueError as error:
    assert "ValueError" in bridge.explain(error, log)
with io.open(os.path.join(HERE, str("state/log/easel.log")), encoding="utf-8") as file:
    written = file.read()
for words in ("Easel 1.0", "code: Ä sentence.", "no: Nothing", "Traceback", "schwarzwei"):
    assert words in written, written
assert "cannot be written" in bridge.explain(ValueError(), "/proc/none/easel.log")
assert "log" not in bridge.explain(ValueError(), "")

# peers that misbehave
started = time.time()
refused("worker-silent", "0.3 seconds", peer, "hang", hello_limit_s=0.3)
assert time.time() - started < 10, "a hanging worker is not waited for"
refused("worker-died", "no hello from me", peer, "crash-at-start")
refused("worker-not-started", "/no/süch/python", bridge.Worker, "/no/süch/python")


def not_found(*_, **__):
    raise OSError(2, "Kein Eintrag für diesen Namen".encode("utf-8"))  # Python 2's are bytes


popen, bridge.subprocess.Popen = bridge.subprocess.Popen, not_found
refused("worker-not-started", "Eintrag für diesen", bridge.Worker, PYTHON)
bridge.subprocess.Popen = popen
refused("bridge-older", '"%s" -m matteplug hosts install' % PYTHON, peer, "newer")
refused("worker-older", '"%s" -m pip install --upgrade matteplug' % PYTHON, peer, "older")
refused("wire-magic", "Loading libraries...", peer, "endless")
refused("worker-died", "usage: frobnicate", peer, "other-program")
refused("wire-order", "goodbye", peer, "wrong-answer")
refused("wire-order", "ImportError: something", peer, "wrong-answer")
refused("internal", "Something failed. Mend it.", peer, "failing")
refused("internal", "ImportError: something", peer, "failing")
for kind, code, words in (
    ("crash", "worker-died", "Segmentation something"),
    ("magic", "wire-magic", "HTTP"),
    ("truncated", "wire-truncated", "cut off"),
    ("huge-header", "wire-size", "2147483647"),
    ("huge-buffers", "wire-size", "99999999999"),
    ("negative", "wire-header", "-1"),
):
    worker = peer(kind)
    if kind == "truncated":  # its frame ends when it does
        threading.Timer(0.1, worker._process.kill).start()
    refused(code, words, matte, worker)
    assert not worker.alive, kind


# whatever comes that makes no sense is an error, and ends the worker
def comes(raw):
    with open(os.path.join(HERE, str("raw")), "wb") as file:
        file.write(raw)


def garbled(function, *arguments):
    try:
        function(*arguments)
    except BridgeError as error:
        assert not isinstance(error, bridge.Refusal), error
        assert error.code.startswith("wire-"), (error.code, error.message)
    else:
        raise AssertionError("no error")


for raw in malformed.FRAMES.values():
    garbled(bridge.read_frame, io.BytesIO(raw))
for header in malformed.HELLOS.values():
    comes(malformed.frame(header))
    garbled(peer, "hellos")
for title, header in sorted(malformed.ANSWERS.items()):
    size = sum(entry["bytes"] for entry in header.get("buffers", ()))
    comes(malformed.frame(header, b"a" * size))
    worker = peer("answers")
    garbled(matte, worker)
    assert not worker.alive, title

# what a worker writes meanwhile stays bounded
with peer("flood") as worker:
    time.sleep(0.5)
    assert worker._frames.qsize() <= bridge._FRAMES_AHEAD, worker._frames.qsize()
with peer("endless-line") as worker:
    time.sleep(0.5)
    assert 0 < len(worker._tail) <= bridge._TAIL_BYTES, len(worker._tail)


# a silent worker: progress is called from the start, and while it does not take the pixels
def beats_in_silence(kind, buffers):
    beats = []

    def tell(share, what):
        # type: (float, str) -> None
        beats.append((share, what))
        if len(beats) == 3:
            raise IOError("no host")

    worker = peer(kind)
    try:
        worker.matte(buffers, {"alpha": "Y u8"}, progress=tell)
        raise AssertionError("what progress raises is raised")
    except IOError:
        assert beats == [(0.0, "waiting")] * 3, beats
    worker.close(limit_s=0.1)


bridge._BEAT_S = 0.05
beats_in_silence("silent", IMAGE)
beats_in_silence("asleep", LARGE)
bridge._BEAT_S = 1.0

with peer("elsewhere") as worker:
    assert matte(worker)[1] == {"alpha": b"a"}, "an error of something else is not the matte's"

# one that stops reading or answering in mid-matte keeps neither Cancel nor the end waiting


def keeps_nobody_waiting(kind, buffers):
    worker = peer(kind)
    told = []
    asking = threading.Thread(
        target=lambda: told.append(refused("worker-died", "", matte, worker, buffers))
    )
    asking.start()
    time.sleep(0.2)
    started = time.time()
    worker.cancel()
    assert time.time() - started < 1, kind
    worker.close(limit_s=0.1)
    assert time.time() - started < 5, kind
    asking.join(5)
    assert told, kind


keeps_nobody_waiting("asleep", LARGE)
keeps_nobody_waiting("silent", IMAGE)

# inside an editor a broken pipe may be deadly, and Python's own start differs
if hasattr(signal, "pthread_sigmask"):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with bridge._broken_pipe_is_an_error():
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as another thread may, meanwhile
            os.write(writing, b"x")
    except OSError:
        os.close(writing)
    else:
        raise AssertionError("nobody reads, and no error")
worker = peer("deaf")
time.sleep(0.2)
refused("worker-died", "", matte, worker, LARGE)

os.environ.update({str("PYTHONHOME"): str("/nowhere"), str("LD_LIBRARY_PATH"): str("/nowhere")})
os.environ.update({str("GI_TYPELIB_PATH"): str("/nowhere"), str("PYTHONPATH"): str("/nowhere")})
with peer("environment") as worker:
    assert "/nowhere" not in worker.hello["environment"].values(), worker.hello
    assert worker.hello["cwd"] == os.path.dirname(PYTHON), worker.hello
assert not worker.alive

# the real worker
with bridge.Worker(PYTHON, arguments=(os.path.join(TESTS, "fake_worker.py"),)) as worker:
    networks = {network["id"]: network for network in worker.hello["networks"]}
    assert networks["closed-form"]["guide"] == "trimap", networks
    assert worker.hello["version"], worker.hello
    assert worker.hello["provider"]["verdict"] in ("proven", "not probed"), worker.hello

    worker.load()
    worker.load("nothing")
    worker.load("knn")  # runs out of memory
    width, height = 8, 5
    bgra = bytes(bytearray((7 * i) % 256 for i in range(width * height * 4)))
    trimap = bytes(bytearray([0, 0, 128, 128, 128, 255, 255, 255] * height))
    shares = []
    header, data = worker.matte(
        {
            "image": Pixels("BGRA u8", width, height, bgra),
            "trimap": Pixels("Y u8", width, height, trimap),
        },
        {"alpha": "Y u8", "foreground": "RGB u8", "cutout": "BGRA u8"},
        options={"network": "closed-form", "clean_colours": False},
        progress=lambda share, what: shares.append(share),
    )
    assert header["network"] == "closed-form", header
    assert header["buffers"][0]["size"] == [width, height], header
    assert data["alpha"] == trimap, list(bytearray(data["alpha"]))
    rgb = bytearray()
    for i in range(0, len(bgra), 4):
        rgb += bytearray(reversed(bytearray(bgra[i : i + 3])))
    assert bytearray(data["foreground"]) == rgb
    cutout = bytearray(data["cutout"])
    for i in range(width * height):
        assert cutout[4 * i : 4 * i + 3] == bytearray(bgra)[4 * i : 4 * i + 3], i
        level = {0: 0, 128: 0.5, 255: 1}[bytearray(trimap)[i]]
        assert abs(cutout[4 * i + 3] - level * bytearray(bgra)[4 * i + 3]) <= 0.5, i
    assert shares == sorted(shares), shares
    assert shares[-1] == 1, shares

    # an error, a cancelled matte, and a third one in the same process
    refused("image-missing", "no image", worker.matte, {}, {"alpha": "Y u8"})
    slow = {
        "image": Pixels("RGB u8", 9, 5, b"abc" * 45),
        "trimap": Pixels("Y u8", 9, 5, b"\0\0\0\x80\x80\x80\xff\xff\xff" * 5),
    }
    started = time.time()
    threading.Timer(0.2, worker.cancel).start()
    refused("cancelled", "cancelled", matte, worker, slow)
    assert time.time() - started < 5, "cancelling takes effect at once"
    beats = []

    def host_has_gone(share, what):
        # type: (float, str) -> None
        beats.append((share, what))
        if beats.count(beats[-1]) == 2:
            raise IOError("no host")

    try:
        worker.matte(slow, {"alpha": "Y u8"}, progress=host_has_gone)
        raise AssertionError("what progress raises is raised")
    except IOError:
        assert beats[-1] == beats[-2], "progress is told again in a silence: %s" % beats
    slow["image"] = Pixels("RGB u8", 8, 5, b"abc" * 40)
    slow["trimap"] = Pixels("Y u8", 8, 5, trimap)
    assert matte(worker, slow)[1]["alpha"] == trimap

    # an open picture: views, the edge, strokes
    views = []
    picture = worker.open(slow, view=lambda share, pixels: views.append(pixels), view_px=4)
    assert picture.matte["outcome"] == "done", picture.matte
    assert (views[-1].width, views[-1].height) == (4, 2), views
    alpha = picture.edge({"alpha": "Y u8"})["alpha"]
    assert (alpha.data, alpha.width) == (trimap, 8)
    assert picture.stroke("foreground", 1, [(0, 0), (3, 0)]) == [0, 0, 8, 5]
    part = picture.edge({"cutout": "RGBA u8"}, {"feather_px": 0}, [0, 0, 2, 1])["cutout"]
    assert part.data == b"abc\xff" * 2, part
    picture.undo()
    assert picture.edge({"alpha": "Y u8"})["alpha"].data == trimap
    assert picture.undo() == [0, 0, 0, 0]
    picture.close()
    refused("not-open", "Open", picture.undo)
assert not worker.alive
print("done")
