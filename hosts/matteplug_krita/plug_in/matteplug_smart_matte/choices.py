"""What the user can choose; kept in Krita's settings from one start to the next."""

import json

GUIDES = (
    (
        "selection",
        "Selection",
        "A rough selection of the foreground; where nothing is selected, people and subjects are "
        "looked for",
    ),
    ("trimap", "Trimap layer", "A layer: black background, white foreground, gray unknown"),
    ("plate", "Plate layer", "A layer with the same view without the foreground"),
    ("none", "Nothing", "A network finds what stands in front: people, animals, things"),
)
OUTPUTS = (
    ("new-layer", "New layer", "A new layer with clean colours and transparency"),
    ("mask", "Transparency mask", "A mask on this layer"),
    ("layer-mask", "New layer with mask", "A new layer with clean colours, and a mask on it"),
    ("selection", "Selection", "The matte becomes the selection"),
)
BAND_LIMIT_PX = 2000
NETWORK_GUIDES = {"selection": "trimap", "trimap": "trimap", "plate": "plate", "none": "none"}
"""What a network says that it needs, for each guide; a selection becomes a trimap."""


_DEFAULTS = {
    "network": "",
    "guide": "selection",
    "guide_layer": "",
    "band_px": 0,
    "output": "new-layer",
    "clean_colours": True,
    "further": {},
}
OWN = ("band_px", "clean_colours")
"""The worker's options that are choices of their own; `further` has the others, by name."""
_KEPT = [name for name in _DEFAULTS if name != "guide_layer"]


class Choices:
    """Values by name; `guide_layer` is a layer's id as text, and is not kept."""

    def __init__(self, **values):
        """Take the defaults, but for the values given."""
        for name in values:
            if name not in _DEFAULTS:
                raise TypeError("there is no choice %r; known: %s" % (name, list(_DEFAULTS)))
        self.__dict__.update(dict(_DEFAULTS, **values))

    def options(self):
        """Return the options of the worker, see `bridge`."""
        return dict(
            self.further,
            network=self.network or None,
            band_px=self.band_px or None,
            clean_colours=self.clean_colours,
        )

    def edge_options(self):
        """Return the options that an open picture is seen with."""
        return dict(self.further, clean_colours=self.clean_colours)

    @property
    def coloured(self):
        """Tell whether the output has colours of its own."""
        return self.output in ("new-layer", "layer-mask")

    @classmethod
    def load(cls, read):
        """Return the choices kept; `read(name, default)` returns texts."""
        texts = {name: str(read(name, _as_text(_DEFAULTS[name]))) for name in _KEPT}
        band = texts["band_px"]
        values = dict(
            texts,
            band_px=min(int(band), BAND_LIMIT_PX) if band.isdigit() else 0,
            clean_colours=texts["clean_colours"] != "False",
            further=_options(texts["further"]),
        )
        for name, known in (("guide", GUIDES), ("output", OUTPUTS)):
            if values[name] not in [nick for nick, _, _ in known]:
                values[name] = _DEFAULTS[name]
        return cls(**values)

    def save(self, write):
        """Keep the choices; `write(name, text)` does it."""
        for name in _KEPT:
            write(name, _as_text(getattr(self, name)))


def _as_text(value):
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _options(text):
    try:
        options = json.loads(text)
    except ValueError:
        return {}
    return options if isinstance(options, dict) else {}
