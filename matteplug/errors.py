"""Errors that a person at the editor or the command line can act on.

Every one has a stable machine-readable ``code``, a ``message`` of one sentence and a ``hint`` that
says what to do about it.  Programming errors stay ``TypeError`` and ``ValueError``.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "Cancelled",
    "EngineError",
    "MatteplugError",
    "NetworkError",
    "PackageError",
    "PluginError",
    "RequestError",
    "TrainingError",
    "WireError",
    "known_names",
]


class MatteplugError(Exception):
    """Root of all errors that matteplug raises on purpose.

    Args:
        code: stable identifier in kebab-case, unique for the situation ("trimap-size").
        message: one sentence that says what is wrong.
        hint: what to do about it; names the command to run where there is one.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class RequestError(MatteplugError):
    """A picture, guide or option cannot be used."""


class NetworkError(MatteplugError):
    """A network, its weights or its manifest is missing, damaged or unknown."""


class EngineError(MatteplugError):
    """The inference engine or an execution provider cannot do the work."""


class PackageError(MatteplugError):
    """A Python package that is needed is missing, or cannot be loaded."""


class WireError(MatteplugError):
    """Host and worker do not understand each other."""


class PluginError(MatteplugError):
    """A plug-in is broken or two plug-ins contradict each other."""


class TrainingError(MatteplugError):
    """Training cannot start or continue: unusable data, checkpoint or settings, or divergence."""


class Cancelled(MatteplugError):
    """The work was stopped because its cancel token was set."""

    def __init__(self) -> None:
        super().__init__("cancelled", "The matte was cancelled.")


def known_names(given: str, names: Iterable[str]) -> str:
    """Return the hint for a name that does not exist: the one that was meant, and those known."""
    from difflib import get_close_matches

    listed = [str(name) for name in names]
    close = get_close_matches(given, listed, n=1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    return f"{meant}Known: {', '.join(listed) or 'none'}."


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, at most 200 characters, without a full stop."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return line if len(line) <= 200 else f"{line[:199]}…"
