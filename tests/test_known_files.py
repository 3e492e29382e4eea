"""Public files of other programs: recognised, described, found, fetched, measured, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import graphs_like
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug import api, cli, folders, plugins, weights
from matteplug.commands import network_files
from matteplug.errors import NetworkError
from matteplug.images import files
from matteplug.matting import choice
from matteplug.network import Guide
from matteplug.networks import added, known_files, onnx_file
from matteplug.networks.known_files import KnownFile


@pytest.fixture(autouse=True)
def own_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "own"
    monkeypatch.setenv("MATTEPLUG_NETWORKS", str(folder))
    plugins.registry.cache_clear()
    yield folder
    plugins.registry.cache_clear()


def run(*words: object) -> int:
    plugins.registry.cache_clear()
    status = cli.main(["networks", *map(str, words)])
    plugins.registry.cache_clear()
    return status


def scene(height: int = 90, width: int = 140) -> NDArray[np.uint8]:
    """Return a red disc on blue."""
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - height / 2, x - width / 2) < height / 3
    return np.where(inside[..., None], (220, 20, 20), (20, 40, 200)).astype(np.uint8)


def known_as(monkeypatch: pytest.MonkeyPatch, name: str, path: Path) -> KnownFile:
    """Give a known file the checksum and size of a synthetic graph, whose trial is left out."""
    monkeypatch.setattr(network_files, "_try", lambda path, spec: None)
    table = dict(known_files.known_files())
    table[name] = replace(table[name], sha256=weights.sha256_now(path), bytes=path.stat().st_size)
    monkeypatch.setattr(known_files, "known_files", lambda: table)
    return table[name]


@pytest.mark.parametrize("name", known_files.known_files())
def test_every_known_file_has_a_spec_or_a_reason(name: str, tmp_path: Path) -> None:
    known = known_files.named(name)
    assert len(known.sha256) in (0, 64)
    like = graphs_like.MODNET if known.kind == "modnet" else graphs_like.U2NET
    if known.unusable:
        with pytest.raises(NetworkError, match="cannot be used"):
            known.spec(onnx_file.Signature(inputs=(), outputs=()))
        return
    size = {"u2net": 320, "modnet": None}.get(known.kind, 1024)
    path = graphs_like.write(tmp_path / "g.onnx", (like[0], like[1], size))
    signature = onnx_file.signature(path)
    if known.kind == "background-matting-v2":
        names = [onnx_file.Value(name=name) for name in ("src", "bgr", "pha", "fgr", "err_sm")]
        signature = onnx_file.Signature(inputs=tuple(names[:2]), outputs=tuple(names[2:]))
    spec = known.spec(signature)
    spec.require_runnable()
    assert (spec.id, spec.tiling, spec.provenance["known_file"]) == (name, False, name)
    assert spec.licence
    assert spec.provenance["differences"]


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("u2netp", graphs_like.U2NET),
        ("modnet-photographic", graphs_like.MODNET),
        ("birefnet-general-lite", graphs_like.BIREFNET),
    ],
)
def test_a_file_is_recognised_by_its_checksum_and_cuts_out(
    name: str,
    like: tuple[str, tuple[str, ...], int | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = graphs_like.write(
        tmp_path / "anything.onnx", like, logits=name.startswith("birefnet"), bias=0
    )
    known_as(monkeypatch, name, path)
    assert run("add", path) == 0
    said = capsys.readouterr().out
    assert f"Added {name}" in said
    assert "recognised by its checksum" in said
    assert "commercial use: yes" in said
    matte = api.matte(scene(), network=name)
    assert matte.alpha.shape == (90, 140)
    assert matte.alpha[45, 70] > 0.95
    assert matte.alpha[5, 5] < 0.05
    assert matte.licences[name].endswith("commercial use: yes")


def test_the_edge_is_refined_unless_it_is_not_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = graphs_like.write(tmp_path / "u.onnx", graphs_like.U2NET)
    known_as(monkeypatch, "u2netp", path)
    assert run("add", path) == 0
    refined = api.matte(scene(), network="u2netp")
    assert any(note.startswith("The edge is by citm") for note in refined.notes)
    assert set(refined.licences) == {"u2netp", "citm"}
    alone = api.matte(scene(), network="u2netp", refine=False)
    assert set(alone.licences) == {"u2netp"}
    assert not any("edge" in note for note in alone.notes)


def test_a_file_of_the_same_size_is_like_it_but_its_licence_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = graphs_like.write(tmp_path / "a.onnx", graphs_like.U2NET)
    known_as(monkeypatch, "u2netp", first)
    other = graphs_like.write(tmp_path / "My Own.onnx", graphs_like.U2NET, bias=-3.5)
    assert other.stat().st_size == first.stat().st_size
    assert run("add", other) == 0
    assert "Added my-own" in capsys.readouterr().out
    spec = plugins.registry().network("my-own")
    assert (spec.commercial, spec.size.maximum_px) == ("unclear", 320)
    assert "not known" in spec.licence


def test_nobody_can_be_asked_about_an_unknown_file(
    tmp_path: Path, own_networks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = graphs_like.write(tmp_path / "new.onnx", graphs_like.MODNET)
    assert run("add", path) == 2
    said = capsys.readouterr().err
    for word in ("normalised", "sizes", "logits", "licence", "--spec", "--like"):
        assert word in said
    assert not own_networks.exists()
    assert run("add", path, "--like", "modnet-photographic", "--licence", "mine") == 0
    assert plugins.registry().network("new").licence == "mine"


def test_answers_in_a_terminal_describe_an_unknown_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = graphs_like.write(tmp_path / "new.onnx", graphs_like.MODNET, logits=True)
    answers = iter(["mine", "-1-1", "logits", "16", "256", "CC0-1.0", "yes"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: next(answers))
    assert run("add", path) == 0
    spec = plugins.registry().network("mine")
    assert (spec.size.multiple, spec.size.maximum_px, spec.commercial) == (16, 256, "yes")
    assert spec.inputs[0].mean == (0.5, 0.5, 0.5)
    assert spec.outputs[0].activation == "sigmoid"


@pytest.mark.parametrize(
    ("like", "words"),
    [
        ("birefnet-general", "applied twice"),
        ("modnet-photographic", 'need the activation "sigmoid"'),
        ("u2netp", "is not like u2netp"),
    ],
    ids=["an activation twice", "none for logits", "another architecture"],
)
def test_what_a_file_is_not_like_is_refused_with_the_reason(
    like: str,
    words: str,
    tmp_path: Path,
    own_networks: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shape = graphs_like.MODNET if like.startswith("modnet") else graphs_like.BIREFNET
    path = graphs_like.write(tmp_path / "g.onnx", shape, logits=like.startswith("modnet"))
    assert run("add", path, "--like", like) == 2
    assert words in capsys.readouterr().err
    assert not own_networks.exists()


def test_a_file_that_is_cut_off_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = graphs_like.write(tmp_path / "g.onnx", graphs_like.U2NET)
    path.write_bytes(path.read_bytes()[:-40])
    assert run("add", path) == 2
    assert "cut off" in capsys.readouterr().err


def test_a_spec_whose_names_are_others_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = graphs_like.write(tmp_path / "g.onnx", graphs_like.U2NET)
    renamed = ("picture", graphs_like.U2NET[1], 320)
    other = graphs_like.write(tmp_path / "other.onnx", renamed)
    spec = known_files.named("u2netp").spec(onnx_file.signature(other))
    (tmp_path / "spec.json").write_text(json.dumps(spec.to_json()))
    assert run("add", path, "--spec", tmp_path / "spec.json") == 2
    assert "no input or output named picture" in capsys.readouterr().err


def test_what_stands_out_nowhere_is_not_stretched_and_black_is_not_brightened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = graphs_like.write(tmp_path / "u.onnx", graphs_like.U2NET)
    known_as(monkeypatch, "u2netp", path)
    assert run("add", path) == 0
    rng = np.random.default_rng(1)
    black = rng.integers(0, 4, (60, 80, 3)).astype(np.uint8)
    gray = np.full((60, 80, 3), 128, np.uint8)
    for picture in (black, gray):
        assert api.matte(picture, network="u2netp").alpha.max() < 0.5


def test_the_files_of_rembg_are_found_and_offered(
    tmp_path: Path,
    own_networks: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = (tmp_path / "home", tmp_path / "data" / ".u2net", tmp_path / "user" / ".u2net")
    monkeypatch.setenv("U2NET_HOME", str(places[0]))
    monkeypatch.setenv("XDG_DATA_HOME", str(places[1].parent))
    monkeypatch.setenv("HOME", str(places[2].parent))
    assert run("find") == 0
    looked = capsys.readouterr().out
    assert all(str(place) in looked for place in places)
    for place in places:
        place.mkdir(parents=True)
    path = graphs_like.write(places[1] / "renamed.onnx", graphs_like.U2NET)
    graphs_like.write(places[0] / "own.onnx", graphs_like.MODNET)
    (places[2] / "broken.onnx").write_bytes(path.read_bytes()[:100])
    known_as(monkeypatch, "silueta", path)
    assert run("find") == 1  # the broken one
    said = capsys.readouterr()
    assert "own.onnx: not known" in said.out
    assert "renamed.onnx: Silueta (subjects); not stated" in said.out
    assert "broken.onnx is not an ONNX file" in said.err
    assert "networks find --all" in said.out
    assert not own_networks.exists()
    assert run("find", "--all") == 1
    assert plugins.registry().network("silueta").commercial == "unclear"
    capsys.readouterr()
    run("find")
    assert "added already, as silueta" in capsys.readouterr().out


def test_commercial_use_refuses_by_name_and_chooses_among_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = graphs_like.write(tmp_path / "r.onnx", graphs_like.BIREFNET)
    known_as(monkeypatch, "bria-rmbg", path)
    assert run("add", path) == 0
    matte = api.matte(scene(), network="bria-rmbg", refine=False)
    assert matte.notes[-1].startswith("bria-rmbg must not be used commercially: CC-BY-NC-4.0")
    with pytest.raises(NetworkError, match="bria-rmbg is not used with the option commercial"):
        api.matte(scene(), network="bria-rmbg", commercial=True)
    chosen = api.matte(scene(), commercial=True)
    assert chosen.network == "hfam"
    assert all(terms.endswith("commercial use: yes") for terms in chosen.licences.values())


def sample_folder(folder: Path) -> Path:
    folder.mkdir()
    alpha = np.where(scene()[..., 0] > 100, 255, 0).astype(np.uint8)
    files.write(folder / "a.png", scene())
    files.write(folder / "a_alpha.png", alpha)
    return folder


def test_auto_takes_an_added_network_only_if_it_was_measured_to_be_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = graphs_like.write(tmp_path / "u.onnx", graphs_like.U2NET, bias=0)
    known_as(monkeypatch, "u2netp", path)
    assert run("add", path) == 0
    assert choice.best(Guide.NONE).id == "hfam"
    assert run("measure", "u2netp", sample_folder(tmp_path / "discs")) == 0
    spec = plugins.registry().network("u2netp")
    measured = spec.metrics["discs"]
    assert measured["beside"]["network"] == "hfam"
    assert measured["pictures"] == 1
    better = measured["sad"] < measured["beside"]["sad"]
    assert choice.best(Guide.NONE).id == ("u2netp" if better else "hfam")
    card = (folders.networks_folder() / "u2netp.md").read_text(encoding="utf-8")
    assert f"| measured here | discs: sad {measured['sad']:.4g}" in card
    worse = {**measured, "sad": 2 * measured["beside"]["sad"]}
    added.record(spec, "others", worse)
    plugins.registry.cache_clear()
    assert choice.best(Guide.NONE).id == "hfam"  # it must be better everywhere
    assert run("measure", "hfam", tmp_path / "discs") == 2
    assert "was not added by you" in capsys.readouterr().err
