"""Where the plug-in for GIMP 2.10 goes, and which of its two halves a build of GIMP takes.

Builds with Python-Fu (Windows, macOS, and whoever still packages Python 2) get the half that runs
in it; others (Debian and what comes from it) one that needs libgimp and Python 3 only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import LINUX, MACOS, WINDOWS, Packaging

_HERE = Path(__file__).parent / "plug_in"
_PROGRAM = "matteplug-smart-matte.py"
_SCRIPT = "matteplug-smart-matte.scm"
_CONSOLE = "gimp-console-2.10"
_FLATPAK = "app/org.gimp.GIMP/current/active/files/bin"
_GIVEN = "${GIMP2_DIRECTORY}/plug-ins"
_LINUX = (_GIVEN, "${XDG_CONFIG_HOME}/GIMP/2.10/plug-ins")
_APPIMAGES = ("~/Applications", "~/Downloads", "~/.local/bin", "~/bin", "/opt")

PACKAGINGS = (
    Packaging(system=LINUX, folders=_LINUX, programs=(_CONSOLE,)),
    Packaging(
        system=LINUX,
        kind="flatpak",
        folders=_LINUX,
        programs=(
            f"${{XDG_DATA_HOME}}/flatpak/{_FLATPAK}/{_CONSOLE}",
            f"/var/lib/flatpak/{_FLATPAK}/{_CONSOLE}",
        ),
        command=("flatpak", "run", f"--command={_CONSOLE}", "org.gimp.GIMP"),
        note="Once: flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP",
    ),
    Packaging(
        system=LINUX,
        kind="snap",
        folders=("~/snap/gimp/current/.config/GIMP/2.10/plug-ins",),
        programs=(f"/snap/gimp/current/usr/bin/{_CONSOLE}",),
        command=("snap", "run", "gimp"),
        note="A Snap may be kept from starting other programs",
    ),
    # There is no official AppImage of 2.10.  Of those known, both with Python 2, one was built for
    # a folder of its own (aferrero2707/gimp-appimage), one was not (ivan-hc/GIMP-appimage, Hybrid).
    Packaging(
        system=LINUX,
        kind="appimage",
        folders=(_GIVEN, "${XDG_CONFIG_HOME}/GIMP-AppImage/2.10/plug-ins"),
        programs=tuple(f"{folder}/GIMP_AppImage-*2.10*.AppImage" for folder in _APPIMAGES),
    ),
    Packaging(
        system=LINUX,
        kind="appimage",
        folders=_LINUX,
        programs=tuple(f"{folder}/*_2.10*-with-python2-*.AppImage" for folder in _APPIMAGES),
    ),
    Packaging(
        system=WINDOWS,
        folders=(_GIVEN, "${APPDATA}/GIMP/2.10/plug-ins"),
        programs=(
            f"${{LOCALAPPDATA}}/Programs/GIMP 2/bin/{_CONSOLE}.exe",
            f"${{ProgramFiles}}/GIMP 2/bin/{_CONSOLE}.exe",
        ),
    ),
    Packaging(
        system=MACOS,
        folders=(_GIVEN, "~/Library/Application Support/GIMP/2.10/plug-ins"),
        programs=(
            f"/Applications/GIMP*.app/Contents/MacOS/{_CONSOLE}",
            f"~/Applications/GIMP*.app/Contents/MacOS/{_CONSOLE}",
        ),
    ),
)


def files(installation: Installation, system: str = sys.platform) -> HostFiles:
    """Return the plug-in's files in an installation of GIMP 2.10."""
    shared = (_HERE / "smart_matte.py", _HERE / "gimp2" / "gimp_layers.py")
    python_fu = has_python_fu(installation, system)
    half = _HERE / "gimp2" / ("python_fu" if python_fu else "libgimp")
    scripts = installation.folder.parent / "scripts"
    return HostFiles(
        host="gimp2",
        folder=installation.folder / Path(_PROGRAM).stem,
        sources=(*shared, *sorted(half.glob("*.py"))),
        executables=(_PROGRAM,),
        beside={scripts / source.name: source for source in half.glob("*.scm")},
        note="By Python-Fu" if python_fu else "Without Python-Fu: by libgimp, with Python 3",
    )


def has_python_fu(installation: Installation, system: str = sys.platform) -> bool:
    """Tell whether the GIMP in `installation` runs plug-ins by Python-Fu.

    Where no program is known, by the system: those for Windows and macOS do, a Linux one does not.
    AppImages, which cannot be looked into, do.
    """
    if installation.kind == "appimage":
        return True
    if installation.program is None or system != LINUX:
        return system != LINUX
    prefix = installation.program.resolve().parents[1]
    return any(
        found
        for folder in ("lib", "lib64", "lib/*")
        for found in prefix.glob(f"{folder}/gimp/2.0/python/gimpfu.py")
    )
