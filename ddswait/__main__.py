"""`python -m ddswait` is `ddswait`."""

import sys

from ddswait.cli import main

if __name__ == "__main__":
    sys.exit(main())
