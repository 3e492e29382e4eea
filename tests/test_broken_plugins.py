"""Plug-ins that are broken in any way are named and left out, and take nothing else down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matteplug import bridge
from matteplug.errors import PluginError
from matteplug.network import Guide, NetworkSpec, SizeRule, TensorSpec
from matteplug.plugin_guard import guarded, reason

HEAD = """
import os, sys, time
from matteplug.hookspecs import Command, hookimpl
from matteplug.host import HostSpec
from matteplug.network import FamilySpec, Guide, NetworkSpec, SizeRule, TensorSpec

def spec(**changes):
    fields = dict(
        id="net-{name}", title="T", guide="trimap", solver="{module}:solve",
        inputs=(TensorSpec(name="i", role="image", channels=3),
                TensorSpec(name="t", role="trimap", channels=1)),
        outputs=(TensorSpec(name="a", role="alpha", channels=1),))
    return NetworkSpec(**(fields | changes))

def solve(inputs):
    print("a solver that prints")
    return {{"alpha": inputs["trimap"]}}

"""
NETWORKS = """
@hookimpl
def matteplug_networks():
    {}
"""
COMMANDS = """
@hookimpl
def matteplug_commands():
    return [Command(name="run-{{name}}", help={help!r}, configure={configure}, run=print)]
