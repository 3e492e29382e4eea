"""An engine that stands in for ONNX Runtime and its networks, with a predictable alpha."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from matteplug.errors import Cancelled
from matteplug.network import NetworkSpec
from matteplug.runtime import normalisation
from matteplug.types import CancelToken, Progress, Tensor

Matting = Callable[[Mapping[str, Tensor]], Tensor]
"""From inputs by role to alpha (B, 1, H, W) in [0, 1]."""


def alpha_of_guide(inputs: Mapping[str, Tensor]) -> Tensor:
    """Return an alpha that a test can predict.

    The trimap's own values if there is one, else the difference to the plate, else the image's
    first channel.
    """
    if "trimap" in inputs:
        return inputs["trimap"]
    if "plate" in inputs:
        difference: Tensor = np.abs(inputs["image"] - inputs["plate"]).max(axis=1, keepdims=True)
        return difference
    return inputs["image"][:, :1]


@dataclass
class FakeEngine:
    """An engine whose alpha is a given function of the inputs.

    Attributes:
        alpha: the function; see `alpha_of_guide` for the default.
        provider: the sessions' provider for "auto".
        delay_s: how long a run takes; it can be cancelled meanwhile.
        runs: (network id, shapes by role) of every run so far.
    """

    alpha: Matting = alpha_of_guide
    provider: str = "cpu"
    delay_s: float = 0.0
    runs: list[tuple[str, dict[str, tuple[int, ...]]]] = field(default_factory=list)

    def session(
        self, spec: NetworkSpec, provider: str = "auto", progress: Progress | None = None
    ) -> FakeSession:
        """See `matteplug.engine.Engine.session`."""
        return FakeSession(spec, self.provider if provider == "auto" else provider, self)


@dataclass
class FakeSession:
    """A session of `FakeEngine`; see `matteplug.engine.Session`."""

    spec: NetworkSpec
    provider: str
    engine: FakeEngine
    notes: tuple[str, ...] = ()

    def run(
        self, inputs: Mapping[str, Tensor], cancel: CancelToken | None = None
    ) -> dict[str, Tensor]:
        """Return the engine's alpha, and the image itself where the network has a foreground."""
        normalisation.check(self.spec.inputs, inputs)
        taken = {tensor.role: inputs[tensor.role] for tensor in self.spec.inputs}
        self.engine.runs.append((self.spec.id, {role: a.shape for role, a in taken.items()}))
        self._wait(cancel or CancelToken())
        outputs = {
            "alpha": np.clip(self.engine.alpha(taken), 0, 1).astype(np.float32),
            "foreground": taken["image"],
            "confidence": np.ones_like(taken["image"][:, :1]),
        }
        return {tensor.role: outputs[tensor.role] for tensor in self.spec.outputs}

    def _wait(self, cancel: CancelToken) -> None:
        stopped = threading.Event()
        cancel.add_callback(stopped.set)
        try:
            stopped.wait(self.engine.delay_s)
        finally:
            cancel.remove_callback(stopped.set)
        if cancel.cancelled:
            raise Cancelled
