# -*- coding: utf-8 -*-
"""What a person does in a GIMP with Python-Fu: drive.py PLUG-IN CASES REPORT, on Python 2.7.

The stand-ins for `gimp` and `gimpfu` lie beside this file.  Every case is a run of its own.
"""

from __future__ import print_function

import base64
import io
import json
import sys

import gimp
import gimpfu

PLUG_IN, CASES, REPORT = sys.argv[1:]
WIDTH, HEIGHT = 60, 40
KINDS = {"rgb": 0, "rgba": 1, "gray": 2, "graya": 3}


def start(running):
    """Run the plug-in's file as GIMP does, and return what it registered."""
    sys.argv = [PLUG_IN, "-gimp", "3", "4", "-run" if running else "-query", "0"]
    gimpfu.registered.clear()
    with open(PLUG_IN) as file:
        code = compile(file.read(), PLUG_IN, "exec")
    exec(code, {"__name__": "__main__", "__file__": PLUG_IN})
    return gimpfu.registered["plug-in-matteplug-smart-matte"]


def make(case):
    kind = case.get("kind", "rgb")
    image = gimp.Image(WIDTH, HEIGHT, 1 if kind.startswith("gray") else 0)
    image.precision = case.get("precision", 150)
    width, height = case.get("size", (WIDTH, HEIGHT))
    layer = gimp.Layer(image, width, height, KINDS[kind], "Kätzchen")
    layer.offsets = tuple(case.get("at", (0, 0)))
    values = bytearray()
    for place in range(width * height):
        x, y = place % width, place // width
        gray = (5 * x + 3 * y) % 256
        alpha = 255 if x < width - 6 else 90
        colour = [gray] if kind.startswith("gray") else [x * 4 % 256, y * 6 % 256, gray]
        values += bytearray(colour + ([alpha] if kind.endswith("a") else []))
    layer.data = values
    image.layers.append(layer)
    if case.get("select", True):
        for y in range(8, 30):
            for x in range(12, 42):
                image.selection.data[y * WIDTH + x] = 255 if 10 < y < 27 and 15 < x < 38 else 128
    return image, layer


def prepare(case, image, layer, settings):
    special = case.get("special")
    if special == "indexed":
        image.base_type = 2
    elif special == "floating":
        image.floating = layer
    elif special == "group":
        layer.is_group = True
    elif special == "channel selected":
        return image.selection
    elif special in ("has mask", "mask selected"):
        layer.mask = gimp.pdb.gimp_layer_create_mask(layer, 0)
        return layer.mask if special == "mask selected" else layer
    elif special == "locked":
        layer.locked = True
    elif special == "itself":
        settings["guide-drawable"] = layer
    elif special in ("trimap layer", "erased trimap", "trimap channel"):
        rows = bytearray([0] * 20 + [128] * 20 + [255] * 20) * HEIGHT
        if special == "trimap layer":
            guide = gimp.Layer(image, WIDTH, HEIGHT, 0, "trimap")
            guide.data = bytearray(value for value in rows for _ in range(3))
        elif special == "erased trimap":
            guide = gimp.Layer(image, WIDTH, HEIGHT, 3, "trimap")
            guide.data[::2], guide.data[1::2] = rows, bytearray([0, 255]) * (len(rows) // 2)
        else:
            guide = gimp.Channel(image, WIDTH, HEIGHT)
            guide.data = rows
        settings.update({"guide": "trimap", "guide-drawable": guide})
    return layer


def crop_meanwhile(layer, width, height):
    """Have the user crop the layer while the next matte is made."""
    matte = bridge.Worker.matte

    def then_crop(*arguments):
        answer = matte(*arguments)
        layer.width, layer.height = width, height
        layer.data = layer.data[: width * height * layer.bpp]
        bridge.Worker.matte = matte
        return answer

    bridge.Worker.matte = then_crop


def text(data):
    return base64.b64encode(bytes(data)).decode()


def run(case):
    image, layer = make(case)
    settings = dict(case.get("settings", {}))
    drawable = prepare(case, image, layer, settings)
    before, selection = bytes(layer.data), text(image.selection.data)
    del gimp.messages[:], gimp.notes[:]
    failed = False
    if "meanwhile" in case:
        crop_meanwhile(layer, *case["meanwhile"])
    for _ in range(case.get("runs", 1)):
        params, function, _, _ = start(running=True)
        arguments = [str(settings[p[1]]) if isinstance(settings.get(p[1]), type(u""))
                     else settings.get(p[1], p[3]) for p in params[2:]]  # fmt: skip
        try:
            function(image, drawable, *arguments)
        except gimpfu.error:
            failed = True
    return {
        "failed": failed,
        "messages": [message.decode("utf-8") for message in gimp.messages],
        "notes": [note.decode("utf-8") for note in gimp.notes],
        "handler": gimp.pdb.handler,
        "progress": list(gimp.progress),
        "untouched": bytes(layer.data) == before,
        "hidden": not layer.visible,
        "source": text(before),
        "selection before": selection,
        "selection": text(image.selection.data),
        "mask": layer.mask and text(layer.mask.data),
        "history": image.history,
        "layers": [
            {
                "name": other.name.decode("utf-8"),
                "at": other.offsets,
                "size": [other.width, other.height],
                "updated": other.updated,
                "pixels": text(other.data),
                "mask": other.mask and text(other.mask.data),
            }
            for other in image.layers
            if other is not layer
        ],
    }


params, _, label, menu = start(running=False)
listed = {"label": label, "menu": menu, "params": [list(map(str, p[1:3])) for p in params]}
listed["networks when listed"] = [value for _, value in params[2][4]]
params = start(running=True)[0]
listed["params when run"] = [list(map(str, p[1:3])) for p in params]
import bridge  # beside the plug-in, which has put its folder on the path

listed["networks when run"] = [value for _, value in params[2][4]]
with io.open(CASES, encoding="utf-8") as file:
    cases = json.load(file)
reports = {"listed": listed}
for title, case in cases.items():
    reports[title] = run(case)
with open(REPORT, "w") as file:
    json.dump(reports, file)
