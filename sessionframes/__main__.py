"""``python -m sessionframes`` is the command line."""

import sys

from sessionframes.cli import main

sys.exit(main())
