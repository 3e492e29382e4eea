"""The fields of a form: pictures, and the options that a client may set, from their one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matteplug.errors import RequestError
from matteplug.options import Option
from matteplug_batch import settings_flags

IMAGE, BACKDROP = "image", "backdrop_picture"
GUIDES = ("trimap", "selection", "plate")
PICTURES: Mapping[str, str] = {
    IMAGE: "The picture",
    "trimap": "Black background, white foreground, gray unknown",
    "selection": "A rough selection of the foreground, white on black",
    "plate": "The same view without the foreground",
    BACKDROP: "A picture to make a composite over",
}
"""The files of a form; all but the first may be left out."""
_OWNERS = ("commercial", "limit_mib", "provider")
_WORDS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


def owners() -> list[Option]:
    """Return the options of whoever runs the server: what work costs, and where networks run."""
    return [one for one in settings_flags.described() if _is_owners(one)]


def clients() -> list[Option]:
    """Return the options that each request may set."""
    return [one for one in settings_flags.described() if not _is_owners(one)]


def values(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of the clients' options that the fields of a form set.

    Raises:
        RequestError: there is no such option ("option-unknown"), or as `Option.checked`.
    """
    known = {one.name: one for one in clients()}
    for name in texts:
        if name not in known:
            raise RequestError(
                "option-unknown",
                f'There is no field "{name}".',
                f"Known are: {', '.join((*PICTURES, *known))}.",
            )
    return {name: _value(known[name], text) for name, text in texts.items() if text}


def schema() -> dict[str, Any]:
    """Return the form as OpenAPI describes it."""
    files = {
        name: {"type": "string", "format": "binary", "description": text}
        for name, text in PICTURES.items()
    }
    form = {
        "type": "object",
        "required": [IMAGE],
        "properties": files | {one.name: _schema_of(one) for one in clients()},
    }
    return {"content": {"multipart/form-data": {"schema": form}}, "required": True}


def _value(option: Option, text: str) -> Any:
    given: Any = text
    if option.type is bool:
        given = _WORDS.get(text.lower(), text)
    elif option.type is int and text.lstrip("-").isdecimal():
        given = int(text)
    return option.checked(given)


def _is_owners(option: Option) -> bool:
    return option.name in _OWNERS or option.name.startswith("max_")


def _schema_of(option: Option) -> dict[str, Any]:
    kind = {bool: "boolean", int: "integer", str: "string"}[option.type]
    default = f"; by default {option.automatic}" if option.automatic else ""
    described: dict[str, Any] = {"type": kind, "description": f"{option.help}{default}"}
    bounds = {
        "enum": list(option.choices) or None,
        "minimum": option.low,
        "maximum": option.high,
        "default": option.default,
    }
    return described | {key: bound for key, bound in bounds.items() if bound is not None}
