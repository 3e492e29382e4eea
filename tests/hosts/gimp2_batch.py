#!/usr/bin/env python3
"""What a person does in GIMP 2.10, case by case; a plug-in of its own, beside copies of libgimp.py
and gegl_pixels.py.

Takes cases.json and writes report.json beside it, until there is a file "stop";
see cases.py and test_gimp2.py.
"""

import base64
import ctypes
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["GIMP2_DIRECTORY"], "plug-ins/matteplug-smart-matte"))

import gegl_pixels
import smart_matte
from editing import make_meanwhile
from gimp_layers import Layers
from libgimp import INT32, pdb, serve
from patterns import as_colours, gradient, stripes
from serving import serve as serve_cases

FOLDER = os.environ["MATTEPLUG_TEST"]
SIZE = (60, 40)
KINDS = {("rgb", False): 0, ("rgb", True): 1, ("gray", False): 2, ("gray", True): 3}
SMART_MATTE = pdb.plug_in_matteplug_smart_matte


def native(drawable):
    """Return a drawable's pixels as GIMP stores them."""
    with gegl_pixels._Buffer(drawable, "f32", "R'G'B'A") as buffer:
        own = gegl_pixels._gegl.gegl_buffer_get_format(buffer.pointer)
        area = buffer.rectangle.width * buffer.rectangle.height
        data = ctypes.create_string_buffer(area * pdb.gimp_drawable_bpp(drawable))
        gegl_pixels._gegl.gegl_buffer_get(buffer.pointer, buffer.rectangle, 1.0, own, data, 0, 0)
    return text(data.raw)


def text(data):
    return base64.b64encode(data).decode()


def make(case):
    """Make the image of a case: a photograph, given pixels or a gradient; and a selection."""
    if "scene" in case:
        return make_scene(case["scene"])
    if "picture" in case:
        picture = os.path.join(FOLDER, case["picture"])
        image = pdb.gimp_file_load(1, picture, picture)
        pdb.gimp_context_push()
        pdb.gimp_context_set_feather(1)
        pdb.gimp_context_set_feather_radius(3, 3)
        pdb.gimp_image_select_ellipse(image, 2, *case["ellipse"])
        pdb.gimp_context_pop()
        return image, pdb.gimp_image_get_active_layer(image)
    base = case.get("base", "rgb")
    image = pdb.gimp_image_new_with_precision(
        *SIZE, {"rgb": 0, "gray": 1}[base], case.get("precision", 150)
    )
    if case.get("profile") == "adobe":
        set_adobe_profile(image)
    width, height = case.get("size", SIZE)
    kind = KINDS[base, not case.get("opaque")]
    layer = pdb.gimp_layer_new(image, width, height, kind, "Kätzchen", 100, 28)
    parent = None
    if case.get("group"):
        parent = pdb.gimp_layer_group_new(image)
        pdb.gimp_image_insert_layer(image, parent, None, 0)
    pdb.gimp_image_insert_layer(image, layer, parent, 0)
    pdb.gimp_layer_set_offsets(layer, *case.get("at", (0, 0)))
    gegl_pixels.set_colours(layer, "u8", gradient(width, height, base))
    if case.get("select", True):
        pdb.gimp_image_select_ellipse(image, 2, 12, 8, 30, 22)
    return image, layer


def set_adobe_profile(image):
    """Give the image a wide gamut; profiles are objects, which `pdb` does not have."""
    new = ctypes.CDLL("libgimpcolor-2.0.so.0").gimp_color_profile_new_rgb_adobe
    new.restype = ctypes.c_void_p
    set_profile = ctypes.CDLL("libgimp-2.0.so.0").gimp_image_set_color_profile
    set_profile.argtypes = [ctypes.c_int32, ctypes.c_void_p]
    assert set_profile(image, new())


