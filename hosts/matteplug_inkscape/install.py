"""Where the extension for Inkscape goes, and what it consists of."""

from __future__ import annotations

from pathlib import Path

from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import LINUX, MACOS, WINDOWS, Packaging

_FLATPAK = "app/org.inkscape.Inkscape/current/active/files/bin/inkscape"
_IN_THE_SANDBOX = (
    "Once: flatpak override --user --talk-name=org.freedesktop.Flatpak org.inkscape.Inkscape"
)
_GIVEN = "${INKSCAPE_PROFILE_DIR}/extensions"
_LINUX = (_GIVEN, "${XDG_CONFIG_HOME}/inkscape/extensions")

PACKAGINGS = (
    Packaging(system=LINUX, folders=_LINUX, programs=("inkscape",)),
    Packaging(
        system=LINUX,
        kind="flatpak",
        folders=("~/.var/app/org.inkscape.Inkscape/config/inkscape/extensions",),
        programs=(f"${{XDG_DATA_HOME}}/flatpak/{_FLATPAK}", f"/var/lib/flatpak/{_FLATPAK}"),
        command=("flatpak", "run", "org.inkscape.Inkscape"),
        note=_IN_THE_SANDBOX,
    ),
    Packaging(
        system=LINUX,
        kind="snap",
        folders=("~/snap/inkscape/current/.config/inkscape/extensions",),
        programs=("/snap/inkscape/current/bin/inkscape",),
        command=("snap", "run", "inkscape"),
        note="A Snap may be kept from starting other programs",
    ),
    Packaging(
        system=LINUX,
        kind="appimage",
        folders=_LINUX,
        programs=tuple(
            f"{folder}/Inkscape-*.AppImage"
            for folder in ("~/Applications", "~/Downloads", "~/.local/bin", "~/bin", "/opt")
        ),
    ),
    Packaging(
        system=WINDOWS,
        folders=(_GIVEN, "${APPDATA}/inkscape/extensions"),
        programs=("${ProgramFiles}/Inkscape/bin/inkscape.exe",),
    ),
    Packaging(
        system=MACOS,
        folders=(
            _GIVEN,
            "~/Library/Application Support/org.inkscape.Inkscape/config/inkscape/extensions",
        ),
        programs=(
            "/Applications/Inkscape.app/Contents/MacOS/inkscape",
            "~/Applications/Inkscape.app/Contents/MacOS/inkscape",
        ),
    ),
)


def files(installation: Installation) -> HostFiles:
    """Return the extension's files in an installation of Inkscape."""
    half = Path(__file__).parent / "plug_in"
    return HostFiles(
        host="inkscape",
        folder=installation.folder / "matteplug-smart-matte",
        sources=tuple(sorted(path for path in half.iterdir() if path.suffix in (".inx", ".py"))),
    )
