"""Every error code with its message and remedy, read from the source: it cannot go stale."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("matteplug", "hosts")
KINDS = {
    "BridgeError": (
        "Raised inside an editor; the log file that the message names says more.",
        "Run `matteplug hosts install`, and restart the editor: plug-in and library may be of two "
        "versions.",
    ),
    "EngineError": (
        "Networks cannot be run as asked.",
        "Run `matteplug doctor`; it names what is broken.",
    ),
    "MatteplugError": (
        "None of the other kinds.",
        "Start it again; if it stays, report it: it is a bug.",
    ),
    "NetworkError": (
        "A network's files are missing, damaged or do not fit.",
        "Check the path, get the file again from where it came, or ask who made it.",
    ),
    "PackageError": (
        "A Python package is missing or broken.",
        "Run the command that the message gives: it is for the Python that runs matteplug.",
    ),
    "PluginError": (
        "A third party's plug-in is broken and left out.",
        "`matteplug plugins` names it: update it, or uninstall it.",
    ),
    "RequestError": (
        "A picture, a guide or an option cannot be used.",
        "Change what the message names.",
    ),
    "TrainingError": (
        "Training cannot start or continue.",
        "Change what the message names; the last checkpoint is intact.",
    ),
    "WireError": (
        "Host and worker do not understand each other.",
        "Run `matteplug hosts install`, and restart the editor: the plug-in may be older than the "
        "library. If it stays, it is a bug of the host.",
    ),
}
"""What each kind is, and what to do about an error of it that has no hint of its own."""
_CODE = re.compile(r"(?:[a-z0-9]|\{[a-z_]+\})+(?:-(?:[a-z0-9]|\{[a-z_]+\})+)*")


@dataclass(frozen=True, order=True)
class Entry:
    """One place that raises an error.

    Attributes:
        code: the stable code; a part that depends on the situation is in braces.
        message: the sentence, with … for what depends on the situation.
        hint: what to do about it; empty if the message says all.
        kind: the class of the error.
    """

    kind: str
    code: str
    message: str
    hint: str


def entries() -> list[Entry]:
    """Return all errors of the library and its hosts, by code."""
    found: set[Entry] = set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            constants = dict(_constants(tree))
            found.update(_errors(tree, constants))
    return sorted(found)


def page() -> str:
    """Return the page of all errors, in Markdown; each code is a heading, for the search."""
    parts = [
        "# Error codes",
        "Made from the source when the site is built. “…” is what depends on the situation. "
        "The code is in what `matteplug batch --json` prints, in `MatteplugError.code`, "
        "and on the wire.",
    ]
    for kind, of_kind in groupby(entries(), lambda entry: entry.kind):
        parts += [f"## {kind}", KINDS[kind][0]]
        for code, same in groupby(of_kind, lambda entry: entry.code):
            parts.append(f"### {code}")
            for hint, alike in groupby(same, _remedy):
                parts += [*(f"> {_line(entry.message)}" for entry in alike), hint]
    return "\n\n".join([*parts, ""])


def _remedy(entry: Entry) -> str:
    """Return what to do: the hint, or what its kind says if all of it depends on the situation."""
    known = entry.hint.strip("… ")
    if known == "Run:":
        return "Run the command that it gives."
    return _line(entry.hint) if known else KINDS[entry.kind][1]


def _line(text: str) -> str:
    text = text.replace("….", "…")
    for sign in "\\*_<>[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the module's names for texts."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, {})
            if text:
                yield node.targets[0].id, text


def _errors(tree: ast.Module, constants: dict[str, str]) -> Iterator[Entry]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if not name.endswith("Error"):
            continue
        code = _text(node.args[0], constants, braces=True)
        if not _CODE.fullmatch(code):
            continue
        rest = {keyword.arg: keyword.value for keyword in node.keywords}
        hint = node.args[2] if len(node.args) > 2 else rest.get("hint")
        yield Entry(
            code=code,
            message=_text(node.args[1], constants),
            hint=_text(hint, constants) if hint is not None else "",
            kind=name.lstrip("_"),
        )


def _text(node: ast.expr, constants: dict[str, str], *, braces: bool = False) -> str:
    """Return what is known of a text before the program runs."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(part, constants, braces=braces) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        right = _text(node.right, constants, braces=braces) if isinstance(node.op, ast.Add) else ""
        left = _text(node.left, constants, braces=braces)
        return re.sub(r"%[sdrg]", "…", left) + right
    if isinstance(node, ast.IfExp):
        return " / ".join(
            filter(None, (_text(part, constants) for part in (node.body, node.orelse)))
        )
    names_what_is_known = (
        isinstance(node, ast.Call) and getattr(node.func, "id", "") == "known_names"
    )
    return "Known: …." if names_what_is_known else "…"


def _part(node: ast.expr, constants: dict[str, str], *, braces: bool) -> str:
    if isinstance(node, ast.FormattedValue):
        if braces and isinstance(node.value, ast.Name):
            return f"{{{node.value.id}}}"
        return _text(node.value, constants)
    return _text(node, constants)
