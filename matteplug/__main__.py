"""``python -m matteplug``: the command line."""

import sys

from matteplug.cli import main

if __name__ == "__main__":
    sys.exit(main())
