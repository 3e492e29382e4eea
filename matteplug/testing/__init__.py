"""For tests of hosts and of third-party plug-ins: a predictable engine, and the host contract."""

from matteplug.testing.fake_engine import FakeEngine, FakeSession, Matting, alpha_of_guide
from matteplug.testing.host_contract import HostContract, HostScene, Outcome

__all__ = [
    "FakeEngine",
    "FakeSession",
    "HostContract",
    "HostScene",
    "Matting",
    "Outcome",
    "alpha_of_guide",
]
