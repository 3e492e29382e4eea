"""Options are described once, and everything that has them is made from the description.

Run as a program it writes the table into docs/options.md.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import runpy
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import PLUGINS, text_of

from matteplug import MatteOptions, MatteRequest, api, options, worker
from matteplug.errors import RequestError
from matteplug.flags import flag
from matteplug.options import Option
from matteplug.testing import FakeEngine
from matteplug.wire import WireAdapter, WireJob
from matteplug.wire.buffers import Buffer
from matteplug_batch.command import configure
from matteplug_batch.find import Found
from matteplug_batch.fingerprint import fingerprint_of
from matteplug_batch.job import Job, OutputOptions, Settings
from matteplug_video.steady import VideoOptions

PAGE = Path(__file__).parent.parent / "docs" / "options.md"
EVERY = tuple(
    one
    for cls in (MatteRequest, MatteOptions, OutputOptions, VideoOptions)
    for one in options.of(cls)
)
BEGIN, END = "do not edit -->\n", "<!-- end of options"
IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
TRIMAP = np.repeat(np.array([0, 128, 255], np.uint8), 20)[None].repeat(40, axis=0)


SAMPLE = runpy.run_path(str(PLUGINS / "sharpen" / "sharpen.py"))
Sharper = SAMPLE["Sharper"]
"""The options, and the one of docs/extending/option.md."""


@pytest.fixture
def sharpen(monkeypatch: pytest.MonkeyPatch) -> Option:
    """Have the description of one option more wherever it is used."""
    for module in list(sys.modules.values()):
        if module is not sys.modules[__name__] and vars(module).get("MatteOptions") is MatteOptions:
            monkeypatch.setattr(module, "MatteOptions", Sharper)
    return options.of(Sharper)[-1]


def table(described: tuple[Option, ...]) -> str:
    """Return the docs' table."""
    rows = [
        "| option | what it does | values | default | matters for | flag |",
        "|---|---|---|---|---|---|",
    ]
    for one in described:
        default = one.automatic or json.dumps(one.default)
        guides = ", ".join(one.guides) or "every guide"
        spelled = f"`{flag(one)}`" if one.offered_by("batch") else "in editors only"
        rows.append(
            f"| `{one.name}` | {one.help} | {one.range} | {default} | {guides} | {spelled} |"
        )
    return "\n".join(rows) + "\n"


def read_from_wire(given: dict[str, Any]) -> MatteOptions:
    entry = {"name": "image", "format": "RGB u8", "size": [60, 40], "at": [0, 0]}
    image = Buffer.from_entry(entry, IMAGE.tobytes())
    return WireAdapter().read(WireJob(buffers={"image": image}, options=given)).options


def fingerprint(chosen: MatteOptions) -> Any:
    found = Found(image=Path("a.png"))
    return fingerprint_of(Job(found=found, result=Path("b.png"), settings=Settings(options=chosen)))


def test_the_docs_have_every_option() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    assert rest.partition(END)[0] == table(EVERY)


def test_help_has_every_option() -> None:
    parameters = inspect.signature(api.matte).parameters
    for one in options.of(MatteOptions):
        assert parameters[one.name].default == one.default
        assert f"{one.name}: {one.phrase}" in (api.matte.__doc__ or "")


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"bandpx": 3}, "option-unknown", "band_px"),
        ({"band_px": "3"}, "option-type", "whole number"),
        ({"band_px": 2.5}, "option-type", "whole number"),
        ({"align": 1}, "option-type", "true or false"),
        ({"align": None}, "option-type", "true or false"),
        ({"provider": None}, "option-type", "text"),
        ({"band_px": 0}, "band-width", "1 to 2000 pixels"),
        ({"limit_mib": -1}, "limit-too-small", "1 to 1048576 MiB"),
    ],
)
def test_what_is_no_option_or_value_is_refused(
    given: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(RequestError) as caught:
        api.matte(IMAGE, trimap=TRIMAP, engine=FakeEngine(), **given)
    assert caught.value.code == code
    assert words in str(caught.value)


def test_numbers_of_numpy_are_taken() -> None:
    given = {"band_px": np.int64(3), "refine": np.bool_(False)}
    assert options.read(MatteOptions, given) == MatteOptions(band_px=3, refine=False)


def test_a_zero_can_stand_for_what_is_automatic() -> None:
    for one in options.of(MatteOptions):
        if one.type is int and one.default is None:
            assert one.low is not None
            assert one.low > 0, "dialogs have 0 as automatic"
            assert one.high is not None, "dialogs need an end"


@pytest.mark.parametrize(
    "one", [o for o in options.of(MatteOptions) if o.pixels], ids=lambda o: o.name
)
def test_a_batch_is_made_again_with_another_option(one: Option) -> None:
    other = one.choices[-1] if one.choices else not one.default if one.type is bool else 7
    chosen = options.read(MatteOptions, {one.name: other})
    assert fingerprint(chosen) != fingerprint(MatteOptions())


def test_a_provider_is_no_reason_to_make_a_batch_again() -> None:
    assert fingerprint(MatteOptions(provider="cpu")) == fingerprint(MatteOptions())


def test_an_option_is_one_entry(sharpen: Option, capsys: pytest.CaptureFixture[str]) -> None:
    given: dict[str, Any] = {"sharpen": 10}
    for check in (
        lambda: api.matte(IMAGE, trimap=TRIMAP, engine=FakeEngine(), **given),
        lambda: read_from_wire(given),
    ):
        with pytest.raises(RequestError, match=r"sharpen is 10.*Choose 0 to 9"):
            check()
    assert read_from_wire({"sharpen": 4}) == Sharper(sharpen=4)

    parser = argparse.ArgumentParser()
    configure(parser)
    assert parser.parse_args(["photos", "--sharpen", "4"]).sharpen == 4
    with pytest.raises(SystemExit):
        parser.parse_args(["photos", "--sharpen", "10"])
    assert "10 is not 0 to 9" in capsys.readouterr().err

    assert fingerprint(Sharper(sharpen=4)) != fingerprint(Sharper())
    (told,) = [entry for entry in worker._hello()["options"] if entry["name"] == "sharpen"]
    assert (told["type"], told["default"], told["low"], told["high"]) == ("int", 0, 0, 9)
    assert (told["label"], told["help"]) == ("Sharpen", "How much sharper the edge gets")
    assert "| `sharpen` | How much sharper the edge gets | 0 to 9 | 0 |" in table((sharpen,))


def test_the_page_about_options_describes_every_attribute() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text_of("option"), re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert described == {field.name for field in fields(Option)} - {"name", "type"}


def test_the_option_of_the_page_sharpens() -> None:
    alpha = np.array([[0, 0.25, 0.5, 1]], np.float32)
    assert (SAMPLE["sharpened"](alpha, Sharper()) == alpha).all()
    assert (SAMPLE["sharpened"](alpha, Sharper(sharpen=1)) == [[0, 0, 0.5, 1]]).all()


if __name__ == "__main__":
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + mark + table(EVERY) + END + rest.partition(END)[2], encoding="utf-8")
