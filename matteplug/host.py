"""The interface of a host adapter: bytes of a program in, a matte back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from matteplug.result import Matte
from matteplug.types import MatteRequest

Job = TypeVar("Job")
Job_contra = TypeVar("Job_contra", contravariant=True)


class HostAdapter(Protocol[Job_contra]):
    """Translates between a host's job and the library's values; knows depth, order and offsets."""

    def read(self, job: Job_contra) -> MatteRequest:
        """Return the request that `job` stands for.

        Raises:
            RequestError: the job cannot be done; the sentence is shown to the user.
        """

    def write(self, job: Job_contra, matte: Matte) -> None:
        """Put the matte where the host's user expects it."""


@dataclass(frozen=True, kw_only=True)
class HostSpec(Generic[Job]):
    """A host that a plug-in brings, cheap to list.

    Attributes:
        id: unique, lower case ("gimp3").
        title: what a person reads.
        adapter: dotted name "package.module:Class" of the `HostAdapter`.
        install: dotted name "package.module:function" of a function that takes the program's
            plug-ins folder, or None for the usual one, and returns the `HostFiles` of the in-host
            half; None where nothing is installed.
    """

    id: str
    title: str
    adapter: str
    install: str | None = None
