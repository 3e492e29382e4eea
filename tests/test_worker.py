"""The worker and what it makes of a job's buffers."""

from __future__ import annotations

import io
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug import api
from matteplug import worker as workers
from matteplug.bridge import PROTOCOL, BridgeError, Pixels, read_frame, write_frame
from matteplug.bridge import Worker as Bridge
from matteplug.errors import RequestError
from matteplug.testing import FakeEngine
from matteplug.types import Rect
from matteplug.wire import WireAdapter, WireJob, buffers
from matteplug.wire.buffers import Buffer, PixelFormat

ROOT = Path(__file__).resolve().parent.parent
MALFORMED: dict[str, bytes] = runpy.run_path(str(ROOT / "tests/wire/malformed.py"))["FRAMES"]
FAKE = str(ROOT / "tests" / "wire" / "fake_worker.py")
# as `-m matteplug.worker`, but of this source tree
REAL = (
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); import matteplug.worker as w; w.main()",
)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, FAKE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as worker:
        yield worker
        worker.kill()


def ask(process: subprocess.Popen[bytes], header: dict[str, Any], *data: Any) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    write_frame(process.stdin, header, data)
    answer = read_frame(process.stdout)
    return None if answer is None else answer[0]


def entry(name: str, array: NDArray[Any], text: str, x: int = 0, y: int = 0) -> Any:
    header = {"name": name, "format": text, "size": [array.shape[1], array.shape[0]], "at": [x, y]}
    return header, array.tobytes()


def job(*entries: Any, **header: Any) -> WireJob:
    listed = [dict(described, bytes=len(data)) for described, data in entries]
    found = {described["name"]: data for described, data in entries}
    return WireJob.from_frame({"buffers": listed, **header}, found)


def mostly_unknown(width: int, height: int) -> NDArray[np.uint8]:
    return np.repeat(np.array([[0, 128, 255]], np.uint8), [2, width - 4, 2], axis=1).repeat(
        height, axis=0
    )


def test_the_worker_refuses_what_it_does_not_know_and_goes_on(
    process: subprocess.Popen[bytes],
) -> None:
    picture = entry("image", np.zeros((4, 8, 3), np.uint8), "RGB u8")
    assert ask(process, {"type": "matte", "id": 1}, picture)["code"] == "wire-protocol"
    assert ask(process, {"type": "hello", "protocol": PROTOCOL + 1})["protocol"] == PROTOCOL
    assert ask(process, {"type": "matte", "id": 2}, picture)["code"] == "wire-protocol"
    assert ask(process, {"type": "hello", "protocol": PROTOCOL})["type"] == "hello"
    assert ask(process, {"type": "dance", "id": 3})["code"] == "wire-type"
    answer = ask(process, {"type": "matte", "id": 4, "host": "paper"}, picture)
    assert answer["code"] == "host-unknown"
    assert "batch" in answer["hint"]
    answer = ask(process, {"type": "matte", "id": 5, "results": {"alpha": "Q u8"}}, picture)
    assert answer["code"] == "pixel-format"
    assert answer["id"] == 5
    assert process.poll() is None


@pytest.mark.parametrize("network", ["nothing", "knn"], ids=["unknown", "out of memory"])
def test_a_load_that_fails_has_no_answer(process: subprocess.Popen[bytes], network: str) -> None:
    ask(process, {"type": "hello", "protocol": PROTOCOL})
    assert process.stdin is not None
    write_frame(process.stdin, {"type": "load", "network": network})
    assert ask(process, {"type": "dance", "id": 1})["id"] == 1


def test_foreign_text_on_its_input_ends_the_worker_with_a_reason(
    process: subprocess.Popen[bytes],
) -> None:
    _, stderr = process.communicate(b"GET / HTTP/1.1\r\n\r\n", timeout=20)
    assert process.returncode == 2
    assert b"not a frame" in stderr


def test_the_worker_ends_within_a_second_when_its_host_does(
    process: subprocess.Popen[bytes],
) -> None:
    ask(process, {"type": "hello", "protocol": PROTOCOL})
    slow = {"type": "matte", "id": 1, "options": {"network": "closed-form"}}
    pixels = entry("image", np.zeros((5, 9, 3), np.uint8), "RGB u8")
    guide = entry("trimap", mostly_unknown(9, 5), "Y u8")
    assert ask(process, slow, pixels, guide)["type"] == "progress"
    assert process.stdin is not None
    started = time.perf_counter()
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    assert time.perf_counter() - started < 1


