"""The workers that `HostContract` runs a host against: ``python -m matteplug.testing.worker KIND``.

| KIND | its matte |
|---|---|
| works | alpha is the guide; see `matteplug.testing.FakeEngine` |
| fails | answered with the error `FAILURE` |
| dies | ends the process |
| older, newer | none: it speaks the protocol before, or after, this one |

Two more arguments, id and adapter of a host, make that host known without installing it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from matteplug import plugins, worker
from matteplug.bridge import PROTOCOL
from matteplug.errors import RequestError
from matteplug.host import HostSpec
from matteplug.testing.fake_engine import FakeEngine, Matting, alpha_of_guide
from matteplug.types import Tensor

FAILURE = ("made-to-fail", "The contract made this matte fail.", "Show this to the user.")


def _fail(_: Mapping[str, Tensor]) -> NoReturn:
    raise RequestError(*FAILURE)


def _die(_: Mapping[str, Tensor]) -> NoReturn:
    os._exit(3)


_ALPHAS: Mapping[str, Matting] = {"fails": _fail, "dies": _die}
_PROTOCOLS = {"older": PROTOCOL - 1, "newer": PROTOCOL + 1}


def main(kind: str, *host: str) -> NoReturn:
    """Serve the host that started this process, as a worker of that kind."""
    if host:
        known = plugins.registry().hosts
        spec: HostSpec[Any] = HostSpec(id=host[0], title=host[0], adapter=host[1])
        known.setdefault(spec.id, spec)
    worker.PROTOCOL = _PROTOCOLS.get(kind, PROTOCOL)  # type: ignore[attr-defined]
    worker.main(FakeEngine(alpha=_ALPHAS.get(kind, alpha_of_guide)))


if __name__ == "__main__":
    main(*sys.argv[1:])
