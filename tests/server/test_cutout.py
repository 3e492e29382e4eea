"""A form in, a picture out: what is made, what is refused, and what stays out of reach."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch.trees import colours, photograph, plate_of, trimap_of
from PIL import Image

from matteplug.errors import EngineError
from matteplug.testing import FakeEngine
from matteplug_serve.queue import Queue

from .conftest import Client, client_of, served_by

Post = Callable[..., Any]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return photograph(tmp_path / "photo.png")


@pytest.fixture
def form(picture: Path) -> dict[str, bytes]:
    return {"image": picture.read_bytes(), "trimap": trimap_of(picture).read_bytes()}


def decoded(content: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def test_a_picture_and_its_trimap_make_a_cutout(client: Client, form: dict[str, bytes]) -> None:
    answer = client.post("/cutout", files=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    cutout, alpha = decoded(answer.content), decoded(form["trimap"])
    np.testing.assert_array_equal(cutout[..., 3], alpha)
    np.testing.assert_array_equal(cutout[alpha == 255][:, :3], colours()[alpha == 255])
    assert answer.headers["x-matteplug-network"] == "by-trimap"
    assert answer.headers["x-matteplug-provider"] == "cpu"
    assert answer.headers["x-matteplug-outcome"] == "done"
    assert json.loads(answer.headers["x-matteplug-notes"]) == []


def test_a_plate_is_a_guide_too(client: Client, picture: Path, tmp_path: Path) -> None:
    files = {"image": picture.read_bytes(), "plate": plate_of(tmp_path / "p.png").read_bytes()}
    answer = client.post("/cutout", files=files, data={"align": "false", "refine": "false"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-matteplug-network"] == "by-plate"


@pytest.mark.parametrize(
    ("fields", "kind", "mode"),
    [
        ({"output": "alpha"}, "image/png", "L"),
        ({"format": "webp"}, "image/webp", "RGBA"),
        ({"backdrop": "white", "format": "jpg", "quality": "80"}, "image/jpeg", "RGB"),
        ({"format": "tif", "associated": "true", "depth": "8"}, "image/tiff", "RGBA"),
    ],
)
def test_the_options_are_those_of_the_table(
    client: Client, form: dict[str, bytes], fields: dict[str, str], kind: str, mode: str
) -> None:
    answer = client.post("/cutout", files=form, data=fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == kind
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.mode == mode


def test_a_backdrop_can_be_sent(client: Client, form: dict[str, bytes]) -> None:
    wall = io.BytesIO()
    Image.new("RGB", (40, 30), (9, 8, 7)).save(wall, "PNG")
    answer = client.post("/cutout", files=form | {"backdrop_picture": wall.getvalue()})
    assert decoded(answer.content)[0, 0].tolist() == [9, 8, 7]


def test_no_file_of_the_server_is_reachable(
    client: Client, form: dict[str, bytes], picture: Path
) -> None:
    """Neither as a backdrop, nor by the name of an upload, nor by the address."""
    answer = client.post("/cutout", files=form, data={"backdrop": str(picture)})
    assert (answer.status_code, answer.json()["code"]) == (400, "backdrop-unknown")
    named = {"image": (str(picture), form["image"]), "trimap": ("../../x", form["trimap"])}
    assert client.post("/cutout", files=named).status_code == 200
    raw = HTTPConnection(client.address.removeprefix("http://"), timeout=30)
    for path in ("/../../etc/passwd", "/static-offline-docs/../../etc/passwd", "//etc/passwd"):
        raw.request("GET", path)
        with raw.getresponse() as refused:
            assert refused.status in (404, 405), path
            refused.read()
    raw.close()
    assert client.post("/cutout", files=form, data={"image": str(picture)}).status_code == 400


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"band_px": "0"}, "band-width", "band_px is 0"),
        ({"band_px": "many"}, "option-type", "'many'"),
        ({"refine": "perhaps"}, "option-type", "'perhaps'"),
        ({"format": "bmp"}, "option-choice", "format"),
        ({"colour": "red"}, "option-unknown", '"colour"'),
        ({"provider": "cuda"}, "option-unknown", '"provider"'),
        ({"limit_mib": "99999"}, "option-unknown", '"limit_mib"'),
        ({"max_area_megapixels": "9999"}, "option-unknown", '"max_area_megapixels"'),
        ({"network": "none-such"}, "network-unknown", "none-such"),
        ({"output": "composite"}, "backdrop-missing", "backdrop"),
    ],
)
def test_a_wrong_option_is_told_in_a_sentence(
    client: Client, form: dict[str, bytes], fields: dict[str, str], code: str, words: str
) -> None:
    answer = client.post("/cutout", files=form, data=fields)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert words in answer.json()["message"]


def test_a_damaged_picture_is_called_by_its_field(client: Client, form: dict[str, bytes]) -> None:
    answer = client.post("/cutout", files=form | {"image": form["image"][:60]})
    assert answer.status_code == 400
    assert "image" in answer.json()["message"]
    assert tempfile.gettempdir() not in answer.text


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"trimap": b"x"}, "image-missing"),
        ({"image": b"x", "mask": b"x"}, "field-unknown"),
        ([("image", b"x"), ("image", b"x")], "field-twice"),
        ({"image": b""}, "guide-missing"),
        ({"image": b"", "trimap": b""}, "file-empty"),
    ],
)
def test_a_form_has_one_picture_of_each_kind(client: Client, files: Any, code: str) -> None:
    answer = client.post("/cutout", files=files)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_what_is_no_form_is_refused(client: Client) -> None:
    answer = client.post("/cutout", data=b"bytes", headers={"content-type": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (415, "form-missing")
    broken = {"content-type": "multipart/form-data; boundary=a"}
    answer = client.post("/cutout", data=b"--b\r\n", headers=broken)
    assert (answer.status_code, answer.json()["code"]) == (400, "form-damaged")


def test_an_engine_that_fails_is_the_server_s_fault(
    client: Client,
    form: dict[str, bytes],
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for error, code in (
        (EngineError("run-failed", "It failed."), "run-failed"),
        (ZeroDivisionError("x"), "unexpected"),
    ):
        monkeypatch.setattr(engine, "alpha", lambda *_, error=error: (_ for _ in ()).throw(error))
        answer = client.post("/cutout", files=form)
        assert (answer.status_code, answer.json()["code"]) == (500, code)


def test_every_request_leaves_nothing_behind(
    client: Client, form: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    client.post("/cutout", files=form)
    client.post("/cutout", files={"image": b"broken"})
    assert not list(place.iterdir())
    health = client.get("/health").json()
    assert (health["taken"], health["done"]) == (0, 1)


def test_the_page_describes_every_field(client: Client) -> None:
    described = client.get("/openapi.json").json()["paths"]["/cutout"]["post"]
    form = described["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["image"]
    band = form["properties"]["band_px"]
    assert (band["type"], band["minimum"], band["maximum"]) == ("integer", 1, 2000)
    assert "avif" in form["properties"]["format"]["enum"]
    assert "provider" not in form["properties"]
    page = client.get("/docs").text
    assert not re.findall(r"(?:src|href)=.(?:https?:)?//", page)


def test_without_the_token_nothing_is_cut_out(engine: FakeEngine, form: dict[str, bytes]) -> None:
    app = served_by(token="a-secret-of-the-house", hosts=None)
    with client_of(app) as client:
        for given in (
            {},
            {"authorization": b"Bearer wrong"},
            {"authorization": b"\xe9"},
        ):
            answer = client.post("/cutout", files=form, headers=given)
            assert (answer.status_code, answer.json()["code"]) == (401, "token-wrong")
        right = {"authorization": "Bearer a-secret-of-the-house"}
        assert client.post("/cutout", files=form, headers=right).status_code == 200
        assert client.get("/health").status_code == 200
    assert len(engine.runs) == 1


def test_web_pages_and_other_names_are_refused(client: Client, form: dict[str, bytes]) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}, {"host": "["}):
        answer = client.post("/cutout", files=form, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "host-refused")
    port = client.address.rpartition(":")[2]
    own = {"host": f"localhost:{port}", "origin": f"http://localhost:{port}"}
    assert client.post("/cutout", files=form, headers=own).status_code == 200


def test_an_upload_that_is_too_large_is_refused(engine: FakeEngine, form: dict[str, bytes]) -> None:
    with client_of(served_by(upload_mib=1)) as client:
        large = form | {"image": bytes(1 << 21)}
        answer = client.post("/cutout", files=large)
        assert (answer.status_code, answer.json()["code"]) == (413, "upload-too-large")

        def unannounced() -> Any:
            yield b'--a\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
            yield from [bytes(1 << 18)] * 9

        headers = {"content-type": "multipart/form-data; boundary=a"}
        answer = client.post("/cutout", data=unannounced(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "upload-too-large")
        assert client.get("/health").json()["taken"] == 0


def test_a_full_queue_tells_when_to_come_back(engine: FakeEngine, form: dict[str, bytes]) -> None:
    queue = Queue(1)
    with client_of(served_by(queue)) as client, queue.place():
        answer = client.post("/cutout", files=form)
        assert (answer.status_code, answer.json()["code"]) == (503, "server-busy")
        assert int(answer.headers["retry-after"]) >= 1
    assert queue.taken == 0
