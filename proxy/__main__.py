"""`python -m proxy` is `privet`."""

import sys

from proxy.cli import main

sys.exit(main())
