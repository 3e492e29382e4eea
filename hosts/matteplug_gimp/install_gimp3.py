"""Where the plug-in for GIMP 3 goes, and what it consists of."""

from __future__ import annotations

from pathlib import Path

from matteplug.hosting import packaging
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import Packaging

_PROGRAM = "matteplug-smart-matte.py"
_PROFILE = "${GIMP3_DIRECTORY}/plug-ins"


def _packagings(version: str) -> tuple[Packaging, ...]:
    """Return how a GIMP of a version ("3.0") is packaged; each has its own folder for plug-ins."""
    console, plug_ins = f"gimp-console-{version}", f"GIMP/{version}/plug-ins"
    linux = (_PROFILE, f"${{XDG_CONFIG_HOME}}/{plug_ins}")
    return (
        packaging.native(console, linux),
        packaging.flatpak("org.gimp.GIMP", console, linux, options=(f"--command={console}",)),
        packaging.snap("gimp", f"usr/bin/{console}", f".config/{plug_ins}"),
        packaging.appimage(f"GIMP-{version}*.AppImage", linux),
        packaging.windows(f"GIMP 3*/bin/{console}.exe", (_PROFILE, f"${{APPDATA}}/{plug_ins}")),
        packaging.macos(
            "GIMP*.app", console, (_PROFILE, f"~/Library/Application Support/{plug_ins}")
        ),
    )


PACKAGINGS = (*_packagings("3.0"), *_packagings("3.2"))


def files(installation: Installation) -> HostFiles:
    """Return the plug-in's files in an installation of GIMP."""
    here = Path(__file__).parent / "plug_in"
    return HostFiles(
        host="gimp3",
        # GIMP requires the folder to have the name of the program in it.
        folder=installation.folder / Path(_PROGRAM).stem,
        sources=(here / "smart_matte.py", *sorted((here / "gimp3").glob("*.py"))),
        executables=(_PROGRAM,),
    )
