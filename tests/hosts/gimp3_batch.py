"""What a person does in GIMP 3, case by case; run by GIMP's own Python in its batch mode.

Takes cases.json and writes report.json beside it, until there is a file "stop";
see cases.py and test_gimp3.py.
"""

import base64
import os
import sys
import time

from gi.repository import Babl, Gegl, Gimp, Gio

FOLDER = os.environ["MATTEPLUG_TEST"]
PLUG_IN = os.path.join(os.environ["GIMP3_DIRECTORY"], "plug-ins", "matteplug-smart-matte")
sys.path[:0] = [FOLDER, PLUG_IN]

import gimp_layers
import smart_matte
from editing import make_meanwhile
from patterns import as_colours, gradient, stripes
from serving import serve

BASES = {"rgb": Gimp.ImageBaseType.RGB, "gray": Gimp.ImageBaseType.GRAY}
SIZE = (60, 40)


def name_in_space(drawable, encoding):
    return Babl.get_name(Babl.format_with_space(encoding, drawable.get_format()))


def get(drawable, encoding):
    rectangle = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    data = drawable.get_buffer().get(rectangle, 1.0, encoding, Gegl.AbyssPolicy.NONE)
    return base64.b64encode(bytes(data)).decode()


def put(drawable, encoding, data):
    rectangle = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    drawable.get_buffer().set(rectangle, encoding, data)
    drawable.get_buffer().flush()


def native(drawable):
    return get(drawable, Babl.get_name(drawable.get_format()))


def make(case):
    """Make the image of a case: given pixels, a photograph, or a gradient; and a selection."""
    if "scene" in case:
        return make_scene(case["scene"])
    if "picture" in case:
        picture = Gio.File.new_for_path(os.path.join(FOLDER, case["picture"]))
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, picture)
        Gimp.context_push()
        Gimp.context_set_feather(True)
        Gimp.context_set_feather_radius(3, 3)
        if "ellipse" in case:
            image.select_ellipse(Gimp.ChannelOps.REPLACE, *case["ellipse"])
        Gimp.context_pop()
        return image, image.get_layers()[0]
    precision = getattr(Gimp.Precision, case.get("precision", "U8_NON_LINEAR"))
    base = case.get("base", "rgb")
    image = Gimp.Image.new_with_precision(*SIZE, BASES[base], precision)
    if case.get("profile") == "adobe":
        image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
    kind = {"rgb": Gimp.ImageType.RGBA_IMAGE, "gray": Gimp.ImageType.GRAYA_IMAGE}[base]
    if case.get("opaque"):
        kind = {"rgb": Gimp.ImageType.RGB_IMAGE, "gray": Gimp.ImageType.GRAY_IMAGE}[base]
    width, height = case.get("size", SIZE)
    layer = Gimp.Layer.new(image, "cat", width, height, kind, 100, Gimp.LayerMode.NORMAL)
    parent = None
    if case.get("group"):
        parent = Gimp.GroupLayer.new(image, "group")
        image.insert_layer(parent, None, 0)
    image.insert_layer(layer, parent, 0)
    layer.set_offsets(*case.get("at", (0, 0)))
    put(layer, name_in_space(layer, "R'G'B'A u8"), gradient(width, height, base))
    if case.get("select", True):
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 12, 8, 30, 22)
    return image, layer


def make_scene(scene):
    """Make the image that `matteplug.testing.HostScene` describes."""
    size, depth = scene["size"], scene["depth"]
    precision = getattr(Gimp.Precision, scene["precision"])
    image = Gimp.Image.new_with_precision(*size, BASES["rgb"], precision)
    layer = Gimp.Layer.new(
        image, "cat", *size, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL
    )
    image.insert_layer(layer, None, 0)
    layer.set_offsets(*scene["at"])
    put(layer, name_in_space(layer, "R'G'B' " + depth), base64.b64decode(scene["pixels"]))
    channel = Gimp.Channel.new(image, "selected", *size, 100, black())
    image.insert_channel(channel, None, 0)
    own = Babl.format_get_encoding(channel.get_format()).split()[0]
    put(channel, f"{own} {depth}", base64.b64decode(scene["selection"]))
    image.select_item(Gimp.ChannelOps.REPLACE, channel)
    image.remove_channel(channel)
    return image, layer


