"""Where the plug-in for GIMP 2.10 goes, and which of its two halves a build of GIMP takes.

Builds with Python-Fu (Windows, macOS, and distributions that still ship Python 2) get the half that
runs in it; others (Debian and its derivatives) get one that needs only libgimp and Python 3.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matteplug import plugins
from matteplug.hosting import packaging
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import LINUX

_HERE = Path(__file__).parent / "plug_in"
_PROGRAM = "matteplug-smart-matte.py"
_SCRIPT = "matteplug-smart-matte.scm"
_CONSOLE = "gimp-console-2.10"
_PROFILE = "${GIMP2_DIRECTORY}/plug-ins"
_LINUX = (_PROFILE, "${XDG_CONFIG_HOME}/GIMP/2.10/plug-ins")

PACKAGINGS = (
    packaging.native(_CONSOLE, _LINUX),
    packaging.flatpak("org.gimp.GIMP", _CONSOLE, _LINUX, options=(f"--command={_CONSOLE}",)),
    packaging.snap("gimp", f"usr/bin/{_CONSOLE}", ".config/GIMP/2.10/plug-ins"),
    # There is no official AppImage of 2.10.  Of those known, both with Python 2, one was built with
    # a profile folder of its own (aferrero2707/gimp-appimage), one was not
    # (ivan-hc/GIMP-appimage, Hybrid).
    packaging.appimage(
        "GIMP_AppImage-*2.10*.AppImage",
        (_PROFILE, "${XDG_CONFIG_HOME}/GIMP-AppImage/2.10/plug-ins"),
    ),
    packaging.appimage("*_2.10*-with-python2-*.AppImage", _LINUX),
    packaging.windows(f"GIMP 2/bin/{_CONSOLE}.exe", (_PROFILE, "${APPDATA}/GIMP/2.10/plug-ins")),
    packaging.macos(
        "GIMP*.app",
        _CONSOLE,
        (_PROFILE, "~/Library/Application Support/GIMP/2.10/plug-ins"),
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
        filled={
            source.name: _with_networks(source.read_text(encoding="utf-8")).encode()
            for source in half.glob("*.scm")
        },
        note="By Python-Fu" if python_fu else "Without Python-Fu: by libgimp, with Python 3",
    )


def _with_networks(dialog: str) -> str:
    """Return the Script-Fu dialog with the installed networks in its two lists: titles and ids."""
    networks = plugins.registry().networks.values()
    for first, listed in (
        ('\'#(""', [spec.id for spec in networks]),
        ('\'("Automatic"', [spec.title for spec in networks]),
    ):
        words = (json.dumps(text, ensure_ascii=False) for text in listed)
        dialog = dialog.replace(first, " ".join((first, *words)))
    return dialog


def has_python_fu(installation: Installation, system: str = sys.platform) -> bool:
    """Tell whether a GIMP runs plug-ins through Python-Fu.

    Where the program was not found, the system decides: GIMP for Windows and macOS does, a Linux
    one does not.  AppImages, which cannot be looked into, do.
    """
    if installation.kind == "appimage":
        return True
    if installation.program is None or system != LINUX:
        return system != LINUX
    prefix = installation.program.resolve().parents[1]
    return any(
        module
        for folder in ("lib", "lib64", "lib/*")
        for module in prefix.glob(f"{folder}/gimp/2.0/python/gimpfu.py")
    )
