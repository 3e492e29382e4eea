"""Where the extension for Inkscape goes, and what it consists of."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from matteplug import plugins
from matteplug.hosting import packaging
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation

_PROFILE = "${INKSCAPE_PROFILE_DIR}/extensions"
_LINUX = (_PROFILE, "${XDG_CONFIG_HOME}/inkscape/extensions")
_MACOS = "~/Library/Application Support/org.inkscape.Inkscape/config/inkscape/extensions"

_DIALOG = "matteplug_smart_matte.inx"
_INDENT = 16 * " "
_AUTOMATIC = f'{_INDENT}<option value="automatic">Automatic</option>\n'
"""The first line of the list of networks."""

PACKAGINGS = (
    packaging.native("inkscape", _LINUX),
    packaging.flatpak(
        "org.inkscape.Inkscape",
        "inkscape",
        ("~/.var/app/org.inkscape.Inkscape/config/inkscape/extensions",),
    ),
    packaging.snap("inkscape", "bin/inkscape", ".config/inkscape/extensions"),
    packaging.appimage("Inkscape-*.AppImage", _LINUX),
    packaging.windows("Inkscape/bin/inkscape.exe", (_PROFILE, "${APPDATA}/inkscape/extensions")),
    packaging.macos("Inkscape.app", "inkscape", (_PROFILE, _MACOS)),
)


def files(installation: Installation) -> HostFiles:
    """Return the extension's files in an installation of Inkscape."""
    half = Path(__file__).parent / "plug_in"
    return HostFiles(
        host="inkscape",
        folder=installation.folder / "matteplug-smart-matte",
        sources=tuple(sorted(path for path in half.iterdir() if path.suffix in (".inx", ".py"))),
        filled={_DIALOG: _with_networks((half / _DIALOG).read_text(encoding="utf-8")).encode()},
    )


def _with_networks(dialog: str) -> str:
    """Return the dialog with the installed networks in its list: Inkscape reads it as it starts."""
    options = [_AUTOMATIC]
    for spec in plugins.registry().networks.values():
        options.append(
            f"{_INDENT}<option value={quoteattr(spec.id)}>{escape(spec.title)}</option>\n"
        )
    return dialog.replace(_AUTOMATIC, "".join(options))
