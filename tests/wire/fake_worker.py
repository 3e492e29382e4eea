"""The real worker with a fake engine: alpha is the guide; pictures 9 px wide take a minute."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "hosts")]

from matteplug import worker
from matteplug.tensors import Tensor
from matteplug.testing import FakeEngine, alpha_of_guide


def alpha(inputs: Mapping[str, Tensor]) -> Tensor:
    print("a library that prints", flush=True)
    os.write(1, b"and one that does so behind Python's back\n")
    return alpha_of_guide(inputs)


class Engine(FakeEngine):
    @property
    def delay_s(self) -> float:
        return 60.0 if self.runs[-1][1]["image"][-1] == 9 else 0.0

    @delay_s.setter
    def delay_s(self, value: float) -> None:
        pass


worker.main(Engine(alpha=alpha))
