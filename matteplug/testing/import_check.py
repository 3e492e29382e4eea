"""Check what an in-host half imports: import_check.py FOLDER MODULE…, run by ``python -I -S``.

Looks for imports, inside functions too, then imports every file of the folder as its program
would: one by one, or as a package where there is an ``__init__.py``.
Anything but the standard library, the files themselves and the program's own MODULEs, which are
faked here, ends this process with a message.  It imports nothing of matteplug itself.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any


class _AnyClass(type):
    def __getattr__(cls, name: str) -> Any:
        return _Anything

    def __or__(cls, other: Any) -> Any:  # flags are joined where classes are made
        return _Anything


class _Anything(metaclass=_AnyClass):
    """Stands for any class, function or value of the program."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> Any:
        return _Anything()

    def __getattr__(self, name: str) -> Any:
        return _Anything()


class _Program(MetaPathFinder, Loader):
    """Finds the program's own modules, and whatever is asked of them."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._modules:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _ProgramModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _ProgramModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # `from … import *` asks for __all__
            raise AttributeError(name)
        return _Anything


def main(folder: Path, program: Sequence[str]) -> None:
    """Check the files of a folder."""
    sys.meta_path.append(_Program(program))
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    files = sorted(folder.glob("*.py"))
    known = {*sys.stdlib_module_names, *program, *(file.stem for file in files)}
    for file in files:
        for name in _imported(ast.parse(file.read_bytes())):
            if name.partition(".")[0] not in known:
                sys.exit(f"{file.name} imports {name}, which neither Python nor the program has.")
    if (folder / "__init__.py").exists():
        sys.path.insert(0, str(folder.parent))
        for file in files:
            importlib.import_module(f"{folder.name}.{file.stem}")
        return
    for file in files:
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[file.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield what is imported anywhere below, but for what is tried when another import fails."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.level == 0:
            yield child.module or ""
        elif not isinstance(child, ast.ExceptHandler):
            yield from _imported(child)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
