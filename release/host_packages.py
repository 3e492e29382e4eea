"""Pack the in-host halves for GIMP and Krita: what `matteplug hosts install` copies, as a zip.

usage: host_packages.py FOLDER; prints the files that it wrote.

A package holds no settings, since they name the Python of one machine: `matteplug hosts install`
writes them.  It is for distributions, and for installing by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from matteplug import __version__, bridge
from matteplug.hosting.files import HostFiles
from matteplug.hosting.installations import Installation
from matteplug_gimp import install_gimp3
from matteplug_krita import install as install_krita

_EPOCH = (1980, 1, 1, 0, 0, 0)
_README = """\
Smart Matte for {title}, matteplug {version}.  Licence: Apache-2.0.

1. Install matteplug: pip install matteplug=={version}
2. Unpack this file into the plug-ins folder of {title} (in Krita: Tools > Scripts > Import
   Python Plugin from File).
3. Run: matteplug hosts install {host}
   It tells the plug-in where matteplug is, and brings the files up to date.
"""


def pack(files: HostFiles, title: str, folder: Path) -> Path:
    """Write a host's package and return its path; the same files give the same bytes."""
    path = folder / f"matteplug-{files.host}-{__version__}.zip"
    name = files.folder.name
    members = {f"{name}/{source.name}": source for source in files.sources}
    members[f"{name}/bridge.py"] = Path(bridge.__file__)
    members |= {target.name: source for target, source in files.beside.items()}
    readme = _README.format(title=title, version=__version__, host=files.host)
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr(ZipInfo(f"{name}/README.txt", _EPOCH), readme)
        for member, source in sorted(members.items()):
            info = ZipInfo(member, _EPOCH)
            mode = 0o755 if source.name in files.executables else 0o644
            info.external_attr = (0o100000 | mode) << 16
            package.writestr(info, source.read_bytes(), ZIP_DEFLATED)
    return path


def main(folder: Path) -> None:
    """Write all packages to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    nowhere = Installation(folder=Path("plug-ins"))
    print(pack(install_gimp3.files(nowhere), "GIMP 3", folder))
    print(pack(install_krita.files(nowhere), "Krita", folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
