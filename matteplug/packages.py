"""The Python packages beside this one: which distribution brings a module, and what is missing."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec

from matteplug.errors import PackageError, first_line

__all__ = ["bringing", "exchange", "install", "name_of", "require"]


def bringing(module: str) -> dict[str, str]:
    """Return the installed distributions that bring a module, name to version.

    Their names do not tell: onnxruntime-extensions brings another module, ort-nightly this one.
    """
    versions = {}
    for distribution in distributions():
        if module in (distribution.read_text("top_level.txt") or "").split():
            versions[name_of(distribution)] = distribution.version
    return dict(sorted(versions.items()))


def name_of(distribution: Distribution) -> str:
    """Return a distribution's name, lower case and with hyphens."""
    return (distribution.metadata["Name"] or "").lower().replace("_", "-")


def exchange(module: str, requirement: str) -> str:
    """Return the command that installs `requirement` as the only distribution of a module.

    Where two bring it, the one that came last has overwritten the other, and uninstalling either
    leaves a part of it.
    """
    present = " ".join(bringing(module))
    if not present:
        return install(requirement)
    return f"{_pip('uninstall')} {present} && {install(requirement)}"


def install(requirement: str, *, again: bool = False) -> str:
    """Return the command that installs `requirement` for the Python that runs this.

    `again` replaces what is installed already.

    The program's own environment is often not the one that ``pip`` on the path belongs to: an
    editor's worker, pipx and uv each have one apart.
    """
    forced = "--force-reinstall " if again else ""
    return f'{_pip("install")} {forced}"{requirement}"'


def _pip(action: str) -> str:
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    if find_spec("pip") is None:  # uv makes environments without it
        return f"uv pip {action} --python {python}"
    return f"{python} -m pip {action}{' -y' if action == 'uninstall' else ''}"


def require(*modules: str, purpose: str, extra: str) -> None:
    """Check that modules of one of our extras can be imported.

    Args:
        modules: their names.
        purpose: what needs them, the subject of a sentence.
        extra: the extra that installs them.

    Raises:
        PackageError: one is missing or broken.
    """
    for module in modules:
        try:
            import_module(module)
        except Exception as error:  # a library that is missing is an OSError for some
            missing = isinstance(error, ModuleNotFoundError) and error.name == module
            state = "not installed" if missing else f"broken ({first_line(error)})"
            raise PackageError(
                f"no-{extra}-extra",
                f"{purpose} needs {module}, which is {state}.",
                f"Run: {install(f'matteplug[{extra}]', again=not missing)}",
            ) from error