def make_scene(scene):
    """Make the image that `matteplug.testing.HostScene` describes."""
    size, depth = scene["size"], scene["depth"]
    image = pdb.gimp_image_new_with_precision(*size, 0, scene["precision"])
    layer = pdb.gimp_layer_new(image, *size, 0, "cat", 100, 28)
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    pdb.gimp_layer_set_offsets(layer, *scene["at"])
    gegl_pixels._write(layer, depth, "R'G'B'", base64.b64decode(scene["pixels"]))
    mask = pdb.gimp_layer_create_mask(layer, 0)
    pdb.gimp_layer_add_mask(layer, mask)
    pdb.gimp_layer_set_offsets(layer, 0, 0)
    gegl_pixels.set_mask(mask, depth, base64.b64decode(scene["selection"]))
    pdb.gimp_image_select_item(image, 2, mask)
    pdb.gimp_layer_remove_mask(layer, 1)
    pdb.gimp_layer_set_offsets(layer, *scene["at"])
    return image, layer


def prepare(case, image, layer, settings):
    """Do what makes the case special; return the drawable to matte."""
    special = case.get("special")
    if special == "indexed":
        pdb.gimp_image_convert_indexed(image, 0, 0, 2, 0, 0, "")
    elif special == "group":
        return pdb.gimp_item_get_parent(layer)
    elif special == "floating":
        pdb.gimp_edit_copy(layer)
        pdb.gimp_edit_paste(layer, 0)
    elif special == "has mask":
        pdb.gimp_layer_add_mask(layer, pdb.gimp_layer_create_mask(layer, 0))
    elif special == "mask selected":
        mask = pdb.gimp_layer_create_mask(layer, 0)
        pdb.gimp_layer_add_mask(layer, mask)
        return mask
    elif special == "channel selected":
        return pdb.gimp_selection_save(image)
    elif special == "saved channel":
        pdb.gimp_selection_save(image)
        pdb.gimp_image_set_active_layer(image, layer)
    elif special == "itself":
        settings["guide-drawable"] = layer
    elif special == "locked":
        pdb.gimp_item_set_lock_content(layer, 1)
    elif special == "plate":
        plate = pdb.gimp_layer_copy(layer, 0)
        pdb.gimp_image_insert_layer(image, plate, None, 0)
        settings.update({"guide": "plate", "guide-drawable": plate})
    elif special in ("trimap layer", "erased trimap", "trimap channel"):
        settings.update({"guide": "trimap", "guide-drawable": add_trimap(special, image, layer)})
    return layer


def add_trimap(special, image, layer):
    """Add three stripes as a layer, the upper half of it erased or not, or as a channel."""
    width, height = SIZE
    rows = stripes(height)
    if special == "trimap channel":
        channel = pdb.gimp_selection_save(image)
        gegl_pixels.set_mask(channel, "u8", rows)
        return channel
    kind = pdb.gimp_drawable_type(layer)
    trimap = pdb.gimp_layer_new(image, width, height, kind, "trimap", 100, 28)
    pdb.gimp_image_insert_layer(image, trimap, None, 0)
    colours = as_colours(rows, half_erased=special == "erased trimap")
    gegl_pixels.set_colours(trimap, "u8", colours)
    return trimap


EDITS = {
    "crop": lambda image, _layer: pdb.gimp_image_crop(image, 30, 20, 10, 10),
    "scale": lambda image, _layer: pdb.gimp_image_scale(image, 30, 20),
    "move": lambda _image, layer: pdb.gimp_layer_set_offsets(layer, 3, 4),
    "remove": pdb.gimp_image_remove_layer,
    "precision": lambda image, _layer: pdb.gimp_image_convert_precision(image, 250),
    "indexed": lambda image, _layer: pdb.gimp_image_convert_indexed(image, 0, 0, 2, 0, 0, ""),
    "mask": lambda _image, layer: pdb.gimp_layer_add_mask(
        layer, pdb.gimp_layer_create_mask(layer, 0)
    ),
}


def run_edited(case):
    """Make a matte with an edit meanwhile, and tell what it was made of, and into what."""
    image, layer = make(case)
    before = drawable_report(layer)
    layers, edit = Layers(pdb, gegl_pixels), EDITS[case["meanwhile"]]
    refused = make_meanwhile(smart_matte, layers, image, layer, output=case["output"], edit=edit)
    report = {
        "refused": refused,
        "before": before,
        "layers": [drawable_report(found) for found in pdb.gimp_image_get_layers(image)[1]],
        "channels": pdb.gimp_image_get_channels(image)[0],
    }
    pdb.gimp_image_delete(image)
    return report


