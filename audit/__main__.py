"""``python -m audit``: the verifier's minimal command line."""

import sys

from audit.cli import main

sys.exit(main())