def test_hello_loads_nothing_heavy() -> None:
    code = (
        "import sys; from matteplug import worker; worker._hello();"
        "print(sorted({'cv2', 'onnxruntime', 'torch', 'PIL', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_worker_started_at_a_terminal_says_what_it_is() -> None:
    pty = pytest.importorskip("pty")
    _, terminal = pty.openpty()
    code = "from matteplug import worker; worker.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=terminal, capture_output=True, text=True, check=False
    )
    assert "started by editors" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    "start", ["fake", pytest.param("real", marks=pytest.mark.slow)], ids=["fake", "real"]
)
def test_the_worker_answers_as_the_library_does(start: str) -> None:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 65536, (24, 32, 3), np.uint16)
    selection = np.zeros((24, 32), np.uint8)
    selection[6:18, 8:24] = 255
    matte = api.matte(
        image,
        selection=selection,
        network="closed-form",
        band_px=2,
        engine=FakeEngine() if start == "fake" else None,
    )
    with Bridge(sys.executable, arguments=(FAKE,) if start == "fake" else REAL) as worker:
        header, data = worker.matte(
            {
                "image": Pixels("RGB u16", 32, 24, image.tobytes()),
                "selection": Pixels("Y u8", 32, 24, selection.tobytes()),
            },
            {"alpha": "Y f32", "cutout": "RGBA u16"},
            options={"network": "closed-form", "band_px": 2},
        )
    assert header["notes"] == list(matte.notes)
    assert data["alpha"] == matte.alpha.tobytes()
    assert data["cutout"] == matte.cutout().tobytes()


@pytest.mark.parametrize("channels", ["RGB", "RGBA", "BGRA", "Y"])
@pytest.mark.parametrize("depth", ["u8", "u16", "f16", "f32"])
def test_pixels_of_every_format_come_back_exactly(channels: str, depth: str) -> None:
    text = PixelFormat(channels, depth)
    values = np.linspace(0, 1, 6 * len(text.order)) * (1 if depth[0] == "f" else 200)
    data = values.astype(text.dtype).tobytes()
    buffer = Buffer(name="image", format=text, rect=Rect(0, 0, 3, 2), data=data)
    assert buffers.encode(buffer.array(), text) == data


