"""matteplug: image matting for GIMP, Krita, the command line and any other host.

The public API is `matte`, `Matte`, `MatteRequest`, `MatteOptions` and the errors; names are loaded
when they are first used, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from matteplug import telemetry

if TYPE_CHECKING:
    from matteplug.api import matte as matte
    from matteplug.errors import MatteplugError as MatteplugError
    from matteplug.result import Matte as Matte
    from matteplug.types import CancelToken as CancelToken
    from matteplug.types import MatteOptions as MatteOptions
    from matteplug.types import MatteRequest as MatteRequest

telemetry.switch_off()  # before anything can import ONNX Runtime

__version__ = "0.1.0"

_HOME = {
    "matte": "api",
    "run": "api",
    "CancelToken": "types",
    "Matte": "result",
    "MatteOptions": "types",
    "MatteRequest": "types",
    "MatteplugError": "errors",
}
__all__ = [
    "CancelToken",
    "Matte",
    "MatteOptions",
    "MatteRequest",
    "MatteplugError",
    "__version__",
    "matte",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
