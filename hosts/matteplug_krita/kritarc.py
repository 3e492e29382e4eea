"""Krita's settings file, in which plug-ins are switched on: ``[python]``, ``enable_NAME=true``."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

_GROUP = b"[python]"


@dataclass(frozen=True)
class PluginSwitch:
    """One plug-in's line in the settings; see `matteplug.hosting.files.Switch`.

    Attributes:
        settings: the file, which need not exist; all else in it is kept byte for byte.
        plugin: the name of the plug-in's package.
    """

    settings: Path
    plugin: str

    def is_on(self) -> bool:
        """Tell whether Krita loads the plug-in."""
        return b"true" in [
            line[len(self._key) :].strip()
            for group, line in _lines(self._read())
            if group == _GROUP and line.startswith(self._key)
        ]

    def turn(self, on: bool) -> None:
        """Write or remove the line."""
        kept = [
            line
            for group, line in _lines(self._read())
            if group != _GROUP or not line.startswith(self._key)
        ]
        if on:
            end = b"\r\n" if kept and kept[0].endswith(b"\r\n") else b"\n"
            if kept and not kept[-1].endswith(b"\n"):
                kept[-1] += end
            groups = [line.strip() for line in kept]
            if _GROUP not in groups:
                kept += [end, _GROUP + end] if kept else [_GROUP + end]
                groups = [line.strip() for line in kept]
            kept.insert(groups.index(_GROUP) + 1, self._key + b"true" + end)
        self._write(b"".join(kept))

    @property
    def _key(self) -> bytes:
        return f"enable_{self.plugin}=".encode()

    def _read(self) -> bytes:
        return self.settings.read_bytes() if self.settings.exists() else b""

    def _write(self, content: bytes) -> None:
        """Replace the file as a whole; a link stays one, and the mode what it was."""
        target = self.settings.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            prefix=".kritarc-", dir=target.parent, delete=False
        ) as draft:
            draft.write(content)
        try:
            if target.exists():
                shutil.copymode(target, draft.name)
            Path(draft.name).replace(target)
        finally:
            Path(draft.name).unlink(missing_ok=True)


def _lines(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return every line after the header of its group, such as ``[python]``."""
    group, result = b"", []
    for line in content.splitlines(keepends=True):
        if re.fullmatch(rb"\[.*\]", line.strip()):
            group = line.strip()
        result.append((group, line))
    return result