def test_channels_are_put_in_order() -> None:
    buffer = Buffer(
        name="image", format=PixelFormat("BGRA", "u8"), rect=Rect(0, 0, 1, 1), data=b"\1\2\3\4"
    )
    assert buffer.array().tolist() == [[[3, 2, 1, 4]]]
    assert (
        buffers.encode(buffer.array(), PixelFormat("RGBA", "u16"))
        == np.array([3 * 257, 2 * 257, 257, 4 * 257], np.uint16).tobytes()
    )


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((0, 0), [[1, 2, 3], [4, 5, 6]]),
        ((1, 0), [[0, 1, 2], [0, 4, 5]]),
        ((-2, 1), [[0, 0, 0], [3, 0, 0]]),
        ((3, 0), [[0, 0, 0], [0, 0, 0]]),
        ((0, -9), [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_a_mask_is_placed_where_it_lies(at: tuple[int, int], expected: list[list[int]]) -> None:
    described, data = entry("selection", np.array([[1, 2, 3], [4, 5, 6]], np.uint8), "Y u8", *at)
    buffer = Buffer.from_entry(described, data)
    assert buffer.placed(Rect(0, 0, 3, 2)).tolist() == expected


def test_a_layer_takes_its_part_of_the_selection_and_keeps_its_place() -> None:
    layer = np.zeros((6, 8, 3), np.uint8)
    selection = np.zeros((40, 50), np.uint8)
    selection[12:20, 24:50] = 255  # reaches beyond the layer to the right and below
    asked = job(
        entry("image", layer, "RGB u8", 20, 10),
        entry("selection", selection, "Y u8"),
        options={"network": "closed-form", "band_px": 1},
        results={"alpha": "Y u8"},
    )
    request = WireAdapter().read(asked)
    assert request.trimap is not None
    assert request.trimap.tolist() == [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 128, 128, 128, 128],
        [0, 0, 0, 128, 128, 128, 128, 128],
        [0, 0, 0, 128, 128, 255, 255, 255],
        [0, 0, 0, 128, 128, 255, 255, 255],
        [0, 0, 0, 128, 128, 255, 255, 255],
    ]
    WireAdapter().write(asked, api.run(request, engine=FakeEngine()))
    described, data = asked.answer[0]
    assert described["at"] == [20, 10]
    assert data == request.trimap.tobytes()


def test_a_plate_has_to_cover_the_picture() -> None:
    picture = entry("image", np.zeros((6, 8, 3), np.uint8), "RGB u8", 20, 10)
    large = entry("plate", np.full((40, 50, 4), 9, np.uint8), "BGRA u8")
    plate = WireAdapter().read(job(picture, large)).plate
    assert plate is not None
    assert plate.shape == (6, 8, 3)
    assert plate.min() == 9
    small = entry("plate", np.zeros((6, 8, 3), np.uint8), "RGB u8", 21, 10)
    with pytest.raises(RequestError) as caught:
        WireAdapter().read(job(picture, small))
    assert caught.value.code == "plate-size"


def test_what_is_erased_of_a_trimap_layer_is_background() -> None:
    layer = np.repeat(mostly_unknown(8, 4)[..., None], 4, axis=2)
    layer[..., 3] = 255
    layer[:2, :, 3] = 0
    picture = entry("image", np.zeros((4, 8, 3), np.uint8), "RGB u8")
    read = WireAdapter().read(job(picture, entry("trimap", layer, "BGRA u8"))).trimap
    opaque = WireAdapter().read(job(picture, entry("trimap", layer[..., :3], "RGB u8"))).trimap
    assert read is not None
    assert opaque is not None
    assert (opaque == mostly_unknown(8, 4)).all()
    assert (read[2:] == mostly_unknown(8, 4)[2:]).all()
    assert (read[:2] == 0).all()


def test_the_picture_s_own_transparency_stays() -> None:
    image = np.full((4, 8, 4), 200, np.uint8)
    image[:, 6:, 3] = 51  # a fifth
    asked = job(
        entry("image", image, "RGBA u8"),
        entry("trimap", mostly_unknown(8, 4), "Y u8"),
        results={"alpha": "Y u8", "cutout": "RGBA u8", "foreground": "BGRA u8"},
    )
    request = WireAdapter().read(asked)
    assert any("transparent" in note for note in request.notes)
    WireAdapter().write(asked, api.run(request, engine=FakeEngine()))
    alpha, cutout, colours = (np.frombuffer(data, np.uint8) for _, data in asked.answer)
    assert alpha.reshape(4, 8)[0].tolist() == [0, 0, 128, 128, 128, 128, 255, 255]
    assert cutout.reshape(4, 8, 4)[0, :, 3].tolist() == [0, 0, 100, 100, 100, 100, 51, 51]
    assert colours.reshape(4, 8, 4)[0, :, 3].tolist() == [200] * 6 + [51] * 2


def test_an_alpha_a_little_below_one_is_no_transparency() -> None:
    image = np.full((4, 8, 4), np.nextafter(1, 0, dtype=np.float32), np.float32)
    asked = job(entry("image", image, "RGBA f32"), entry("trimap", mostly_unknown(8, 4), "Y u8"))
    assert WireAdapter().read(asked).notes == ()


def test_highlights_beyond_white_stay_where_the_picture_is_opaque() -> None:
    image = np.full((4, 8, 3), 4.5, np.float32)
    asked = job(
        entry("image", image, "RGB f32"),
        entry("trimap", mostly_unknown(8, 4), "Y u8"),
        results={"foreground": "RGB f32"},
    )
    request = WireAdapter().read(asked)
    assert request.image.max() == 1
    assert any("beyond" in note for note in request.notes)
    WireAdapter().write(asked, api.run(request, engine=FakeEngine()))
    colours = np.frombuffer(asked.answer[0][1], np.float32).reshape(4, 8, 3)
    assert (colours[:, 6:] == 4.5).all()
    assert colours[:, :6].max() <= 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"size": [8, 5]}, "buffer-size"),
        ({"size": [0, 4]}, "buffer-size"),
        ({"size": "large"}, "buffer-form"),
        ({"format": "CMYK u8"}, "pixel-format"),
        ({"name": "picture"}, "image-missing"),
    ],
)
def test_buffers_that_contradict_themselves_are_refused(changed: dict[str, Any], code: str) -> None:
    described, data = entry("image", np.zeros((4, 8, 3), np.uint8), "RGB u8")
    with pytest.raises(RequestError) as caught:
        job((described | changed, data))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"radius": 3}, "option-unknown"),
        ({"band_px": "3"}, "option-type"),
        ({"band_px": True}, "option-type"),
        ({"network": None, "band_px": None}, ""),
    ],
)
def test_options_are_checked(options: dict[str, Any], code: str) -> None:
    asked = job(entry("image", np.zeros((4, 8, 3), np.uint8), "RGB u8"), options=options)
    if not code:
        assert WireAdapter().read(asked).options.band_px is None
        return
    with pytest.raises(RequestError) as caught:
        WireAdapter().read(asked)
    assert caught.value.code == code


def test_a_mask_has_one_channel_and_a_result_its_channels() -> None:
    picture = entry("image", np.zeros((4, 8, 3), np.uint8), "RGB u8")
    colourful = entry("selection", np.zeros((4, 8, 3), np.uint8), "RGB u8")
    with pytest.raises(RequestError, match="3 channels"):
        WireAdapter().read(job(picture, colourful))
    with pytest.raises(RequestError, match="not made"):
        job(picture, results={"alpha": "RGB u8"})


