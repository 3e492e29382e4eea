"""Where the plug-in for Krita goes, and what it consists of."""

from __future__ import annotations

from pathlib import Path

from matteplug.hosting import packaging
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug_krita.kritarc import PluginSwitch

_NAME = "matteplug_smart_matte"
_PLUG_INS = ("${XDG_DATA_HOME}/krita/pykrita",)
_SETTINGS = ("${XDG_CONFIG_HOME}/kritarc",)
_SANDBOX = "~/.var/app/org.kde.krita"

PACKAGINGS = (
    packaging.native("krita", _PLUG_INS, _SETTINGS),
    packaging.flatpak(
        "org.kde.krita",
        "krita",
        (f"{_SANDBOX}/data/krita/pykrita",),
        (f"{_SANDBOX}/config/kritarc",),
    ),
    packaging.snap("krita", "usr/bin/krita", ".local/share/krita/pykrita", (".config/kritarc",)),
    packaging.appimage("krita-*.[Aa]pp[Ii]mage", _PLUG_INS, _SETTINGS),
    packaging.windows(
        "Krita*/bin/krita.exe", ("${APPDATA}/krita/pykrita",), ("${LOCALAPPDATA}/kritarc",)
    ),
    packaging.macos(
        "krita*.app",
        "krita",
        ("~/Library/Application Support/krita/pykrita",),
        ("~/Library/Preferences/kritarc",),
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
