"""Write difference.onnx: whatever differs from the plate is foreground."""

import torch
from torch import Tensor, nn


class Difference(nn.Module):
    """Alpha rises from 0 to 1 as the largest difference in a channel rises from 0.1 to 0.3."""

    def forward(self, image: Tensor, plate: Tensor) -> Tensor:
        difference = (image - plate).abs().amax(dim=1, keepdim=True)
        return ((difference - 0.1) / 0.2).clamp(0, 1)


axes = {axis: torch.export.Dim(name) for axis, name in ((0, "batch"), (2, "height"), (3, "width"))}
torch.onnx.export(
    Difference().eval(),
    (torch.rand(2, 3, 64, 96), torch.rand(2, 3, 64, 96)),
    "difference.onnx",
    input_names=["image", "plate"],
    output_names=["alpha"],
    dynamic_shapes=(axes, axes),
    external_data=False,
    verbose=False,
)
