"""Shows an image in a visible GIMP 3 and selects; runs Smart Matte with its dialog if so told.

Reads scene.json: "ellipse" or "polygon", in pixels, and "runs", and "hide" for the layer
and the selection afterwards; "undone" lists outputs that are made without the dialog, each to be
undone before the next; with "slow" a picture that takes a minute is in the tab before.  Writes
window.json, and before it a line to "finished" for each run: when it ended, and how.
"""

import json
import os
import time

from gi.repository import Gegl, Gimp, Gio

FOLDER = os.environ["MATTEPLUG_TEST"]
with open(os.path.join(FOLDER, "scene.json")) as file:
    scene = json.load(file)
if scene.get("slow"):
    slow = Gimp.Image.new(9, 12, Gimp.ImageBaseType.RGB)
    kind, mode = Gimp.ImageType.RGB_IMAGE, Gimp.LayerMode.NORMAL
    slow.insert_layer(Gimp.Layer.new(slow, "slow", 9, 12, kind, 100, mode), None, 0)
    slow.select_ellipse(Gimp.ChannelOps.REPLACE, 2, 3, 5, 6)
    Gimp.Display.new(slow)
picture = Gio.File.new_for_path(os.path.join(FOLDER, "picture.png"))
image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, picture)
if "ellipse" in scene:
    image.select_ellipse(Gimp.ChannelOps.REPLACE, *scene["ellipse"])
else:
    image.select_polygon(Gimp.ChannelOps.REPLACE, scene["polygon"])
Gimp.Display.new(image)
procedure = Gimp.get_pdb().lookup_procedure("matteplug-smart-matte")
report = {
    "label": procedure.get_menu_label(),
    "paths": procedure.get_menu_paths(),
    "types": procedure.get_image_types(),
}


def smart_matte(**settings):
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", image.get_layers()[-1:])
    for name, value in settings.items():
        config.set_property(name, value)
    result = procedure.run(config)
    ended = time.time()
    report["status"] = result.index(0).value_nick
    report["message"] = Gimp.get_pdb().get_last_error()
    report["layers"] = [layer.get_name() for layer in image.get_layers()]
    report["middle"] = opacity_in_the_middle(image.get_layers()[0])
    report["settings"] = {
        name: config.get_property(name) for name in ("network", "band-px", "options")
    }
    Gimp.displays_flush()
    with open(os.path.join(FOLDER, "finished"), "a") as file:
        file.write(f"{ended} {report['status']}\n")


def opacity_in_the_middle(layer):
    area = Gegl.Rectangle.new(layer.get_width() // 2, layer.get_height() // 2, 1, 1)
    return layer.get_buffer().get(area, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE)[3]


def state():
    """Return what one step back has to bring back."""
    selection = image.get_selection().get_buffer()
    area = Gegl.Rectangle.new(0, 0, image.get_width(), image.get_height())
    return (
        [(layer.get_id(), layer.get_mask() is not None) for layer in image.get_layers()],
        [item.get_id() for item in image.get_selected_drawables()],
        len(image.get_channels()),
        bytes(selection.get(area, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)),
    )


for _ in range(scene.get("runs", 0)):
    smart_matte()
for output in scene.get("undone", ()):
    before = state()
    smart_matte(**{"run-mode": Gimp.RunMode.NONINTERACTIVE, "output": output})
    changed, end = state() != before, time.monotonic() + 20
    while state() != before and time.monotonic() < end:
        time.sleep(0.1)
    report[output] = [changed, state() == before]
if scene.get("hide"):
    image.get_layers()[-1].set_visible(False)
    Gimp.Selection.none(image)
Gimp.displays_flush()
with open(os.path.join(FOLDER, "window.json"), "w") as file:
    json.dump(report, file)
