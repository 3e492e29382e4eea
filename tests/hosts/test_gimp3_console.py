"""``matteplug hosts`` beside the real GIMP 3: installs, checks, and says what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import REAL

pytestmark = [pytest.mark.host, pytest.mark.timeout(600), pytest.mark.xdist_group("gimp3")]


class Console:
    """``matteplug hosts`` as a person types it where that GIMP is."""

    def __init__(self, chroot: Path) -> None:
        self._chroot = chroot
        self.settings = chroot / "srv/own/plug-ins/matteplug-smart-matte/settings.json"
        shutil.rmtree(chroot / "srv" / "own", ignore_errors=True)

    def do(self, *words: str) -> tuple[int, str]:
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/srv/own",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
            "GIMP3_DIRECTORY": "/srv/own",
        }
        command = ["chroot", str(self._chroot), REAL, "-m", "matteplug", "hosts", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def test_the_hosts_command_installs_checks_and_says_what_is_wrong(chroot: Path) -> None:
    console = Console(chroot)
    status, said = console.do("check", "gimp3")
    assert status == 2
    assert "matteplug hosts install gimp3" in said
    status, said = console.do("install", "gimp3")
    assert status == 0, said
    settings = json.loads(console.settings.read_text())
    console.settings.write_text(json.dumps(settings | {"python": REAL}))
    status, said = console.do("check", "gimp3")
    print(said)
    assert status == 0, said
    assert "GIMP 3.0" in said
    assert "made a matte" in said
    console.settings.write_text(json.dumps(settings | {"python": "/bin/false"}))
    status, said = console.do("check", "gimp3")
    assert status == 2
    assert "ended unexpectedly" in said
    assert str(settings["log"]) in said
    assert "worker-died" in (chroot / settings["log"][1:]).read_text()
    (console.settings.parent / "gimp_layers.py").write_text("nonsense")
    status, said = console.do("check", "gimp3")
    assert status == 2
    assert "NameError: name 'nonsense' is not defined" in said
    (console.settings.parent / "matteplug-smart-matte.py").write_text("nonsense")
    status, said = console.do("check", "gimp3")
    assert status == 2
    assert "did not load the plug-in" in said
    (row,) = (row for row in json.loads(console.do("--json")[1]) if row["host"] == "gimp3")
    assert (row["version"][:3], row["kind"], row["plugin"]) == ("3.0", "native", "outdated")
    assert console.do("uninstall", "gimp3")[0] == 0
    assert not console.settings.parent.exists()
