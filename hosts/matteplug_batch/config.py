"""Options in files: ``matteplug.toml`` beside the pictures and in the user's folder.

A flag comes before the file beside the pictures, and that before the user's.  A file beside
pictures came with them, perhaps from a stranger: it may set what the results look like, but
neither what opening a picture may cost nor where networks run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matteplug.errors import RequestError, known_names
from matteplug.folders import config_folder
from matteplug.options import Option

NAME = "matteplug.toml"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The value of an option.

    Attributes:
        option: which one.
        value: what it is set to.
        source: the file that sets it; None where it is the default.
    """

    option: Option
    value: Any
    source: Path | None = None


def files(folder: Path) -> tuple[Path, Path]:
    """Return where options are looked for: the user's file and the one beside the pictures."""
    return config_folder() / NAME, folder / NAME


def settled(described: Iterable[Option], folder: Path | None = None) -> list[Setting]:
    """Return every option with the value that the files give it.

    Args:
        described: all options.
        folder: where the pictures are; None to read the user's file alone.

    Raises:
        RequestError: a file cannot be read ("config-unreadable"), or an option in it is unknown
            ("option-unknown"), impossible, or not for that place ("option-not-here").
    """
    described = list(described)
    values = {one.name: Setting(option=one, value=one.default) for one in described}
    own, beside = files(folder or config_folder())
    for path in (own, beside) if folder is not None else (own,):
        for name, given in _read(path).items():
            values[name] = _checked(path, name, given, values, is_own=path == own)
    return list(values.values())


def _read(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with path.open("rb") as file:
            read: dict[str, Any] = tomllib.load(file)
            return read
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RequestError(
            "config-unreadable",
            f"The file of options {path} cannot be read: {reason}.",
            'Each line is like: band_px = 12, or: backdrop = "white"',
        ) from error


def _checked(
    path: Path, name: str, given: Any, values: Mapping[str, Setting], *, is_own: bool
) -> Setting:
    if name not in values:
        raise RequestError(
            "option-unknown",
            f'There is no option "{name}", which {path} sets.',
            known_names(name, values),
        )
    option = values[name].option
    if not (is_own or option.pixels):
        raise RequestError(
            "option-not-here",
            f"The option {name} is set by {path}, where only options of the result may be.",
            f"Set it in {config_folder() / NAME}, or with a flag.",
        )
    try:
        value = option.checked(given)
    except RequestError as error:
        raise RequestError(error.code, f"In {path}: {error.message}", error.hint) from None
    if name == "backdrop" and (path.parent / value).is_file():
        value = str(path.parent / value)
    return Setting(option=option, value=value, source=path)
