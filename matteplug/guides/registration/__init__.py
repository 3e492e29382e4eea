"""Registers a clean plate to the image: motion, exposure, and a confidence."""

from matteplug.guides.registration.alignment import (
    CONFIDENCE_NEEDED,
    Registration,
    check,
    register,
    require,
)

__all__ = ["CONFIDENCE_NEEDED", "Registration", "check", "register", "require"]
