"""The environment of the programs that we start: the user's, without what is for our Python.

A program that brings or embeds a Python of its own (Krita, GIMP, Inkscape) looks for it on the
PATH, and an activated environment of another Python comes first there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_OUR_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__")
_ACTIVATED = ("VIRTUAL_ENV", "CONDA_PREFIX")
_PROMPTS = ("VIRTUAL_ENV_PROMPT", "CONDA_DEFAULT_ENV", "CONDA_PROMPT_MODIFIER", "CONDA_SHLVL")
_SYSTEM = ("/usr/local", "/usr", "/", "/opt/homebrew")
"""Where a Python is everybody's, and other programs lie beside it."""


def of_programs() -> dict[str, str]:
    """Return the variables for a program that is not ours."""
    dropped = {*_OUR_PYTHON, *_ACTIVATED, *_PROMPTS}
    variables = {name: value for name, value in os.environ.items() if name not in dropped}
    if "PATH" in variables:
        folders = variables["PATH"].split(os.pathsep)
        variables["PATH"] = os.pathsep.join(f for f in folders if not _of_our_python(f))
    return variables


def _of_our_python(folder: str) -> bool:
    path = _resolved(folder)
    return bool(folder) and any(path.is_relative_to(root) for root in _roots())


def _roots() -> list[Path]:
    """Return the folders of this Python and of what is activated, apart from the system's."""
    named = [sys.prefix, sys.base_prefix, *filter(None, map(os.environ.get, _ACTIVATED))]
    roots = {_resolved(name) for name in named}
    return [root for root in roots if str(root) not in _SYSTEM]


def _resolved(path: str) -> Path:
    return Path(os.path.realpath(path))