def prepare(case, image, layer, settings):
    """Do what makes the case special; return the drawables that are selected."""
    special = case.get("special")
    if special == "indexed":
        image.convert_indexed(
            Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.MONO, 2, 0, 0, ""
        )
    elif special == "two":
        other = layer.copy()
        image.insert_layer(other, None, 0)
        return [layer, other]
    elif special == "group":
        return [layer.get_parent()]
    elif special == "floating":
        Gimp.edit_copy([layer])
        Gimp.edit_paste(layer, False)
    elif special == "has mask":
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
    elif special == "mask selected":
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
        return [layer.get_mask()]
    elif special == "saved channel":
        image.insert_channel(Gimp.Channel.new(image, "saved", *SIZE, 100, black()), None, 0)
        image.set_selected_layers([layer])
    elif special == "itself":
        settings["guide-drawable"] = layer
    elif special == "locked":
        layer.set_lock_content(True)
    elif special == "locked alpha":
        layer.set_lock_alpha(True)
        layer.set_lock_position(True)
        layer.set_lock_visibility(True)
    elif special == "plate layer":
        picture = Gio.File.new_for_path(os.path.join(FOLDER, case.get("plate", "plate.png")))
        plate = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, picture)
        image.insert_layer(plate, None, 1)
        settings["guide"] = "plate"
        settings["guide-drawable"] = plate
    elif special in ("trimap layer", "erased trimap", "trimap channel"):
        settings["guide"] = "trimap"
        settings["guide-drawable"] = add_trimap(special, image, layer)
    return [layer]


def add_trimap(special, image, layer):
    """Add three stripes as a layer, the upper half of it erased or not, or as a channel."""
    rows = stripes(SIZE[1])
    if special == "trimap channel":
        channel = Gimp.Channel.new(image, "trimap", *SIZE, 100, black())
        image.insert_channel(channel, None, 0)
        own = Babl.format_get_encoding(channel.get_format())
        put(channel, own.split()[0] + " u8", rows)
        return channel
    trimap = Gimp.Layer.new(image, "trimap", *SIZE, layer.type(), 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(trimap, None, 0)
    colours = as_colours(rows, half_erased=special == "erased trimap")
    put(trimap, name_in_space(trimap, "R'G'B'A u8"), colours)
    return trimap


def black():
    return Gegl.Color.new("black")


EDITS = {
    "crop": lambda image, _layer: image.crop(30, 20, 10, 10),
    "scale": lambda image, _layer: image.scale(30, 20),
    "move": lambda _image, layer: layer.set_offsets(3, 4),
    "remove": lambda image, layer: image.remove_layer(layer),
    "precision": lambda image, _layer: image.convert_precision(Gimp.Precision.U16_NON_LINEAR),
    "indexed": lambda image, _layer: image.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.MONO, 2, 0, 0, ""
    ),
    "mask": lambda _image, layer: layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE)),
}


def run_edited(case):
    """Make a matte with an edit meanwhile, and tell what it was made of, and into what."""
    image, layer = make(case)
    before = drawable_report(layer)
    edit = EDITS[case["meanwhile"]]
    refused = make_meanwhile(
        smart_matte, gimp_layers, image, layer, output=case["output"], edit=edit
    )
    layers = image.get_layers()
    report = {
        "refused": refused,
        "before": before,
        "layers": [drawable_report(found) for found in layers],
        "channels": len(image.get_channels()),
    }
    image.delete()
    return report


def drawable_report(layer):
    _, x, y = layer.get_offsets()
    mask = layer.get_mask()
    parent = layer.get_parent()
    return {
        "name": layer.get_name(),
        "at": [x, y],
        "size": [layer.get_width(), layer.get_height()],
        "parent": parent.get_name() if parent else None,
        "pixels": get(layer, name_in_space(layer, "R'G'B'A float")),
        "native": native(layer),
        "mask": get(mask, "Y float") if mask else None,
    }


def run(case):
    if "meanwhile" in case:
        return run_edited(case)
    image, layer = make(case)
    settings = dict(case.get("settings", {}))
    drawables = prepare(case, image, layer, settings)
    before = native(layer)
    selection = get(image.get_selection(), "Y u8")
    procedure = Gimp.get_pdb().lookup_procedure("matteplug-smart-matte")
    results = []
    for _ in range(case.get("runs", 1)):
        config = procedure.create_config()
        mode = getattr(Gimp.RunMode, case.get("run-mode", "NONINTERACTIVE"))
        config.set_property("run-mode", mode)
        config.set_property("image", image)
        config.set_core_object_array("drawables", drawables)
        for name, value in settings.items():
            config.set_property(name, value)
        started = time.perf_counter()
        result = procedure.run(config)
        elapsed_s = time.perf_counter() - started
        message = Gimp.get_pdb().get_last_error()
        results.append([result.index(0).value_nick, message])
    report = {
        "results": results,
        "elapsed_s": elapsed_s,
        "untouched": native(layer) == before,
        "hidden": not layer.get_visible(),
        "source": drawable_report(layer),
        "selection before": selection,
        "selection": get(image.get_selection(), "Y float"),
        "channels": len(image.get_channels()),
        "selected": [found.get_name() for found in image.get_selected_drawables()],
        "layers": [],
    }
    siblings = layer.get_parent().get_children() if layer.get_parent() else image.get_layers()
    for found in siblings:
        if found.get_id() != layer.get_id() and not found.is_group_layer():
            report["layers"].append(drawable_report(found))
    image.delete()
    return report


serve(FOLDER, run)
