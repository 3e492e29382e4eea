"""Videos: what each frame becomes, the sound, and what is told when something is wrong."""

from __future__ import annotations

import os
import signal
import struct
import sys
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from matteplug import api, cli, plugins
from matteplug.network import Guide, NetworkSpec, TensorSpec
from matteplug.testing import FakeEngine
from matteplug_video import command
from matteplug_video.steady import Steady

av: Any = pytest.importorskip("av")
FRAMES, WIDTH, HEIGHT = 6, 64, 48
NETWORKS = tuple(
    NetworkSpec(
        id=name,
        title="Takes what it gets",
        guide=guide,
        inputs=(
            TensorSpec(name="image", role="image", channels=3),
            *([TensorSpec(name="plate", role="plate", channels=3)] if guide is Guide.PLATE else ()),
        ),
        outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
    )
    for name, guide in (("alone", Guide.NONE), ("by-plate", Guide.PLATE))
)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Return the engine that the command uses; its alpha is the red of the frame."""
    registry, fake = plugins.Registry(), FakeEngine()
    import matteplug_video

    registry.add(
        "video",
        "tests 1.0",
        networks=NETWORKS,
        commands=matteplug_video.matteplug_commands(),
    )
    monkeypatch.setattr(plugins, "registry", lambda: registry)
    monkeypatch.setattr(api, "default_engine", lambda: fake)
    return fake


@pytest.fixture
def video(engine: FakeEngine) -> Callable[..., int]:
    return lambda *words: cli.main(["video", *map(str, words), "--quiet"])


def shown(number: int) -> np.ndarray[Any, Any]:
    """Return a frame: a red square that moves over blue."""
    frame = np.full((HEIGHT, WIDTH, 3), (0, 0, 160), np.uint8)
    frame[16:32, 4 + 6 * number : 20 + 6 * number] = (255, 0, 0)
    return frame


def recorded(
    path: Path, *, frames: int = FRAMES, sound: bool = True, turn: int = 0, pix_fmt: str = "rgb24"
) -> Path:
    """Record a video without loss, 12.5 frames a second, with half a second of sound."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("png", rate=Fraction(25, 2))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        track = file.add_stream("pcm_s16le", rate=8000, layout="mono") if sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(shown(number), format="rgb24")
            file.mux(stream.encode(frame.reformat(format=pix_fmt)))
        if frames:
            file.mux(stream.encode(None))
        if track is not None:
            tone = (np.arange(4000) % 100 * 200).astype(np.int16)[None]
            heard = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            heard.sample_rate = 8000
            file.mux(track.encode(heard))
            file.mux(track.encode(None))
    return path


def heard(path: Path) -> np.ndarray[Any, Any]:
    with av.open(str(path)) as file:
        return np.concatenate([f.to_ndarray() for f in file.decode(audio=0)], axis=1)


def test_prores_has_alpha_the_times_and_the_sound(
    video: Callable[..., int], tmp_path: Path
) -> None:
    source, out = recorded(tmp_path / "in.mov"), tmp_path / "out.mov"
    assert video(source, out, "--no-clean-colours", "--no-refine") == 0
    with av.open(str(out)) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.codec.name == "prores"
        assert stream.codec_context.profile == "4444"
        assert float(stream.average_rate) == 12.5
        frames = list(file.decode(video=0))
        assert {(f.colorspace, f.color_range) for f in frames} == {(1, 1)}
        assert [round(f.time * 12.5) for f in frames] == list(range(FRAMES))
    assert len(frames) == FRAMES
    for number, frame in enumerate(frames):
        rgba = frame.to_ndarray(format="rgba64le").astype(int) / 65535
        middle = (slice(20, 28), slice(8 + 6 * number, 16 + 6 * number))
        np.testing.assert_allclose(rgba[middle], np.ones((8, 8, 1)) * (1, 0, 0, 1), atol=0.03)
        assert rgba[2:12, :, 3].max() == 0
    np.testing.assert_array_equal(heard(out), heard(source))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mov", "out.mov"]


def test_pictures_are_numbered_and_have_the_sound_beside_them(
    video: Callable[..., int], tmp_path: Path
) -> None:
    source, out = recorded(tmp_path / "in.mov"), tmp_path / "frames"
    assert video(source, f"{out}/", "--no-clean-colours", "--no-refine") == 0
    names = [f"{number:06d}.png" for number in range(1, FRAMES + 1)]
    assert sorted(path.name for path in out.iterdir()) == [*names, "sound.mka"]
    for number, name in enumerate(names):
        with Image.open(out / name) as picture:
            rgba = np.asarray(picture)
        np.testing.assert_array_equal(rgba[..., 3], shown(number)[..., 0])
    np.testing.assert_array_equal(heard(out / "sound.mka"), heard(source))


def test_deep_videos_become_16_bit_pictures(video: Callable[..., int], tmp_path: Path) -> None:
    source = recorded(tmp_path / "in.mov", pix_fmt="rgb48be", sound=False)
    assert video(source, tmp_path / "frames") == 0
    picture = tmp_path / "frames" / "000001.png"
    assert picture.read_bytes()[24] == 16
    assert not (tmp_path / "frames" / "sound.mka").exists()


