"""Taught masks: who votes, what is kept, what is left out, and that a stopped command resumes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from matteplug.engine import OrtEngine
from matteplug.errors import RequestError, TrainingError
from matteplug.network import Guide, NetworkSpec, SizeRule, TensorSpec
from matteplug.training.command import command
from matteplug.training.data.datasets import TaughtPhotographs
from matteplug.training.data.sources import sources
from matteplug.training.scenes.photographs import Split
from matteplug.training.scenes.taught import TaughtCutouts, files_of
from matteplug.training.settings import TrainSettings
from matteplug.training.teach import likeness
from matteplug.training.teach.folder import JOURNAL, Decision, TaughtFolder
from matteplug.training.teach.subjects import SMALLEST_PART_PX, band, clear_part
from matteplug.training.teach.teachers import teachers
from matteplug.training.teach.voting import Mask, decide

SIZE = 96


def disc(radius: float = 20, x: float = 48, y: float = 48) -> Mask:
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    return np.asarray(np.hypot(rows - y, columns - x) < radius, np.float32)


def photograph(number: int, colour: tuple[int, int, int] = (200, 20, 20)) -> NDArray[np.uint8]:
    """Return something coloured before grey clouds of its own, (96, 128, 3) RGB."""
    rng = np.random.default_rng(number)
    clouds = cv2.resize(np.float32(rng.uniform(40, 220, (4, 5))), (128, 96))
    image = np.dstack([clouds] * 3).astype(np.uint8)
    cv2.circle(image, (40 + 3 * number % 40, 48), 22, colour, -1, cv2.LINE_AA)
    return image


def write(path: Path, image: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image[..., ::-1])


@pytest.fixture
def red_and_warm(tmp_path: Path) -> list[str]:
    """Return two teachers: red less blue, and red less green."""
    return [
        str(teacher(tmp_path / f"{name}.onnx", weights))
        for name, weights in {"red": (20, 0, -20), "warm": (18, -18, 0)}.items()
    ]


def teacher(path: Path, weights: tuple[float, ...]) -> Path:
    """Write an ONNX graph, sigmoid(weights · RGB − 4), and its spec; return its path."""
    kernel = numpy_helper.from_array(np.array(weights, np.float32).reshape(1, 3, 1, 1), "w")
    bias = numpy_helper.from_array(np.array([-4], np.float32), "b")
    nodes = [
        helper.make_node("Conv", ["picture", "w", "b"], ["x"]),
        helper.make_node("Sigmoid", ["x"], ["mask"]),
    ]
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "h", "w"])
    mask = helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, "h", "w"])
    graph = helper.make_graph(nodes, "teacher", [picture], [mask], [kernel, bias])
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    spec = NetworkSpec(
        id=path.stem,
        title=path.stem,
        guide=Guide.NONE,
        inputs=(TensorSpec(name="picture", role="image", channels=3),),
        outputs=(TensorSpec(name="mask", role="alpha", channels=1),),
        size=SizeRule(maximum_px=64),
        weights=path.name,
    )
    path.with_suffix(".json").write_text(json.dumps(spec.to_json()))
    return path


def teach(photographs: Path, out: Path, able: list[str], *more: str) -> int:
    train = command()
    parser = argparse.ArgumentParser()
    train.configure(parser)
    named = [word for name in able for word in ("--teacher", name)]
    words = ["teach", str(photographs), "--out", str(out), *named, *more]
    return train.run(parser.parse_args(words))


def test_what_two_agree_on_is_taken_and_a_third_disputes_a_part() -> None:
    more = np.maximum(disc(), disc(8, 72))
    vote = decide({"a": [disc(), disc()], "b": [disc(21), disc(20)], "c": [more, more]})
    assert {"a", "b"} <= set(vote.by)
    assert vote.mask is not None
    assert vote.known is not None
    assert not vote.known[48, 75]
    assert vote.known[48, 48]
    assert vote.known[10, 10]


@pytest.mark.parametrize(
    ("views", "reason"),
    [
        ({"a": [disc(2), disc(2)]}, "nothing found"),
        ({"a": [disc(), disc(20, 30)]}, "no teacher agrees with itself"),
        ({"a": [disc(20, 25)] * 2, "b": [disc(20, 70)] * 2}, "teachers disagree"),
        ({"a": [disc(70)] * 2, "b": [disc(70)] * 2}, "fills the picture"),
    ],
)
def test_what_they_do_not_agree_on_is_left_out(views: dict[str, list[Mask]], reason: str) -> None:
    assert decide(views).reason == reason


def test_one_alone_is_believed_where_the_others_saw_nothing() -> None:
    nothing = np.zeros((SIZE, SIZE), np.float32)
    assert decide({"a": [disc()] * 2, "b": [nothing] * 2}).by == ("a",)


def test_the_band_is_where_the_vote_is_split() -> None:
    mask = disc()
    mask[60:64, 44:52] = 0.4
    trimap = band(mask)
    assert (trimap[61, 46], trimap[48, 48], trimap[5, 5]) == (128, 255, 0)
    assert trimap[48, 68] == 128


def test_a_clear_part_shows_nothing_of_the_subject() -> None:
    votes = np.zeros((400, 400), np.float32)
    votes[:, :150] = 1
    part = clear_part(votes)
    assert part is not None
    assert not votes[part].any()
    assert votes[part].shape == (400, 248)  # whole cells of 8 px
    assert clear_part(votes[:, : 150 + SMALLEST_PART_PX - 8]) is None


def test_a_picture_is_known_again_scaled_lighter_mirrored_and_coded() -> None:
    image = photograph(3)
    again = cv2.resize(image, (77, 60), interpolation=cv2.INTER_AREA)[:, ::-1]
    again = np.clip(again * 1.1, 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", again, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    assert likeness.alike(decoded, [likeness.perceptual_hash(image)])
    others = [likeness.perceptual_hash(photograph(n)) for n in range(4, 20)]
    assert not likeness.alike(image, others)


def test_photographs_become_subjects_and_a_second_call_adds_the_rest(
    tmp_path: Path, red_and_warm: list[str]
) -> None:
    photographs, out, measured = (tmp_path / name for name in ("photos", "out", "measured"))
    for number in range(3):
        write(photographs / "cats" / f"{number}.png", photograph(number))
    write(photographs / "again.png", photograph(0)[:, ::-1])
    write(photographs / "blue.png", photograph(7, (20, 20, 200)))
    write(photographs / "measured.png", photograph(8))
    (photographs / "damaged.png").write_bytes(b"no picture")
    write(measured / "kept.png", cv2.resize(photograph(8), (200, 150)).astype(np.uint8))
    keep_out = ("--keep-out", str(measured), "--size", "128")

    assert teach(photographs, out, red_and_warm, *keep_out) == 0
    decisions = {decision.file: decision for decision in TaughtFolder(out).decisions()}
    taken = {file for file, decision in decisions.items() if decision.taken}
    assert taken == {"again.png", "cats/1.png", "cats/2.png"}
    assert decisions["cats/0.png"].reason == "looks like another"
    assert decisions["measured.png"].reason == "looks like another"
    assert decisions["blue.png"].reason == "nothing found"
    assert decisions["damaged.png"].reason == "damaged"
    alpha = cv2.imread(str(out / "alpha" / "cats-1.png"), cv2.IMREAD_GRAYSCALE)
    assert alpha is not None
    assert alpha[48, 43] == 255
    assert alpha[5, 120] == 0
    cutout = cv2.imread(str(out / "cutout" / "cats-1.webp"), cv2.IMREAD_UNCHANGED)
    assert cutout is not None
    assert np.array_equal(cutout[..., 3], alpha)
    assert np.abs(cutout[48, 43, 2::-1].astype(int) - (200, 20, 20)).max() < 20
    sheet = cv2.imread(str(out / "sheet.png"))
    assert sheet is not None

    with (out / JOURNAL).open("a") as journal:
        journal.write('{"file": "cut off')  # as a kill would leave it
    write(photographs / "cats" / "9.png", photograph(9))
    assert teach(photographs, out, red_and_warm, *keep_out) == 0
    lines = (out / JOURNAL).read_text().splitlines()
    assert len(lines) == len(decisions) + 1


def test_nothing_agreed_on_is_an_error(tmp_path: Path, red_and_warm: list[str]) -> None:
    write(tmp_path / "photos" / "blue.png", photograph(1, (20, 20, 200)))
    with pytest.raises(TrainingError, match="agree on none of the 1 photographs"):
        teach(tmp_path / "photos", tmp_path / "out", red_and_warm)
    (tmp_path / "none").mkdir()
    with pytest.raises(RequestError, match="has no photographs"):
        teach(tmp_path / "none", tmp_path / "out", red_and_warm)


def test_teachers_need_no_guide() -> None:
    with pytest.raises(TrainingError, match="No teacher was named"):
        teachers([], OrtEngine())
    with pytest.raises(TrainingError, match="citm needs a trimap"):
        teachers(["citm"], OrtEngine())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of subjects that were taught by hand."""
    from matteplug.training.teach.subjects import Subject

    taught = TaughtFolder(tmp_path / "subjects")
    for number in range(24):
        image = photograph(number)
        alpha = np.where(image[..., 0] > image[..., 1] + 50, 255, 0).astype(np.uint8)
        known = np.full_like(alpha, 255)
        known[:, 100:] = 0
        subject = Subject(image=image, alpha=alpha, known=known, foreground=image)
        decision = Decision(file=f"{number}.png", name=f"{number}", taken=True)
        taught.add(decision, subject, image[:20, :40])
    return taught.folder


