"""Workers that misbehave: peer.py KIND FOLDER, where FOLDER holds bridge.py."""

import os
import sys
import time

sys.path.insert(0, sys.argv[2])
import bridge

out = sys.stdout.buffer
kind = sys.argv[1]
hello = {"type": "hello", "protocol": bridge.PROTOCOL, "version": "9.9", "networks": []}
if kind == "hang":
    time.sleep(60)
if kind == "crash-at-start":
    sys.exit("no hello from me")
if kind == "older":
    hello["protocol"] = bridge.PROTOCOL - 1
if kind == "newer":
    hello["protocol"] = bridge.PROTOCOL + 1
if kind == "endless":
    print("Loading libraries..." * 10000, flush=True)
if kind == "other-program":
    print("usage: frobnicate FILE", flush=True)
    sys.exit(2)
if kind == "wrong-answer":
    hello["type"] = "goodbye"

bridge.read_frame(sys.stdin.buffer)
if kind in ("hellos", "answers", "frames"):  # what comes next is in a file
    with open(os.path.join(sys.argv[2], "raw"), "rb") as file:
        raw = file.read()
    if kind != "hellos":
        bridge.write_frame(out, hello)
        bridge.read_frame(sys.stdin.buffer)
    out.write(raw)
    out.close()
    os.close(1)
    sys.stdin.buffer.read()
    sys.exit()
if kind == "flood":
    bridge.write_frame(out, hello)
    while True:
        bridge.write_frame(out, {"type": "progress", "id": 1, "share": 0.1, "what": "x" * 1000})
if kind == "endless-line":
    sys.stderr.write("\rprogress %d" % 7 * 1000000)
    sys.stderr.flush()
if kind in ("failing", "wrong-answer"):
    print("ImportError: something", file=sys.stderr)
if kind == "failing":
    hello.update(type="error", code="internal", message="Something failed.", hint="Mend it.")
if kind == "environment":
    hello["environment"] = {k: v for k, v in os.environ.items() if "P" in k}
    hello["cwd"] = os.getcwd()
bridge.write_frame(out, hello)
if kind == "deaf":
    sys.stdin.close()
    os.close(0)
    time.sleep(0.5)
    os._exit(3)
if kind == "asleep":
    time.sleep(60)
header = bridge.read_frame(sys.stdin.buffer)[0]
if header["type"] == "bye":
    sys.exit()
if kind == "silent":
    time.sleep(60)
if kind == "elsewhere":
    error = {"code": "internal", "message": "Something else failed.", "hint": ""}
    bridge.write_frame(out, dict(error, type="error", id=None))
    bridge.write_frame(out, dict(error, type="error", id=header["id"] - 1))
    bridge.write_frame(out, {"type": "matte", "id": header["id"]}, [({"name": "alpha"}, b"a")])
if kind == "obedient":
    error = {"code": "cancelled", "message": "The matte was cancelled.", "hint": ""}
    number = bridge.read_frame(sys.stdin.buffer)[0]["id"]
    bridge.write_frame(out, dict(error, type="error", id=number))
if kind == "crash":
    sys.stderr.write("Segmentation something\n")
    sys.stderr.flush()
    os._exit(7)
elif kind == "magic":
    out.write(b"HTTP/1.1 200 OK\r\n\r\n")
elif kind == "truncated":
    out.write(b"MPLG\0\0\1\0{")
elif kind == "huge-header":
    out.write(b"MPLG\x7f\xff\xff\xff")
elif kind == "huge-buffers":
    text = b'{"type": "matte", "buffers": [{"name": "alpha", "bytes": 99999999999}]}'
    out.write(b"MPLG" + len(text).to_bytes(4, "big") + text)
elif kind == "negative":
    text = b'{"type": "matte", "buffers": [{"name": "alpha", "bytes": -1}]}'
    out.write(b"MPLG" + len(text).to_bytes(4, "big") + text)
out.flush()
sys.stdin.buffer.read()
