"""Untrusted pictures: bombs, mutations, crashes, and stopping a decoder."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import picture
from mutate_pictures import attack
from PIL import Image
from raw_pictures import png_chunk

from matteplug.errors import Cancelled, RequestError
from matteplug.images import decoder, decoding, files
from matteplug.images.policy import Policy
from matteplug.types import CancelToken

SMALL = Policy(megapixels=400, side_px=65535, memory_mib=300, seconds=2)


def png(width: int, height: int, bits: int, colour: int, rows: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows or bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + data + png_chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(tags: dict[int, tuple[int, int]], body: bytes = b"") -> bytes:
    """A TIFF of LONG tags, count and value."""
    entries = b"".join(struct.pack("<HHII", tag, 4, n, v) for tag, (n, v) in sorted(tags.items()))
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory


def plain_tiff(width: int, height: int, body: bytes = bytes(1000), **more: int) -> bytes:
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: 1000}
    tags |= {int(tag[1:]): value for tag, value in more.items()}
    return tiff({tag: (1, value) for tag, value in tags.items()}, body)


def many_directories(count: int) -> bytes:
    """A TIFF whose directories are a chain, each with the whole picture."""
    single = plain_tiff(8, 8)
    start = struct.unpack("<I", single[4:8])[0]
    directory = single[start:-4]
    size = len(directory) + 4
    chain = b"".join(
        directory + struct.pack("<I", start + size * (i + 1) if i + 1 < count else 0)
        for i in range(count)
    )
    return single[:start] + chain


def patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = saved(Image.fromarray(picture(shape=(64, 64, 3))), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + b"\xff\xd9"


def bombs() -> dict[str, bytes]:
    """Small files that would take the machine's memory or minutes."""
    tiny = Image.fromarray(picture(shape=(16, 16, 3)))
    gif, webp = saved(tiny.quantize(4), "GIF"), saved(tiny, "WEBP", lossless=True)
    bmp, tga, ppm = saved(tiny, "BMP"), saved(tiny, "TGA"), b"P6\n60000 60000\n255\n" + bytes(1000)
    text = b"zTXt", b"Comment\0\0" + zlib.compress(bytes(300 << 20))
    huge = struct.pack("<HH", 60000, 60000)
    strips = plain_tiff(50_000, 60_000, t259=5, t278=1)
    pair = many_directories(2)
    deflated = zlib.compress(bytes(900 << 20), 1)
    return {
        "rgb.png": png(60000, 60000, 8, 2),
        "one-bit.png": png(40000, 40000, 1, 0),
        "deep.png": png(20000, 20000, 16, 6),
        "side.png": png(400_000, 10, 1, 0),
        "text.png": png(8, 8, 8, 0)[:33] + png_chunk(*text) + png(8, 8, 8, 0, bytes(72))[33:],
        "profile.png": png(8, 8, 8, 0)[:33]
        + png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(300 << 20)))
        + png(8, 8, 8, 0, bytes(72))[33:],
        "screen.gif": patched(gif, 6, huge),
        "canvas.webp": b"RIFF"
        + struct.pack("<I", 22 + 8)
        + b"WEBPVP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + b"\xff\x3f\0\xff\x3f\0"
        + webp[12:],
        "size.bmp": patched(bmp, 18, struct.pack("<ii", 60000, 60000)),
        "size.tga": patched(tga, 12, huge),
        "size.ppm": ppm,
        "scans.jpg": many_scans(400),
        "size.jpg": patched(
            saved(tiny, "JPEG"), saved(tiny, "JPEG").index(b"\xff\xc0") + 5, b"\xff\xdc\xff\xdc"
        ),
        "size.tif": plain_tiff(60000, 60000),
        "strips.tif": strips,
        "channels.tif": plain_tiff(20000, 20000, t277=65535),
        "tile.tif": plain_tiff(16, 16, t322=1 << 30, t323=1 << 30, t324=8, t325=1000),
        "deflate.tif": plain_tiff(30000, 30000, deflated, t259=8, t279=len(deflated)),
        "directories.tif": many_directories(60_000),
        "loop.tif": patched(pair, len(pair) - 4, struct.pack("<I", 1008)),
    }


READ_ALL = r"""
import re, resource, sys, time
from pathlib import Path
from matteplug.errors import RequestError
from matteplug.images import decoder, files
for path in sorted(Path(sys.argv[1]).iterdir()):
    started = time.monotonic()
    try:
        files.read(path)
        outcome = "read"
    except RequestError as error:
        outcome = error.code
    size = path.stat().st_size
    print(f"{path.name:16} {size:9} bytes {time.monotonic() - started:5.1f} s {outcome}")
decoder._end_all()
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""In a process of its own: what is measured is the largest child that a process ever had.

Its own peak is not ru_maxrss, which starts at that of the process that started it.
"""