def test_a_plate_is_that_of_every_frame(
    video: Callable[..., int], tmp_path: Path, engine: FakeEngine
) -> None:
    source = recorded(tmp_path / "in.mov")
    Image.new("RGB", (WIDTH, HEIGHT), (0, 0, 160)).save(tmp_path / "plate.png")
    words = ("--plate", tmp_path / "plate.png", "--no-align", "--no-refine", "--no-sound")
    assert video(source, tmp_path / "frames", *words) == 0
    assert [run[0] for run in engine.runs] == ["by-plate"] * FRAMES
    assert len(list((tmp_path / "frames").iterdir())) == FRAMES


def test_what_exists_is_kept(
    video: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = recorded(tmp_path / "in.mov")
    (tmp_path / "out.mov").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for out in ("out.mov", "full"):
        assert video(source, tmp_path / out) == 2
        assert "is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "out.mov").read_text() == "mine"
    assert video(source, tmp_path / "out.mov", "--force") == 0
    assert (tmp_path / "out.mov").stat().st_size > 1000


def test_bad_input_gets_a_sentence(
    video: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = recorded(tmp_path / "in.mov")
    (tmp_path / "text.mov").write_text("no video")
    with av.open(str(tmp_path / "sound.mka"), "w") as file:
        track = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        tone.sample_rate = 8000
        file.mux(track.encode(tone))
        file.mux(track.encode(None))
    cases = {
        (tmp_path / "none.mov", "out.mov"): "There is no file",
        (tmp_path / "text.mov", "out.mov"): "is not a video that can be read",
        (tmp_path / "sound.mka", "out.mov"): "has no frames",
        (whole, "out.mp4"): "Videos are not written as .mp4.",
        (whole, "nowhere/out.mov"): "was not written",
    }
    for (source, out), words in cases.items():
        assert video(source, tmp_path / out) == 2
        assert words in capsys.readouterr().err
        assert not (tmp_path / out).exists()


def test_a_video_that_breaks_off_leaves_no_half_result(
    video: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = recorded(tmp_path / "in.mov", sound=False)
    data = bytearray(source.read_bytes())
    at = data.rfind(b"\x89PNG")
    data[at : at + 60] = bytes(60)
    source.write_bytes(data)
    assert video(source, tmp_path / "out.mov") == 2
    assert f"is damaged after frame {FRAMES - 1}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.mov"]


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_leaves_no_half_video(
    video: Callable[..., int],
    tmp_path: Path,
    engine: FakeEngine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = recorded(tmp_path / "in.mov")
    engine.delay_s = 0.5
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert video(source, tmp_path / "out.mov", "--no-refine") == 130
    assert "nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.mov"]


def test_without_the_extra_a_command_installs_it(
    video: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert video(tmp_path / "in.mov", tmp_path / "out.mov") == 2
    assert "matteplug[video]" in capsys.readouterr().err


def test_the_filter_steadies_what_is_still_and_follows_what_moves() -> None:
    rng = np.random.default_rng(0)
    scene = rng.integers(40, 200, (60, 80, 3)).astype(np.float32)
    steady, last, plain, filtered = Steady(0.8), None, 0.0, 0.0
    truth = np.full((60, 80), 0.5, np.float32)
    for _ in range(12):
        image = np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8)
        alpha = truth + rng.normal(0, 0.05, truth.shape).astype(np.float32)
        result = steady(image, alpha)
        if last is not None:
            plain += float(np.abs(alpha - last[0]).mean())
            filtered += float(np.abs(result - last[1]).mean())
        last = alpha, result
    assert filtered < 0.5 * plain
    moved = steady(np.full((60, 80, 3), 250, np.uint8), np.zeros((60, 80), np.float32))
    assert moved.max() < 0.01
    off = Steady(0)
    assert off(image, alpha) is alpha


def test_the_guide_names_every_flag() -> None:
    import argparse
    import re

    guide = Path(__file__).parents[2] / "docs" / "guides" / "video.md"
    parser = argparse.ArgumentParser(add_help=False)
    command.configure(parser)
    existing = {option for action in parser._actions for option in action.option_strings}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", guide.read_text(encoding="utf-8")))
    assert named <= existing
    assert {"--plate", "--steady", "--no-sound", "--force"} <= named


def test_a_video_held_upright_is_turned(video: Callable[..., int], tmp_path: Path) -> None:
    """A telephone's: the matrix in its header turns it clockwise by a quarter (ISO 14496-12)."""
    source = recorded(tmp_path / "in.mov", sound=False)
    data = bytearray(source.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    source.write_bytes(data)
    assert video(source, tmp_path / "frames", "--no-refine") == 0
    with Image.open(tmp_path / "frames" / "000001.png") as picture:
        alpha = np.asarray(picture)[..., 3]
    np.testing.assert_array_equal(alpha, np.rot90(shown(0)[..., 0], -1))
