"""Install and remove a host's in-host half: the files that the program loads.

Besides the host's own files the folder gets `bridge.py` and ``settings.json``, which names the
Python that has matteplug and the log file: {"host": id, "python": path, "log": path}.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from matteplug.errors import RequestError
from matteplug.folders import state_folder

__all__ = ["HostFiles", "Switch", "log_file"]

_BRIDGE = Path(__file__).parents[1] / "bridge.py"


class Switch(Protocol):
    """How to enable the plug-in in a program that does not load whatever is there."""

    def is_on(self) -> bool:
        """Tell whether the program loads it."""

    def turn(self, on: bool) -> None:
        """Enable or disable the plug-in from the program's next start on.

        Raises:
            OSError: its settings cannot be written.
        """


@dataclass(frozen=True, kw_only=True)
class HostFiles:
    """What is installed for a host, and where.

    Attributes:
        host: the host's id.
        folder: our own folder inside the program's; created, replaced and removed as a whole.
        sources: the files of the in-host half.
        executables: names of those sources that the program starts.
        beside: single files that go elsewhere: target path to source.
        filled: what is written in place of a source, by its name: what is known here and not there.
        switch: enables the plug-in; None for a program that loads whatever is there.
        note: what the user may want to know about these files.
    """

    host: str
    folder: Path
    sources: tuple[Path, ...]
    executables: tuple[str, ...] = ()
    beside: Mapping[Path, Path] = field(default_factory=dict)
    filled: Mapping[str, bytes] = field(default_factory=dict)
    switch: Switch | None = None
    note: str = ""

    def install(self, python: str = sys.executable, *, link: bool = False) -> Path | None:
        """Install and enable the files; if that fails, the older ones stay.

        Args:
            python: the interpreter that has matteplug.
            link: create symbolic links to the sources instead of copies, for developers.

        Returns:
            The folder to which different files found there were moved; None if there were none.

        Raises:
            RequestError: the files cannot be written.
        """
        wanted = "linked" if link else "current"
        backup = None
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".matteplug-", dir=self.folder.parent))
            try:
                self._fill(draft, python, link)
                if self.state(python) not in (wanted, "not installed"):
                    backup = self._back_up()
                with ExitStack() as replaced:
                    replaced.enter_context(_replaced(self.folder, draft))
                    for target, source in self.beside.items():
                        target.parent.mkdir(parents=True, exist_ok=True)
                        new = target.with_name(f".{target.name}.new")
                        new.unlink(missing_ok=True)
                        replaced.enter_context(_replaced(target, self._place(source, new, link)))
                    if self.switch is not None:
                        self.switch.turn(True)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            folder = Path(error.filename).parent if error.filename else self.folder
            raise RequestError(
                "host-not-written",
                f"The plug-in cannot be written to {folder}: {error.strerror}.",
                "Choose another folder with --folder.",
            ) from error
        return backup

    def uninstall(self) -> bool:
        """Disable the plug-in, remove its files, and tell whether there were any.

        Raises:
            RequestError: they cannot be removed.
        """
        was_installed = self.folder.is_dir()
        try:
            if self.switch is not None and self.switch.is_on():
                self.switch.turn(False)
            for target in self.beside:
                target.unlink(missing_ok=True)
            if was_installed:
                shutil.rmtree(self.folder)
        except OSError as error:
            raise RequestError(
                "host-not-removed",
                f"The plug-in cannot be removed from {self.folder}: {error.strerror}.",
            ) from error
        return was_installed

    def state(self, python: str = sys.executable) -> str:
        """Return "not installed", "current", "linked", or "outdated" if files or Python differ."""
        if not self.folder.is_dir():
            return "not installed"
        expected = {self.folder / name: content for name, content in self._written(python).items()}
        sources = {self.folder / source.name: source for source in (*self.sources, _BRIDGE)}
        sources |= self.beside
        expected |= {target: self._content(source) for target, source in sources.items()}
        for path, content in expected.items():
            if not path.is_file() or path.read_bytes() != content:
                return "outdated"
        copies = [(p, source) for p, source in sources.items() if source.name not in self.filled]
        linked = (path.is_symlink() and path.samefile(source) for path, source in copies)
        return "linked" if all(linked) else "current"

    @property
    def enabled(self) -> bool:
        """Whether the program would load the plug-in."""
        return self.folder.is_dir() and (self.switch is None or self.switch.is_on())

    def _written(self, python: str) -> Mapping[str, bytes]:
        settings = {"host": self.host, "python": python, "log": str(log_file(self.host))}
        return {"settings.json": json.dumps(settings, indent=2).encode()}

    def _fill(self, draft: Path, python: str, link: bool) -> None:
        for source in (*self.sources, _BRIDGE):
            target = self._place(source, draft / source.name, link)
            if not target.is_symlink():
                target.chmod(0o755 if source.name in self.executables else 0o644)
        for name, content in self._written(python).items():
            (draft / name).write_bytes(content)
            (draft / name).chmod(0o644)
        draft.chmod(0o755)  # mkdtemp's is private, and a program may run as another user

    def _content(self, source: Path) -> bytes:
        return self.filled.get(source.name) or source.read_bytes()

    def _place(self, source: Path, target: Path, link: bool) -> Path:
        if link and source.name not in self.filled:
            target.symlink_to(source.resolve())
        else:
            target.write_bytes(self._content(source))
        return target

    def _back_up(self) -> Path:
        """Copy what is there to a new folder outside the program's, which might load it."""
        parent = state_folder() / "replaced"
        parent.mkdir(parents=True, exist_ok=True)
        name = f"{self.host}-{time.strftime('%Y%m%d-%H%M%S')}-"
        backup = Path(tempfile.mkdtemp(prefix=name, dir=parent))
        shutil.copytree(self.folder, backup / self.folder.name)
        for target in self.beside:
            if target.is_file():
                shutil.copy2(target, backup)
        return backup


def log_file(host: str) -> Path:
    """Return the file to which a host's in-host half logs its errors."""
    return state_folder() / "log" / f"{host}.log"


@contextmanager
def _replaced(target: Path, new: Path) -> Iterator[None]:
    """Put `new` in the place of `target`; if the block fails, restore what was there."""
    old = target.with_name(f".{target.name}.replaced")
    _remove(old)
    if os.path.lexists(target):
        target.rename(old)
    try:
        new.rename(target)
        yield
    except BaseException:
        _remove(new)
        _remove(target)
        if os.path.lexists(old):
            old.rename(target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    """Remove a file, link or folder if it exists and can be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
