"""Discovery isolates what is broken and names both sides of a conflict."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

import pytest

from matteplug.errors import NetworkError, PluginError
from matteplug.network import Guide, NetworkSpec
from matteplug.networks import families
from matteplug.plugins import Registry, load, resolve

WORKING = """
from matteplug.hookspecs import hookimpl
from matteplug.network import Guide, NetworkSpec, TensorSpec

@hookimpl
def matteplug_networks():
    return [NetworkSpec(id="{id}", title="T", guide=Guide.NONE, solver="m:f",
        inputs=(TensorSpec(name="i", role="image", channels=3),),
        outputs=(TensorSpec(name="a", role="alpha", channels=1),))]
"""


class Packages:
    """Makes importable distributions with one entry point each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, source: str, entry: str = "plug") -> EntryPoint:
        module = f"plug_{name}".replace("-", "_")
        (self.folder / f"{module}.py").write_text(source)
        info = self.folder / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[matteplug]\n{entry} = {module}\n")
        (point,) = Distribution.at(info).entry_points
        return point


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Packages(tmp_path)
    for name in [name for name in sys.modules if name.startswith("plug_")]:
        del sys.modules[name]


def spec(network_id: str) -> NetworkSpec:
    return NetworkSpec(id=network_id, title="T", guide=Guide.NONE, inputs=(), outputs=())


def test_a_working_plugin_brings_its_network(packages: Packages) -> None:
    registry = load([packages.add("good-one", WORKING.format(id="alpha-net"))])
    assert list(registry.networks) == ["alpha-net"]
    (plugin,) = registry.plugins
    assert plugin.distribution == "good-one 1.2"
    assert plugin.networks == ("alpha-net",)
    assert plugin.broken == ""


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_anywhere", "No module named 'no_such_module_anywhere'"),
        ("raise SystemError('boom')", "boom"),
        (
            WORKING.format(id="x").replace("def matteplug_networks", "def matteplug_netwroks"),
            "netwroks",
        ),
        (WORKING.format(id="x").replace("return [", "return 1 + ["), "TypeError"),
        (WORKING.format(id="Upper"), "lower case"),
    ],
    ids=["import", "raises", "misspelt-hook", "hook-raises", "name"],
)
def test_a_broken_plugin_is_recorded_and_the_rest_work(
    packages: Packages, source: str, reason: str
) -> None:
    points = [packages.add("bad-one", source), packages.add("good-one", WORKING.format(id="fine"))]
    registry = load(points)
    assert list(registry.networks) == ["fine"]
    broken = {plugin.distribution: plugin.broken for plugin in registry.plugins}
    assert reason in broken["bad-one 1.2"]
    assert broken["good-one 1.2"] == ""


def test_two_networks_of_one_name_are_refused_naming_both(packages: Packages) -> None:
    points = [
        packages.add("second", WORKING.format(id="same")),
        packages.add("first", WORKING.format(id="same")),
    ]
    registry = load(points)
    assert list(registry.networks) == ["same"]
    (refused,) = [plugin for plugin in registry.plugins if plugin.broken]
    assert refused.distribution == "second 1.2"
    assert "first 1.2" in refused.broken
    assert "second 1.2" in refused.broken


def test_the_library_itself_is_loaded_first(packages: Packages) -> None:
    points = [
        packages.add("aaa", WORKING.format(id="same")),
        packages.add("matteplug", WORKING.format(id="same")),
    ]
    (refused,) = [plugin for plugin in load(points).plugins if plugin.broken]
    assert refused.distribution == "aaa 1.2"


def test_an_add_that_fails_changes_nothing() -> None:
    registry = Registry()
    registry.add("a", "dist-a 1", networks=[spec("one")])
    with pytest.raises(PluginError, match=r"dist-a 1.*dist-b 1"):
        registry.add("b", "dist-b 1", networks=[spec("two"), spec("one")])
    assert list(registry.networks) == ["one"]
    assert [plugin.name for plugin in registry.plugins] == ["a"]
    registry.add("b", "dist-b 1", networks=[spec("two")])
    assert list(registry.networks) == ["one", "two"]


FAMILY = """
from matteplug.hookspecs import hookimpl
from matteplug.network import FamilySpec, PublicCheckpoint

@hookimpl
def matteplug_families():
    public = PublicCheckpoint(name="{public}", network_id="n", config="c", convert="m:f")
    return [FamilySpec(id="{id}", module="{module}", recipe="m:r", public_checkpoints=(public,))]
"""


def test_a_family_and_its_public_checkpoints_are_listed_without_importing_it(
    packages: Packages,
) -> None:
    source = FAMILY.format(id="mine", public="theirs", module="no_such_module_anywhere")
    registry = load([packages.add("good-one", source)])
    (plugin,) = registry.plugins
    assert (plugin.broken, plugin.families) == ("", ("mine",))
    assert registry.family("mine").module == "no_such_module_anywhere"
    family, public = registry.public_checkpoint("theirs")
    assert (family.id, public.config) == ("mine", "c")
    with pytest.raises(NetworkError, match=r"nope.*Known: mine"):
        registry.family("nope")
    with pytest.raises(NetworkError, match=r"nope.*Known: theirs"):
        registry.public_checkpoint("nope")


@pytest.mark.parametrize(("family", "public"), [("same", "other"), ("other", "same")])
def test_two_families_or_imports_of_one_name_are_refused_naming_both(
    packages: Packages, family: str, public: str
) -> None:
    points = [
        packages.add("first", FAMILY.format(id="same", public="same", module="m")),
        packages.add("second", FAMILY.format(id=family, public=public, module="m")),
    ]
    registry = load(points)
    assert list(registry.families) == ["same"]
    (refused,) = [plugin for plugin in registry.plugins if plugin.broken]
    assert "first 1.2" in refused.broken
    assert "second 1.2" in refused.broken


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("no_such_module_anywhere", "no_such_module_anywhere cannot be loaded"),
        ("os.path", "family 'mine', has no CONFIGS and no build and no multiple"),
    ],
)
def test_a_broken_family_is_named(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, module: str, message: str
) -> None:
    registry = load([packages.add("p", FAMILY.format(id="mine", public="x", module=module))])
    monkeypatch.setattr("matteplug.plugins.registry", lambda: registry)
    with pytest.raises(PluginError, match=message):
        families.family("mine")


def test_an_unknown_network_is_named_with_the_known_ones() -> None:
    registry = Registry()
    registry.add("a", "dist-a 1", networks=[spec("one")])
    with pytest.raises(NetworkError, match=r"nope.*Known: one"):
        registry.network("nope")


def test_a_dotted_name_is_resolved_or_explained() -> None:
    assert resolve("os.path:join")("a", "b") in ("a/b", "a\\b")
    with pytest.raises(PluginError, match="no_such"):
        resolve("os.path:no_such")


def test_tracing_prints_hook_calls(packages: Packages, capsys: pytest.CaptureFixture[str]) -> None:
    load([packages.add("good-one", WORKING.format(id="x"))], trace=True)
    assert "matteplug_networks" in capsys.readouterr().err


def test_loading_can_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    from matteplug import plugins

    monkeypatch.setenv("MATTEPLUG_PLUGINS", "commands")
    plugins.registry.cache_clear()
    try:
        assert {plugin.name for plugin in plugins.registry().plugins} <= {"commands"}
    finally:
        plugins.registry.cache_clear()
