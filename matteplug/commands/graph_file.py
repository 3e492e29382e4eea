"""What the commands that write a network's ONNX file share: its options, and the way it is written.

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
    """Add where the file goes and how its weights are stored."""
    add = parser.add_argument
    add("--out", required=True, type=Path, help="ONNX file to write; the manifest goes beside it")
    add("--full", action="store_true", help="store the weights in single precision")


def require_torch(purpose: str) -> None:
    """Check that what makes graphs is installed, before anything imports it.

    Raises:
        PackageError: it is not.
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
