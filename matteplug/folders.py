"""Where the library keeps its user's files: options, added networks, verdicts, logs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "config_folder", "networks_folder", "state_folder"]


def networks_folder() -> Path:
    """Return the folder of the user's own networks; `MATTEPLUG_NETWORKS` overrides it."""
    if "MATTEPLUG_NETWORKS" in os.environ:
        return Path(os.environ["MATTEPLUG_NETWORKS"])
    import platformdirs

    return platformdirs.user_data_path("matteplug", appauthor=False) / "networks"


def config_folder() -> Path:
    """Return the folder of the user's ``matteplug.toml``; `MATTEPLUG_CONFIG` overrides it."""
    if given := os.environ.get("MATTEPLUG_CONFIG"):
        return Path(given)
    import platformdirs

    return platformdirs.user_config_path("matteplug", appauthor=False)


def cache_folder() -> Path:
    """Return the folder of files that may be deleted any time; `MATTEPLUG_CACHE` overrides it."""
    if given := os.environ.get("MATTEPLUG_CACHE"):
        return Path(given)
    import platformdirs

    return platformdirs.user_cache_path("matteplug", appauthor=False, opinion=False)


def state_folder() -> Path:
    """Return the folder of logs and backups; `MATTEPLUG_STATE` overrides it."""
    if given := os.environ.get("MATTEPLUG_STATE"):
        return Path(given)
    import platformdirs

    return platformdirs.user_state_path("matteplug", appauthor=False)
