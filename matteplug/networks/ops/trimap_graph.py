"""The graph that hosts run of a plain trimap network: 0–255 in, alpha out, at any size."""

from __future__ import annotations

from torch import Tensor, nn

from matteplug.networks.ops.padding import replicate_to_multiple


class TrimapGraph(nn.Module):
    """Padding, the three levels of a trimap, network.

    Args:
        model: takes an image (B, 3, H, W) in [0, 1] and a trimap (B, H, W) of 0, 128 and 255, and
            returns alpha (B, 1, H, W), or a tuple of it and other maps; put in eval mode.
        multiple: of the sides that it takes.
    """

    def __init__(self, model: nn.Module, multiple: int) -> None:
        super().__init__()
        self.model = model.eval()
        self.multiple = multiple

    def forward(self, image: Tensor, trimap: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Compute the matte, and what else the model returns, cut to the picture.

        ======  ============  =======  ========================================
        name    shape         dtype    range
        ======  ============  =======  ========================================
        image   (B, 3, H, W)  float32  0 to 255, RGB
        trimap  (B, 1, H, W)  float32  0 background, 128 unknown, 255 foreground
        alpha   (B, 1, H, W)  float32  0 to 1
        ======  ============  =======  ========================================
        """
        height, width = image.shape[2:]
        image = replicate_to_multiple(image, self.multiple) / 255
        trimap = replicate_to_multiple(trimap, self.multiple)[:, 0]
        levels = 128.0 * (trimap >= 85).to(image.dtype) + 127.0 * (trimap > 170).to(image.dtype)
        outputs = self.model(image, levels)
        if isinstance(outputs, Tensor):
            return outputs[:, :, :height, :width].clamp(0, 1)
        return tuple(output[:, :, :height, :width].clamp(0, 1) for output in outputs)
