"""`python -m seglearn` is `seglearn`, for shells that do not find the command."""

import sys

from seglearn.cli import main

if __name__ == "__main__":
    sys.exit(main())
