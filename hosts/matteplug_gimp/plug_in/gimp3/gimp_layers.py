"""Pixels out of GIMP's layers, selection and channels, and the matte back into the image.

Bytes are named in the colour space of the image itself: a plain "R'G'B'A u8" means sRGB, and GEGL
would convert a wide-gamut picture on the way out and again on the way in.
"""

from gi.repository import Babl, Gegl, Gimp

from bridge import Pixels, Refusal

BABL_DEPTHS = {"u8": "u8", "u16": "u16", "f32": "float"}
ENCODED = {
    "%s %s" % (babl, BABL_DEPTHS[depth]): "%s %s" % (wire, depth)
    for babl, wire in (("R'G'B'", "RGB"), ("R'G'B'A", "RGBA"))
    for depth in BABL_DEPTHS
}
"""The wire's format for babl's name of it."""


def the_layer(image, drawables):
    """Return the one layer to work on, or raise Refusal."""
    if len(drawables) != 1:
        raise Refusal("layers-selected", "Select one layer; %d are selected." % len(drawables))
    check(image, drawables[0])
    return drawables[0]


def check(image, layer, output=""):
    """Raise Refusal where the layer cannot be matted, or cannot take the output."""
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise Refusal(
            "image-indexed",
            "An indexed image has no soft edges.",
            "Convert it first: Image > Mode > RGB.",
        )
    if image.get_floating_sel() is not None:
        raise Refusal(
            "floating-selection",
            "There is a floating selection.",
            "Anchor it first: Layer > Anchor Layer.",
        )
    if isinstance(layer, Gimp.LayerMask):
        raise Refusal("mask-selected", "The layer's mask is selected.", "Select the layer itself.")
    if not isinstance(layer, Gimp.Layer):
        raise Refusal("channel-selected", "A channel is selected.", "Select a layer.")
    if layer.is_group_layer():
        raise Refusal(
            "layer-group",
            "A layer group has no pixels of its own.",
            "Select a layer in it, or merge it.",
        )
    if output != "layer-mask":
        return
    if layer.get_mask() is not None:
        raise Refusal(
            "layer-has-mask",
            "The layer already has a mask.",
            "Apply or delete it, or choose a new layer.",
        )
    if layer.get_lock_content():
        raise Refusal(
            "layer-locked", "The layer's pixels are locked.", "Unlock it, or choose a new layer."
        )


def exists(layer):
    """Tell whether a layer is still in its image."""
    return layer.is_valid()


def place(layer):
    """Return where a layer lies: x, y, width, height."""
    return (*_offsets(layer), layer.get_width(), layer.get_height())


def depth_of(image):
    """Return the depth, as the wire has it, that holds the image's values sRGB-encoded."""
    precision = image.get_precision()
    if precision in (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U8_PERCEPTUAL):
        return "u8"
    # 8 linear bits need more than 8 when they are encoded, and 16 more than 16
    sixteen = (
        Gimp.Precision.U8_LINEAR,
        Gimp.Precision.U16_NON_LINEAR,
        Gimp.Precision.U16_PERCEPTUAL,
    )
    return "u16" if precision in sixteen else "f32"


def colours(image, layer):
    """Return a layer's pixels, unconverted if the wire has their format.

    The first conversion of a process takes babl 0.3 s to find.
    """
    layer_format = layer.get_format()
    encoding = Babl.format_get_encoding(layer_format)
    if encoding in ENCODED:
        return _read(layer, ENCODED[encoding], Babl.get_name(layer_format))
    depth = depth_of(image)
    return _read(layer, "RGBA " + depth, _in_space_of(layer, "R'G'B'A", depth))


def trimap(image, drawable):
    """Return the pixels of a trimap: a layer's colours, or a channel's values."""
    if isinstance(drawable, Gimp.Layer):
        return colours(image, drawable)
    depth = depth_of(image)
    return _read(drawable, "Y " + depth, _channel_format(drawable, depth))


