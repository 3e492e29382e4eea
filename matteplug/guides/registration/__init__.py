"""Brings a clean plate onto the image: motion, exposure, and how far to trust the result."""

from matteplug.guides.registration.alignment import (
    CONFIDENCE_NEEDED,
    Registration,
    check,
    register,
    require,
)

__all__ = ["CONFIDENCE_NEEDED", "Registration", "check", "register", "require"]
