"""How people want to see a report."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.findings import Severity
from miglint.base.model import SourceFile
from miglint.base.structs import Struct, field


class RuleDescription(Struct, frozen=True):
    """What a format may print about a rule: its name and summary, its own severity, its family's three letters."""

    name: str
    summary: str
    severity: Severity
    family: str
    dialects: tuple[str, ...]


class DisplayOptions(Struct, frozen=True):
    """What a format may know besides the report: the files' texts, and how people want to see it.

    `rules` describes rules by code, where the format prints them (`report.DESCRIBING`).
    `prefix` leads from the root of the checkout to the working directory, for services that want paths from there.
    """

    sources: Mapping[str, SourceFile] = field(default_factory=dict)
    color: bool = False
    verbose: bool = False
    quiet: bool = False
    width: int = 120
    prefix: str = ""
    rules: Mapping[str, RuleDescription] = field(default_factory=dict)
