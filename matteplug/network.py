"""What a network is to the rest of the library: plain data, listed without loading it.

A `NetworkSpec` is what a plug-in returns from the hook `matteplug_networks` and what
`exported/<id>.json` and the ONNX file's metadata repeat.  A `FamilySpec` is what it returns from
`matteplug_families`: where the code is that builds, trains and exports such networks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from matteplug import fields

__all__ = [
    "CHANNELS",
    "COMMERCIAL",
    "FamilySpec",
    "Guide",
    "NetworkSpec",
    "PublicCheckpoint",
    "SizeRule",
    "TensorSpec",
]

CHANNELS = {
    "image": 3,
    "trimap": 1,
    "plate": 3,
    "segmentation": 1,
    "motion": None,  # as many frames as the network takes
    "alpha": 1,
    "foreground": 3,
    "confidence": 1,
}
"""The roles of tensors, and how many channels each has; inputs up to "motion", then outputs."""
_INPUTS = ("image", "trimap", "plate", "segmentation", "motion")
SCALINGS = ("full-scale", "own-maximum")
ACTIVATIONS = ("none", "sigmoid")
STRETCHES = ("none", "min-max")
FITS = ("pad", "square", "shorter")
COMMERCIAL = ("unclear", "yes", "no")
"""The words of fields that have words; the first is the default."""
_LARGEST_EXAMPLE_PX = 4096


class Guide(str, Enum):
    """What a network needs besides the image."""

    NONE = "none"
    TRIMAP = "trimap"
    PLATE = "plate"


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """One input or output of the ONNX graph.

    Attributes:
        name: the graph's name for it.
        role: what it carries: "image", "trimap", "plate", "segmentation", "motion" for inputs;
            "alpha", "foreground", "confidence" for outputs.
        channels: size of axis 1 of (B, C, H, W).
        low: the value that stands for the role's 0.
        high: the value that stands for its 1 (image 0–255: low 0, high 255).
        mean: normalisation after scaling to [low, high], one number per channel; empty for none.
        std: what it is divided by after that, one number per channel; empty for none.
        scaling: what of the image stands for `high`: "full-scale", white; or "own-maximum", the
            picture's largest value.
        activation: what is applied to an output first: "none", or "sigmoid" to logits.
        stretch: what is applied to an output last: "none", or "min-max", which stretches what it
            reaches to 0 and 1; see `matteplug.runtime.normalisation` for both.
    """

    name: str
    role: str
    channels: int
    low: float = 0.0
    high: float = 1.0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    scaling: str = SCALINGS[0]
    activation: str = ACTIVATIONS[0]
    stretch: str = STRETCHES[0]

    def __post_init__(self) -> None:
        """Check the fields; lists become tuples.

        Raises:
            TypeError, ValueError: one has another type, or is out of range.
        """
        fields.line(self.name, "tensor's name")
        if fields.line(self.role, "role") not in CHANNELS:
            raise ValueError(f"there is no role {self.role!r}; there are {', '.join(CHANNELS)}")
        channels = fields.whole(self.channels, f"channels of {self.role}", 1, 1024)
        low, high = fields.number(self.low, "low"), fields.number(self.high, "high")
        if low == high:
            raise ValueError(f"low and high of {self.role} are both {low:g}")
        mean, std = (self._per_channel(name) for name in ("mean", "std"))
        if std and min(map(abs, std)) < 1e-6:
            raise ValueError(f"the std of {self.role} must not be 0")
        fields.word(self.scaling, f"scaling of {self.role}", SCALINGS)
        fields.word(self.activation, f"activation of {self.role}", ACTIVATIONS)
        fields.word(self.stretch, f"stretch of {self.role}", STRETCHES)
        if self.scaling != SCALINGS[0] and self.role != "image":
            raise ValueError(f"only the image has a scaling, not {self.role}")
        if self.role in _INPUTS and (self.activation, self.stretch) != ("none", "none"):
            raise ValueError(f"{self.role} is an input, which has no activation and no stretch")
        _set(self, channels=channels, low=low, high=high, mean=mean, std=std)

    def _per_channel(self, name: str) -> tuple[float, ...]:
        value = getattr(self, name)
        if not isinstance(value, list | tuple):
            raise TypeError(f"{name} of {self.role} must be a list of numbers")
        if len(value) not in (0, 1, self.channels):
            raise ValueError(f"{name} of {self.role} must have one number per channel")
        return tuple(fields.number(one, f"{name} of {self.role}") for one in value)


@dataclass(frozen=True, kw_only=True)
class SizeRule:
    """Which input sizes the graph takes; the caller fits the picture and undoes it afterwards.

    Attributes:
        multiple: width and height must be a multiple of this.
        minimum_px: smallest side.
        maximum_px: largest side the network is made for; larger images are scaled down.  None for
            any.
        fit: how a picture is fitted: "pad", scaled down if it is too large, and padded; "square",
            scaled to a square of `maximum_px`, whatever its aspect ratio; "shorter", scaled so that
            its shorter side is `minimum_px`, and the longer one at most `maximum_px`.
    """

    multiple: int = 1
    minimum_px: int = 1
    maximum_px: int | None = None
    fit: str = FITS[0]

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            TypeError, ValueError: one has another type, or is out of range.
        """
        multiple = fields.whole(self.multiple, "multiple", 1, 8192)
        minimum_px = fields.whole(self.minimum_px, "minimum_px", 1, 8192)
        maximum_px = self.maximum_px
        if maximum_px is not None:
            maximum_px = fields.whole(maximum_px, "maximum_px", max(multiple, minimum_px))
        if fields.word(self.fit, "fit", FITS) == "square" and maximum_px is None:
            raise ValueError("a square needs maximum_px, its side")
        fitted = {"square": maximum_px, "shorter": minimum_px}.get(self.fit) or multiple
        if fitted % multiple:
            raise ValueError(f"the {self.fit} side of {fitted} px is not a multiple of {multiple}")
        _set(self, multiple=multiple, minimum_px=minimum_px, maximum_px=maximum_px)


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """A network's description, cheap to list.

    Attributes:
        id: unique, lower case ("citm").
        title: its name in menus.
        guide: what it needs besides the image; its word ("trimap") will do.
        inputs, outputs: the graph's tensors.
        size: the size rule.
        tiling: whether it may run in tiles.
        overlap_px: how far a tile must extend beyond the pixels that are kept.
        edge_band_fraction: how far around its soft edge a trimap network does better, as a fraction
            of the picture's longer side (see `matting.edge_refinement`); 0 for an alpha that is
            final.
        soft_threshold: an alpha farther than this from 0 and 1 is soft, and so part of that edge.
        discontinuous: whether the graph chooses by comparing values, as the maxima of an unpooling,
            so that rounding can move single results; see `matteplug.export.parity.gate`.
        mib_fixed, mib_per_megapixel: measured memory of a run, a constant and the part that grows
            with the tile; 0 for not measured.
        weights: path of the ONNX file, relative to the folder of the manifest; or None where
            `solver` is given.
        sha256: checksum of that file, hex; empty where the manifest carries it.
        solver: dotted name "package.module:function" of a callable (inputs by role) -> outputs by
            role, for methods that are not an ONNX graph.
        citation: the source.
        licence: licence of the weights (SPDX id, or a sentence).
        licence_code: licence of the code that built the network, likewise.
        commercial: whether both allow commercial use: "yes", "no" or "unclear".
        training_data: one sentence.
        metrics: measured, with the evaluator and the data named.
        golden: tensor stored for proving a provider; see `weights`.
        denied_providers: providers known to compute it wrongly, id to reason.
        provenance: how the file was made: the checkpoint's checksum, the difference to torch; see
            `export`.
    """

    id: str
    title: str
    guide: Guide
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    size: SizeRule = field(default_factory=SizeRule)
    tiling: bool = True
    overlap_px: int = 0
    edge_band_fraction: float = 0.0
    soft_threshold: float = 0.02
    discontinuous: bool = False
    mib_fixed: float = 0.0
    mib_per_megapixel: float = 0.0
    weights: str | None = None
    sha256: str = ""
    solver: str | None = None
    citation: str = ""
    licence: str = ""
    licence_code: str = ""
    commercial: str = COMMERCIAL[0]
    training_data: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    golden: Mapping[str, Any] = field(default_factory=dict)
    denied_providers: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the fields; they become plain data.

        Raises:
            TypeError, ValueError: one has another type, or is out of range.
        """
        fields.name(self.id, "network name")
        fields.line(self.title, "title")
        for name in ("sha256", "citation", "licence", "licence_code", "training_data"):
            fields.text(getattr(self, name), name)
        fields.word(self.commercial, "commercial", COMMERCIAL)
        _set(
            self,
            guide=_guide(self.guide),
            inputs=_tensors(self.inputs, "inputs"),
            outputs=_tensors(self.outputs, "outputs"),
            tiling=fields.flag(self.tiling, "tiling"),
            overlap_px=fields.whole(self.overlap_px, "overlap_px", 0, 8192),
            edge_band_fraction=fields.number(self.edge_band_fraction, "edge_band_fraction", 0, 1),
            soft_threshold=fields.number(self.soft_threshold, "soft_threshold", 0, 0.5),
            mib_fixed=fields.number(self.mib_fixed, "mib_fixed", 0),
            mib_per_megapixel=fields.number(self.mib_per_megapixel, "mib_per_megapixel", 0),
            weights=None if self.weights is None else fields.path(self.weights, "weights"),
            solver=None if self.solver is None else fields.dotted(self.solver, "solver"),
            metrics=_metrics(self.metrics),
            golden=_golden(self.golden),
            denied_providers=_texts(self.denied_providers, "denied_providers"),
            provenance=fields.plain(self.provenance, "provenance"),
        )
        if type(self.size) is not SizeRule:
            raise TypeError("size must be a SizeRule")

    def require_runnable(self) -> None:
        """Check that the tensors are those of a matting network with this guide.

        Raises:
            ValueError: it takes no image or not its guide, or gives no alpha; a tensor has other
                channels than its role; tiles would not see what they need; or there is not one
                thing that runs, weights or a solver.
        """
        for tensor in (*self.inputs, *self.outputs):
            if tensor.channels != (CHANNELS[tensor.role] or tensor.channels):
                channels = f"{CHANNELS[tensor.role]} channels, not {tensor.channels}"
                raise ValueError(f"{tensor.role} has {channels}")
        whole = [one for one in self.inputs if one.scaling != SCALINGS[0]]
        whole += [one for one in self.outputs if one.stretch != STRETCHES[0]]
        if self.tiling and (whole or self.size.fit != FITS[0]):
            raise ValueError(
                "scaling, stretch and fit hang on the whole picture, so that tiling must be false"
            )
        inputs = {tensor.role for tensor in self.inputs}
        needed = {"image"} | ({self.guide.value} - {Guide.NONE.value})
        if missing := sorted(needed - inputs):
            raise ValueError(f"it has no input with the role {' and none with '.join(missing)}")
        others = inputs & {Guide.TRIMAP.value, Guide.PLATE.value} - needed
        if others:
            raise ValueError(f"it takes a {others.pop()}, and its guide is {self.guide.value!r}")
        if "alpha" not in {tensor.role for tensor in self.outputs}:
            raise ValueError("it has no output with the role alpha")
        if (self.weights is None) == (self.solver is None):
            raise ValueError("it needs either weights or a solver")

    @property
    def mean_sad(self) -> float:
        """Return the mean of the recorded sums of absolute differences; infinite without any."""
        parts = [part for part in self.metrics.values() if isinstance(part, Mapping)]
        sads = [part["sad"] for part in parts if "sad" in part]
        return sum(sads) / len(sads) if sads else math.inf

    @property
    def terms(self) -> str:
        """Return its licences and whether it may be used commercially, a clause for people."""
        code = f", code {self.licence_code}" if self.licence_code != self.licence else ""
        licence = self.licence or "licence not stated"
        return f"{licence}{code if self.licence_code else ''}; commercial use: {self.commercial}"

    def to_json(self) -> dict[str, Any]:
        """Return the spec as plain JSON data."""
        return asdict(self) | {"guide": self.guide.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NetworkSpec:
        """Make a spec from what `to_json` returned.

        Raises:
            TypeError, ValueError, KeyError: the data has another form, or a field has an old name.
        """
        if not isinstance(data, Mapping):
            raise TypeError("it is not an object")
        values = dict(data)
        for old, new in _RENAMED.items():
            if old in values:
                raise ValueError(f'the field "{old}" is now called "{new}"')
        for name in ("inputs", "outputs"):
            values[name] = tuple(TensorSpec(**tensor) for tensor in values[name])
        values["size"] = SizeRule(**values.get("size", {}))
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class PublicCheckpoint:
    """A published checkpoint whose weights a family takes over.

    Attributes:
        name: what ``matteplug import-checkpoint --network`` calls it ("matteformer").
        network_id: id of the network made from it; not that of a network that is installed.
        config: the family's configuration that has its graph.
        convert: dotted name "package.module:function" of a callable from the published state dict
            (names to torch tensors, without a prefix "module.") to the module with those weights.
        source: which file it is and where its authors publish it.
        licence: the licence that they state for the weights (SPDX id, or a sentence).
        commercial: whether that licence allows commercial use: "yes", "no" or "unclear".
    """

    name: str
    network_id: str
    config: str
    convert: str
    source: str = ""
    licence: str = ""
    commercial: str = COMMERCIAL[0]

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            TypeError, ValueError: one has another type or form.
        """
        fields.name(self.name, "public checkpoint name")
        fields.name(self.network_id, "network_id")
        fields.line(self.config, "config")
        fields.dotted(self.convert, "convert")
        fields.word(self.commercial, "commercial", COMMERCIAL)


