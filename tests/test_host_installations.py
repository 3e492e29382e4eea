"""Where programs are looked for, on every system, and how they are known there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from matteplug import plugins
from matteplug.hosting.installations import Installation, find
from matteplug.hosting.packaging import LINUX, MACOS, WINDOWS, Packaging
from matteplug.hosting.versions import version_of
from matteplug_gimp.install_gimp2 import PACKAGINGS as GIMP2
from matteplug_gimp.install_gimp2 import files as gimp2_files
from matteplug_gimp.install_gimp3 import PACKAGINGS as GIMP3
from matteplug_inkscape.install import PACKAGINGS as INKSCAPE
from matteplug_krita.install import PACKAGINGS as KRITA

_VARIABLES = (
    "GIMP2_DIRECTORY",
    "GIMP3_DIRECTORY",
    "INKSCAPE_PROFILE_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "APPDATA",
    "LOCALAPPDATA",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, on a machine without programs."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


# host, system, what is there under the home folder, and then: kind, plug-ins folder there
_FOUND = [
    (GIMP3, LINUX, "bin/gimp-console-3.0", "native", ".config/GIMP/3.0/plug-ins"),
    (GIMP3, LINUX, "bin/gimp-console-3.2", "native", ".config/GIMP/3.2/plug-ins"),
    (GIMP3, LINUX, ".config/GIMP/3.0/gimprc", "native", ".config/GIMP/3.0/plug-ins"),
    (
        GIMP3,
        LINUX,
        ".local/share/flatpak/app/org.gimp.GIMP/current/active/files/bin/gimp-console-3.0",
        "flatpak",
        ".config/GIMP/3.0/plug-ins",
    ),
    (
        GIMP3,
        LINUX,
        "snap/gimp/current/.config/GIMP/3.0/gimprc",
        "snap",
        "snap/gimp/current/.config/GIMP/3.0/plug-ins",
    ),
    (
        GIMP3,
        LINUX,
        "Applications/GIMP-3.0.4-x86_64.AppImage",
        "appimage",
        ".config/GIMP/3.0/plug-ins",
    ),
    (
        GIMP3,
        WINDOWS,
        "AppData/Local/Programs/GIMP 3/bin/gimp-console-3.0.exe",
        "native",
        "AppData/Roaming/GIMP/3.0/plug-ins",
    ),
    (
        GIMP3,
        MACOS,
        "Applications/GIMP.app/Contents/MacOS/gimp-console-3.0",
        "native",
        "Library/Application Support/GIMP/3.0/plug-ins",
    ),
    (GIMP2, LINUX, "bin/gimp-console-2.10", "native", ".config/GIMP/2.10/plug-ins"),
    (GIMP2, LINUX, ".config/GIMP/2.10/gimprc", "native", ".config/GIMP/2.10/plug-ins"),
    (
        GIMP2,
        LINUX,
        ".local/share/flatpak/app/org.gimp.GIMP/current/active/files/bin/gimp-console-2.10",
        "flatpak",
        ".config/GIMP/2.10/plug-ins",
    ),
    (
        GIMP2,
        LINUX,
        "snap/gimp/current/.config/GIMP/2.10/gimprc",
        "snap",
        "snap/gimp/current/.config/GIMP/2.10/plug-ins",
    ),
    (
        GIMP2,
        LINUX,
        "Downloads/GIMP_AppImage-release-2.10.20-x86_64.AppImage",
        "appimage",
        ".config/GIMP-AppImage/2.10/plug-ins",
    ),
    (
        GIMP2,
        LINUX,
        ".config/GIMP-AppImage/2.10/gimprc",
        "appimage",
        ".config/GIMP-AppImage/2.10/plug-ins",
    ),
    (
        GIMP2,
        LINUX,
        "bin/GNU-Image-Manipulation-Program_2.10.38-Hybrid-with-python2-from-Debian-Buster"
        "-archimage4.9-x86_64.AppImage",
        "appimage",
        ".config/GIMP/2.10/plug-ins",
    ),
    (
        GIMP2,
        WINDOWS,
        "AppData/Local/Programs/GIMP 2/bin/gimp-console-2.10.exe",
        "native",
        "AppData/Roaming/GIMP/2.10/plug-ins",
    ),
    (
        GIMP2,
        MACOS,
        "Applications/GIMP-2.10.app/Contents/MacOS/gimp-console-2.10",
        "native",
        "Library/Application Support/GIMP/2.10/plug-ins",
    ),
    (INKSCAPE, LINUX, "bin/inkscape", "native", ".config/inkscape/extensions"),
    (
        INKSCAPE,
        LINUX,
        ".local/share/flatpak/app/org.inkscape.Inkscape/current/active/files/bin/inkscape",
        "flatpak",
        ".var/app/org.inkscape.Inkscape/config/inkscape/extensions",
    ),
    (
        INKSCAPE,
        LINUX,
        "snap/inkscape/current/.config/inkscape/preferences.xml",
        "snap",
        "snap/inkscape/current/.config/inkscape/extensions",
    ),
    (
        INKSCAPE,
        LINUX,
        "Downloads/Inkscape-1.4.2-x86_64.AppImage",
        "appimage",
        ".config/inkscape/extensions",
    ),
    (
        INKSCAPE,
        WINDOWS,
        "AppData/Roaming/inkscape/preferences.xml",
        "native",
        "AppData/Roaming/inkscape/extensions",
    ),
    (
        INKSCAPE,
        MACOS,
        "Applications/Inkscape.app/Contents/MacOS/inkscape",
        "native",
        "Library/Application Support/org.inkscape.Inkscape/config/inkscape/extensions",
    ),
    (KRITA, LINUX, "bin/krita", "native", ".local/share/krita/pykrita"),
    (KRITA, LINUX, ".local/share/krita/krita.log", "native", ".local/share/krita/pykrita"),
    (
        KRITA,
        LINUX,
        ".local/share/flatpak/app/org.kde.krita/current/active/files/bin/krita",
        "flatpak",
        ".var/app/org.kde.krita/data/krita/pykrita",
    ),
    (
        KRITA,
        LINUX,
        "snap/krita/current/.local/share/krita/krita.log",
        "snap",
        "snap/krita/current/.local/share/krita/pykrita",
    ),
    (
        KRITA,
        LINUX,
        "Downloads/krita-5.2.9-x86_64.appimage",
        "appimage",
        ".local/share/krita/pykrita",
    ),
    (
        KRITA,
        WINDOWS,
        "AppData/Roaming/krita/krita.log",
        "native",
        "AppData/Roaming/krita/pykrita",
    ),
    (
        KRITA,
        MACOS,
        "Applications/krita.app/Contents/MacOS/krita",
        "native",
        "Library/Application Support/krita/pykrita",
    ),
]


@pytest.mark.parametrize("found", _FOUND)
def test_every_packaging_is_found(
    home: Path, found: tuple[Sequence[Packaging], str, str, str, str]
) -> None:
    packagings, system, there, kind, folder = found
    _put(home / there)
    (installation,) = find(packagings, system)
    assert installation.kind == kind
    assert installation.folder == home / folder


@pytest.mark.parametrize(
    ("system", "there", "settings"),
    [
        (LINUX, "bin/krita", ".config/kritarc"),
        (
            LINUX,
            ".local/share/flatpak/app/org.kde.krita/current/active/files/bin/krita",
            ".var/app/org.kde.krita/config/kritarc",
        ),
        (
            LINUX,
            "snap/krita/current/.local/share/krita/krita.log",
            "snap/krita/current/.config/kritarc",
        ),
        (LINUX, "Downloads/krita-5.2.9-x86_64.appimage", ".config/kritarc"),
        (WINDOWS, "AppData/Roaming/krita/krita.log", "AppData/Local/kritarc"),
        (MACOS, "Applications/krita.app/Contents/MacOS/krita", "Library/Preferences/kritarc"),
    ],
)
def test_krita_is_switched_on_in_its_own_settings(
    home: Path, system: str, there: str, settings: str
) -> None:
    _put(home / there)
    (installation,) = find(KRITA, system)
    assert installation.settings == home / settings


def test_a_variable_names_another_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIMP3_DIRECTORY", str(home / "mine"))
    _put(home / "bin" / "gimp-console-3.0")
    (installation,) = find(GIMP3, LINUX)
    assert installation.folder == home / "mine" / "plug-ins"
    monkeypatch.delenv("GIMP3_DIRECTORY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    (installation,) = find(GIMP3, LINUX)
    assert installation.folder == home / "config" / "GIMP" / "3.0" / "plug-ins"


@pytest.mark.parametrize(
    ("system", "there", "python_fu"),
    [
        (LINUX, "", False),
        (LINUX, "lib/gimp/2.0/python/gimpfu.py", True),
        (LINUX, "lib64/gimp/2.0/python/gimpfu.py", True),
        (LINUX, "lib/x86_64-linux-gnu/gimp/2.0/python/gimpfu.py", True),
        (WINDOWS, "", True),
        (MACOS, "", True),
    ],
)
def test_gimp_2_gets_the_half_that_its_build_can_run(
    home: Path, system: str, there: str, python_fu: bool
) -> None:
    program = home / "usr" / "bin" / "gimp-console-2.10"
    _put(program)
    if there:
        _put(home / "usr" / there)
    files = gimp2_files(Installation(folder=home / "gimp" / "plug-ins", program=program), system)
    files.install("/python")
    assert files.state("/python") == "current"
    names = {path.name for path in files.folder.iterdir()}
    shared = {"bridge.py", "gimp_layers.py", "matteplug-smart-matte.py", "settings.json"}
    own = {"region_pixels.py"} if python_fu else {"gegl_pixels.py", "libgimp.py"}
    assert names == shared | own | {"smart_matte.py"}
    script = home / "gimp" / "scripts" / "matteplug-smart-matte.scm"
    assert script.exists() is not python_fu
    if not python_fu:
        text = script.read_text(encoding="utf-8")
        networks = plugins.registry().networks.values()
        ids = " ".join(f'"{spec.id}"' for spec in networks)
        titles = " ".join(f'"{spec.title}"' for spec in networks)
        assert f'\'#("" {ids})' in text
        assert f'\'("Automatic" {titles})' in text
    assert files.note.startswith("By Python-Fu" if python_fu else "Without Python-Fu")
    assert files.uninstall()
    assert not script.exists()


def test_an_appimage_of_gimp_2_gets_the_half_for_python_fu(home: Path) -> None:
    _put(home / "opt" / "GIMP_AppImage-git-2.10.21-x86_64.AppImage")
    installation = Installation(
        kind="appimage", folder=home, program=next((home / "opt").iterdir())
    )
    assert gimp2_files(installation, LINUX).note.startswith("By Python-Fu")


def test_several_installations_are_several_places(home: Path) -> None:
    _put(home / "bin" / "gimp-console-3.0")
    _put(home / "Downloads" / "GIMP-3.0.2-x86_64.AppImage")
    _put(home / "Downloads" / "GIMP-3.2.0-x86_64.AppImage")
    installations = find(GIMP3, LINUX)
    assert [
        (installation.kind, installation.folder.parent.name) for installation in installations
    ] == [
        ("native", "3.0"),
        ("appimage", "3.0"),
        ("appimage", "3.2"),
    ]
    assert installations[1].command == (str(home / "Downloads" / "GIMP-3.0.2-x86_64.AppImage"),)


def test_nothing_is_found_where_nothing_is(home: Path) -> None:
    assert [find(GIMP3, system) for system in (LINUX, WINDOWS, MACOS)] == [[], [], []]


def test_a_program_says_its_version(home: Path) -> None:
    _put(home / "bin" / "gimp-console-3.0", "#!/bin/sh\necho 'GIMP version 3.0.4'\n")
    (installation,) = find(GIMP3, LINUX)
    assert version_of(installation) == "3.0.4"


def test_versions_are_read_where_the_packaging_has_them(home: Path) -> None:
    flatpak = home / "app" / "active" / "files"
    _put(
        flatpak / "share" / "metainfo" / "org.gimp.GIMP.metainfo.xml",
        '<component>\n  <releases>\n    <release version="3.0.6" date="2025-10-06">\n',
    )
    assert (
        version_of(Installation(kind="flatpak", folder=home, program=flatpak / "bin" / "x"))
        == "3.0.6"
    )
    image = home / "GIMP-3.0.4-x86_64.AppImage"
    assert version_of(Installation(kind="appimage", folder=home, program=image)) == "3.0.4"
    assert version_of(Installation(folder=home)) == ""
    silent = home / "bin" / "silent"
    _put(silent)
    assert version_of(Installation(folder=home, program=silent, command=(str(silent),))) == ""


def _put(file: Path, text: str = "#!/bin/sh\n") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
