"""The process that decodes untrusted pictures: ``decoder`` starts it and asks over its stdin.

A request is one line of JSON, and the bytes of the file where it is not given by its path.  An
answer is one line of JSON and the bytes of the arrays that it lists.  The system limits memory (on
Linux) and processor time (not on Windows) for each request, and the process ends when its stdin
closes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from matteplug.errors import MatteplugError, PackageError
from matteplug.images import decoding
from matteplug.images.policy import Policy

_WITHOUT_SYSTEM_LIMITS = sys.platform == "win32"


def main() -> None:
    """Answer requests until stdin closes."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not print into an answer
    for line in iter(requests.readline, b""):
        request = json.loads(line)
        data = requests.read(request["bytes"]) if "bytes" in request else None
        policy = Policy(**request["policy"])
        _limit(policy)
        try:
            answer, arrays = _answer(request, data, policy)
        except MatteplugError as error:
            text = [error.code, error.message, error.hint]
            answer = {"error": text, "of_package": isinstance(error, PackageError)}
            arrays = []
        except OSError as error:
            sentence = f"The file {request['name']} cannot be read: {error.strerror or error}."
            answer = {"error": ["file-unreadable", sentence, "Check its permissions."]}
            arrays = []
        except MemoryError:
            answer, arrays = {"out_of_memory": True}, []
        del data
        _unlimit()
        listed = [[array.dtype.name, array.shape] for array in arrays]
        answers.write(json.dumps({**answer, "arrays": listed}).encode() + b"\n")
        while arrays:
            answers.write(arrays.pop(0).data.cast("B"))
        answers.flush()


def _answer(
    request: Mapping[str, Any], data: bytes | None, policy: Policy
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    name = request["name"]
    with _file(request, data) as file:
        if request["what"] == "size":
            return {"size": decoding.size(file, name, policy)}, []
        decoded = decoding.decode(file, name, policy, through_profile=request["through_profile"])
    arrays = [decoded.image] if decoded.alpha is None else [decoded.image, decoded.alpha]
    icc = b64encode(decoded.icc).decode() if decoded.icc else None
    about = {"icc": icc, "metadata": asdict(decoded.metadata), "notes": decoded.notes}
    return about, [np.ascontiguousarray(array) for array in arrays]


def _file(request: Mapping[str, Any], data: bytes | None) -> BinaryIO:
    return BytesIO(data) if data is not None else Path(request["path"]).open("rb")


def _limit(policy: Policy) -> None:
    """Have the system end this process where a request takes more than the policy allows."""
    if _WITHOUT_SYSTEM_LIMITS:
        return  # `decoder` ends it after a minute; memory is judged by the header only
    import resource

    signal.setitimer(signal.ITIMER_PROF, policy.seconds)
    now = _address_space_bytes()
    if now:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = now + int(policy.memory_mib * 2**20)
        soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _unlimit() -> None:
    if not _WITHOUT_SYSTEM_LIMITS:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _address_space_bytes() -> int:
    """Return the size of this process's address space; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
