"""Easel, a little editor: python easel.py DOCUMENT PLUG-IN runs a plug-in on a document.

A document is layers, from the top, and a frisket: the film that a painter lays over what must not
be touched, so full scale protects.  A plug-in is a folder with a module of its name in it, and the
module has a function `run(document)`.
"""

import base64
import importlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

PLUG_INS = Path(os.environ.get("EASEL_PLUG_INS", Path.home() / ".easel" / "plug-ins"))


@dataclass
class Layer:
    name: str
    x: int
    y: int
    width: int
    height: int
    pixels: bytes  # red, green, blue, alpha


@dataclass
class Document:
    width: int
    height: int
    depth: str  # of the layers and of the frisket: "u8" or "u16"
    frisket: bytes
    layers: list[Layer]


def save(document: Document, path: Path) -> None:
    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    path.write_text(json.dumps(asdict(document), default=text))


def load(path: Path) -> Document:
    content = json.loads(path.read_text())
    layers = [
        Layer(**{**layer, "pixels": base64.b64decode(layer["pixels"])})
        for layer in content["layers"]
    ]
    frisket = base64.b64decode(content["frisket"])
    return Document(**{**content, "frisket": frisket, "layers": layers})


def main(path: Path, name: str) -> None:
    document = load(path)
    sys.path.insert(0, str(PLUG_INS / name))
    try:
        importlib.import_module(name).run(document)
    except Exception as error:
        sys.exit(f"{name}: {error}")
    save(document, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
