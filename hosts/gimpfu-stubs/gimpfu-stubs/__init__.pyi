"""The part of Python-Fu's ``gimpfu`` (GIMP 2.10) that plug-ins use, as its help describes it."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

PF_INT: Final[int]
PF_INT8: Final[int]
PF_INT16: Final[int]
PF_INT32: Final[int]
PF_FLOAT: Final[int]
PF_STRING: Final[int]
PF_COLOR: Final[int]
PF_IMAGE: Final[int]
PF_LAYER: Final[int]
PF_CHANNEL: Final[int]
PF_DRAWABLE: Final[int]
PF_VECTORS: Final[int]
PF_TOGGLE: Final[int]
PF_BOOL: Final[int]
PF_SLIDER: Final[int]
PF_SPINNER: Final[int]
PF_ADJUSTMENT: Final[int]
PF_FONT: Final[int]
PF_FILE: Final[int]
PF_BRUSH: Final[int]
PF_PATTERN: Final[int]
PF_GRADIENT: Final[int]
PF_RADIO: Final[int]
PF_TEXT: Final[int]
PF_PALETTE: Final[int]
PF_FILENAME: Final[int]
PF_DIRNAME: Final[int]
PF_OPTION: Final[int]

class error(RuntimeError): ...  # noqa: N801
class CancelError(RuntimeError): ...

_Parameter = (
    tuple[int, str, str, Any]
    | tuple[
        int, str, str, Any, Sequence[tuple[str, str]] | Sequence[str] | tuple[float, float, float]
    ]
)

def register(
    proc_name: str,
    blurb: str,
    help: str,
    author: str,
    copyright: str,
    date: str,
    label: str | None,
    imagetypes: str,
    params: Sequence[_Parameter],
    results: Sequence[tuple[int, str, str]],
    function: Callable[..., Any],
    menu: str | None = ...,
    domain: str | tuple[str, str] | None = ...,
    on_query: Callable[[], object] | None = ...,
    on_run: Callable[[], object] | None = ...,
) -> None: ...
def main() -> None: ...
def fail(msg: str) -> NoReturn: ...
