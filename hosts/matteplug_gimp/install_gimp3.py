"""Where the plug-in for GIMP 3 goes, and what it consists of."""

from __future__ import annotations

from pathlib import Path

from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import LINUX, MACOS, WINDOWS, Packaging

_PROGRAM = "matteplug-smart-matte.py"
_FLATPAK = "app/org.gimp.GIMP/current/active"
_APPIMAGES = ("~/Applications", "~/Downloads", "~/.local/bin", "~/bin", "/opt")
_IN_THE_SANDBOX = "Once: flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP"


def _packagings(version: str) -> tuple[Packaging, ...]:
    """Return how a GIMP of a version ("3.0") is packaged; each has its own folder of its user's."""
    given = "${GIMP3_DIRECTORY}/plug-ins"
    linux = (given, f"${{XDG_CONFIG_HOME}}/GIMP/{version}/plug-ins")
    return (
        Packaging(system=LINUX, folders=linux, programs=(f"gimp-console-{version}",)),
        Packaging(
            system=LINUX,
            kind="flatpak",
            folders=linux,
            programs=(
                f"${{XDG_DATA_HOME}}/flatpak/{_FLATPAK}/files/bin/gimp-console-{version}",
                f"/var/lib/flatpak/{_FLATPAK}/files/bin/gimp-console-{version}",
            ),
            command=("flatpak", "run", f"--command=gimp-console-{version}", "org.gimp.GIMP"),
            note=_IN_THE_SANDBOX,
        ),
        Packaging(
            system=LINUX,
            kind="snap",
            folders=(f"~/snap/gimp/current/.config/GIMP/{version}/plug-ins",),
            programs=(f"/snap/gimp/current/usr/bin/gimp-console-{version}",),
            command=("snap", "run", "gimp"),
            note="A Snap may be kept from starting other programs",
        ),
        Packaging(
            system=LINUX,
            kind="appimage",
            folders=linux,
            programs=tuple(f"{folder}/GIMP-{version}*.AppImage" for folder in _APPIMAGES),
        ),
        Packaging(
            system=WINDOWS,
            folders=(given, f"${{APPDATA}}/GIMP/{version}/plug-ins"),
            programs=(
                f"${{LOCALAPPDATA}}/Programs/GIMP 3*/bin/gimp-console-{version}.exe",
                f"${{ProgramFiles}}/GIMP 3*/bin/gimp-console-{version}.exe",
            ),
        ),
        Packaging(
            system=MACOS,
            folders=(given, f"~/Library/Application Support/GIMP/{version}/plug-ins"),
            programs=(
                f"/Applications/GIMP*.app/Contents/MacOS/gimp-console-{version}",
                f"~/Applications/GIMP*.app/Contents/MacOS/gimp-console-{version}",
            ),
        ),
    )


PACKAGINGS = (*_packagings("3.0"), *_packagings("3.2"))


def files(installation: Installation) -> HostFiles:
    """Return the plug-in's files in an installation of GIMP."""
    here = Path(__file__).parent / "plug_in"
    return HostFiles(
        host="gimp3",
        # GIMP wants the folder to bear the name of the program in it.
        folder=installation.folder / Path(_PROGRAM).stem,
        sources=(here / "smart_matte.py", *sorted((here / "gimp3").glob("*.py"))),
        executables=(_PROGRAM,),
    )
