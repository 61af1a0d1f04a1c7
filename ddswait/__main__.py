"""`python -m ddswait` is `ddswait`."""

import sys

from ddswait.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
