"""Options: what a user can set, described once as data; everything else is made from it.

`MatteOptions` (in `matteplug.types`) is a dataclass whose fields are described with `option`.  From
that come the checks of `matteplug.matte` and of the wire, its help, the flags of the command line,
the journal's fingerprint, the hello that editors build their dialogs from, and docs/options.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np

from matteplug.errors import RequestError, known_names

__all__ = ["Option", "check", "documented", "of", "option", "read"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_DESCRIPTION = "option"
_KINDS: Mapping[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool, np.bool_), "true or false"),
    int: ((int, np.integer), "a whole number"),
    str: ((str,), "text"),
}
"""For the type of an option: what is taken as such, and what a person calls it."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option.

    Attributes:
        name: the field's name ("band_px").
        type: bool, int or str.
        default: the value where nothing is set; None is automatic.
        automatic: what None stands for ("adapts to the object").
        label: what a dialog calls it; an imperative for a bool ("Refine the edge").
        help: what it does; no full stop.
        unit: of an int ("pixels"), which is then the last word of the name.
        low, high: the range of an int, ends included; None for no limit.
        choices: the values of a text or an int that has a few; empty for any.
        guides: for which guides it matters: "selection", "trimap", "plate", "none"; empty for all.
        group: what a dialog calls the options that it shows together ("Edge"); empty for none.
        hosts: ids of the hosts that offer it; empty for all.
        pixels: whether it changes the matte's pixels.
        range_code: the code of the error for a value out of range.
    """

    name: str
    type: type
    default: Any
    label: str
    help: str
    automatic: str = ""
    unit: str = ""
    low: int | None = None
    high: int | None = None
    choices: tuple[str | int, ...] = ()
    guides: tuple[str, ...] = ()
    group: str = ""
    hosts: tuple[str, ...] = ()
    pixels: bool = True
    range_code: str = "option-range"

    def checked(self, value: Any) -> Any:
        """Return a value as plain Python data.

        Raises:
            RequestError: it is of another type ("option-type") or out of range (`range_code`).
        """
        if value is None and self.default is None:
            return None
        taken, words = _KINDS[self.type]
        if not isinstance(value, taken) or (self.type is int and isinstance(value, bool)):
            raise RequestError(
                "option-type", f"The option {self.name} is {value!r}, which is not {words}."
            )
        value = self.type(value)
        if self.type is int and not self._low <= value <= self._high:
            raise RequestError(
                self.range_code,
                f"The option {self.name} is {value}, which is out of range.",
                f"Choose {self.range}" + (", or leave it out." if self.default is None else "."),
            )
        if self.choices and value not in self.choices:
            raise RequestError(
                "option-choice",
                f"The option {self.name} is {value!r}, which it cannot be.",
                f"Choose {self.range}.",
            )
        return value

    @property
    def range(self) -> str:
        """Return the values there are, in words."""
        if self.choices:
            return f"{', '.join(map(str, self.choices[:-1]))} or {self.choices[-1]}"
        if self.type is not int:
            return _KINDS[self.type][1]
        ends = f"{self._low} to {self._high}" if self.high is not None else f"{self._low} or more"
        return f"{ends} {self.unit}".rstrip()

    @property
    def phrase(self) -> str:
        """Return the help as a part of a sentence."""
        return self.help[0].lower() + self.help[1:]

    def offered_by(self, host: str) -> bool:
        """Tell whether the host of that id offers it."""
        return not self.hosts or host in self.hosts

    def to_json(self) -> dict[str, Any]:
        """Return what a host needs for its dialog, as plain JSON data."""
        return {**asdict(self), "type": self.type.__name__}

    @property
    def _low(self) -> float:
        return -np.inf if self.low is None else self.low

    @property
    def _high(self) -> float:
        return np.inf if self.high is None else self.high


def option(default: Any, **description: Any) -> Any:
    """Return a dataclass field that is an option; name and type are the field's.

    Args:
        default: as in `Option`.
        description: the other attributes of `Option`.
    """
    return field(default=default, metadata={_DESCRIPTION: description})


def of(cls: type) -> tuple[Option, ...]:
    """Return the options of a dataclass, in the order of its fields."""
    hints = get_type_hints(cls)
    return tuple(
        Option(
            name=one.name,
            type=_without_none(hints[one.name]),
            default=one.default,
            **one.metadata[_DESCRIPTION],
        )
        for one in fields(cls)
        if _DESCRIPTION in one.metadata
    )


def _without_none(hint: Any) -> type:
    """Return int for ``int | None``."""
    (kind,) = {*get_args(hint)} - {NoneType} or {hint}
    assert kind in _KINDS, f"no dialog has an entry for {kind}"
    result: type = kind
    return result


def read(cls: type[T], given: Mapping[str, Any]) -> T:
    """Return a dataclass of options with the values that were given, all of them checked.

    Raises:
        RequestError: there is no such option ("option-unknown"), or as `Option.checked`.
    """
    known = {one.name: one for one in of(cls)}
    for name in given:
        if name not in known:
            raise RequestError(
                "option-unknown",
                f'There is no option "{name}".',
                known_names(name, known),
            )
    return cls(**{name: known[name].checked(value) for name, value in given.items()})


def check(options: object) -> None:
    """Make sure that a dataclass of options holds values that are possible.

    Raises:
        RequestError: as `Option.checked`.
    """
    for one in of(type(options)):
        one.checked(getattr(options, one.name))


def documented(cls: type) -> Callable[[F], F]:
    """Return a decorator for a function that takes the options of `cls` as keywords.

    ``help`` then shows each with its default and, in the place of ``**given: see MatteOptions.`` in
    the docstring, what it does.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        *parameters, rest = signature.parameters.values()
        keywords = [
            rest.replace(
                name=one.name,
                kind=rest.KEYWORD_ONLY,
                default=one.default,
                annotation=cls.__annotations__[one.name],
            )
            for one in of(cls)
        ]
        shown = signature.replace(parameters=[*parameters, *keywords])
        function.__signature__ = shown  # type: ignore[attr-defined]
        lines = "\n        ".join(f"{one.name}: {one.phrase}; {one.range}." for one in of(cls))
        function.__doc__ = (function.__doc__ or "").replace("**given: see MatteOptions.", lines)
        return function

    return decorate