"""


def networks(body: str) -> str:
    return NETWORKS.format(body)


def changed(**changes: str) -> str:
    words = ", ".join(f"{name}={value}" for name, value in changes.items())
    return networks(f"return [spec({words})]")


BROKEN: dict[str, tuple[str, str]] = {
    # raises, at import
    "syntax": ("def", "SyntaxError"),
    "missing-import": ("import no_such_module", "no_such_module"),
    "exits": ("sys.exit('I leave')", "I leave"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "generator-exit": ("raise GeneratorExit", "GeneratorExit"),
    "own-base": ("class Stop(BaseException): pass\nraise Stop('now')", "Stop: now"),
    "unspeakable": (
        "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad",
        "Bad",
    ),
    "recursion": ("def f(): f()\nf()", "RecursionError"),
    "terminal": ("raise ValueError('\\x1b[2J[red]\\nline')", "ValueError: [2J[red] line"),
    # hangs
    "sleeps": ("time.sleep(60)", "still loading"),
    "loops": ("while True: pass", "still loading"),
    "hook-sleeps": (networks("time.sleep(60)"), "still loading"),
    "endless": (networks("import itertools; return itertools.repeat(spec())"), "more than 1000"),
    # ends the process
    "dies": ("os._exit(0)", "ended the process while it was loaded (status 0)"),
    "aborts": ("os.abort()", "ended the process while it was loaded"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "ended the process while it was loaded"),
    "kills": ("import signal; os.kill(os.getpid(), signal.SIGTERM)", "ended the process"),
    "hook-dies": (networks("os._exit(3)"), "(status 3)"),
    "dies-in-thread": (
        "import threading; threading.Thread(target=os._exit, args=(5,)).start(); time.sleep(9)",
        "(status 5)",
    ),
    "holds": ("import re; re.match('(a+)+$', 40 * 'a' + 'b')", "still loading"),
    # prints
    "prints": ("print('Welcome!')", "Welcome!"),
    "writes": ("os.write(1, b'Hello from C')", "Hello from C"),
    "hook-prints": (networks("print('In a hook'); return []"), "In a hook"),
    "closes": ("os.close(1); raise OSError('closed')", "closed"),
    # hooks
    "misspelt": (networks("return []").replace("_networks", "_netwroks"), "netwroks"),
    "argument": (networks("return []").replace("()", "(colour)"), "colour"),
    "hook-raises": (networks("raise LookupError('none')"), "LookupError: none"),
    "one-spec": (networks("return spec()"), "not iterable"),
    "words": (networks("return ['citm']"), "type str"),
    "subclass": (
        networks("C = type('C', (NetworkSpec,), {}); s = spec(); return [C(**vars(s))]"),
        "type C",
    ),
    # specs
    "upper-case": (changed(id="'Upper'"), "lower case"),
    "folder-name": (changed(id="'../x'"), "lower case"),
    "taken": (changed(id="'citm'"), "Both matteplug"),
    "title": (changed(title="'a\\x1b[31m'"), "printable"),
    "guide": (changed(guide="'magic'"), "no guide 'magic'"),
    "no-image": (changed(inputs="()"), "no input with the role image"),
    "no-guide": (changed(guide="'plate'"), "no input with the role plate"),
    "no-alpha": (changed(outputs="[]"), "no output with the role alpha"),
    "overlap": (changed(overlap_px="-3"), "overlap_px must be from 0"),
    "overlap-type": (changed(overlap_px="'8'"), "overlap_px must be a whole number, not str"),
    "multiple": (changed(size="SizeRule(multiple=0)"), "multiple must be from 1"),
    "size": (changed(size="{{}}"), "SizeRule"),
    "nan": (changed(edge_band_fraction="float('nan')"), "edge_band_fraction must be"),
    "role": ("TensorSpec(name='x', role='depth', channels=1)", "no role 'depth'"),
    "channels": (
        changed(outputs="(TensorSpec(name='x', role='alpha', channels=3),)"),
        "1 channels, not 3",
    ),
    "std": ("TensorSpec(name='x', role='image', channels=3, mean=[0], std=[0])", "std"),
    "metrics": (changed(metrics="{{'a': {{'sad': 'low'}}}}"), "must be a number, not str"),
    "no-json": (changed(provenance="{{'made': object()}}"), "cannot be written as JSON"),
    "nothing-runs": (changed(solver="None"), "either weights or a solver"),
    "no-weights": (changed(solver="None", weights="'/no/such/file.onnx'"), "/no/such/file.onnx"),
    "solver": (changed(solver="'not a name'"), "dotted name"),
    # hosts, families, commands
    "host": ("HostSpec(id='x y', title='T', adapter='m:C')", "host name"),
    "packagings": ("HostSpec(id='x', title='T', adapter='m:C', packagings=['a'])", "Packaging"),
    "family": ("FamilySpec(id='x', module='m', recipe=3)", "recipe must be text"),
    "command": (COMMANDS.format(help="H", configure="None"), "configure must be a function"),
}
"""Sources by what is wrong with them, and a part of the reason that is given."""
GOOD = changed() + COMMANDS.format(help="100 % [bold", configure="lambda parser: None")
BAD_ARGUMENTS = COMMANDS.format(help="H", configure="lambda parser: parser.add_argument(3)")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def install(site: Path, name: str, source: str) -> None:
    """Put a distribution with one plug-in on the path."""
    module = f"plug_{name}".replace("-", "_")
    code = HEAD.format(name=name, module=module) + source.replace("{name}", name)
    (site / f"{module}.py").write_text(code.replace("{{", "{").replace("}}", "}"))
    info = site / f"{module}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[matteplug]\n{name} = {module}\n")


def environment(site: Path, seconds: float) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MATTEPLUG_PLUGIN_SECONDS": str(seconds),
        "COLUMNS": "200",
    }


def matteplug(site: Path, *words: str, seconds: float = 1.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matteplug", *words],
        env=environment(site, seconds),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.slow
def test_dozens_of_broken_plugins_are_named_and_left_out(tmp_path: Path) -> None:
    assert len(BROKEN) >= 30
    site = tmp_path / "site"
    site.mkdir()
    for name, (source, _) in BROKEN.items():
        install(site, name, source)
    install(site, "zz-good", GOOD)
    install(site, "zz-arguments", BAD_ARGUMENTS)
    (site / "nobody-1.2.dist-info").mkdir()
    (site / "nobody-1.2.dist-info" / "entry_points.txt").write_text("[matteplug]\nx = no_such\n")
    (site / "garbled-1.2.dist-info").mkdir()
    (site / "garbled-1.2.dist-info" / "entry_points.txt").write_bytes(b"[matteplug]\n\xff\xfe\n")

    listed = matteplug(site, "plugins", "--json")
    assert listed.returncode == 1
    plugins = {plugin["name"]: plugin for plugin in json.loads(listed.stdout)}
    for name, (_, words) in BROKEN.items():
        assert words in plugins[name]["broken"], name
        assert plugins[name]["broken"].isprintable(), name
        assert plugins[name]["distribution"] == f"{name} 1.2"
    assert plugins["x"]["broken"]
    working = [name for name, plugin in plugins.items() if not plugin["broken"]]
    assert {"citm", "hfam", "zz-good", "zz-arguments"} <= {*working}
    assert not {*BROKEN} & {*working}

    assert "Welcome!" in matteplug(site, "plugins").stdout  # in its table
    networks = json.loads(matteplug(site, "networks", "--json").stdout)
    assert {"citm", "knn", "net-zz-good"} <= {network["id"] for network in networks}
    helped = matteplug(site, "--help")
    assert helped.returncode == 0
    assert "100 % [bold" in helped.stdout
    assert "zz-arguments" in helped.stderr

    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexport PYTHONPATH="{site}"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    started = time.monotonic()
    with bridge.Worker(str(python)) as worker:  # with its own limits: hello comes in 30 s
        assert time.monotonic() - started < 30
        assert "net-zz-good" in {network["id"] for network in worker.hello["networks"]}
        trimap = bytes([0, 128, 255] * 3)
        answer, data = worker.matte(
            {
                "image": bridge.Pixels("RGB u8", 3, 3, bytes(27)),
                "trimap": bridge.Pixels("Y u8", 3, 3, trimap),
            },
            {"alpha": "Y u8"},
            options={"network": "net-zz-good", "clean_colours": False},
        )
    assert answer["network"] == "net-zz-good"
    assert data["alpha"] == trimap


@pytest.mark.parametrize("name", ["exits", "loops", "dies", "writes", "nan", "terminal"])
def test_a_broken_plugin_is_named_and_the_listing_stays_whole(name: str, tmp_path: Path) -> None:
    install(tmp_path, name, BROKEN[name][0])
    install(tmp_path, "zz-good", changed())
    listed = matteplug(tmp_path, "plugins", "--json")
    plugins = {plugin["name"]: plugin["broken"] for plugin in json.loads(listed.stdout)}
    assert BROKEN[name][1] in plugins[name]
    assert plugins["zz-good"] == plugins["citm"] == ""


def test_a_plugin_is_tried_once_until_a_file_of_it_changes(tmp_path: Path) -> None:
    install(
        tmp_path, "good", changed() + "open(os.environ['TRIED'], 'a').write(f'{os.getpid()} ')\n"
    )
    tried = tmp_path / "tried"
    code = (
        "import os; from matteplug import plugins as p; print(os.getpid(), p.registry().networks)"
    )
    variables = environment(tmp_path, 20) | {"TRIED": str(tried), "MATTEPLUG_CACHE": str(tmp_path)}

    def others() -> int:
        tried.write_text("")
        run = [sys.executable, "-c", code]
        own = subprocess.run(run, env=variables, check=True, capture_output=True, text=True).stdout
        assert "net-good" in own
        return len({*tried.read_text().split()} - {own.split()[0]})

    assert (others(), others()) == (1, 0)
    os.utime(tmp_path / "plug_good.py", (1, 1))
    assert (others(), others()) == (1, 0)


def test_a_damaged_network_of_the_user_does_not_hide_the_others(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    good = NetworkSpec(
        id="good",
        title="Good",
        guide=Guide.NONE,
        inputs=(TensorSpec(name="i", role="image", channels=3),),
        outputs=(TensorSpec(name="a", role="alpha", channels=1),),
        weights="good.onnx",
    )
    (own / "good.json").write_text(json.dumps(good.to_json()))
    (own / "deep.json").write_text("[" * 100_000)
    (own / "list.json").write_text("[1]")
    (own / "bytes.json").write_bytes(b"\xff")
    (own / "none.json").write_text(json.dumps(good.to_json() | {"inputs": []}))
    done = subprocess.run(
        [sys.executable, "-m", "matteplug", "plugins", "--json"],
        env={**os.environ, "MATTEPLUG_NETWORKS": str(own)},
        capture_output=True,
        text=True,
        check=False,
    )
    plugins = {plugin["name"]: plugin for plugin in json.loads(done.stdout)}
    assert plugins["user-networks"]["networks"] == ["good"]
    for name in ("deep", "list", "bytes", "none"):
        assert plugins[f"{name}.json"]["broken"], name


def test_what_is_guarded_gives_its_result_and_its_reasons() -> None:
    assert guarded(lambda: 3, 5.0) == 3
    with pytest.raises(PluginError, match=r"still loading after 0\.1 seconds"):
        guarded(lambda: time.sleep(1), 0.1)
    with pytest.raises(PluginError, match="prints to standard output while it is loaded: 'so'"):
        guarded(lambda: print("so"), 5.0)
    assert reason(ValueError("a\n\tb" + 1000 * "c")) == f"ValueError: a b{284 * 'c'}…"


@pytest.mark.parametrize("guide", [Guide.TRIMAP, "trimap"])
def test_a_spec_takes_the_guide_as_a_word_and_lists_for_tuples(guide: Any) -> None:
    spec = NetworkSpec(
        id="a",
        title="A",
        guide=guide,
        inputs=[  # type: ignore[arg-type]
            TensorSpec(name="i", role="image", channels=np.int64(3), std=[1, 1, 1], mean=[0, 0, 0]),  # type: ignore[arg-type]
            TensorSpec(name="t", role="trimap", channels=1),
        ],
        outputs=(TensorSpec(name="a", role="alpha", channels=1, high=np.float32(255)),),
        size=SizeRule(multiple=np.int32(8)),
        weights=Path("a.onnx"),  # type: ignore[arg-type]
    )
    assert spec.guide is Guide.TRIMAP
    assert NetworkSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
