"""A broken installation is told in one sentence with its remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matteplug import packages
from matteplug.errors import EngineError, PackageError
from matteplug.hosting import environment
from matteplug.runtime import ort, providers

NO_LIBRARY = "libGL.so.1: cannot open shared object file: No such file or directory"
MATTE = """
import numpy as np
from matteplug import MatteplugError, matte
try:
    matte(np.zeros((9, 9, 3), np.uint8), selection=np.eye(9, dtype=np.uint8))
except MatteplugError as error:
    print(error)
"""
Broken = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """A function that runs our Python with a module that does as it is told when imported."""

    def run(
        module: str, source: str, words: Sequence[str], wheels: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        (site / f"{module}.py").write_text(source)
        for wheel in wheels:
            pretend(site, wheel, module)
        return subprocess.run(
            [sys.executable, *words],
            env={**os.environ, "PYTHONPATH": str(site), "COLUMNS": "500"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def pretend(site: Path, wheel: str, module: str) -> None:
    """Make a distribution look installed."""
    info = site / f"{wheel.replace('-', '_')}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {wheel}\nVersion: 1.5\n")
    (info / "top_level.txt").write_text(f"{module}\n")


def photos(folder: Path) -> None:
    folder.mkdir()
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / "a.png")
    Image.fromarray(np.eye(9, dtype=np.uint8) * 255).save(folder / "a_mask.png")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (f"raise ImportError({NO_LIBRARY!r})", NO_LIBRARY),
        ("raise AttributeError('_ARRAY_API not found')", "_ARRAY_API not found"),
        ("", "only a part of it is installed"),
    ],
    ids=["system library", "NumPy", "half uninstalled"],
)
@pytest.mark.parametrize(
    "words",
    [
        ("-c", MATTE),
        ("-m", "matteplug", "batch", "photos"),
        pytest.param(("-m", "matteplug", "doctor"), marks=pytest.mark.slow),
    ],
    ids=["api", "batch", "doctor"],
)
def test_opencv_that_does_not_load_is_told_with_its_remedy(
    broken: Broken, words: Sequence[str], source: str, reason: str, tmp_path: Path
) -> None:
    photos(tmp_path / "photos")
    done = broken("cv2", source, words, ["opencv-python"])
    said = " ".join((done.stdout + done.stderr).split())
    assert f"OpenCV cannot be loaded: {reason}." in said
    pip = f"{sys.executable} -m pip"
    remedy = f'{pip} uninstall -y opencv-python opencv-python-headless && {pip} install "opencv-'
    assert remedy in said
    assert "Traceback" not in said
    assert done.returncode == (0 if words[0] == "-c" else 1)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ModuleNotFoundError(name='torch')", "which is not installed"),
        ("raise OSError('libcudart.so.13: cannot open')", "which is broken (libcudart.so.13"),
    ],
)
@pytest.mark.parametrize(
    "words",
    [
        ("export", "citm", "--config", "compact", "--checkpoint", "a.pt", "--out", "a.onnx"),
        ("import-checkpoint", "a.pth", "--network", "vitmatte-s", "--out", "a.onnx"),
    ],
    ids=["export", "import-checkpoint"],
)
def test_without_torch_nothing_is_exported_and_the_extra_is_named(
    broken: Broken, words: Sequence[str], source: str, reason: str
) -> None:
    words = [word.replace("vitmatte-s", _public()) for word in words]
    done = broken("torch", source, ["-m", "matteplug", *words])
    assert reason in done.stderr
    assert '"matteplug[train]"' in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


def _public() -> str:
    from matteplug.plugins import registry

    return sorted(registry().public_checkpoints)[0]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ImportError('libcudart.so.13: cannot open')", "libcudart.so.13: cannot open"),
        ("raise ModuleNotFoundError(\"No module named 'x'\", name='x')", "No module named 'x'"),
        ("", "only a part of it is installed"),
    ],
    ids=["library", "dependency", "half uninstalled"],
)
def test_onnxruntime_that_does_not_load_is_told_with_its_remedy(
    broken: Broken, source: str, reason: str
) -> None:
    done = broken("onnxruntime", source, ["-c", MATTE], ["onnxruntime-gpu"])
    assert f"cannot be loaded: {reason}." in done.stdout
    assert "pip uninstall -y onnxruntime" in done.stdout
    assert 'pip install "onnxruntime-gpu[cuda,cudnn]"' in done.stdout
    assert done.stderr == ""


def test_cuda_on_the_cpu_wheel_is_installed_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = {"onnxruntime": "1.31"}
    monkeypatch.setattr(packages, "bringing", lambda module: wheels)
    monkeypatch.setattr(providers, "order", lambda: ("cuda", "openvino", "cpu"))
    pip = f"{sys.executable} -m pip"
    away = f"Run: {pip} uninstall -y onnxruntime && {pip} install"
    cuda = f'{away} "onnxruntime-gpu[cuda,cudnn]"'
    assert ort.how_to_install(providers.named("cuda")) == cuda
    openvino = f'{away} "onnxruntime-openvino"'
    assert ort.how_to_install(providers.named("openvino")) == openvino
    assert "other systems" in ort.how_to_install(providers.named("coreml"))
    wheels["onnxruntime-gpu"] = "1.31"  # the CPU's came last
    assert "-y onnxruntime onnxruntime-gpu && " in ort.how_to_install(providers.named("cuda"))
    with pytest.raises(EngineError, match="uninstall -y onnxruntime"):
        ort.open_session(b"", providers.named("cuda"))


def test_two_wheels_of_onnxruntime_are_told_with_every_matte(
    broken: Broken, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    pretend(tmp_path / "site", "onnxruntime-openvino", "onnxruntime")
    program = MATTE.replace("    matte(", "    m = matte(") + "\nprint(*m.notes)"
    done = broken("unused", "", ["-c", program])
    assert "onnxruntime-openvino are installed together and overwrite each other." in done.stdout
    assert "matteplug doctor" in done.stdout


def test_commands_are_for_the_python_that_runs_this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/a folder/python")
    assert packages.install("x") == '"/a folder/python" -m pip install "x"'
    monkeypatch.setattr(packages, "find_spec", lambda name: None)  # an environment made by uv
    monkeypatch.setattr(packages, "bringing", lambda module: {"x": "1", "x-gpu": "1"})
    uv = 'uv pip uninstall --python "/a folder/python" x x-gpu && uv pip install --python'
    assert packages.exchange("x", "y").startswith(uv)


def test_a_package_that_is_there_is_no_error() -> None:
    packages.require("json", "math", purpose="This", extra="train")
    with pytest.raises(PackageError, match="This needs no_such_module, which is not installed"):
        packages.require("json", "no_such_module", purpose="This", extra="train")


def test_programs_do_not_get_our_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    activated = {name: str(tmp_path / name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    for name, value in {**activated, "PYTHONHOME": "/x", "PYTHONPATH": "/x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/one")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "VIRTUAL_ENV")
    folders = [
        *(f"{value}/bin" for value in activated.values()),
        "/usr/bin",
        str(link / "bin"),
        str(Path(sys.prefix) / "bin"),
        "/usr/local/bin",
    ]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    found = environment.of_programs()
    assert found["PATH"] == os.pathsep.join(("/usr/bin", "/usr/local/bin"))
    assert found["HOME"] == "/home/one"
    assert not {*activated, "PYTHONHOME", "PYTHONPATH"} & found.keys()
