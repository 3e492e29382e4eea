"""The terminal: text that it shows and does not obey, since names hold anything; questions."""

from __future__ import annotations

import re
import sys

__all__ = ["confirmed", "printable"]

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 without tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the direction of writing
    "\u2028\u2029\ud800-\udfff]"  # separators of lines, bytes that are not text
)


def printable(text: str) -> str:
    """Return `text` with “�” for whatever would move the cursor, change colours or turn letters."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def confirmed(question: str) -> bool:
    """Ask a question and tell whether the answer is yes; without a terminal it is no."""
    if not sys.stdin.isatty():
        return False
    try:
        answer = input(f"{printable(question)} [y/N] ")
    except EOFError:  # Ctrl-D
        print()
        return False
    return answer.strip().lower() in ("y", "yes")
