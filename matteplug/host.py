"""The interface of a host adapter: a program's bytes in, a matte back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from matteplug import fields
from matteplug.hosting.packaging import Packaging
from matteplug.result import Matte
from matteplug.types import MatteRequest

__all__ = ["HostAdapter", "HostSpec"]

JobT = TypeVar("JobT")
JobT_contra = TypeVar("JobT_contra", contravariant=True)


class HostAdapter(Protocol[JobT_contra]):
    """Translates between a host's job and the library's values; knows depth, order and offsets."""

    def read(self, job: JobT_contra) -> MatteRequest:
        """Return the request that `job` stands for.

        Raises:
            RequestError: the job cannot be done; the message is shown to the user.
        """

    def write(self, job: JobT_contra, matte: Matte) -> None:
        """Put the matte where the host's user expects it."""


@dataclass(frozen=True, kw_only=True)
class HostSpec(Generic[JobT]):
    """A host that a plug-in provides, cheap to list.

    Attributes:
        id: unique, lower case ("gimp3").
        title: the name shown to people.
        adapter: dotted name "package.module:Class" of the `HostAdapter`.
        packagings: how the program is packaged, and where its plug-ins go in each case.
        install: dotted name "package.module:function" of a function from an `Installation` to
            the `HostFiles` of the in-host half there; None if nothing needs installing.
        check: dotted name of a function that takes an `Installation`, has the program there make
            one matte without a window, and returns a sentence that says so; it raises a
            `MatteplugError` that says what is wrong.  None if there is no such function.
    """

    id: str
    title: str
    adapter: str
    packagings: tuple[Packaging, ...] = ()
    install: str | None = None
    check: str | None = None

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            TypeError, ValueError: one has another type or form.
        """
        fields.name(self.id, "host name")
        fields.line(self.title, "title")
        fields.dotted(self.adapter, "adapter")
        for name in ("install", "check"):
            if getattr(self, name) is not None:
                fields.dotted(getattr(self, name), name)
        packagings = fields.items(self.packagings, Packaging, "packagings")
        object.__setattr__(self, "packagings", packagings)