@dataclass(frozen=True, kw_only=True)
class FamilySpec:
    """A family of networks that can be built, trained and exported; listed without torch.

    Attributes:
        id: the id of its networks, lower case ("citm").
        module: dotted name of the module that is its `matteplug.networks.families.Family`.
        recipe: dotted name "package.module:function" of a callable that takes a
            `matteplug.training.settings.TrainSettings` and returns a
            `matteplug.training.recipes.Recipe`.
        public_checkpoints: published checkpoints that can be imported as this family.
        title: what a list shows while no network of the family is installed.
        guide: what its networks need beside the image.
        licence: licence of its code (SPDX id).
    """

    id: str
    module: str
    recipe: str
    public_checkpoints: tuple[PublicCheckpoint, ...] = ()
    title: str = ""
    guide: Guide = Guide.NONE
    licence: str = ""

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            TypeError, ValueError: one has another type or form.
        """
        fields.name(self.id, "family name")
        fields.dotted(self.module, "module")
        fields.dotted(self.recipe, "recipe")
        fields.text(self.licence, "licence")
        checkpoints = fields.items(self.public_checkpoints, PublicCheckpoint, "public_checkpoints")
        _set(self, public_checkpoints=checkpoints)


_RENAMED = {"refined_share": "edge_band_fraction", "refined_from": "soft_threshold"}
"""Old names of fields; other names that no field has are a `TypeError` anyway."""


def _set(instance: object, **values: Any) -> None:
    """Set fields of a frozen instance while it is made."""
    for name, value in values.items():
        object.__setattr__(instance, name, value)


def _guide(value: Any) -> Guide:
    try:
        return Guide(value)
    except ValueError:
        words = ", ".join(guide.value for guide in Guide)
        raise ValueError(f"there is no guide {value!r}; there are {words}") from None


def _tensors(value: Any, what: str) -> tuple[TensorSpec, ...]:
    tensors = fields.items(value, TensorSpec, what)
    fields.distinct((tensor.name for tensor in tensors), what)
    fields.distinct((tensor.role for tensor in tensors), f"roles of {what}")
    for tensor in tensors:
        if (tensor.role in _INPUTS) != (what == "inputs"):
            raise ValueError(f"{tensor.role} is not a role of {what}")
    return tensors


def _metrics(value: Any) -> dict[str, Any]:
    metrics = fields.plain(value, "metrics")
    for name, part in metrics.items():
        if isinstance(part, Mapping) and "sad" in part:
            fields.number(part["sad"], f"the sad of {name}", 0, 1e12)
    return metrics


def _golden(value: Any) -> dict[str, Any]:
    """Check what `matteplug.runtime.golden.record` stores."""
    golden = fields.plain(value, "golden")
    if golden.get("rule") != 1:  # none, or one that this version does not read
        return golden
    fields.whole(golden.get("seed"), "the seed of golden", 0, 1 << 31)
    fields.whole(golden.get("stride"), "the stride of golden", 1)
    size, expected = golden.get("size"), golden.get("expected")
    if not isinstance(size, list) or len(size) != 2 or not isinstance(expected, Mapping):
        raise ValueError("golden lacks its size or what is expected")
    for side in size:
        fields.whole(side, "the size of golden", 1, _LARGEST_EXAMPLE_PX)
    for role, points in expected.items():
        if not isinstance(points, list) or not all(map(fields.finite, points)):
            raise ValueError(f"golden has no numbers for {role}")
    return golden


def _texts(value: Any, what: str) -> dict[str, str]:
    return {key: fields.text(one, what) for key, one in fields.plain(value, what).items()}
