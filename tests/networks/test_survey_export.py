"""The survey's networks as graphs: the export's gate, and a public checkpoint up to a cutout."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from test_public_networks import TINY as PUBLIC
from test_survey_networks import TINY as OTHERS

import matteplug
from matteplug import cli, plugins, weights
from matteplug.errors import NetworkError
from matteplug.export import export, parity
from matteplug.networks import families

FILE = "own-mmnet.pth"
NETWORKS = PUBLIC | OTHERS


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", NETWORKS)
def test_graphs_compute_what_torch_does_at_sizes_never_traced(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    family = families.family(name.split(maxsplit=1)[0])
    spec = family.spec("compact" if name.endswith("light") else "paper")
    path = tmp_path / "network.onnx"
    network = NETWORKS[name]()
    if name == "modnet":  # drawn weights make it steep, and rounding then passes the limit
        *_, last = (part for part in network.modules() if isinstance(part, torch.nn.Conv2d))
        last.weight.data.mul_(0.1)
    spec = export(family.export_module(network), spec, path, say=lambda _: None)
    limit = 1.0 if spec.discontinuous else parity.TOLERANCE  # the gate itself counts its jumps
    assert spec.provenance["parity"]["worst"] <= limit
    assert ("half" in spec.provenance) is not spec.discontinuous
    assert spec.golden["expected"]["alpha"]
    assert weights.read_manifest(path.with_suffix(".json")).id == spec.id


def test_specs_of_networks_that_see_the_whole_picture_forbid_tiles() -> None:
    whole = {name for name in NETWORKS if not families.family(name.split()[0]).spec("paper").tiling}
    assert whole == set(NETWORKS) - {"dim"}


def test_the_default_configuration_is_compact_where_there_is_one() -> None:
    names = {
        family_id: families.default_config(family_id) for family_id in ("hfam", "shm", "modnet")
    }
    assert names == {"hfam": "compact", "shm": "compact", "modnet": "paper"}


def test_a_discontinuous_graph_may_jump_in_few_places() -> None:
    def difference(jumps: float, worst: float = 0.5, problem: str = "") -> parity.Difference:
        case = parity.CASES[0]
        return parity.Difference(case=case, worst=worst, mean=0.0, jumps=jumps, problem=problem)

    jumping, smooth = families.family("dim").spec("paper"), families.family("mmnet").spec("paper")
    parity.gate(jumping, [difference(0.01)])
    for few in (difference(0.03), difference(0.0, problem="no output")):
        with pytest.raises(NetworkError, match="differs from torch"):
            parity.gate(jumping, [few])
    with pytest.raises(NetworkError, match="differs from torch"):
        parity.gate(smooth, [difference(0.01)])
    parity.gate(smooth, [difference(0.0, worst=1e-5)])


def test_networks_without_weights_are_listed_and_not_offered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main(["networks"]) == 0
    text = capsys.readouterr().out
    ids = {name.split()[0] for name in NETWORKS}
    for family_id in ids:
        assert f"train it: matteplug train {family_id}" in text
        assert family_id not in plugins.registry().networks
    assert "import-checkpoint FILE --network modnet --out modnet.onnx" in text
    assert "licence: MIT; commercial use: yes" in text
    assert text.count("no public weights can be imported") == 4


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_checkpoint_becomes_a_cutout(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = shared / "parity" / "survey"
    rule = runpy.run_path(str(cases / "make_state.py"))
    state = rule["make_state"](json.loads((cases / "mmnet_keys.json").read_text()), gain=1.5)
    monkeypatch.setenv("MATTEPLUG_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {k: torch.from_numpy(np.array(v)) for k, v in state.items()}}, FILE)
    words = ["import-checkpoint", FILE, "--network", "mmnet", "--out", "mmnet.onnx"]
    assert cli.main(words) == 0
    card = Path("mmnet.md").read_text(encoding="utf-8")
    assert "commercial use | unclear" in card
    assert FILE in card
    assert json.loads(Path("mmnet.json").read_text(encoding="utf-8"))["licence"].startswith("yours")
    plugins.registry.cache_clear()
    try:
        assert cli.main(["networks", "add", "mmnet.onnx", "--spec", "mmnet.json"]) == 0
        plugins.registry.cache_clear()
        picture = np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8)
        matte = matteplug.matte(picture, network="mmnet")
        assert matte.alpha.shape == (90, 70)
    finally:
        plugins.registry.cache_clear()
