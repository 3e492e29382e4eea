# -*- coding: utf-8 -*-
"""Frames that are none, in bytes as they come; and answers of a worker that make no sense.

For Python 2.7 and 3.6+.
"""

from __future__ import unicode_literals

import json
import struct

try:
    from bridge import PROTOCOL  # a copy beside this file, as in a host
except ImportError:
    from matteplug.bridge import PROTOCOL


def frame(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8")
    return b"MPLG" + struct.pack(str(">I"), len(text)) + text + data


def _buffers(*entries, **more):
    return dict({"type": "matte", "id": 1, "buffers": list(entries)}, **more)


FRAMES = {
    "text": b"HTTP/1.1 200 OK\r\n\r\n",
    "another magic": b"GPLM\0\0\0\2{}",
    "lower case": b"mplg\0\0\0\2{}",
    "half a magic": b"MP",
    "magic alone": b"MPLG",
    "half a length": b"MPLG\0\0",
    "length alone": b"MPLG\0\0\0\2",
    "half a header": b"MPLG\0\0\1\0{",
    "a header too large": b"MPLG\x7f\xff\xff\xff",
    "a header one too large": b"MPLG\0\x10\0\1",
    "no header": frame(b""),
    "spaces": frame(b"    "),
    "zeros": frame(b"\0\0\0\0"),
    "not JSON": frame(b"type: matte"),
    "half JSON": frame(b'{"type": "matte"'),
    "JSON and more": frame(b'{"type": "matte"} {}'),
    "Latin-1": frame(b'{"type": "\xe4"}'),
    "UTF-16": frame('{"type": "matte"}'.encode("utf-16")),
    "a byte order mark": frame(b"\xef\xbb\xbf" + b'{"type": "matte"}'),
    "too deep": frame(b"[" * 100000),
    "too deep inside": frame(b'{"type": "matte", "a": ' + b"[" * 100000 + b"]" * 100000 + b"}"),
    "null": frame(b"null"),
    "a number": frame(b"3"),
    "a list": frame([]),
    "a list of an object": frame([{"type": "matte"}]),
    "a word": frame(b'"matte"'),
    "no type": frame({"id": 1}),
    "a type that is null": frame({"type": None}),
    "a type that is a list": frame({"type": ["matte"]}),
    "a type that is an object": frame({"type": {}}),
    "a type that is a truth": frame({"type": True}),
    "buffers of null": frame({"type": "matte", "buffers": None}),
    "buffers of a word": frame({"type": "matte", "buffers": ""}),
    "buffers of an object": frame({"type": "matte", "buffers": {}}),
    "a buffer that is null": frame(_buffers(None)),
    "a buffer that is a word": frame(_buffers("alpha")),
    "a buffer without a name": frame(_buffers({"bytes": 1}), b"a"),
    "a buffer without bytes": frame(_buffers({"name": "alpha"}), b"a"),
    "a name that is a list": frame(_buffers({"name": ["alpha"], "bytes": 1}), b"a"),
    "a name that is null": frame(_buffers({"name": None, "bytes": 1}), b"a"),
    "bytes that are negative": frame(_buffers({"name": "alpha", "bytes": -1}), b"a"),
    "bytes in part": frame(_buffers({"name": "alpha", "bytes": 0.5}), b"a"),
    "bytes as a word": frame(_buffers({"name": "alpha", "bytes": "1"}), b"a"),
    "bytes that are a truth": frame(_buffers({"name": "alpha", "bytes": True}), b"a"),
    "bytes that are NaN": frame(_buffers({"name": "alpha", "bytes": float("nan")}), b"a"),
    "bytes that are infinite": frame(_buffers({"name": "alpha", "bytes": float("inf")}), b"a"),
    "too many bytes": frame(_buffers({"name": "alpha", "bytes": 10**30}), b"a"),
    "too many bytes together": frame(
        _buffers({"name": "alpha", "bytes": 8 << 30}, {"name": "cutout", "bytes": 1}), b"a"
    ),
    "two of one name": frame(
        _buffers({"name": "alpha", "bytes": 1}, {"name": "alpha", "bytes": 1}), b"ab"
    ),
    "half a buffer": frame(_buffers({"name": "alpha", "bytes": 2}), b"a"),
    "no second buffer": frame(
        _buffers({"name": "alpha", "bytes": 1}, {"name": "cutout", "bytes": 1}), b"a"
    ),
}

_ALPHA = {"name": "alpha", "bytes": 1, "format": "Y u8", "size": [1, 1]}
_ERROR = {"type": "error", "id": 1, "code": "c", "message": "M.", "hint": ""}
_PROGRESS = {"type": "progress", "id": 1, "share": 0.5, "what": "matting"}

ANSWERS = {
    "another type": {"type": "goodbye", "id": 1},
    "hello again": {"type": "hello", "protocol": PROTOCOL, "id": 1},
    "no results": _buffers(),
    "another result": _buffers(dict(_ALPHA, name="cutout")),
    "fewer bytes than pixels": _buffers(dict(_ALPHA, size=[2, 1])),
    "no such format": _buffers(dict(_ALPHA, format="Y u9")),
    "a format that is a list": _buffers(dict(_ALPHA, format=["Y", "u8"])),
    "a size that is a word": _buffers(dict(_ALPHA, size="11")),
    "a size of one side": _buffers(dict(_ALPHA, size=[1])),
    "a size below zero": _buffers(dict(_ALPHA, size=[-1, -1])),
    "progress without a share": {"type": "progress", "id": 1, "what": "matting"},
    "progress without words": {"type": "progress", "id": 1, "share": 0.5},
    "a share that is a word": dict(_PROGRESS, share="half"),
    "a share that is NaN": dict(_PROGRESS, share=float("nan")),
    "a share beyond all": dict(_PROGRESS, share=7),
    "words that are a list": dict(_PROGRESS, what=[]),
    "an error without a code": {"type": "error", "id": 1, "message": "M.", "hint": ""},
    "a code that is a number": dict(_ERROR, code=3),
    "a message that is null": dict(_ERROR, message=None),
    "a hint that is an object": dict(_ERROR, hint={}),
}
"""To a matte of one pixel that asked for its alpha."""

HELLOS = {
    "no protocol": {"type": "hello"},
    "a protocol that is a word": {"type": "hello", "protocol": "1"},
    "a protocol that is null": {"type": "hello", "protocol": None},
    "networks of an object": {"type": "hello", "protocol": PROTOCOL, "networks": {}},
    "a network that is a word": {"type": "hello", "protocol": PROTOCOL, "networks": ["citm"]},
    "a network without a guide": {
        "type": "hello",
        "protocol": PROTOCOL,
        "networks": [{"id": "a", "title": "A"}],
    },
    "an option without a label": {
        "type": "hello",
        "protocol": PROTOCOL,
        "options": [{"name": "a"}],
    },
    "an error without words": {"type": "error"},
}
"""To a hello."""
