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
        channels: size of axis 1 of (B, C, H, W). low, high: the values that stand for the role's 0
        and 1 (image 0–255: low 0, high 255). mean, std: normalisation after scaling to [low, high],
        one number per channel; empty for none.
    """

    name: str
    role: str
    channels: int
    low: float = 0.0
    high: float = 1.0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SizeRule:
    """Which input sizes the graph takes; the caller pads to the rule and crops the result.

    Attributes:
        multiple: width and height must be a multiple of this.
        minimum_px: smallest side.
        maximum_px: largest side the network is made for; larger images are scaled down.  None for
            any.
    """

    multiple: int = 1
    minimum_px: int = 1
    maximum_px: int | None = None


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """A network's description, cheap to list.

    Attributes:
        id: unique, lower case ("citm").
        title: its name in menus.
        guide: what it needs besides the image.
        inputs, outputs: the graph's tensors.
        size: the size rule.
        tiling: whether it may run in tiles.
        overlap_px: how far a tile must extend beyond the pixels that are kept.
        edge_band_fraction: how far around its soft edge a trimap network does better, as a fraction
            of the picture's longer side (see `matting.edge_refinement`); 0 for an alpha that is
            final.
        soft_threshold: an alpha farther than this from 0 and 1 is soft, and so part of that edge.
        mib_fixed, mib_per_megapixel: measured memory of a run, a constant and the part that grows
            with the tile; 0 for not measured.
        weights: path of the ONNX file, relative to the folder of the manifest; or None where
            `solver` is given.
        sha256: checksum of that file, hex; empty where the manifest carries it.
        solver: dotted name "package.module:function" of a callable (inputs by role) -> outputs by
            role, for methods that are not an ONNX graph.
        citation: the source.
        licence: licence of the weights (SPDX id).
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
    mib_fixed: float = 0.0
    mib_per_megapixel: float = 0.0
    weights: str | None = None
    sha256: str = ""
    solver: str | None = None
    citation: str = ""
    licence: str = ""
    training_data: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    golden: Mapping[str, Any] = field(default_factory=dict)
    denied_providers: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mean_sad(self) -> float:
        """Return the mean of the recorded sums of absolute differences; infinite without any."""
        parts = [part for part in self.metrics.values() if isinstance(part, Mapping)]
        sads = [part["sad"] for part in parts if "sad" in part]
        return sum(sads) / len(sads) if sads else math.inf

    def to_json(self) -> dict[str, Any]:
        """Return the spec as plain JSON data."""
        return asdict(self) | {"guide": self.guide.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NetworkSpec:
        """Make a spec from what `to_json` returned.

        Raises:
            TypeError, ValueError, KeyError: the data has another form, or a field has an old name.
        """
        values = dict(data)
        for old, new in _RENAMED.items():
            if old in values:
                raise ValueError(f'the field "{old}" is now called "{new}"')
        values["guide"] = Guide(values["guide"])
        for name in ("inputs", "outputs"):
            values[name] = tuple(_tensor(tensor) for tensor in values[name])
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
    """

    name: str
    network_id: str
    config: str
    convert: str


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
    """

    id: str
    module: str
    recipe: str
    public_checkpoints: tuple[PublicCheckpoint, ...] = ()


_RENAMED = {"refined_share": "edge_band_fraction", "refined_from": "soft_threshold"}
"""Old names of fields; other names that no field has are a `TypeError` anyway."""


def _tensor(data: Mapping[str, Any]) -> TensorSpec:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return TensorSpec(**values)