def selection(image, layer):
    """Return the part of the selection that lies over a layer, or None where nothing is."""
    if Gimp.Selection.is_empty(image):
        return None
    depth = depth_of(image)
    rectangle = Gegl.Rectangle.new(*place(layer))
    # "Y'" would bend the values: masks are linear
    data = _get(image.get_selection(), rectangle, "Y " + BABL_DEPTHS[depth])
    return Pixels("Y " + depth, rectangle.width, rectangle.height, data, rectangle.x, rectangle.y)


def put(image, layer, output, seen, answer, *, hides):
    """Put the matte of the pixels `seen` into the image, as one step of its history.

    A new layer is the active one then, and the one below is hidden if `hides`.
    """
    image.undo_group_start()
    try:
        if hides and output in ("new-layer", "new-layer-with-mask"):
            layer.set_visible(False)
        if output == "new-layer":
            _new_layer(image, layer, seen, answer["cutout"])
        elif output == "new-layer-with-mask":
            _add_mask(_new_layer(image, layer, seen, answer["foreground"]), seen, answer["alpha"])
        elif output == "layer-mask":
            _add_mask(layer, seen, answer["alpha"])
        else:
            _select(image, seen, answer["alpha"])
    finally:
        image.undo_group_end()


def _new_layer(image, layer, seen, data):
    grayscale = image.get_base_type() == Gimp.ImageBaseType.GRAY
    new = Gimp.Layer.new(
        image,
        "%s matte" % layer.get_name(),
        seen.width,
        seen.height,
        Gimp.ImageType.GRAYA_IMAGE if grayscale else Gimp.ImageType.RGBA_IMAGE,
        100.0,
        Gimp.LayerMode.NORMAL,
    )
    new.set_offsets(seen.x, seen.y)
    image.insert_layer(new, layer.get_parent(), image.get_item_position(layer))
    _set(new, _in_space_of(new, "R'G'B'A", _depth(seen)), data)
    return new


def _add_mask(layer, seen, data):
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    _set(mask, "Y " + BABL_DEPTHS[_depth(seen)], data)


def _select(image, seen, data):
    """Replace the selection, by way of a channel: GIMP has no other way to write one."""
    selected = image.get_selected_layers()
    channel = Gimp.Channel.new(
        image, "matte", image.get_width(), image.get_height(), 100.0, Gegl.Color.new("black")
    )
    image.insert_channel(channel, None, 0)
    rectangle = (seen.x, seen.y, seen.width, seen.height)
    _set(channel, _channel_format(channel, _depth(seen)), data, rectangle)
    image.select_item(Gimp.ChannelOps.REPLACE, channel)
    image.remove_channel(channel)
    image.set_selected_layers(selected)  # inserting a channel has selected that


def _depth(pixels):
    return pixels.format.split()[1]


def _channel_format(channel, depth):
    """Return the format of a channel's own values.

    Those become a selection as they are, but GIMP 3.0 calls them Y' where the image is not linear,
    and a selection always Y: naming the wrong one bends 128 to 188.
    """
    encoding = Babl.format_get_encoding(channel.get_format())
    return "%s %s" % (encoding.split()[0], BABL_DEPTHS[depth])


def _in_space_of(drawable, channels, depth):
    name = "%s %s" % (channels, BABL_DEPTHS[depth])
    return Babl.get_name(Babl.format_with_space(name, drawable.get_format()))


def _offsets(drawable):
    _, x, y = drawable.get_offsets()
    return x, y


def _read(drawable, wire_format, babl_format):
    x, y = _offsets(drawable)
    width, height = drawable.get_width(), drawable.get_height()
    data = _get(drawable, Gegl.Rectangle.new(0, 0, width, height), babl_format)
    return Pixels(wire_format, width, height, data, x, y)


def _get(drawable, rectangle, babl_format):
    return drawable.get_buffer().get(rectangle, 1.0, babl_format, Gegl.AbyssPolicy.NONE)


def _set(drawable, babl_format, data, rectangle=None):
    x, y, width, height = rectangle or (0, 0, drawable.get_width(), drawable.get_height())
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(x, y, width, height), babl_format, data)
    buffer.flush()
    drawable.update(x, y, width, height)