@pytest.mark.slow
def test_no_bomb_takes_memory_or_time(tmp_path: Path) -> None:
    every = bombs()
    assert len(every) == 20
    for name, data in every.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", READ_ALL, str(tmp_path)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(text)
    *told, own, of_children = text.splitlines()
    assert len(told) == 20
    assert max(int(own), int(of_children)) < 3 << 19  # 1.5 GiB in KiB


@pytest.mark.slow
def test_mutated_files_are_read_or_refused_each_alone(tmp_path: Path) -> None:
    outcomes = attack(300, tmp_path)
    print(outcomes)
    assert outcomes.total() == 300
    assert outcomes["read"] > 20
    assert outcomes["file-damaged"] > 100


def test_the_header_is_judged_before_anything_is_decoded() -> None:
    for data in (png(20000, 20000, 16, 6), plain_tiff(60000, 60000), many_scans(400)):
        with pytest.raises(RequestError) as caught:
            decoding.decode(io.BytesIO(data), "bomb", SMALL)
        assert caught.value.code in ("image-too-large", "image-too-slow")


def test_many_directories_are_counted_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(many_directories(60_000))
    assert files.read(tmp_path / "a.tif").notes == ("The first of more than 100 frames was used.",)


def test_memory_is_limited_by_the_system(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(3000, 3000, 8, 2, bytes(3000 * 9001)))
    assert files.read(path).image.shape == (3000, 3000, 3)
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux limits the address space")
    limit = subprocess.run(
        [sys.executable, "-c", _ALLOCATE], capture_output=True, text=True, check=False
    )
    assert "MemoryError" in limit.stderr


_ALLOCATE = """
from matteplug.images import decoder_process
from matteplug.images.policy import Policy
decoder_process._limit(Policy(megapixels=1, side_px=1, memory_mib=50, seconds=9))
bytearray(100 << 20)
"""


@pytest.fixture
def slow_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose decoding takes as long as it may."""
    path = tmp_path / "slow.png"
    path.write_bytes(png(64, 64, 8, 2, bytes(64 * 193)))
    code = "import time; from matteplug.images import decoder_process as d; "
    code += "d.decoding.decode = lambda *a, **k: [None for _ in iter(int, 1)]; d.main()"
    monkeypatch.setattr(decoder, "_IMPORT", code)
    decoder._end_all()
    return path


def test_processor_time_is_limited(slow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEPLUG_MAX_SECONDS", "0.3")
    with pytest.raises(RequestError, match=r"more than 0\.3 seconds") as caught:
        files.read(slow_file)
    assert caught.value.code == "image-too-slow"
    monkeypatch.undo()
    assert files.read(slow_file).image.shape == (64, 64, 3), "the next gets a new process"


def test_decoding_stops_when_it_is_cancelled(slow_file: Path) -> None:
    cancel = CancelToken()
    threading.Timer(0.2, cancel.cancel).start()
    with pytest.raises(Cancelled):
        files.read(slow_file, cancel=cancel)


def test_ctrl_c_stops_decoding(slow_file: Path) -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        files.read(slow_file)
    assert not decoder._idle.get(os.getpid())


def test_a_crash_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(64, 64, 8, 2, bytes(64 * 193)))
    code = "import os; from matteplug.images import decoder_process as d; "
    code += "d.decoding.decode = lambda *a, **k: os.abort(); d.main()"
    with monkeypatch.context() as context:
        context.setattr(decoder, "_IMPORT", code)
        decoder._end_all()
        with pytest.raises(RequestError, match="crash") as caught:
            files.read(path)
        assert caught.value.code == "file-damaged"
    assert files.read(path).image.shape == (64, 64, 3)


def test_a_decoder_that_cannot_start_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(64, 64, 8, 2, bytes(64 * 193)))
    monkeypatch.setattr(decoder, "_IMPORT", "import no_such_module")
    decoder._end_all()
    with pytest.raises(Exception, match="no_such_module") as caught:
        files.read(path)
    assert getattr(caught.value, "code", "") == "decoder-broken"


def test_files_are_decoded_side_by_side_and_processes_kept(tmp_path: Path) -> None:
    for index in range(8):
        files.write(tmp_path / f"{index}.png", np.full((50, 50, 3), index, np.uint8))
    found: dict[int, int] = {}

    def read(index: int) -> None:
        found[index] = int(files.read(tmp_path / f"{index}.png").image[0, 0, 0])

    threads = [threading.Thread(target=read, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {index: index for index in range(8)}
    assert 1 <= len(decoder._idle[os.getpid()]) <= 2


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    with pytest.raises(RequestError, match="device or a pipe"):
        files.read("/dev/zero")