@pytest.mark.parametrize("name", ["selection", "trimap", "segmentation"])
def test_floats_a_little_beyond_full_scale_are_full_scale(name: str) -> None:
    picture = entry("image", np.zeros((4, 8, 3), np.uint8), "RGB u8")
    exact = mostly_unknown(8, 4) / np.float32(255)
    if name == "selection":
        exact = np.floor(exact)
    beyond = exact.copy()
    beyond[exact == 0], beyond[exact == 1] = -1e-9, 1.0000001

    def read(values: NDArray[Any]) -> Any:
        asked = job(picture, entry(name, values, "Y f32"), options={"band_px": 1})
        request = WireAdapter().read(asked)
        return request.segmentation if name == "segmentation" else request.trimap

    assert (read(beyond) == read(exact)).all()
    for value in (np.nan, np.inf):
        beyond[0, 0] = value
        with pytest.raises(RequestError, match=f"The {name} has NaN or infinite values"):
            read(beyond)


def test_the_bridge_passes_the_worker_s_own_words_on() -> None:
    with Bridge(sys.executable, arguments=(FAKE,)) as worker:
        with pytest.raises(BridgeError) as caught:
            worker.matte(
                {"image": Pixels("RGB u8", 8, 4, bytes(96))},
                {"alpha": "Y u8"},
                options={"network": "nothing"},
            )
        assert caught.value.code == "network-unknown"
        assert "matteplug plugins" in caught.value.hint


@pytest.mark.parametrize("title", MALFORMED)
def test_a_malformed_frame_ends_the_worker_with_a_sentence(
    title: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(workers, "_end", end)
    worker = workers._Worker(io.BytesIO(MALFORMED[title]), io.BytesIO(), None)
    with pytest.raises(SystemExit) as caught:
        worker._read()
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("matteplug.worker: ")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"results": []}, "wire-header"),
        ({"options": "fast"}, "wire-header"),
        ({"host": ["krita"]}, "wire-header"),
        ({"options": {"band_px": "wide"}}, "option-type"),
        ({"size": [1e400, 2]}, "buffer-form"),
        ({"size": "ab"}, "buffer-form"),
        ({"size": [-8, -4]}, "buffer-size"),
        ({"size": [10**30, 4]}, "buffer-size"),
        ({"format": ["RGB", "u8"]}, "pixel-format"),
        ({"at": [None, 0]}, "buffer-form"),
    ],
)
def test_a_matte_that_makes_no_sense_is_answered_with_an_error(
    process: subprocess.Popen[bytes], change: dict[str, Any], code: str
) -> None:
    ask(process, {"type": "hello", "protocol": PROTOCOL})
    described, pixels = entry("image", np.zeros((4, 8, 3), np.uint8), "RGB u8")
    header = {"type": "matte", "id": [1, None], "results": {"alpha": "Y u8"}}
    for name, value in change.items():
        (described if name in ("size", "format", "at") else header)[name] = value
    answer = ask(process, header, (described, pixels))
    assert (answer["type"], answer["code"], answer["id"]) == ("error", code, [1, None])
    assert ask(process, {"type": "dance", "id": 3})["code"] == "wire-type"  # it goes on


def test_ids_may_repeat(process: subprocess.Popen[bytes]) -> None:
    ask(process, {"type": "hello", "protocol": PROTOCOL})
    assert process.stdin is not None
    assert process.stdout is not None
    picture = entry("image", np.zeros((5, 9, 3), np.uint8), "RGB u8")
    guide = entry("trimap", mostly_unknown(9, 5), "Y u8")
    slow = {"type": "matte", "id": 7, "options": {"network": "closed-form"}}
    for _ in range(2):  # each would take a minute
        write_frame(process.stdin, slow, [picture, guide])
    write_frame(process.stdin, {"type": "cancel", "id": 7})
    quick = entry("image", np.zeros((5, 8, 3), np.uint8), "RGB u8")
    for _ in range(2):
        write_frame(process.stdin, slow, [quick, entry("trimap", mostly_unknown(8, 5), "Y u8")])
    answers: list[str] = []
    while len(answers) < 4:
        frame = read_frame(process.stdout)
        assert frame is not None
        if frame[0]["type"] != "progress":
            answers.append(str(frame[0].get("code", frame[0]["type"])))
    assert answers == ["cancelled", "cancelled", "matte", "matte"]


def test_a_name_that_is_no_text_does_not_garble_an_answer() -> None:
    stream = io.BytesIO()
    write_frame(stream, {"type": "error", "message": "The file a\udcff.png is damaged."})
    stream.seek(0)
    frame = read_frame(stream)
    assert frame is not None
    assert frame[0]["message"] == "The file a?.png is damaged."
