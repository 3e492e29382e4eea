"""The least-squares adversarial losses (Mao et al., LS-GAN, ICCV 2017)."""

from __future__ import annotations

from torch import Tensor


def fools(fake: Tensor) -> Tensor:
    """Return what the generator minimises: the mean of (D(fake) − 1)².

    Args:
        fake: the discriminator's answers to composites, any shape; 1 means real.
    """
    return (fake - 1).square().mean()


def tells_apart(real: Tensor, fake: Tensor) -> Tensor:
    """Return what the discriminator minimises: half the mean of (D(real) − 1)² + D(fake)².

    Args:
        real: answers to photographs.
        fake: answers to composites, computed without the generator's gradient.
    """
    return ((real - 1).square().mean() + fake.square().mean()) / 2
