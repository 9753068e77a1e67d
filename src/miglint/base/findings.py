"""Findings: what a rule says about a place in a script."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from miglint.base.structs import Struct


class Severity(IntEnum):
    """How bad it is; ordered, so that `severity >= threshold` reads as it should."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


# miglint's own families, by the letters of their codes. A team's own rules have families of their own.
FAMILIES: Mapping[str, str] = {
    "SYN": "syntax",
    "PAI": "pairing",
    "IDM": "idempotency",
    "SYM": "symmetry",
    "NAM": "names",
    "REF": "references",
    "LIT": "sqlite",
    "PAR": "parity",
    "TXN": "transactions",
    "LCK": "locks",
    "DAT": "data",
    "BWC": "compatibility",
    "TYP": "types",
    "HDR": "header",
    "STY": "style",
    "RUN": "execution",
    "DIR": "directives",
    "INT": "internal",
}


class Edit(Struct, frozen=True):
    """Replace the characters `start` to `end` of the file by `text`."""

    start: int
    end: int
    text: str


class Fix(Struct, frozen=True):
    """A change that mends a finding; `safe` when it cannot change what the script does on its first run."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


class Finding(Struct, frozen=True):
    """What a rule says. Lines and columns count from 1; the end is exclusive. `category` is the family's long name.

    `direction`, `version` and `dialect` are None for findings about a file or a folder. `evidence` is `static` or
    `executed`. `fingerprint` stays the same when lines move.
    """

    code: str
    name: str
    category: str
    severity: Severity
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    help: str = ""
    direction: str | None = None
    version: str | None = None
    dialect: str | None = None
    evidence: str = "static"
    fix: Fix | None = None
    fingerprint: str = ""


def matter(code: str, message: str) -> str:
    """Return what a finding is about: its rule, or the rule of the other tool whose words it passes on.

    What is wrong with a comment to the linter is told by its first word as well.
    """
    return f"{code} {message.partition(' ')[0]}" if code.startswith(("STY", "DIR")) else code
