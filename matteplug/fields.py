"""Checks of what plug-ins and users describe: types, ranges and names, each a sentence.

Every function returns the value, as plain Python data, or raises `TypeError` or `ValueError`.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, TypeVar

_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*(\.[^\W\d]\w*)*)?")
_LONGEST = 2000
Item = TypeVar("Item")


def name(value: Any, what: str) -> str:
    """Check an id, which people type and which names files."""
    if not _NAME.fullmatch(line(value, what)):
        raise ValueError(
            f"the {what} {value!r} is not lower case: it may have lower-case letters and digits, "
            "with single hyphens, dots or underscores between them"
        )
    return str(value)


def line(value: Any, what: str, *, empty: bool = False) -> str:
    """Check text of one line that every terminal and menu can show."""
    checked = text(value, what)
    if not checked.strip() and not empty:
        raise ValueError(f"the {what} is empty")
    if not checked.isprintable():
        raise ValueError(f"the {what} {checked!r} is not one line of printable characters")
    return checked


def text(value: Any, what: str) -> str:
    """Check text of any number of lines."""
    if not isinstance(value, str):
        raise TypeError(f"the {what} must be text, not {_kind(value)}")
    if len(value) > _LONGEST:
        raise ValueError(f"the {what} is longer than {_LONGEST} characters")
    return str(value)


def word(value: Any, what: str, words: Sequence[str]) -> str:
    """Check one of some words."""
    if text(value, what) not in words:
        raise ValueError(f"the {what} {value!r} is none of {', '.join(words)}")
    return str(value)


def dotted(value: Any, what: str) -> str:
    """Check the name of a module, or of something in it ("package.module:name")."""
    if not _DOTTED.fullmatch(text(value, what)):
        raise ValueError(f'the {what} {value!r} is not a dotted name "package.module:name"')
    return str(value)


def path(value: Any, what: str) -> str:
    """Check a path, given as text or as a path object."""
    checked = text(os.fspath(value) if isinstance(value, os.PathLike) else value, what)
    if not checked or "\0" in checked:
        raise ValueError(f"the {what} {checked!r} is not a path")
    return checked


def flag(value: Any, what: str) -> bool:
    """Check a truth value."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be true or false, not {_kind(value)}")
    return value


def whole(value: Any, what: str, low: int, high: int = 1 << 20) -> int:
    """Check a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{what} must be a whole number, not {_kind(value)}")
    return int(number(value, what, low, high))


def number(value: Any, what: str, low: float = -1e6, high: float = 1e6) -> float:
    """Check a finite number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{what} must be a number, not {_kind(value)}")
    if not low <= float(value) <= high:  # NaN compares false
        raise ValueError(f"{what} must be from {low:g} to {high:g}, not {float(value):g}")
    return float(value)


def items(value: Any, kind: type[Item], what: str) -> tuple[Item, ...]:
    """Check a list or tuple, all of whose items are of one type."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"the {what} must be a list or a tuple, not {_kind(value)}")
    for item in value:
        if type(item) is not kind:  # a subclass may do anything when it is read
            raise TypeError(f"the {what} must each be a {kind.__name__}, not {_kind(item)}")
    return tuple(value)


def distinct(names: Iterable[str], what: str) -> None:
    """Check that no name comes twice."""
    seen = set[str]()
    for one in names:
        if one in seen:
            raise ValueError(f"two {what} are called {one!r}")
        seen.add(one)


def plain(value: Any, what: str) -> dict[str, Any]:
    """Check a mapping that JSON can carry, without infinities and NaN."""
    if not isinstance(value, Mapping):
        raise TypeError(f"the {what} must be a mapping, not {_kind(value)}")
    try:
        found: dict[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the {what} cannot be written as JSON: {error}") from error
    return found


def finite(value: Any) -> bool:
    """Tell whether a value is a number that one can compute with."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: Any) -> str:
    return type(value).__name__
