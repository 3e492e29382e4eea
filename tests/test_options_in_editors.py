"""What an editor wants to know before there is a worker holds against the options' description.

All else that its dialog shows comes from the worker's hello.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from matteplug import MatteOptions, bridge, options, worker
from matteplug.options import Option

HOSTS = Path(__file__).parent.parent / "hosts"
GIMP = HOSTS / "matteplug_gimp" / "plug_in"
KRITA = HOSTS / "matteplug_krita" / "plug_in" / "matteplug_smart_matte"
INX = HOSTS / "matteplug_inkscape" / "plug_in" / "matteplug_smart_matte.inx"
OPTIONS = {option.name: option for option in options.of(MatteOptions)}
SHOWN = [option for option in OPTIONS.values() if option.offered_by("gimp2")]
BAND = OPTIONS["band_px"]


def low(option: Option) -> int | None:
    """Return the lowest number that a dialog shows."""
    return 0 if option.default is None else option.low


def constants(path: Path) -> dict[str, Any]:
    """Return what a file of the in-host half that imports no host defines."""
    scope: dict[str, Any] = {}
    source = path.read_text(encoding="utf-8")
    exec(source.replace("import bridge", "from matteplug import bridge"), scope)
    return scope


def source(*parts: str) -> str:
    return re.sub(r"\s+", " ", GIMP.joinpath(*parts).read_text(encoding="utf-8"))


def test_the_hello_lists_what_a_dialog_needs() -> None:
    told = worker._hello()
    further = bridge.offered(told, "gimp2", own=("band_px",))
    assert [option["name"] for option in further] == [o.name for o in SHOWN if o is not BAND]
    assert {o.name for o in SHOWN if not o.offered_by("krita")} == {"hide_original"}
    assert bridge.offered({"networks": []}, "krita") == [], "an older worker lists none"
    everywhere = bridge.offered(told, "batch")
    assert [option["name"] for option in everywhere] == [
        o.name for o in OPTIONS.values() if o.offered_by("batch")
    ]


def test_what_a_dialog_shows_is_a_value_of_its_option() -> None:
    for option in OPTIONS.values():
        shown = option.default or ("" if option.type is str else 0)
        assert bridge.chosen(option.to_json(), shown) == option.default
    assert bridge.chosen(BAND.to_json(), 7.0) == 7
    assert bridge.chosen(OPTIONS["align"].to_json(), 0) is False


@pytest.mark.parametrize("option", SHOWN, ids=lambda option: option.name)
def test_inkscape_s_dialog_is_the_description(option: Option) -> None:
    params = {one.get("name"): one for one in ElementTree.parse(INX).iter() if one.get("name")}
    param = params[option.name.replace("_", "-")]
    assert param.get("type") == ("optiongroup" if option.choices else option.type.__name__)
    automatic = "; 0 for automatic" if option.default is None else ""
    assert param.get("gui-description") == option.help + automatic
    if option.type is bool:
        assert param.get("gui-text") == option.label
        assert param.text == str(option.default).lower()
    elif option.choices:
        assert param.get("gui-text") == f"{option.label}:"
        assert tuple(one.get("value") for one in param) == option.choices
        assert option.choices[0] == option.default
    else:
        assert param.get("gui-text") == f"{option.label} ({option.unit}):"
        shown = (param.get("min"), param.get("max"), param.text)
        assert shown == (str(low(option)), str(option.high), str(option.default or 0))
    program = INX.with_suffix(".py").read_text(encoding="utf-8")
    flag = f'"--{option.name.replace("_", "-")}"'
    assert flag in program
    edge = f"{flag}: {option.default}," in program.partition("EDGE = {")[2].partition("}")[0]
    assert edge == (option.group == "Edge")
    assert edge or f'"{option.name}": self.options.{option.name}' in program
    pages = {
        page.get("name"): {one.get("name") for one in page}
        for page in ElementTree.parse(INX).iter()
        if page.get("gui-text") and page.tag.endswith("page")
    }
    assert param.get("name") in pages[option.group.lower() or "matte"]


@pytest.mark.parametrize("option", SHOWN, ids=lambda option: option.name)
def test_script_fu_s_dialog_is_the_description(option: Option) -> None:
    dialog = source("gimp2", "libgimp", "matteplug-smart-matte.scm")
    own = option.name in constants(GIMP / "smart_matte.py")["OWN"]
    if option.type is bool:
        assert f'SF-TOGGLE "{option.label}" {str(option.default).upper()}' in dialog
        assert own or f'(matteplug-flag "{option.name}" ' in dialog
    elif option.choices:
        listed = " ".join(f'"{choice}"' for choice in option.choices)
        assert f'SF-OPTION "{option.label}" \'({listed})' in dialog
        assert f'(matteplug-choice "{option.name}" #({listed}) ' in dialog
        assert option.choices[0] == option.default
    else:
        automatic = option.default is None
        label = f"{option.label} ({option.unit}{', 0: automatic' if automatic else ''})"
        first = f"{option.default or 0} {low(option)} {option.high} "
        assert f'SF-ADJUSTMENT "{label}" (list {first}' in dialog
        kind = "number" if automatic else "amount"
        assert own or f'(matteplug-{kind} "{option.name}" ' in dialog


def test_the_settings_of_every_gimp_are_the_description() -> None:
    shared = constants(GIMP / "smart_matte.py")
    assert {name.replace("-", "_") for name in shared["SETTINGS"]} >= set(shared["OWN"])
    assert set(shared["OWN"]) <= {"network", *OPTIONS}
    python_fu = source("gimp2", "python_fu", "matteplug-smart-matte.py")
    assert f'"_{BAND.label} (0: automatic)", 0, (0, {BAND.high}, 1)' in python_fu
    gimp3 = source("gimp3", "matteplug-smart-matte.py")
    assert (
        f'"band-px", "_{BAND.label}", "{BAND.help}; 0 for automatic", 0, {BAND.high}, 0,' in gimp3
    )
    clean = OPTIONS["clean_colours"]
    assert f'"clean-colours", "C_{clean.label[1:]}", "{clean.help}", True,' in gimp3


def test_what_gimp_takes_as_text_is_what_was_changed() -> None:
    shared = constants(GIMP / "smart_matte.py")
    told = [option.to_json() for option in SHOWN if option.name not in shared["OWN"]]
    edge = [one.default for one in SHOWN if one.group == "Edge" or one.name == "selection_kind"]
    names = ["refine", "align", "hide_original", "limit_mib"]
    assert [option["name"] for option in told[len(edge) :]] == names
    assert shared["as_text"](told, [*edge, True, True, True, 0]) == ""
    text = shared["as_text"](told, [*edge, False, True, True, 512.0])
    assert shared["further"](text) == {"refine": False, "limit_mib": 512}
    assert shared["further"]("") == {}
    for wrong in ("refine", "[1]", "{"):
        with pytest.raises(bridge.Refusal, match="JSON"):
            shared["further"](wrong)


def test_krita_s_choices_are_the_description() -> None:
    krita = constants(KRITA / "choices.py")
    assert krita["BAND_LIMIT_PX"] == BAND.high
    assert set(krita["OWN"]) <= set(OPTIONS)
    kept = {"further": '{"align": false}', "band_px": "7"}
    choices = krita["Choices"].load(kept.get)
    assert choices.options() == {
        "network": None, "band_px": 7, "clean_colours": True, "align": False,
    }  # fmt: skip
    written: dict[str, str] = {}
    choices.save(written.__setitem__)
    assert written["further"] == '{"align": false}'
    for damaged in ("", "{", "[1]"):
        assert krita["Choices"].load({"further": damaged}.get).further == {}
