"""For tests of hosts and of third-party plug-ins: a predictable engine, and the host contract."""

from matteplug.testing.fake_engine import FakeEngine, FakeSession, Matting, alpha_of_guide
from matteplug.testing.host_contract import HostContract, Outcome, Scene

__all__ = [
    "FakeEngine",
    "FakeSession",
    "HostContract",
    "Matting",
    "Outcome",
    "Scene",
    "alpha_of_guide",
]
