"""The cases are those of the benchmark, whose folder is a package from the project's root."""

from __future__ import annotations

import sys
from pathlib import Path

# Last: the folder `rules` there holds the pages, and is no package.
sys.path.append(str(Path(__file__).resolve().parents[2]))
