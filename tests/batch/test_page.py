"""``--report``: what the page says, and that a browser shows it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from batch.trees import pair, photograph, pictures

Batch = Callable[..., int]


@pytest.fixture
def page(batch: Batch, folder: Path) -> str:
    pair(folder / "a.png")
    pair(folder / "<b>&.png", 400, 300)
    photograph(folder / "c.png")
    report = folder.parent / "report.html"
    assert batch(folder, "--report", report) == 1, "c.png has no guide"
    return report.read_text(encoding="utf-8")


def test_the_page_lists_every_picture_with_its_state(page: str) -> None:
    cards = re.findall(r'<li class="card" data-state="(\w+)"', page)
    assert sorted(cards) == ["done", "done", "failed"]
    assert page.count("data:image/webp;base64,") == 4, "two pictures, before and after"
    assert "&lt;b&gt;&amp;.png" in page
    assert "<b>" not in page
    assert "There is no guide beside it" in page
    assert "2 done, 1 failed" in page


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "default-src 'none'" in page


def test_every_control_has_a_name(page: str) -> None:
    for control in re.findall(r"<(?:input|button)[^>]*>", page):
        is_labelled = "aria-label=" in control or f"<label>{control}" in page
        assert is_labelled or "most" in control or "close" in control
    for picture in re.findall(r'<img class="\w+" src[^>]*>', page):
        assert re.search(r'alt="[^"]+, (original|cutout)"', picture)


def test_a_page_that_cannot_be_written_stops_the_batch_at_once(
    batch: Batch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(folder / "a.png")
    assert batch(folder, "--report", folder / "nowhere" / "report.html") == 2
    assert "There is no folder" in capsys.readouterr().err
    assert pictures(folder.parent) == ["photos/a.png", "photos/a_trimap.png"]


@pytest.mark.slow
def test_a_browser_shows_it(page: str, folder: Path) -> None:
    """MATTEPLUG_SCREENSHOTS names a folder for the picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium")
    kept = Path(os.environ.get("MATTEPLUG_SCREENSHOTS", folder.parent))
    report = folder.parent / "report.html"
    common = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"]
    common += [f"--user-data-dir={folder.parent / 'profile'}"]
    shot = kept / "batch-report.png"
    subprocess.run(
        [*common, f"--screenshot={shot}", report.as_uri()],
        check=True,
        capture_output=True,
        timeout=250,
    )
    assert shot.stat().st_size > 10_000
    shown = subprocess.run(
        [*common, "--dump-dom", report.as_uri()],
        check=True,
        capture_output=True,
        text=True,
        timeout=250,
    ).stdout
    assert "3 of 3 pictures shown" in shown, "the script ran"
