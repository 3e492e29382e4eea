"""Smart Matte in Easel: adds the top layer's cutout; the frisket says what is background."""

import os
from dataclasses import replace

from bridge import Pixels, Worker, installed


def run(document):
    depth, layer = document.depth, document.layers[0]
    buffers = {
        "image": Pixels("RGBA " + depth, layer.width, layer.height, layer.pixels, layer.x, layer.y),
        "selection": Pixels("Y " + depth, document.width, document.height, document.frisket),
    }
    python = installed(os.path.dirname(__file__))["python"]
    with Worker(python, client="Easel") as worker:
        _, answer = worker.matte(buffers, {"cutout": "RGBA " + depth}, host="easel")
    cutout = replace(layer, name=layer.name + " matte", pixels=answer["cutout"])
    document.layers.insert(0, cutout)
