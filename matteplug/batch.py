"""``python -m matteplug.batch FOLDER``: the same as ``matteplug batch FOLDER``."""

import sys

from matteplug.cli import main

if __name__ == "__main__":
    sys.exit(main(["batch", *sys.argv[1:]]))
