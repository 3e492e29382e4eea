"""``matteplug evaluate``: folders in, tables out, and what is missing named."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matteplug.errors import MatteplugError, RequestError
from matteplug.evaluation import samples
from matteplug.evaluation.command import command
from matteplug.evaluation.methods import Answer, Half
from matteplug.evaluation.metrics import Count
from matteplug.evaluation.scores import evaluate, to_json
from matteplug.evaluation.styles import ScoredSamples, to_table

NAMES = ("one", "two")


def evaluate_command(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    command().configure(parser)
    return command().run(parser.parse_args([str(argument) for argument in arguments]))


def save(path: Path, array: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), array)


def pictures(seed: int) -> dict[str, NDArray[np.uint8]]:
    """A picture with its alpha and a trimap."""
    y, x = np.mgrid[:32, :48]
    ramp = np.clip(1.5 - np.hypot(y - 16, x - 22 - seed) / 8, 0, 1)
    trimap = np.where(ramp >= 1, 255, np.where(ramp > 0, 128, 0))
    colours = np.random.default_rng(seed).integers(0, 256, (32, 48, 3))
    return {
        "input": colours.astype(np.uint8),
        "alpha": np.rint(ramp * 255).astype(np.uint8),
        "trimap1": trimap.astype(np.uint8),
    }


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """The layout of one folder for each kind."""
    for seed, name in enumerate(NAMES):
        for kind, array in pictures(seed).items():
            save(tmp_path / "set" / kind / f"{name}.png", array)
    return tmp_path / "set"


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """The layout of all files side by side, without trimaps; the pictures are JPEGs."""
    for seed, name in enumerate(NAMES):
        made = pictures(seed)
        save(tmp_path / "flat" / f"{name}.jpg", made["input"])
        save(tmp_path / "flat" / f"{name}_alpha.png", made["alpha"])
    return tmp_path / "flat"


def test_folders_are_found_with_their_first_trimaps(folders: Path) -> None:
    found = samples.find(folders)
    assert found.trimap == "trimap1"
    assert [sample.name for sample in found.samples] == list(NAMES)
    scene = samples.read(found.samples[0])
    assert scene.trimap is not None
    assert (scene.image.shape, scene.truth.shape) == ((32, 48, 3), (32, 48))
    assert scene.truth.dtype == np.float32
    assert scene.truth.max() == 1
    np.testing.assert_array_equal(scene.trimap, pictures(0)["trimap1"])
    assert scene.notes == ()


def test_files_side_by_side_are_found(beside: Path) -> None:
    found = samples.find(beside)
    assert found.trimap is None
    assert [sample.image.name for sample in found.samples] == ["one.jpg", "two.jpg"]
    assert [sample.alpha.name for sample in found.samples] == ["one_alpha.png", "two_alpha.png"]


def test_trimaps_side_by_side_and_a_plate_are_found(beside: Path) -> None:
    for seed, name in enumerate(NAMES):
        save(beside / f"{name}_trimap.png", pictures(seed)["trimap1"])
    save(beside / "two_plate.png", pictures(1)["input"])
    found = samples.find(beside)
    assert found.trimap == "trimap"
    assert [sample.plate is not None for sample in found.samples] == [False, True]


def test_whole_pictures_are_measured_on_request(folders: Path) -> None:
    found = samples.find(folders, "none")
    assert found.trimap is None
    assert all(sample.trimap is None for sample in found.samples)


@pytest.fixture
def styles(tmp_path: Path) -> Path:
    """Two styles, each with two kinds of trimaps, one of them side by side."""
    root = tmp_path / "styles"
    for seed, name in enumerate(NAMES):
        made = pictures(seed)
        wide = np.full_like(made["trimap1"], 128)
        wide[0], wide[16, 20:24] = 0, 255
        for kind, array in (made | {"strokes": wide}).items():
            save(root / "hair" / kind / f"{name}.png", array)
            save(root / "net" / f"{name}_{kind}.png".replace("_input", ""), array)
    return root


def test_folders_of_folders_are_styles(styles: Path) -> None:
    found = samples.find(styles)
    assert found.trimap == "trimap1"
    assert [(sample.style, sample.name) for sample in found.samples] == [
        (style, f"{style}/{name}") for style in ("hair", "net") for name in NAMES
    ]
    save(styles / "plain" / "three.png", pictures(0)["input"])
    save(styles / "plain" / "three_alpha.png", pictures(0)["alpha"])
    with pytest.raises(RequestError, match="hair: trimap1; net: trimap1; plain: none"):
        samples.find(styles)
    with pytest.raises(RequestError, match="three_strokes"):
        samples.find(styles, "strokes")


def test_errors_by_style_and_trimap(styles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        save(styles.parent / "made" / "hair" / f"{name}.png", pictures(0)["alpha"])
        save(styles.parent / "made" / "net" / f"{name}.png", 255 - pictures(0)["alpha"])
    trimaps = ("--trimap", "trimap1", "--trimap", "strokes")
    asked = (styles, *trimaps, "--alphas", styles.parent / "made", "--network", "half")
    assert evaluate_command(*asked, "--json") == 0
    narrow, strokes = json.loads(capsys.readouterr().out)
    assert (narrow["trimap"], strokes["trimap"]) == ("trimap1", "strokes")
    for result in (narrow, strokes):
        assert result["worst"] in {"net/one", "net/two"}
        for method in result["methods"]:
            sads = {image["name"]: image["sad"] for image in method["images"]}
            net = method["styles"]["net"]
            assert net["pictures"] == 2
            assert net["sad"] == pytest.approx((sads["net/one"] + sads["net/two"]) / 2)
            rest = [sad for name, sad in sads.items() if name != result["worst"]]
            assert method["mean_without_worst"]["sad"] == pytest.approx(np.mean(rest))
    assert evaluate_command(*asked) == 0
    printed = capsys.readouterr()
    assert "half SAD, half MSE, made SAD, made MSE" in printed.err
    rows = [line.split("\t") for line in printed.out.splitlines()]
    worst = f"without {narrow['worst']}"
    assert [row[1] for row in rows[:4]] == ["hair", "net", "mean", worst]
    assert [row[0] for row in rows] == ["trimap1"] * 4 + ["strokes"] * 4
    assert float(rows[1][3]) == pytest.approx(
        narrow["methods"][0]["styles"]["net"]["sad"], abs=0.01
    )
    found = [samples.find(styles, word) for word in ("trimap1", "strokes")]
    runs = [ScoredSamples(folder, evaluate(folder, [Half()])) for folder in found]
    assert to_table(runs, Count.UNKNOWN).row_count == len(rows)


def test_a_report_shows_one_trimap(styles: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="one kind of trimap"):
        evaluate_command(
            styles,
            *("--trimap", "trimap1", "--trimap", "strokes", "--network", "half"),
            *("--report", tmp_path / "page.html"),
        )


def damaged_alpha(folder: Path) -> None:
    (folder / "alpha" / "two.png").unlink()


def damaged_size(folder: Path) -> None:
    save(folder / "alpha" / "two.png", np.zeros((5, 7), np.uint8))


def damaged_trimap(folder: Path) -> None:
    (folder / "trimap1" / "one.png").unlink()


def damaged_colour(folder: Path) -> None:
    save(folder / "alpha" / "one.png", pictures(0)["input"])


def blank_trimap(folder: Path) -> None:
    save(folder / "trimap1" / "one.png", np.zeros((32, 48), np.uint8))


def damaged_file(folder: Path) -> None:
    (folder / "input" / "one.png").write_bytes(b"no picture")


@pytest.mark.parametrize(
    ("damage", "code", "named"),
    [
        (damaged_alpha, "alpha-missing", "two.png"),
        (damaged_size, "sample-size", "7×5"),
        (damaged_trimap, "trimap-missing", "one.png"),
        (damaged_colour, "mask-colour", "one.png"),
        (blank_trimap, "trimap-all-background", "one cannot be measured"),
        (damaged_file, "file-not-image", "one.png"),
    ],
)
def test_a_bad_file_is_named(
    folders: Path, damage: Callable[[Path], None], code: str, named: str
) -> None:
    damage(folders)
    with pytest.raises(RequestError) as caught:
        evaluate_command(folders, "--network", "half")
    assert caught.value.code == code
    assert named in caught.value.message


def test_a_bad_folder_is_named(tmp_path: Path, folders: Path) -> None:
    with pytest.raises(RequestError, match="There is no folder"):
        evaluate_command(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match="no pictures"):
        evaluate_command(tmp_path / "empty")
    with pytest.raises(RequestError, match="2 of 2 pictures lack their trimap9"):
        evaluate_command(folders, "--trimap", "trimap9")
    with pytest.raises(RequestError, match="no folder of alphas"):
        evaluate_command(folders, "--alphas", tmp_path / "nowhere")
    (tmp_path / "alphas").mkdir()
    with pytest.raises(RequestError, match="alphas failed on one: There is no alpha for one"):
        evaluate_command(folders, "--alphas", tmp_path / "alphas")


def test_an_unknown_network_is_an_error(folders: Path) -> None:
    with pytest.raises(MatteplugError, match="nonesuch"):
        evaluate_command(folders, "--network", "nonesuch")


def test_half_is_a_half_where_nothing_is_known(folders: Path) -> None:
    scene = samples.read(samples.find(folders).samples[0])
    alpha = Half().answer(scene).alpha
    assert scene.trimap is not None
    np.testing.assert_array_equal(alpha, np.choose(scene.trimap // 127, [0.0, 0.5, 1.0]))
    blind = samples.read(samples.find(folders, "none").samples[0])
    assert (Half().answer(blind).alpha == 0.5).all()


def test_several_methods_are_measured_in_one_run(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = evaluate_command(
        folders, "--network", "half", "--alphas", f"truth={folders / 'alpha'}", "--json"
    )
    result = json.loads(capsys.readouterr().out)
    assert status == 0
    assert set(result) == {"evaluator", "data", "trimap", "convention", "methods"}
    assert (result["data"], result["trimap"]) == ("set", "trimap1")
    assert "unknown area" in result["convention"]["area"]
    half, truth = result["methods"]
    assert set(half) == {"method", "images", "mean", "elapsed_s"}
    assert (half["method"], truth["method"]) == ("half", "truth")
    assert [image["name"] for image in half["images"]] == list(NAMES)
    for error in ("sad", "mse", "grad", "conn"):
        values = [image[error] for image in half["images"]]
        assert half["mean"][error] == pytest.approx(np.mean(values))
        assert half["mean"][error] > 0
        assert truth["mean"][error] == pytest.approx(0, abs=1e-9)
    made = pictures(0)
    unknown = made["trimap1"] == 128
    by_hand = np.abs(made["alpha"][unknown] / 255 - 0.5).sum() / 1000
    assert half["images"][0]["sad"] == pytest.approx(by_hand)


def test_the_table_prints_mse_in_thousandths(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate_command(folders, "--network", "half") == 0
    printed, said = capsys.readouterr()
    found = samples.find(folders)
    scores = evaluate(found, [Half()])
    mean = to_json(found, scores, Count.UNKNOWN)["methods"][0]["mean"]
    assert f"{mean['mse'] * 1000:.2f}" in printed
    assert f"{mean['sad']:.3f}" in printed
    assert "MSE × 10⁻³" in said


def test_the_published_case_goes_through_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trimap = np.zeros((32, 32), np.uint8)
    trimap[:16, :16], trimap[16:, 16:] = 128, 255
    save(tmp_path / "input" / "a.png", np.zeros((32, 32, 3), np.uint8))
    save(tmp_path / "alpha" / "a.png", np.full((32, 32), 255, np.uint8))
    save(tmp_path / "trimap" / "a.png", trimap)
    save(tmp_path / "made" / "a.png", np.where(trimap == 255, 255, 0).astype(np.uint8))
    arguments = (tmp_path, "--alphas", tmp_path / "made", "--json")
    assert evaluate_command(*arguments, "--count", "picture") == 0
    mean = json.loads(capsys.readouterr().out)["methods"][0]["mean"]
    assert (mean["sad"], mean["mse"]) == (pytest.approx(0.768), pytest.approx(3.0))
    assert mean["grad"] == pytest.approx(0.0028887, abs=5e-8)
    assert mean["conn"] == pytest.approx(0.256)


def test_real_pictures_are_read_without_repairs(shared: Path) -> None:
    for word in ("trimap1", "trimap2"):
        found = samples.find(shared / "eval" / "alphamatting", word)
        assert len(found.samples) == 9
        scene = samples.read(found.samples[0])
        assert scene.notes == ()
        assert scene.truth.max() == 1


def test_the_docs_show_the_form_of_the_json(folders: Path) -> None:
    text = (Path(__file__).parent.parent / "docs" / "evaluation.md").read_text(encoding="utf-8")
    shown = json.loads(text.split("```json")[1].split("```")[0])
    found = samples.find(folders)
    made = to_json(found, evaluate(found, [Half()]), Count.UNKNOWN)
    assert list(shown) == list(made)
    assert shown["convention"] == made["convention"]
    assert list(shown["methods"][0]) == list(made["methods"][0])
    assert list(shown["methods"][0]["images"][0]) == list(made["methods"][0]["images"][0])


def test_repairs_of_a_trimap_are_said_on_standard_error(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folders / "trimap1" / "one.png"
    trimap = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert trimap is not None
    save(path, np.where(trimap == 128, 90, trimap).astype(np.uint8))
    assert evaluate_command(folders, "--network", "half", "--json") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)
    assert "one: The gray 90 of 255 was read as unknown." in captured.err


class Broken:
    """A method whose provider gives NaN."""

    name = "broken"

    def answer(self, scene: samples.LoadedSample) -> Answer:
        alpha = Half().answer(scene).alpha
        alpha[3, 4] = np.nan
        return Answer(alpha)


def test_an_alpha_that_is_no_number_is_no_score(folders: Path) -> None:
    with pytest.raises(RequestError, match="broken returned NaN or infinite values on one"):
        evaluate(samples.find(folders), [Broken()])
