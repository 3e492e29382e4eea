"""Opens mutated files of fifteen formats: ``python tests/mutate_pictures.py 10000``.

Bytes are changed, cut out, repeated and inserted, by a seed.  Every file must be read, or refused
with a sentence, and a good file that follows must be read.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from factories import picture
from PIL import Image
from raw_pictures import deep_png

from matteplug.errors import RequestError
from matteplug.images import files
from matteplug.images.encoding import encode

FORMATS = (
    *("8.png", "16.png", "p.png", "a.jpg", "progressive.jpg", "8.tif", "16.tif", "lzw.tif"),
    *("a.webp", "a.gif", "a.bmp", "a.avif", "a.jp2", "a.ppm", "a.tga"),
)


def originals() -> dict[str, bytes]:
    """Return one good file of each format, by its name."""
    smooth = np.kron(picture(shape=(6, 8, 3)), np.ones((8, 8, 1), np.uint8))
    image = Image.fromarray(smooth)
    result = {
        "8.png": encode(smooth, ".png"),
        "16.png": deep_png(picture(np.uint16, (24, 32, 4))),
        "8.tif": encode(smooth, ".tif"),
        "16.tif": encode(picture(np.uint16, (24, 32, 3)), ".tif"),
    }
    options: dict[str, dict[str, Any]] = {
        "progressive.jpg": {"progressive": True},
        "lzw.tif": {"compression": "tiff_lzw"},
    }
    for name in FORMATS:
        if name not in result:
            buffer = io.BytesIO()
            kind = Image.registered_extensions()["." + name.rpartition(".")[2]]
            source = image.quantize(16) if name in ("p.png", "a.gif") else image
            source.save(buffer, kind, **options.get(name, {}))
            result[name] = buffer.getvalue()
    return result


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """Return a file with some of its bytes changed, most often near its start."""
    result = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        reach = len(result) if random.random() < 0.5 else min(len(result), 200)
        at = int(random.integers(0, max(1, reach)))
        length = int(random.integers(1, 9))
        way = int(random.integers(0, 5))
        if way == 0:
            result[at : at + length] = random.bytes(length)
        elif way == 1:
            result[at : at + length] = random.choice((b"\0", b"\xff", b"\x7f")) * length
        elif way == 2:
            del result[at : at + int(random.integers(1, len(result)))]
        elif way == 3:
            result[at:at] = result[at : at + 50 * length]
        elif at < len(result):
            result[at] ^= 1 << int(random.integers(0, 8))
    return bytes(result)


def attack(count: int, folder: Path, seed: int = 0) -> Counter[str]:
    """Open `count` mutated files and return how often each thing became of them.

    Raises:
        AssertionError: the good file that follows a refused one is not read.
    """
    random, sources = np.random.default_rng(seed), originals()
    good = folder / "good.png"
    good.write_bytes(sources["8.png"])
    outcomes: Counter[str] = Counter()
    for index in range(count):
        name = FORMATS[index % len(FORMATS)]
        path = folder / f"mutated-{name}"
        path.write_bytes(mutated(sources[name], random))
        try:
            files.read(path)
            outcomes["read"] += 1
        except RequestError as error:
            outcomes[error.code] += 1
            assert files.read(good).image.shape == (48, 64, 3)
    return outcomes


def main(count: int) -> None:
    """Print what became of `count` files."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = attack(count, Path(folder))
    print(f"{count} files of {len(FORMATS)} formats in {time.monotonic() - started:.0f} s")
    for code, number in outcomes.most_common():
        print(f"{number:7d} {code}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
