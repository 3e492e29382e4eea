"""What can be measured: networks, folders of finished alphas, and a trivial guess."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from matteplug import api, plugins
from matteplug.errors import RequestError
from matteplug.evaluation.samples import LoadedSample, picture_named, read_alpha
from matteplug.matting import choice
from matteplug.network import Guide
from matteplug.types import FOREGROUND, UNKNOWN, Alpha, MatteOptions, MatteRequest, Size

HALF = "half"
"""Name of the method that writes 0.5 wherever the trimap is unknown."""
AUTO = "auto"
"""Name of whatever the library itself would choose."""


class Answer(NamedTuple):
    """An alpha (H, W) float32 [0, 1] and the seconds it took (None: it was read from a file)."""

    alpha: Alpha
    elapsed_s: float | None = None


class Method(Protocol):
    """Makes an alpha for a sample, without seeing the truth."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def answer(self, sample: LoadedSample) -> Answer:
        """Return the alpha.

        Raises:
            MatteplugError: there is none for this sample.
        """


def network(name: str, options: MatteOptions) -> Method:
    """Return the method that a word after ``--network`` stands for.

    Args:
        name: HALF, AUTO or a network's id.
        options: how it makes mattes.

    Raises:
        NetworkError: there is no such network.
    """
    if name == HALF:
        return Half()
    if name != AUTO:
        plugins.registry().network(name)
    return Network(name, options)


@dataclass(frozen=True)
class Network:
    """An installed network, or AUTO."""

    name: str
    options: MatteOptions

    def answer(self, sample: LoadedSample) -> Answer:
        """Run the network on the picture and the guide it needs."""
        request = MatteRequest(
            image=sample.image,
            network=None if self.name == AUTO else self.name,
            trimap=sample.trimap,
            plate=sample.plate,
            options=self.options,
        )
        if choice.choose(request).guide is not Guide.TRIMAP:
            request = replace(request, trimap=None)  # what it did not see must not help it
        started = time.perf_counter()
        matte = api.run(request)
        return Answer(matte.alpha, time.perf_counter() - started)


@dataclass(frozen=True)
class Folder:
    """Alphas made earlier by any method: ``FOLDER/NAME.png`` or ``FOLDER/NAME_alpha.png``."""

    path: Path
    name: str

    @classmethod
    def parse(cls, text: str) -> Folder:
        """Read ``FOLDER`` or ``NAME=FOLDER``.

        Raises:
            RequestError: there is no such folder.
        """
        name, equals, path = text.rpartition("=")
        folder = Path(path)
        if not folder.is_dir():
            raise RequestError(
                "folder-missing", f"There is no folder of alphas {folder}.", "Check --alphas."
            )
        return cls(folder, name if equals else folder.resolve().name)

    def answer(self, sample: LoadedSample) -> Answer:
        """Read the alpha of that name."""
        path = picture_named(self.path, [sample.name, f"{sample.name}_alpha"])
        if path is None:
            raise RequestError(
                "alpha-missing",
                f"There is no alpha for {sample.name} in {self.path}.",
                f"Add {sample.name}.png, or drop the folder.",
            )
        return Answer(read_alpha(path, Size.of(sample.image)))


@dataclass(frozen=True)
class Half:
    """Writes 0.5 into the unknown area, or everywhere: every method must clearly beat this."""

    name: str = HALF

    def answer(self, sample: LoadedSample) -> Answer:
        """Copy the trimap."""
        if sample.trimap is None:
            return Answer(np.full(sample.truth.shape, 0.5, np.float32))
        known = (sample.trimap == FOREGROUND).astype(np.float32)
        return Answer(np.where(sample.trimap == UNKNOWN, np.float32(0.5), known))
