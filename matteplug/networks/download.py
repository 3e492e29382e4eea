"""Fetches a public file: on an explicit command only, resumed where it was cut off.

Needs the extra ``get``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matteplug import packages
from matteplug.errors import NetworkError, first_line
from matteplug.weights import sha256_now

TRIES = 4
TIMEOUT_S = 30.0
_BLOCK = 1 << 12
"""Bytes read at a time; of a block that is cut off nothing is kept."""
_LARGEST = 1 << 32

Report = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes expected, 0 for not known."""


def fetch(address: str, path: Path, *, sha256: str, length: int = 0, report: Report) -> None:
    """Fetch a file; what an earlier attempt left in ``path.part`` is continued.

    Args:
        address: an http or https address.
        path: where it goes once it is complete and proven.
        sha256: its checksum; without one nothing is fetched.
        length: its size in bytes; 0 for not known.
        report: called while it arrives.

    Raises:
        NetworkError: it cannot be fetched, stays cut off ("download-cut-off"; what is there is
            kept), or is another file ("download-other"; it is removed).
        PackageError: the extra ``get`` is not installed.
    """
    packages.require("requests", purpose="Fetching a network", extra="get")
    import requests

    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    problem = ""
    for _ in range(TRIES):
        try:
            _continue(address, part, length, report)
        except requests.HTTPError as error:
            raise NetworkError(
                "download-refused",
                f"{address} cannot be fetched: {first_line(error)}.",
                "Name a mirror, or a file that you have: --from URL or --from FILE.",
            ) from error
        except (requests.RequestException, OSError) as error:
            problem = first_line(error)
        else:
            break
    else:
        raise NetworkError(
            "download-cut-off",
            f"{address} was not fetched completely: {problem}.",
            "Run the same command again: it continues where it stopped.",
        )
    found = sha256_now(part)
    if found != sha256:
        part.unlink()
        raise NetworkError(
            "download-other",
            f"{address} is not the file that is known: its checksum is {found[:12]}…, not "
            f"{sha256[:12]}….",
            "Try another mirror: --from URL.",
        )
    part.replace(path)


def _continue(address: str, part: Path, length: int, report: Report) -> None:
    """Append to `part` what it lacks.

    Raises:
        requests.RequestException, OSError: the connection or the disk failed.
        NetworkError: more arrives than the file has.
    """
    import requests

    have = part.stat().st_size if part.exists() else 0
    if length and have == length:
        return
    asked = {"Range": f"bytes={have}-"} if have else {}
    asked["Accept-Encoding"] = "identity"
    with requests.get(address, headers=asked, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code == 416:  # nothing is left to send
            return
        answer.raise_for_status()
        if answer.status_code != 206:
            have = 0
        expected = length or have + int(answer.headers.get("Content-Length", 0))
        with part.open("ab" if have else "wb") as file:
            for block in answer.iter_content(_BLOCK):
                have += file.write(block)
                if have > (expected or _LARGEST):
                    part.unlink(missing_ok=True)
                    raise NetworkError(
                        "download-other",
                        f"{address} sends more than the {expected} bytes expected.",
                    )
                report(have, expected)
    if have < expected:
        raise OSError(f"{have} of {expected} bytes arrived")