def run_undone(case):
    """Show an image, and make mattes of it that the user takes back, each before the next."""
    image, layer = make(case)
    display, report = pdb.gimp_display_new(image), {}
    for output in case["undone"]:
        before = state(image)
        result = run_procedure(image, layer, {"output": output})
        pdb.gimp_displays_flush()
        with open(os.path.join(FOLDER, "finished"), "a") as file:
            file.write(result[0] + "\n")
        changed, end = state(image) != before, time.monotonic() + 20
        while state(image) != before and time.monotonic() < end:
            time.sleep(0.1)
        report[output] = [changed, state(image) == before]
    pdb.gimp_display_delete(display)
    return report


def state(image):
    """Return what one step back has to bring back."""
    _, layers = pdb.gimp_image_get_layers(image)
    selection = gegl_pixels.mask(pdb.gimp_image_get_selection(image), "u8").data
    masks = [pdb.gimp_layer_get_mask(layer) is not None for layer in layers]
    hidden = [not pdb.gimp_item_get_visible(layer) for layer in layers]
    return layers, masks, hidden, pdb.gimp_image_get_active_drawable(image), selection


def drawable_report(layer):
    mask, parent = pdb.gimp_layer_get_mask(layer), pdb.gimp_item_get_parent(layer)
    return {
        "name": pdb.gimp_item_get_name(layer),
        "at": pdb.gimp_drawable_offsets(layer),
        "size": [pdb.gimp_drawable_width(layer), pdb.gimp_drawable_height(layer)],
        "parent": parent and pdb.gimp_item_get_name(parent),
        "pixels": text(gegl_pixels._read(layer, "RGBA", "f32", "R'G'B'A").data),
        "native": native(layer),
        "mask": mask and text(gegl_pixels.mask(mask, "f32").data),
    }


def run_procedure(image, drawable, settings):
    """Run the procedure as a script does; return a status and GIMP's words."""
    chosen = {
        "network": "",
        "guide": "selection",
        "guide-drawable": None,
        "band-px": 0,
        "output": "new-layer",
        "clean-colours": 1,
        "options": "",
        **settings,
    }
    try:
        SMART_MATTE(1, image, drawable, *chosen.values())
    except RuntimeError as error:
        return ["error", str(error)]
    return ["success", ""]


def run(case):
    if "meanwhile" in case:
        return run_edited(case)
    if "undone" in case:
        return run_undone(case)
    image, layer = make(case)
    settings = dict(case.get("settings", {}))
    drawable = prepare(case, image, layer, settings)
    selected = pdb.gimp_image_get_selection(image)
    before = native(layer)
    selection = text(gegl_pixels.mask(selected, "f32").data)
    results = []
    for _ in range(case.get("runs", 1)):
        started = time.perf_counter()
        results.append(run_procedure(image, drawable, settings))
        elapsed_s = time.perf_counter() - started
    active, parent = pdb.gimp_image_get_active_drawable(image), pdb.gimp_item_get_parent(layer)
    _, children = pdb.gimp_item_get_children(parent) if parent else pdb.gimp_image_get_layers(image)
    others = [child for child in children if child != layer and not pdb.gimp_item_is_group(child)]
    report = {
        "results": results,
        "elapsed_s": elapsed_s,
        "untouched": native(layer) == before,
        "hidden": not pdb.gimp_item_get_visible(layer),
        "source": drawable_report(layer),
        "selection before": selection,
        "selection": text(gegl_pixels.mask(pdb.gimp_image_get_selection(image), "f32").data),
        "channels": pdb.gimp_image_get_channels(image)[0],
        "selected": [active and pdb.gimp_item_get_name(active)],
        "layers": [drawable_report(other) for other in others],
    }
    if "save" in case:
        path = os.path.join(FOLDER, case["save"])
        pdb.file_png_save_defaults(1, image, others[0], path, path)
    pdb.gimp_image_delete(image)
    return report


def run_all(_run_mode):
    gegl_pixels.start()
    serve_cases(FOLDER, run)


if __name__ == "__main__":
    sys.exit(
        serve("plug-in-matteplug-test", "Run the cases", "", [(INT32, "run-mode", "1")], run_all)
    )
