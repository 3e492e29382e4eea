"""OpenCV, imported late and from here, so that a broken one is told in a sentence.

``from matteplug.opencv import cv2`` raises a `PackageError` where it cannot be loaded.
"""

from __future__ import annotations

from matteplug import packages
from matteplug.errors import PackageError, first_line

__all__ = ["cv2"]


def _error(reason: str) -> PackageError:
    command = packages.exchange("cv2", "opencv-python-headless")
    return PackageError("opencv-broken", f"OpenCV cannot be loaded: {reason}.", f"Run: {command}")


try:
    import cv2
except Exception as error:  # also of NumPy's interface, which it was built against
    raise _error(first_line(error)) from error
if not hasattr(cv2, "resize"):
    raise _error("only a part of it is installed")
