"""Compile kernels with numba; the machine code is cached, so that only the first run waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(kernel: Kernel) -> Kernel:
    """Compile a function of numbers, arrays and named tuples of them."""
    compile_ = numba.njit(cache=True, fastmath=True, nogil=True, error_model="numpy")
    return cast(Kernel, compile_(kernel))
