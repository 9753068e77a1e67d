"""Draw what `miglint check` prints for the original scripts of the example, as a picture of a terminal in SVG.

    python scripts/terminal_picture.py docs/demo.svg

Times are left out, so that the picture changes only with the output.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "original"
WIDTH = 118
SELECT = "IDM,PAI,REF"


def printed() -> str:
    """Return what the command prints in color, as on a terminal of `WIDTH` columns."""
    command = [sys.executable, "-m", "miglint", "check", "--format", "text", "--color", "always", "--no-cache"]
    environment = {"COLUMNS": str(WIDTH), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [*command, "--select", SELECT], cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False
    )
    return re.sub(r", \d+ ms\)", ")", done.stdout)


def drawn() -> str:
    """Return the picture."""
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text(f"$ miglint check --select {SELECT}"))
        console.print(Text.from_ansi(printed()))
        picture = console.export_svg(title="miglint", unique_id="miglint")
    # The fonts would be loaded from the network; any fixed-width font will do.
    return re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(drawn(), encoding="utf-8")
