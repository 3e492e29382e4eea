"""The pages of docs/extending: the files that they show, and the commands that they run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "extending"
PLUGINS = ROOT / "tests" / "plugins"


def text_of(page: str) -> str:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def shown_files(page: str) -> dict[str, str]:
    """Return the text of each file on a page; its name stands before it, in a line of its own."""
    shown = re.findall(
        r"^`([\w./]+)`\n\n```\w+\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE
    )
    return dict(shown)


def commands(page: str) -> str:
    (block,) = re.findall(r"```sh\n(.*?)```", text_of(page), re.DOTALL)
    return str(block)
