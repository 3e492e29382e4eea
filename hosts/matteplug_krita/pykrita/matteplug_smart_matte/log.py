"""The log file for errors that nobody foresaw, in the user's state folder."""

import os
import sys
import time


def write(version, text):
    """Add to the log file, and return its path."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", home)
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Logs")
    else:
        base = os.environ.get("XDG_STATE_HOME", os.path.join(home, ".local", "state"))
    path = os.path.join(base, "matteplug", "krita.log")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write("%s Krita %s\n%s\n" % (time.strftime("%Y-%m-%d %H:%M:%S"), version, text))
    return path
