"""A stand-in for Python-Fu's `gimp`: images of 8 bits in memory, and the procedures in use."""

import sys

version = (2, 10, 34)
messages = []
notes = []  # in the error console
progress = []

BPP = {0: 3, 1: 4, 2: 1, 3: 2}


class Image(object):
    def __init__(self, width, height, base_type):
        self.width, self.height, self.base_type = width, height, base_type
        self.precision = 150
        self.layers = []
        self.floating = None
        self.selection = Channel(self, width, height)
        self.history = []  # what the user could undo: steps are names, a group is a list
        self._group = None

    def step(self, name):
        (self.history if self._group is None else self._group).append(name)


class Region(object):
    def __init__(self, drawable, dirty):
        self._drawable, self._dirty = drawable, dirty

    def __getitem__(self, where):
        self._check(where)
        return bytes(self._drawable.data)

    def __setitem__(self, where, data):
        self._check(where)
        assert self._dirty
        assert isinstance(data, bytes)
        assert len(data) == len(self._drawable.data), "wrong number of bytes"
        self._drawable.pending = bytearray(data)

    def _check(self, where):
        assert where == (slice(0, self._drawable.width), slice(0, self._drawable.height))


class Drawable(object):
    def __init__(self, image, width, height, bpp):
        self.image, self.width, self.height, self.bpp = image, width, height, bpp
        self.data = bytearray(width * height * bpp)
        self.pending = None
        self.offsets = (0, 0)
        self.updated = False

    def get_pixel_rgn(self, x, y, width, height, dirty, shadow):
        assert (x, y, width, height, shadow) == (0, 0, self.width, self.height, False)
        return Region(self, dirty)

    def flush(self):
        self.data, self.pending = self.pending, None

    def update(self, x, y, width, height):
        assert self.pending is None, "flush comes first"
        self.updated = True


class Layer(Drawable):
    def __init__(self, image, width, height, kind, name):
        Drawable.__init__(self, image, width, height, BPP[kind])
        self.name, self.kind = name, kind
        self.mask = self.parent = None
        self.locked = self.is_group = False
        self.visible = True


class Channel(Drawable):
    def __init__(self, image, width, height):
        Drawable.__init__(self, image, width, height, 1)
        self.is_mask = False


class _Pdb(object):
    """Names and arguments are those of GIMP's procedure browser."""

    handler = 0

    def gimp_image_base_type(self, image):
        return image.base_type

    def gimp_image_get_precision(self, image):
        return image.precision

    def gimp_image_get_floating_sel(self, image):
        return image.floating

    def gimp_image_get_selection(self, image):
        return image.selection

    def gimp_message_get_handler(self):
        return self.handler

    def gimp_message_set_handler(self, handler):
        self.handler = handler

    def gimp_message(self, text):
        assert isinstance(text, str)
        assert self.handler == 2, "a box is opened"
        notes.append(text)

    def gimp_selection_is_empty(self, image):
        return int(not any(image.selection.data))

    def gimp_image_undo_group_start(self, image):
        image._group = []

    def gimp_image_undo_group_end(self, image):
        image.history.append(image._group)
        image._group = None

    def gimp_image_get_item_position(self, image, item):
        return image.layers.index(item)

    def gimp_image_insert_layer(self, image, layer, parent, position):
        image.layers.insert(position, layer)
        layer.parent = parent
        image.step("insert")

    def gimp_image_remove_layer(self, image, layer):
        image.layers.remove(layer)
        image.step("remove")

    def gimp_image_select_item(self, image, operation, item):
        assert operation == 2
        selected = bytearray(image.width * image.height)
        left, top = item.layer.offsets
        for y in range(item.height):
            for x in range(item.width):
                if 0 <= x + left < image.width and 0 <= y + top < image.height:
                    value = item.data[y * item.width + x]
                    selected[(y + top) * image.width + x + left] = value
        image.selection.data = selected
        image.step("select")

    def gimp_item_set_visible(self, item, visible):
        item.visible = bool(visible)
        item.image.step("visibility")

    def gimp_item_is_valid(self, item):
        return int(item in item.image.layers)

    def gimp_item_is_layer(self, item):
        return int(isinstance(item, Layer))

    def gimp_item_is_layer_mask(self, item):
        return int(isinstance(item, Channel) and item.is_mask)

    def gimp_item_is_group(self, item):
        return int(item.is_group)

    def gimp_item_get_lock_content(self, item):
        return int(item.locked)

    def gimp_item_get_name(self, item):
        return item.name

    def gimp_item_get_parent(self, item):
        return item.parent

    def gimp_drawable_width(self, drawable):
        return drawable.width

    def gimp_drawable_height(self, drawable):
        return drawable.height

    def gimp_drawable_offsets(self, drawable):
        return drawable.offsets

    def gimp_layer_new(self, image, width, height, kind, name, opacity, mode):
        assert isinstance(name, str)
        assert (opacity, mode) == (100.0, 28)
        return Layer(image, width, height, kind, name)

    def gimp_layer_set_offsets(self, layer, x, y):
        layer.offsets = (x, y)

    def gimp_layer_get_mask(self, layer):
        return layer.mask

    def gimp_layer_create_mask(self, layer, kind):
        assert kind == 0
        mask = Channel(layer.image, layer.width, layer.height)
        mask.is_mask, mask.layer = True, layer
        return mask

    def gimp_layer_add_mask(self, layer, mask):
        layer.mask = mask
        layer.image.step("mask")


pdb = _Pdb()


def message(text):
    assert isinstance(text, str)
    messages.append(text)


def progress_init(text):
    del progress[:]


def progress_update(share):
    progress.append(share)


def displays_flush():
    sys.stdout.flush()
