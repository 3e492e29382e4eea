"""Graphs of all the survey's networks take pictures of any size."""

from __future__ import annotations

import pytest
import torch
from test_public_networks import TINY as PUBLIC
from test_survey_networks import TINY as OTHERS

from matteplug.networks import families

TINY = PUBLIC | OTHERS


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (50, 97), (130, 70)])
def test_graphs_take_any_size(name: str, height: int, width: int) -> None:
    torch.manual_seed(0)
    family = families.family(name.split(maxsplit=1)[0])
    spec = family.spec("paper")
    graph = family.export_module(TINY[name]())
    inputs = [torch.rand(2, tensor.channels, height, width) * 255 for tensor in spec.inputs]
    with torch.inference_mode():
        outputs = graph(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    for tensor, output in zip(spec.outputs, outputs, strict=True):
        assert output.shape == (2, tensor.channels, height, width)
        assert output.min() >= 0
        assert output.max() <= 1
