"""Background matting: wiring, cues, foreground, discriminator, and the way to any size."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from matteplug.networks.background_matting import cues
from matteplug.networks.background_matting.config import COMPACT, PAPER, BackgroundMattingConfig
from matteplug.networks.background_matting.family import export_module
from matteplug.networks.background_matting.graph import BackgroundMattingGraph
from matteplug.networks.background_matting.model import OPAQUE, BackgroundMatting, PlateOutput
from matteplug.networks.background_matting.propagation import (
    AlphaPropagation,
    colour_data_weight,
    propagated_alpha,
)
from matteplug.networks.background_matting.refiner import DAMPING, HALVINGS, MISFIT
from matteplug.networks.families import family
from matteplug.networks.ops.compositing import compositing_fit, project_alpha
from matteplug.networks.ops.patch_discriminator import PatchDiscriminator
from matteplug.networks.ops.push_pull import push_pull

TINY = BackgroundMattingConfig(widths=(4, 8, 16), selected=4, shared=1, apart=1)
DEEP = replace(TINY, widths=(4, 8, 8, 16), cues=("plate", "segmentation"))
REFINED = replace(DEEP, widths=(4, 8, 16), difference=True, detail=4, propagation=True)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def scene(height: int = 64, width: int = 128, batch: int = 1) -> tuple[Tensor, ...]:
    """Return image, plate, segmentation and motion in [0, 1]."""
    return tuple(torch.rand(batch, channels, height, width) for channels in (3, 3, 1, 4))


@pytest.mark.parametrize("config", [TINY, DEEP, REFINED])
def test_outputs_have_the_size_of_the_image(config: BackgroundMattingConfig) -> None:
    output = BackgroundMatting(config)(*scene(batch=2))
    assert output.alpha.shape == (2, 1, 64, 128)
    assert output.foreground.shape == (2, 3, 64, 128)


@pytest.mark.parametrize("config", [TINY, DEEP, REFINED])
def test_gradients_reach_every_parameter(config: BackgroundMattingConfig) -> None:
    model = BackgroundMatting(config).train()
    for parameter in model.parameters():
        if not parameter.any():  # what starts as nothing stops what comes before it
            torch.nn.init.normal_(parameter, std=0.1)
    output = model(*scene(batch=2))
    (output.alpha.square().mean() + output.foreground.square().mean()).backward()
    assert not [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]


def test_public_wiring_feeds_the_motion_selector_with_the_plate() -> None:
    paper = BackgroundMatting(TINY).eval()
    public = BackgroundMatting(replace(TINY, public_wiring=True)).eval()
    public.load_state_dict(paper.state_dict())
    image, plate, segmentation, motion = scene()
    other = torch.rand_like(motion)

    def changes(model: BackgroundMatting) -> bool:
        one = model.raw(image, plate, segmentation, motion)[0]
        return not torch.equal(one, model.raw(image, plate, segmentation, other)[0])

    assert changes(paper)
    assert not changes(public)
    # the same weights answer differently when the wires differ
    assert not torch.equal(
        paper.raw(image, plate, segmentation, motion)[0],
        public.raw(image, plate, segmentation, motion)[0],
    )


def test_segmentation_is_made_from_the_plate_only_where_none_is_given() -> None:
    plate = torch.full((1, 3, 128, 128), 0.4)
    image = plate.clone()
    image[:, 0, 48:80, 48:80] = 0.9
    nothing = torch.full((1, 1, 128, 128), -1.0)
    made = cues.segmentation_or_default(nothing, image, plate)[0, 0]
    assert made[64, 64] == 1
    assert made[2, 2] == 0
    assert 0 < made[20:48, 64].max() <= 1
    empty = torch.zeros(1, 1, 128, 128)
    assert torch.equal(cues.segmentation_or_default(empty, image, plate), empty)


def test_texture_tells_what_colour_does_not() -> None:
    joints = (torch.arange(128) % 16 < 3).float()
    wall = 0.5 + 0.14 * (joints[None, :] + joints[:, None]).clamp(0, 1)
    plate = wall.expand(1, 3, 128, 128).clone()
    image = plate + 0.004 * torch.randn(plate.shape, generator=torch.Generator().manual_seed(0))
    image[:, :, 32:96, 32:96] = wall.mean()  # a face of the wall's colour
    colour = (image - plate).abs().amax(dim=1)[0, 32:96, 32:96]
    assert colour.mean() < sum(cues.DIFFERENT) / 2
    made = cues.from_difference(image, plate)[0, 0]
    assert made[52:76, 52:76].min() > 0.6
    assert made[:8].max() == 0
    assert cues.strangeness(plate, plate).max() == 0


def test_a_still_has_its_own_grey_as_motion() -> None:
    image, plate, segmentation, _ = scene()
    model = BackgroundMatting(TINY).eval()
    motion = image.mean(dim=1, keepdim=True).repeat(1, 4, 1, 1)
    expected = model(image, plate, segmentation, motion)
    torch.testing.assert_close(model(image, plate, segmentation).alpha, expected.alpha)


def test_opaque_pixels_keep_the_images_colours() -> None:
    image, plate, segmentation, motion = scene()
    graph = export_module(BackgroundMatting(TINY))
    assert isinstance(graph, BackgroundMattingGraph)
    halves = torch.zeros(1, 1, 64, 128)
    halves[..., 64:] = OPAQUE + 0.01
    graph.model.forward = lambda *_: PlateOutput(halves, torch.full((1, 3, 64, 128), 2.0))  # type: ignore[method-assign]
    alpha, foreground = graph(*(255 * x for x in (image, plate, segmentation, motion)))
    assert torch.equal(alpha, halves)
    torch.testing.assert_close(foreground[..., 64:], image[..., 64:])
    assert (foreground[..., :64] == 1).all()


def test_propagation_leaves_no_residues() -> None:
    image, plate, segmentation, _ = scene()
    graph = export_module(BackgroundMatting(REFINED))
    thirds = torch.tensor([0.03, 0.5, 0.97]).repeat_interleave(43)[:128].expand(1, 1, 64, 128)
    graph.model.forward = lambda *_: PlateOutput(thirds, image)  # type: ignore[union-attr]
    alpha, _ = graph(*(255 * x for x in (image, plate, segmentation)))
    torch.testing.assert_close(alpha, thirds.round(decimals=1))


@pytest.mark.parametrize("config", [TINY, DEEP, REFINED])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (50, 97)])
def test_graph_takes_any_size(config: BackgroundMattingConfig, height: int, width: int) -> None:
    graph = export_module(BackgroundMatting(config))
    inputs = scene(height, width, batch=2)[: 1 + len(config.cues)]
    alpha, foreground = graph(*(255 * x for x in inputs))
    assert alpha.shape == (2, 1, height, width)
    assert foreground.shape == (2, 3, height, width)
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def project(image: Tensor, plate: Tensor, foreground: Tensor) -> Tensor:
    return project_alpha(image, foreground, plate, DAMPING, prior=0.0)


def test_the_compositing_equation_gives_alpha_where_the_colours_differ() -> None:
    alpha = torch.linspace(0, 1, 16).view(1, 1, 1, 16)
    foreground = torch.full((1, 3, 1, 16), 0.9)
    plate = torch.full((1, 3, 1, 16), -0.8)
    image = alpha * foreground + (1 - alpha) * plate
    torch.testing.assert_close(project(image, plate, foreground), alpha, atol=3e-3, rtol=0)
    assert (project(plate, plate, plate) == 0).all()


def test_colours_spread_from_the_opaque_parts() -> None:
    alpha = torch.zeros(1, 1, 64, 64)
    alpha[..., 8:24, 8:24] = 1
    picture = torch.full((1, 3, 64, 64), -1.0)
    picture[..., 8:24, 8:24] = 0.1  # mixed with what is behind
    picture[..., 10:22, 10:22] = 0.5  # the core's own colour
    weights = cues.opaque(alpha)
    spread = push_pull(picture * weights, weights, HALVINGS)
    assert torch.allclose(spread, torch.tensor(0.5), atol=0.02)
    assert not push_pull(0 * picture, 0 * alpha, HALVINGS).any()


def test_a_foreground_fits_that_explains_the_picture() -> None:
    plate, foreground = torch.full((1, 3, 4, 4), -0.5), torch.full((1, 3, 4, 4), 0.7)
    image = 0.25 * foreground + 0.75 * plate
    alpha = project(image, plate, foreground)
    assert (compositing_fit(image, foreground, plate, alpha, MISFIT) > 0.9).all()
    image[:, 0] += 0.6  # a colour beside the line from plate to foreground
    alpha = project(image, plate, foreground)
    assert (compositing_fit(image, foreground, plate, alpha, MISFIT) < 0.01).all()


def test_alpha_spreads_to_where_foreground_and_plate_look_alike() -> None:
    noise = 0.05 * torch.randn(1, 3, 64, 64)
    inside = torch.zeros(1, 1, 64, 64)
    inside[..., 16:48, 16:48] = 1
    image = noise + 0.6 * (2 * inside - 1)
    plate = torch.full((1, 3, 64, 64), -0.6)
    foreground = torch.full((1, 3, 64, 64), 0.6)
    plate[..., 28:36, 28:36] = 0.6  # a part of the wall has the colour of what stands before it
    wrong = 2 * inside - 1
    wrong[..., 28:36, 28:36] = -1
    untrained, nothing = AlphaPropagation(channels=4).eval(), torch.zeros(1, 2, 64, 64)
    weight = colour_data_weight(plate, foreground)
    alpha = untrained(image, wrong, weight, torch.randn(1, 4, 32, 32), nothing)
    assert (alpha[..., 30:34, 30:34] > 0.8).all()
    assert (alpha[..., 20:24, 20:44] > 0.9).all()
    assert (alpha[..., 4:12, 4:60] < -0.9).all()


def test_the_propagated_alpha_is_followed_as_far_as_the_network_says() -> None:
    image, alpha = torch.rand(1, 3, 32, 32) * 2 - 1, torch.rand(1, 1, 32, 32) * 2 - 1
    untrained, weight = AlphaPropagation(channels=4).eval(), torch.full((1, 1, 16, 16), 0.5)

    def blended(odds: float, added: float) -> Tensor:
        hint = torch.tensor([odds, added]).view(1, 2, 1, 1).expand(1, 2, 32, 32)
        result: Tensor = untrained(image, alpha, weight, torch.zeros(1, 4, 16, 16), hint)
        return result

    moved = propagated_alpha(image, alpha, weight)
    assert (moved - alpha).abs().max() > 0.1
    torch.testing.assert_close(blended(-30.0, 0.0), alpha)
    torch.testing.assert_close(blended(30.0, 0.0), moved)
    torch.testing.assert_close(blended(0.0, 0.25), alpha + (moved - alpha) / 1.5 + 0.25)


def test_discriminator_judges_patches_of_70() -> None:
    judge = PatchDiscriminator(widths=(2, 2, 2, 4)).eval()
    assert sum(isinstance(m, torch.nn.InstanceNorm2d) for m in judge.modules()) == 3
    for module in judge.modules():  # the norm sees the whole picture: leave it out here
        if isinstance(module, torch.nn.InstanceNorm2d):
            module.forward = lambda x: x  # type: ignore[method-assign, assignment]
    picture = torch.rand(1, 3, 160, 160).requires_grad_()
    judged = judge(picture)
    assert judged.shape == (1, 1, 18, 18)
    judged[0, 0, 9, 9].backward()
    assert picture.grad is not None
    rows = picture.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
    assert rows.max() - rows.min() + 1 == 70


def test_sizes_of_the_configurations() -> None:
    count = sum(p.numel() for p in family("background-matting").build("compact").parameters())
    assert count <= 8_000_000
    assert (PAPER.widths, PAPER.shared, PAPER.apart) == ((64, 128, 256), 7, 3)
    assert COMPACT.multiple == 64


def test_specs_name_the_cues() -> None:
    module = family("background-matting")
    roles = {name: [t.role for t in module.spec(name).inputs] for name in module.CONFIGS}
    assert roles["paper"] == ["image", "plate", "segmentation", "motion"]
    assert roles["compact"] == ["image", "plate", "segmentation"]
