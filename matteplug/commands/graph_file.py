"""Shared by the commands that write a network's ONNX file: their options, and the writing itself.

`matteplug.export` is imported late: it needs torch.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from matteplug import packages
from matteplug.network import NetworkSpec

if TYPE_CHECKING:
    from torch import nn


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options for the file's path and the precision of its weights."""
    add = parser.add_argument
    add("--out", required=True, type=Path, help="ONNX file to write; the manifest goes beside it")
    add("--full", action="store_true", help="store the weights in single precision")


def require_torch(purpose: str) -> None:
    """Check that the packages that make graphs are installed, before anything imports them.

    Raises:
        PackageError: they are not.
    """
    packages.require("torch", "onnx", "onnxscript", purpose=purpose, extra="train")


def write(args: argparse.Namespace, module: nn.Module, spec: NetworkSpec) -> int:
    """Write `module`, whose weights came from `args.checkpoint`; return the exit status.

    Raises:
        NetworkError: as `matteplug.export.export`.
    """
    from matteplug.export import export

    export(module, spec, args.out, checkpoint=args.checkpoint, half=not args.full)
    return 0
