"""The half of a host that lives in the program: files copied into one folder of it, and removed.

Beside the host's own files the folder gets `bridge.py` and ``settings.json``, which names the
Python that has matteplug: {"python": path}.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matteplug.errors import RequestError

_BRIDGE = Path(__file__).with_name("bridge.py")


@dataclass(frozen=True, kw_only=True)
class HostFiles:
    """What is installed for a host, and where.

    Attributes:
        folder: the folder of our own in the program's; made, replaced and removed whole.
        sources: the files of the in-host half.
        executables: names of those that the program starts.
    """

    folder: Path
    sources: tuple[Path, ...]
    executables: tuple[str, ...] = ()

    def install(self, python: str = sys.executable) -> None:
        """Copy the files, replacing older ones; where that fails, the older ones stay.

        Raises:
            RequestError: the folder cannot be written.
        """
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".matteplug-", dir=self.folder.parent))
            try:
                self._fill(draft, python)
                self._replace(draft)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise RequestError(
                "host-not-written",
                f"The plug-in cannot be written to {self.folder}: {error.strerror}.",
                "Name another folder with --folder.",
            ) from error

    def uninstall(self) -> bool:
        """Remove the files, and tell whether there were any."""
        found = self.folder.is_dir()
        shutil.rmtree(self.folder, ignore_errors=True)
        return found

    def state(self, python: str = sys.executable) -> str:
        """Return "not installed", "current", or "outdated" for other files or another Python."""
        if not self.folder.is_dir():
            return "not installed"
        for name, content in self._content(python).items():
            path = self.folder / name
            if not path.is_file() or path.read_bytes() != content:
                return "outdated"
        return "current"

    def _content(self, python: str) -> Mapping[str, bytes]:
        content = {source.name: source.read_bytes() for source in (*self.sources, _BRIDGE)}
        return content | {"settings.json": json.dumps({"python": python}).encode()}

    def _fill(self, draft: Path, python: str) -> None:
        for name, content in self._content(python).items():
            (draft / name).write_bytes(content)
            (draft / name).chmod(0o755 if name in self.executables else 0o644)
        draft.chmod(0o755)  # mkdtemp's is private, and a program may run as another user

    def _replace(self, draft: Path) -> None:
        replaced = self.folder.with_name(f".{self.folder.name}.replaced")
        shutil.rmtree(replaced, ignore_errors=True)
        if self.folder.exists():
            self.folder.rename(replaced)
        try:
            draft.rename(self.folder)
        except OSError:
            if replaced.exists():
                replaced.rename(self.folder)
            raise
        shutil.rmtree(replaced, ignore_errors=True)