def test_a_subjects_files_are_all_of_one_split(folder: Path) -> None:
    stems: dict[Split, list[set[str]]] = {}
    splits: tuple[Split, Split] = ("train", "holdout")
    for split in splits:
        stems[split] = [
            {path.stem for path in files_of(folder, part, split)}
            for part in ("image", "cutout", "background")
        ]
        assert stems[split][0] == stems[split][1] == stems[split][2]
    assert not stems["train"][0] & stems["holdout"][0]
    with pytest.raises(RequestError, match="has no image"):
        files_of(folder / "image", "image", "train")


def test_photographs_are_views_with_what_is_known(folder: Path) -> None:
    source = TaughtPhotographs(folder, "train", seed=1)
    scenes = [source.scene(number, 64) for number in range(40)]
    again = TaughtPhotographs(folder, "train", seed=1).scene(7, 64)
    assert np.array_equal(scenes[7].image, again.image)
    assert any(not scene.alpha.any() for scene in scenes)
    for scene in scenes:
        assert scene.known is not None
        assert set(np.unique(scene.known)) <= {0, 255}
        if scene.alpha.any():
            inside = scene.image[(scene.alpha == 255) & (scene.known == 255)].astype(int)
            assert len(inside) == 0 or inside[:, 0].mean() > inside[:, 1].mean() - 10


def test_cutouts_keep_their_colours(folder: Path) -> None:
    cutout = TaughtCutouts(folder, "holdout")(np.random.default_rng(0), 64)
    assert cutout.colour is not None
    assert cutout.alpha.max() == 255


def test_subjects_and_synthetic_scenes_make_batches_together(folder: Path, tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path / "photos" / f"{number}.png", photograph(number, (90, 90, 90)))
    data = (f"photos:{tmp_path / 'photos'}", f"subjects:{folder}")
    settings = TrainSettings(family="hfam", config="compact", data=data, sizes_px=(48,))
    from matteplug.training.data.requirements import DataRequirements
    from matteplug.training.data.stream import BatchPlan

    portraits = DataRequirements(portraits=True, trimap=False)
    train, _ = sources(settings, portraits)
    batch = train.batch(0, BatchPlan(8, (48,)))
    assert batch["known"].shape == (8, 1, 48, 48)
    names = {name for number in range(60) for name in train.scene(number, 48).styles}
    assert {"taught", "subjects"} < names
    with pytest.raises(TrainingError, match="no measured edge"):
        sources(settings)
