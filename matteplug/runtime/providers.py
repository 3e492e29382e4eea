"""The execution providers of ONNX Runtime as data: names, options, order, limits.

Whether one of them can be trusted on this machine, `matteplug.runtime.probe` finds out.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from matteplug.errors import EngineError, known_names

__all__ = ["CPU", "PROVIDERS", "Provider", "named", "order"]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One execution provider.

    Attributes:
        id: its name in options ("cuda").
        title: its name for people.
        ort_name: ONNX Runtime's name for it.
        wheel: the distribution on the package index that contains it.
        options: its options, as ONNX Runtime takes them.
        buckets_px: fixed sides of squares to pad to, smallest first, for a provider that compiles
            per shape; empty for any size.
        mem_pattern: whether ONNX Runtime may plan its memory ahead.
        concurrent: whether one session may be run from two threads at once.
        preload: whether its libraries come in separate wheels and must be loaded first.
        limit_s: how long a probe may take.
        tolerance: mean absolute difference up to which a golden tensor counts as reproduced.
    """

    id: str
    title: str
    ort_name: str
    wheel: str
    options: Mapping[str, str] = field(default_factory=dict)
    buckets_px: tuple[int, ...] = ()
    mem_pattern: bool = True
    concurrent: bool = True
    preload: bool = False
    limit_s: float = 60.0
    tolerance: float = 0.002

    @property
    def requirement(self) -> str:
        """Return what pip installs the wheel by, with the libraries that it needs."""
        return _REQUIREMENTS.get(self.wheel, self.wheel)


# A provider that compiles takes seconds to minutes for every new shape: four squares, no more.
_BUCKETS_PX = (512, 1024, 1536, 2048)

CPU = Provider(
    id="cpu",
    title="CPU",
    ort_name="CPUExecutionProvider",
    wheel="onnxruntime",
)

PROVIDERS: Mapping[str, Provider] = {
    provider.id: provider
    for provider in (
        Provider(
            id="cuda",
            title="NVIDIA CUDA",
            ort_name="CUDAExecutionProvider",
            wheel="onnxruntime-gpu",
            options={
                # The exhaustive search costs seconds for every new size and rarely finds better.
                "cudnn_conv_algo_search": "HEURISTIC",
                "arena_extend_strategy": "kSameAsRequested",
                "use_tf32": "0",  # ten bits of mantissa are not enough for the priors' equations
            },
            preload=True,
        ),
        Provider(
            id="tensorrt",
            title="NVIDIA TensorRT",
            ort_name="TensorrtExecutionProvider",
            wheel="onnxruntime-gpu",
            buckets_px=_BUCKETS_PX,
            preload=True,
            limit_s=600.0,  # it compiles the network
        ),
        Provider(
            id="openvino",
            title="Intel OpenVINO",
            ort_name="OpenVINOExecutionProvider",
            wheel="onnxruntime-openvino",
            options={"device_type": "CPU"},
        ),
        Provider(
            id="directml",
            title="DirectML",
            ort_name="DmlExecutionProvider",
            wheel="onnxruntime-directml",
            mem_pattern=False,  # the provider refuses it, and concurrent runs
            concurrent=False,
        ),
        Provider(
            id="coreml",
            title="Apple CoreML",
            ort_name="CoreMLExecutionProvider",
            wheel="onnxruntime",
            options={"ModelFormat": "MLProgram"},
            buckets_px=_BUCKETS_PX,
            limit_s=300.0,
        ),
        Provider(
            id="migraphx",
            title="AMD MIGraphX",
            ort_name="MIGraphXExecutionProvider",
            wheel="onnxruntime-migraphx",
            buckets_px=_BUCKETS_PX,
            limit_s=600.0,
        ),
        Provider(
            id="rocm",
            title="AMD ROCm",
            ort_name="ROCMExecutionProvider",
            wheel="onnxruntime-rocm",
        ),
        Provider(
            id="webgpu",
            title="WebGPU",
            ort_name="WebGpuExecutionProvider",
            wheel="onnxruntime-webgpu",
            concurrent=False,
        ),
        CPU,
    )
}

# TensorRT comes after CUDA: it compiles for minutes, which would surprise users of "auto".
_ORDER: Mapping[str, tuple[str, ...]] = {
    "linux": ("cuda", "tensorrt", "migraphx", "rocm", "openvino", "webgpu", "cpu"),
    "win32": ("cuda", "tensorrt", "directml", "openvino", "webgpu", "cpu"),
    "darwin": ("coreml", "webgpu", "cpu"),
}


# CUDA's libraries are wheels of their own.
_REQUIREMENTS: Mapping[str, str] = {"onnxruntime-gpu": "onnxruntime-gpu[cuda,cudnn]"}


def order(platform: str = sys.platform) -> tuple[str, ...]:
    """Return the ids that "auto" tries on `platform`, best first; the CPU is always last."""
    return _ORDER.get(platform, ("cpu",))


def named(provider: str) -> Provider:
    """Return the provider with an id.

    Raises:
        EngineError: there is none.
    """
    try:
        return PROVIDERS[provider]
    except KeyError:
        raise EngineError(
            "provider-unknown",
            f'There is no execution provider "{provider}".',
            known_names(provider, ("auto", *PROVIDERS)),
        ) from None
