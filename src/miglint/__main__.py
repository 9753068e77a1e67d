"""`python -m miglint`."""

from __future__ import annotations

from miglint.cli.main import entry

entry()
