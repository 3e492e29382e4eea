"""The command line itself: what it says alone, completion, the manual page."""

from __future__ import annotations

import subprocess
import sys

import pytest

from matteplug import cli, plugins

MAKE = (sys.executable, "-c", "from argparse_manpage.cli import main; main()")


def test_alone_it_says_what_to_do_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    said = capsys.readouterr().out
    for command in ("cut photo.jpg", "batch photos", "hosts", "doctor", "--help"):
        assert f"  matteplug {command} " in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_completes_commands_and_flags(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--print-completion", shell])
    assert ended.value.code == 0
    script = capsys.readouterr().out
    for word in (*plugins.registry().commands, "--trimap", "--no-refine"):
        assert word.removeprefix("--") in script
    if shell == "bash":
        asked = "COMP_WORDS=(matteplug cut --tri); COMP_CWORD=2; _shtab_matteplug"
        done = subprocess.run(
            ["bash", "-c", f'{script}\n{asked}; echo "${{COMPREPLY[@]}}"'],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["--trimap"]


def test_the_manual_page_has_every_command() -> None:
    page = subprocess.run(
        [*MAKE, "--module", "matteplug.cli", "--function", "parser", "--project-name", "matteplug"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert page.startswith(".TH MATTEPLUG")
    for command in plugins.registry().commands:
        assert f"matteplug\\fR \\fI\\,{command.replace('-', chr(92) + '-')}\\/" in page
