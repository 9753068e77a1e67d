"""Findings: a rule's message about a place in a script."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from miglint.base.structs import Struct


class Severity(IntEnum):
    """Severity of a finding; ordered, so that `severity >= threshold` works."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return _WORDS[self]


# The name of a member is slow to look up.
_WORDS = {severity: severity.name.lower() for severity in Severity}

# miglint's own families, by the letters of their codes. Own rules have other families.
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


class Edit(Struct, frozen=True, array_like=True):
    """Replace the characters `start` to `end` of a file by `text`; `path` is the file, None that of the finding.

    `order` is the place of an insertion among others at the same place, where these can be made together.
    """

    start: int
    end: int
    text: str
    path: str | None = None
    order: int | None = None


def have_an_order(one: Edit, other: Edit) -> bool:
    """Return whether two insertions at one place say which of them is first."""
    if one.order is None or other.order is None or one.order == other.order:
        return False
    return one.start == one.end == other.start == other.end


class NewFile(Struct, frozen=True, array_like=True):
    """A file that a fix creates."""

    path: str
    text: str


class Fix(Struct, frozen=True, array_like=True):
    """A change that fixes a finding.

    It is safe if the first run leaves the same schema and rows as before, whatever the rest of the system does;
    otherwise `reason` is the reason why it is not.
    """

    title: str
    edits: tuple[Edit, ...]
    reason: str | None = None
    creates: tuple[NewFile, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether it can be applied without being read."""
        return self.reason is None


class Finding(Struct, frozen=True, array_like=True):
    """A finding. Lines and columns count from 1; the end is exclusive. `category` is the long name of the family.

    `direction`, `version` and `dialect` are None for findings about a file or a folder. `evidence` is `static` or
    `executed`. `fingerprint` does not change when lines move.
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


def is_only_a_rerun(finding: Finding) -> bool:
    """Return whether a finding is about a second run that the migration tool makes impossible."""
    return finding.severity is Severity.INFO and finding.code.startswith("IDM")


def matter(code: str, message: str) -> str:
    """Return the subject of a finding: its rule, or the other tool's rule that it passes on.

    For suppression comments, the first word of the message is part of the subject.
    """
    return f"{code} {message.partition(' ')[0]}" if code.startswith(("STY", "DIR")) else code
