"""Smart Matte in Easel: adds the top layer's cutout; the frisket says what is background."""

import json
from dataclasses import replace
from pathlib import Path

from bridge import Pixels, Worker

SETTINGS = Path(__file__).with_name("settings.json")


def run(document):
    depth, layer = document.depth, document.layers[0]
    buffers = {
        "image": Pixels("RGBA " + depth, layer.width, layer.height, layer.pixels, layer.x, layer.y),
        "selection": Pixels("Y " + depth, document.width, document.height, document.frisket),
    }
    with Worker(json.loads(SETTINGS.read_text())["python"], client="easel") as worker:
        _, answer = worker.matte(buffers, {"cutout": "RGBA " + depth}, host="easel")
    cutout = replace(layer, name=layer.name + " matte", pixels=answer["cutout"])
    document.layers.insert(0, cutout)
