"""The real worker with a fake engine: alpha is the guide; pictures 9 px wide take a minute.

The network knn needs more memory than there is.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "hosts")]

from matteplug import worker
from matteplug.network import NetworkSpec
from matteplug.types import Tensor
from matteplug.testing import FakeEngine, alpha_of_guide
from matteplug.testing.fake_engine import FakeSession


def alpha(inputs: Mapping[str, Tensor]) -> Tensor:
    print("a library that prints", flush=True)
    os.write(1, b"and one that does so behind Python's back\n")
    return alpha_of_guide(inputs)


class Engine(FakeEngine):
    def session(self, spec: NetworkSpec, provider: str = "auto", *_: object) -> FakeSession:
        if spec.id == "knn":
            raise MemoryError("knn")
        return super().session(spec, provider)

    @property
    def delay_s(self) -> float:
        return 60.0 if self.runs[-1][1]["image"][-1] == 9 else 0.0

    @delay_s.setter
    def delay_s(self, value: float) -> None:
        pass


worker.main(Engine(alpha=alpha))
