"""The result: a matte, and what is known about how it was made."""

from __future__ import annotations

from dataclasses import dataclass

from matteplug.images import pixels
from matteplug.types import Alpha, Image


@dataclass(frozen=True, kw_only=True)
class Matte:
    """The result: alpha and straight foreground colours, and how they were made.

    Attributes:
        alpha: (H, W) float32 [0, 1].
        foreground: (H, W, 3), dtype of the request's image, straight (not premultiplied); equals
            the image where alpha is 1.
        network: id of the network that made it.
        provider: execution provider that ran it ("cpu").
        elapsed_s: seconds by part: "network", "foreground", "total".
        confidence: 0 to 1 if the network estimates it, else None.
        notes: sentences for the user: repairs, choices, doubts.
    """

    alpha: Alpha
    foreground: Image
    network: str
    provider: str
    elapsed_s: dict[str, float]
    confidence: float | None = None
    notes: tuple[str, ...] = ()

    def cutout(self) -> Image:
        """Return (H, W, 4) of the image's dtype: straight colours and alpha."""
        return pixels.cutout(self.foreground, self.alpha)

    def composite(self, backdrop: Image | tuple[int, int, int]) -> Image:
        """Return the foreground over `backdrop`, αF + (1 − α)B, dtype of the image.

        Args:
            backdrop: (H, W, 3) of the image's size and dtype; or one colour, three whole numbers
                from 0 to 255 whatever the image's depth.

        Raises:
            RequestError: the backdrop has another size or dtype, or is not a colour.
        """
        return pixels.composite(self.foreground, self.alpha, backdrop)
