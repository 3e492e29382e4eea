"""How programs are packaged, as plain data: where one is found and where its plug-ins go.

In patterns "~" is the home folder and "${NAME}" an environment variable; those that desktops define
by convention are known without being set.
"""

from __future__ import annotations

from dataclasses import dataclass

LINUX, WINDOWS, MACOS = "linux", "win32", "darwin"


@dataclass(frozen=True, kw_only=True)
class Packaging:
    """One way in which a program is packaged, on one system.

    Attributes:
        system: LINUX, WINDOWS or MACOS.
        kind: "native", "flatpak", "snap" or "appimage".
        folders: patterns of the folder of the user's plug-ins; the first that names no unset
            variable is the one.
        programs: patterns of what is there where the program is installed: bare names are looked
            for on PATH, paths may hold "*".
        command: how the program is started; "{}" stands for the path that was found.
        settings: patterns, as `folders`, of the file in which the program's plug-ins are switched
            on; empty for a program that loads whatever is there.
        note: what the user has to do besides, or know.
    """

    system: str
    kind: str = "native"
    folders: tuple[str, ...]
    programs: tuple[str, ...]
    command: tuple[str, ...] = ("{}",)
    settings: tuple[str, ...] = ()
    note: str = ""
