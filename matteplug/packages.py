"""The Python packages beside this one: which distribution brings a module, and what is missing."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import Distribution, distributions

from matteplug.errors import PackageError, first_line


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
    install = f"pip install {requirement}"
    return f"pip uninstall -y {present}; then: {install}" if present else install


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
            again = "" if missing else "--force-reinstall "
            raise PackageError(
                f"no-{extra}-extra",
                f"{purpose} needs {module}, which is {state}.",
                f'Run: pip install {again}"matteplug[{extra}]"',
            ) from error
