"""A stand-in for ONNX Runtime whose CUDA provider behaves as STUB_BEHAVIOUR says.

Its only network returns the image's first channel over 255.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

BEHAVIOUR = os.environ["STUB_BEHAVIOUR"]
_NAMES = ["CUDAExecutionProvider", "CPUExecutionProvider"]

if count := os.environ.get("STUB_COUNT"):
    with Path(count).open("a") as file:
        file.write("import\n")


class SessionOptions:
    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def add_session_config_entry(self, key: str, value: str) -> None:
        self.entries[key] = value


class RunOptions:
    terminate = False

    def add_run_config_entry(self, key: str, value: str) -> None:
        pass


class Value:
    def __init__(self, name: str) -> None:
        self.name = name


class Part:
    def __init__(self, ep_name: str, count: int) -> None:
        self.ep_name = ep_name
        self.count = count

    def get_nodes(self) -> list[int]:
        return list(range(self.count))


class InferenceSession:
    def __init__(self, graph: Any, options: SessionOptions, providers: list[Any], **_: Any) -> None:
        self.cuda = providers[0][0] == _NAMES[0]
        self.small = isinstance(graph, bytes)
        if not self.cuda:
            return
        print("libcuda says hello on standard output")
        if BEHAVIOUR == "abort":
            os.abort()
        if BEHAVIOUR == "hang":
            time.sleep(60)
        if BEHAVIOUR == "unloadable" and options.entries["session.disable_cpu_ep_fallback"] == "1":
            cause = "libcublas.so.12: cannot open shared object file: No such file or directory"
            sys.stderr.write(f"\033[1;31m[E:onnxruntime] Failed to load x.so with error: {cause}\n")
            raise RuntimeError("assigned to the default CPU EP\nmore")

    def get_providers(self) -> list[str]:
        return _NAMES if self.cuda else _NAMES[1:]

    def get_inputs(self) -> list[Value]:
        return [Value("image")]

    def get_outputs(self) -> list[Value]:
        return [Value("alpha")]

    def get_provider_graph_assignment_info(self) -> list[Part]:
        return [Part(_NAMES[0], 9), Part(_NAMES[1], 1)]

    def run(self, names: Any, feed: dict[str, Any], options: Any = None) -> list[Any]:
        if self.small:
            return [np.full((1, 1, 2, 2), 4.5, np.float32)]
        alpha = feed["image"][:, :1] / np.float32(255)
        if self.cuda and BEHAVIOUR == "late-abort":
            os.abort()
        if self.cuda and BEHAVIOUR == "nan":
            alpha = alpha * np.float32("nan")
        if self.cuda and BEHAVIOUR == "off":
            alpha = alpha * np.float32(1.05)
        return [alpha]


def get_available_providers() -> list[str]:
    return _NAMES


def disable_telemetry_events() -> None:
    pass
