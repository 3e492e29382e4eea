"""The layers of GIMP 2.10: which can be matted, and the matte back into the image.

For both halves, Python-Fu and libgimp: each brings `pdb`, GIMP's procedures by name, and `pixels`,
which reads and writes them.  Items are what `pdb` takes and returns, or None.
"""

from __future__ import absolute_import, division, print_function

from bridge import Refusal

TYPE_CHECKING = False  # typing's own is not there in Python 2
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping

    import bridge

RGB, GRAY, INDEXED = 0, 1, 2
RGBA_IMAGE, GRAYA_IMAGE = 1, 3
LAYER_MODE_NORMAL = 28
ADD_MASK_WHITE = 0
REPLACE = 2
ERROR_CONSOLE = 2


class Layers(object):
    """What `smart_matte.make` needs of a host."""

    def __init__(self, pdb, pixels):
        # type: (Any, Any) -> None
        self._pdb = pdb
        self._pixels = pixels

    def check(self, image, layer, output):
        # type: (Any, Any, str) -> None
        """Raise Refusal where the layer cannot be matted, or cannot take the output."""
        pdb = self._pdb
        if pdb.gimp_image_base_type(image) == INDEXED:
            raise Refusal(
                "image-indexed",
                "An indexed image has no soft edges.",
                "Convert it first: Image > Mode > RGB.",
            )
        if pdb.gimp_image_get_floating_sel(image) is not None:
            raise Refusal(
                "floating-selection",
                "There is a floating selection.",
                "Anchor it first: Layer > Anchor Layer.",
            )
        if pdb.gimp_item_is_layer_mask(layer):
            raise Refusal(
                "mask-selected", "The layer's mask is selected.", "Select the layer itself."
            )
        if not pdb.gimp_item_is_layer(layer):
            raise Refusal("channel-selected", "A channel is selected.", "Select a layer.")
        if pdb.gimp_item_is_group(layer):
            raise Refusal(
                "layer-group",
                "A layer group has no pixels of its own.",
                "Select a layer in it, or merge it.",
            )
        self._pixels.check(image, output)
        if output != "layer-mask":
            return
        if pdb.gimp_layer_get_mask(layer) is not None:
            raise Refusal(
                "layer-has-mask",
                "The layer already has a mask.",
                "Apply or delete it, or choose a new layer.",
            )
        if pdb.gimp_item_get_lock_content(layer):
            raise Refusal(
                "layer-locked",
                "The layer's pixels are locked.",
                "Unlock it, or choose a new layer.",
            )

    def exists(self, layer):
        # type: (Any) -> bool
        """Tell whether a layer is still in its image."""
        return bool(self._pdb.gimp_item_is_valid(layer))

    def place(self, layer):
        # type: (Any) -> tuple[int, int, int, int]
        """Return where a layer lies: x, y, width, height."""
        pdb = self._pdb
        x, y = pdb.gimp_drawable_offsets(layer)
        return x, y, pdb.gimp_drawable_width(layer), pdb.gimp_drawable_height(layer)

    def colours(self, image, layer):
        # type: (Any, Any) -> bridge.Pixels
        """Return a layer's pixels."""
        return self._read(self._pixels.colours, image, layer)

    def trimap(self, image, drawable):
        # type: (Any, Any) -> bridge.Pixels
        """Return the pixels of a trimap: a layer's colours, or a channel's values."""
        if self._pdb.gimp_item_is_layer(drawable):
            return self.colours(image, drawable)
        return self._read(self._pixels.mask, image, drawable)

    def selection(self, image, _layer):
        # type: (Any, Any) -> bridge.Pixels | None
        """Return the selection, which has the image's size, or None where nothing is selected."""
        if self._pdb.gimp_selection_is_empty(image):
            return None
        selection = self._pdb.gimp_image_get_selection(image)
        return self._pixels.mask(selection, self._pixels.depth_of(image))  # type: ignore[no-any-return]

    def put(self, image, layer, output, seen, answer, hides):
        # type: (Any, Any, str, bridge.Pixels, Mapping[str, bytes], bool) -> None
        """Put the matte of the pixels `seen` into the image, as one step of its history.

        A new layer is the active one then, and the one below is hidden if `hides`.
        """
        self._pdb.gimp_image_undo_group_start(image)
        try:
            if hides and output in ("new-layer", "new-layer-with-mask"):
                self._pdb.gimp_item_set_visible(layer, False)
            if output == "new-layer":
                self._new_layer(image, layer, seen, answer["cutout"])
            elif output == "new-layer-with-mask":
                new = self._new_layer(image, layer, seen, answer["foreground"])
                self._add_mask(new, seen, answer["alpha"])
            elif output == "layer-mask":
                self._add_mask(layer, seen, answer["alpha"])
            else:
                self._select(image, layer, seen, answer["alpha"])
        finally:
            self._pdb.gimp_image_undo_group_end(image)

    def note(self, text):
        # type: (str) -> None
        """Write into GIMP's error console, if there is anything: a box would have to be closed."""
        if not text:
            return
        before = self._pdb.gimp_message_get_handler()
        self._pdb.gimp_message_set_handler(ERROR_CONSOLE)
        try:
            self._pdb.gimp_message(text)
        finally:
            self._pdb.gimp_message_set_handler(before)

    def _new_layer(self, image, layer, seen, data=None):
        # type: (Any, Any, bridge.Pixels, bytes | None) -> Any
        pdb = self._pdb
        new = pdb.gimp_layer_new(
            image,
            seen.width,
            seen.height,
            GRAYA_IMAGE if pdb.gimp_image_base_type(image) == GRAY else RGBA_IMAGE,
            "%s matte" % pdb.gimp_item_get_name(layer),
            100.0,
            LAYER_MODE_NORMAL,
        )
        pdb.gimp_layer_set_offsets(new, seen.x, seen.y)
        parent = pdb.gimp_item_get_parent(layer)
        pdb.gimp_image_insert_layer(
            image, new, parent, pdb.gimp_image_get_item_position(image, layer)
        )
        if data is not None:
            self._pixels.set_colours(new, _depth(seen), data)
        return new

    def _add_mask(self, layer, seen, data):
        # type: (Any, bridge.Pixels, bytes) -> Any
        mask = self._pdb.gimp_layer_create_mask(layer, ADD_MASK_WHITE)
        self._pdb.gimp_layer_add_mask(layer, mask)
        self._pixels.set_mask(mask, _depth(seen), data)
        return mask

    def _select(self, image, layer, seen, data):
        # type: (Any, Any, bridge.Pixels, bytes) -> None
        """Replace the selection, by way of a mask: GIMP has no other way to write a part of one."""
        carrier = self._new_layer(image, layer, seen)
        mask = self._add_mask(carrier, seen, data)
        self._pdb.gimp_image_select_item(image, REPLACE, mask)
        self._pdb.gimp_image_remove_layer(image, carrier)

    def _read(self, read, image, drawable):
        # type: (Callable[[Any, str], bridge.Pixels], Any, Any) -> bridge.Pixels
        x, y, _, _ = self.place(drawable)
        return read(drawable, self._pixels.depth_of(image))._replace(x=x, y=y)


def _depth(pixels):
    # type: (bridge.Pixels) -> str
    return str(pixels.format.split()[1])
