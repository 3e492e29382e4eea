"""What MkDocs needs to know beyond its settings: pages that are made, links that leave ``docs``."""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))
import error_codes

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "https://matteplug.example/source/"
"""Stands for the public repository until there is one; see pyproject.toml."""
_LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")
_LOADED = re.compile(r"<(?:script|link|img)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
_NEEDED = re.compile(r"rel=[\"']?(?:canonical|next|prev)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere in the repository, and those that are made."""
    for uri, path in _copied().items():
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    made = {"errors": error_codes.page(), "api": _api(), "modules": _modules()}
    for name, content in made.items():
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of ``docs`` to the copied page, or to the source."""
    pages = {path: uri for uri, path in _copied().items()}
    copied = _copied().get(page.file.src_uri)
    place = copied.parent if copied else ROOT / "docs" / posixpath.dirname(page.file.src_uri)
    here = posixpath.dirname(page.file.src_uri)

    def led(match: re.Match[str]) -> str:
        target = (place / match[2]).resolve()
        if target.is_dir() and (target / "README.md") in pages:
            target = target / "README.md"
        if target in pages:
            uri = pages[target]
        elif target.is_relative_to(ROOT / "docs") and target.exists():
            uri = target.relative_to(ROOT / "docs").as_posix()
        elif target.is_relative_to(ROOT) and target.exists():
            return f"{match[1]}{SOURCE}{target.relative_to(ROOT).as_posix()}{match[3]}"
        else:
            return match[0]  # MkDocs says what is wrong with it
        return f"{match[1]}{posixpath.relpath(uri, here or '.')}{match[3]}"

    return _LINK.sub(led, markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that would load anything from another machine."""
    for path in Path(config.site_dir).rglob("*.html"):
        for tag in _LOADED.findall(path.read_text(encoding="utf-8")):
            if not _NEEDED.search(tag):
                raise PluginError(f"{path} would load something from outside: {tag}")


def _copied() -> dict[str, Path]:
    """Return the pages that lie outside ``docs``, by their place on the site."""
    pages = {
        "changelog.md": ROOT / "CHANGELOG.md",
        "contributing.md": ROOT / "CONTRIBUTING.md",
        "security.md": ROOT / "SECURITY.md",
        "demo-licences.md": ROOT / "hosts/matteplug_batch/demo/pictures/LICENCES.md",
    }
    for card in sorted((ROOT / "exported").glob("*.md")):
        pages[f"model-cards/{card.name}"] = card
    return {uri: path for uri, path in pages.items() if path.exists()}


def _api() -> str:
    """Return the page of what most programs need."""
    return f"""\
# Python API

From the docstrings of `matteplug`. What `MatteOptions` and the keywords of `matte` take, with
ranges and defaults: [options](../options.md). Steps: [the guide](../guides/python.md). For hosts
and plug-ins there are [more modules](modules.md).

{_described("matteplug")}"""


def _modules() -> str:
    """Return the page of the other public modules, from the list that a test holds."""
    listed = (ROOT / "docs/extending/public-api.md").read_text(encoding="utf-8")
    modules: list[str] = re.findall(r"^\| `([a-z_]+[.][a-z_.]+)` \|", listed, re.MULTILINE)
    intro = "From the docstrings. [What is public](../extending/public-api.md), and for how long."
    parts = [f"## {module}\n\n{_described(module)}" for module in modules]
    return "\n".join(["# Modules for hosts and plug-ins", "", intro, "", *parts])


def _described(module: str) -> str:
    return f"::: {module}\n    options:\n      heading_level: 3\n"
