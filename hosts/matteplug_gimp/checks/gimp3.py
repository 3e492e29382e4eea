"""Has GIMP 3 make one matte of a small picture of its own; run by GIMP's Python in batch mode.

`FOLDER` is set by whoever runs this; report.json there says what happened.
"""

import json
import os
import time

from gi.repository import Babl, Gegl, Gimp

WIDTH, HEIGHT = 96, 64


def picture():
    """Return an image with a bright disc on a dark ground, roughly selected."""
    image = Gimp.Image.new(WIDTH, HEIGHT, Gimp.ImageBaseType.RGB)
    layer = Gimp.Layer.new(
        image, "disc", WIDTH, HEIGHT, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL
    )
    image.insert_layer(layer, None, 0)
    values = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            inside = (x - WIDTH // 2) ** 2 + (y - HEIGHT // 2) ** 2 < 20**2
            values += bytes((230, 210, 90) if inside else (20 + x // 4, 30, 60 + y // 4))
    layer.get_buffer().set(
        Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT), _encoding(layer, "R'G'B' u8"), bytes(values)
    )
    layer.get_buffer().flush()
    image.select_ellipse(Gimp.ChannelOps.REPLACE, WIDTH // 2 - 22, HEIGHT // 2 - 22, 44, 44)
    return image, layer


def run():
    """Return what happened."""
    report = {"version": Gimp.version()}
    procedure = Gimp.get_pdb().lookup_procedure("matteplug-smart-matte")
    if procedure is None:
        return dict(report, status="missing")
    image, layer = picture()
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [layer])
    started = time.time()
    result = procedure.run(config)
    report["elapsed_s"] = time.time() - started
    report["status"] = result.index(0).value_nick
    report["message"] = Gimp.get_pdb().get_last_error()
    if len(image.get_layers()) == 2:
        cutout = image.get_layers()[0]
        rectangle = Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT)
        encoding = _encoding(cutout, "R'G'B'A u8")
        data = cutout.get_buffer().get(rectangle, 1.0, encoding, Gegl.AbyssPolicy.NONE)
        report["centre"] = bytes(data)[4 * (HEIGHT // 2 * WIDTH + WIDTH // 2) + 3]
        report["corner"] = bytes(data)[3]
    return report


def _encoding(drawable, name):
    return Babl.get_name(Babl.format_with_space(name, drawable.get_format()))


with open(os.path.join(FOLDER, "report.json"), "w") as file:  # noqa: F821 - see above
    json.dump(run(), file)
