"""Where the plug-in for Krita goes, and what it consists of."""

from __future__ import annotations

from pathlib import Path

from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug.hosting.packaging import LINUX, MACOS, WINDOWS, Packaging
from matteplug_krita.kritarc import PluginSwitch

_NAME = "matteplug_smart_matte"
_FLATPAK = "app/org.kde.krita/current/active/files/bin/krita"
_APPIMAGES = ("~/Applications", "~/Downloads", "~/.local/bin", "~/bin", "/opt")
_HOME = "${XDG_DATA_HOME}/krita/pykrita"
_SETTINGS = "${XDG_CONFIG_HOME}/kritarc"

PACKAGINGS = (
    Packaging(system=LINUX, folders=(_HOME,), settings=(_SETTINGS,), programs=("krita",)),
    Packaging(
        system=LINUX,
        kind="flatpak",
        folders=("~/.var/app/org.kde.krita/data/krita/pykrita",),
        settings=("~/.var/app/org.kde.krita/config/kritarc",),
        programs=(f"${{XDG_DATA_HOME}}/flatpak/{_FLATPAK}", f"/var/lib/flatpak/{_FLATPAK}"),
        command=("flatpak", "run", "org.kde.krita"),
        note="Once: flatpak override --user --talk-name=org.freedesktop.Flatpak org.kde.krita",
    ),
    Packaging(
        system=LINUX,
        kind="snap",
        folders=("~/snap/krita/current/.local/share/krita/pykrita",),
        settings=("~/snap/krita/current/.config/kritarc",),
        programs=("/snap/krita/current/usr/bin/krita",),
        command=("snap", "run", "krita"),
        note="A Snap may be kept from starting other programs",
    ),
    Packaging(
        system=LINUX,
        kind="appimage",
        folders=(_HOME,),
        settings=(_SETTINGS,),
        programs=tuple(f"{folder}/krita-*.[Aa]pp[Ii]mage" for folder in _APPIMAGES),
    ),
    Packaging(
        system=WINDOWS,
        folders=("${APPDATA}/krita/pykrita",),
        settings=("${LOCALAPPDATA}/kritarc",),
        programs=("${ProgramFiles}/Krita*/bin/krita.exe",),
    ),
    Packaging(
        system=MACOS,
        folders=("~/Library/Application Support/krita/pykrita",),
        settings=("~/Library/Preferences/kritarc",),
        programs=(
            "/Applications/krita*.app/Contents/MacOS/krita",
            "~/Applications/krita*.app/Contents/MacOS/krita",
        ),
    ),
)


def files(installation: Installation) -> HostFiles:
    """Return the plug-in's files in an installation of Krita, and what switches it on."""
    here = Path(__file__).parent / "plug_in"
    desktop = f"{_NAME}.desktop"
    return HostFiles(
        host="krita",
        folder=installation.folder / _NAME,
        sources=(*sorted((here / _NAME).glob("*.py")), here / _NAME / "Manual.html"),
        beside={installation.folder / desktop: here / desktop},
        switch=None
        if installation.settings is None
        else PluginSwitch(installation.settings, _NAME),
    )
