"""`python -m cli …`, where the command `liaison` is not installed."""

import sys

from cli import main

sys.exit(main())
