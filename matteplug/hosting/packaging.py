"""How programs are packaged, as plain data: where one is found and where its plug-ins go.

A host lists the packagings of its program; the functions here know what a Flatpak, a Snap or an
AppImage has in common, whatever is in it.  In patterns "~" is the home folder and "${NAME}" an
environment variable; those that desktops define by convention are known without being set.
"""

from __future__ import annotations

from dataclasses import dataclass

from matteplug import fields

__all__ = [
    "LINUX",
    "MACOS",
    "WINDOWS",
    "Packaging",
    "appimage",
    "flatpak",
    "macos",
    "native",
    "snap",
    "windows",
]

LINUX, WINDOWS, MACOS = "linux", "win32", "darwin"

_APPIMAGE_FOLDERS = ("~/Applications", "~/Downloads", "~/.local/bin", "~/bin", "/opt")
_FLATPAK_FOLDERS = ("${XDG_DATA_HOME}/flatpak", "/var/lib/flatpak")


@dataclass(frozen=True, kw_only=True)
class Packaging:
    """One way a program is packaged, on one system.

    Attributes:
        system: LINUX, WINDOWS or MACOS.
        kind: "native", "flatpak", "snap" or "appimage".
        folders: patterns of the folder of the user's plug-ins; the first that names no unset
            variable counts.
        programs: patterns of the installed program: bare names are looked up on the PATH, paths may
            contain "*".
        command: how to start the program; "{}" stands for the path that was found.
        settings: patterns, as `folders`, of the file in which the program's plug-ins are switched
            on; empty for a program that loads whatever is there.
        note: what else the user has to do or know.
    """

    system: str
    kind: str = "native"
    folders: tuple[str, ...]
    programs: tuple[str, ...]
    command: tuple[str, ...] = ("{}",)
    settings: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            TypeError, ValueError: one has another type, or is empty.
        """
        for name in ("system", "kind"):
            fields.line(getattr(self, name), name)
        fields.text(self.note, "note")
        for name in ("folders", "programs", "command", "settings"):
            patterns = fields.items(getattr(self, name), str, name)
            object.__setattr__(self, name, patterns)


def native(executable: str, folders: tuple[str, ...], settings: tuple[str, ...] = ()) -> Packaging:
    """Return a Linux distribution's own package, its executable on the PATH."""
    return Packaging(system=LINUX, folders=folders, programs=(executable,), settings=settings)


def flatpak(
    app: str,
    executable: str,
    folders: tuple[str, ...],
    settings: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
) -> Packaging:
    """Return the Flatpak `app` ("org.kde.krita"); `options` go to ``flatpak run``."""
    inside = f"app/{app}/current/active/files/bin/{executable}"
    return Packaging(
        system=LINUX,
        kind="flatpak",
        folders=folders,
        programs=tuple(f"{folder}/{inside}" for folder in _FLATPAK_FOLDERS),
        command=("flatpak", "run", *options, app),
        settings=settings,
        note=f"Once: flatpak override --user --talk-name=org.freedesktop.Flatpak {app}",
    )


def snap(name: str, executable: str, folder: str, settings: tuple[str, ...] = ()) -> Packaging:
    """Return the Snap `name`.

    Args:
        name: the Snap's.
        executable: path in the Snap ("usr/bin/krita").
        folder: of the plug-ins, in the Snap's home folder.
        settings: as `folder`.
    """
    home = f"~/snap/{name}/current"
    return Packaging(
        system=LINUX,
        kind="snap",
        folders=(f"{home}/{folder}",),
        programs=(f"/snap/{name}/current/{executable}",),
        command=("snap", "run", name),
        settings=tuple(f"{home}/{path}" for path in settings),
        note="A Snap may be kept from starting other programs",
    )


def appimage(file: str, folders: tuple[str, ...], settings: tuple[str, ...] = ()) -> Packaging:
    """Return an AppImage whose file has a name like `file` ("krita-*.appimage")."""
    return Packaging(
        system=LINUX,
        kind="appimage",
        folders=folders,
        programs=tuple(f"{folder}/{file}" for folder in _APPIMAGE_FOLDERS),
        settings=settings,
    )


def windows(executable: str, folders: tuple[str, ...], settings: tuple[str, ...] = ()) -> Packaging:
    """Return a Windows installation for all users or one of them ("Krita*/bin/krita.exe")."""
    homes = ("${LOCALAPPDATA}/Programs", "${ProgramFiles}")
    return Packaging(
        system=WINDOWS,
        folders=folders,
        programs=tuple(f"{home}/{executable}" for home in homes),
        settings=settings,
    )


def macos(
    bundle: str, executable: str, folders: tuple[str, ...], settings: tuple[str, ...] = ()
) -> Packaging:
    """Return a macOS application bundle ("krita*.app"), for all users or one of them."""
    homes = ("/Applications", "~/Applications")
    return Packaging(
        system=MACOS,
        folders=folders,
        programs=tuple(f"{home}/{bundle}/Contents/MacOS/{executable}" for home in homes),
        settings=settings,
    )
