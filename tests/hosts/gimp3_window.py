"""Shows an image in a visible GIMP 3 and selects; runs Smart Matte with its dialog if so told.

Reads scene.json: "ellipse" or "polygon", in pixels, and "runs", and "hide" for the layer
and the selection afterwards.  Writes window.json, and before it a line to "finished" for each run:
when it ended, and how.
"""

import json
import os
import time

from gi.repository import Gimp, Gio

FOLDER = os.environ["MATTEPLUG_TEST"]
with open(os.path.join(FOLDER, "scene.json")) as file:
    scene = json.load(file)
picture = Gio.File.new_for_path(os.path.join(FOLDER, "picture.png"))
image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, picture)
if "ellipse" in scene:
    image.select_ellipse(Gimp.ChannelOps.REPLACE, *scene["ellipse"])
else:
    image.select_polygon(Gimp.ChannelOps.REPLACE, scene["polygon"])
Gimp.Display.new(image)
procedure = Gimp.get_pdb().lookup_procedure("matteplug-smart-matte")
report = {"label": procedure.get_menu_label(), "paths": procedure.get_menu_paths()}
for _ in range(scene.get("runs", 0)):
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", image.get_layers()[-1:])
    result = procedure.run(config)
    ended = time.time()
    report["status"] = result.index(0).value_nick
    with open(os.path.join(FOLDER, "finished"), "a") as file:
        file.write(f"{ended} {report['status']}\n")
    report["message"] = Gimp.get_pdb().get_last_error()
    report["layers"] = [layer.get_name() for layer in image.get_layers()]
if scene.get("hide"):
    image.get_layers()[-1].set_visible(False)
    Gimp.Selection.none(image)
Gimp.displays_flush()
with open(os.path.join(FOLDER, "window.json"), "w") as file:
    json.dump(report, file)
