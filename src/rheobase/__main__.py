"""``python -m rheobase`` is the ``rheobase`` command."""

import sys

from rheobase.cli import main

if __name__ == "__main__":
    sys.exit(main())
