"""`python -m miglint`."""

from __future__ import annotations

import sys

from miglint.cli.main import main

sys.exit(main())
