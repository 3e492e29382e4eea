"""Opens an image in a visible GIMP 3, selects, and runs Smart Matte with its dialog."""

import json
import os

from gi.repository import Gimp, Gio

FOLDER = os.environ["MATTEPLUG_TEST"]
picture = Gio.File.new_for_path(os.path.join(FOLDER, "picture.png"))
image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, picture)
Gimp.Display.new(image)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 60, 40, 180, 150)
procedure = Gimp.get_pdb().lookup_procedure("matteplug-smart-matte")
config = procedure.create_config()
config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
config.set_property("image", image)
config.set_core_object_array("drawables", image.get_layers())
result = procedure.run(config)
Gimp.displays_flush()
report = {
    "status": result.index(0).value_nick,
    "message": Gimp.get_pdb().get_last_error(),
    "label": procedure.get_menu_label(),
    "paths": procedure.get_menu_paths(),
    "layers": [layer.get_name() for layer in image.get_layers()],
}
with open(os.path.join(FOLDER, "window.json"), "w") as file:
    json.dump(report, file)
