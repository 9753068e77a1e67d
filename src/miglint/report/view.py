"""Display options of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from miglint.base.findings import Severity
from miglint.base.model import SourceFile
from miglint.base.structs import Struct, field


class RuleDescription(Struct, frozen=True):
    """Rule metadata for formats: name and summary, default severity, the family's three letters.

    `description` says in plain text what it reports, `page` is its documentation in Markdown, and `url` its address.
    `aliases` are names in other tools (`tool:name`).
    """

    name: str
    summary: str
    severity: Severity
    family: str
    dialects: tuple[str, ...]
    description: str = ""
    page: str = ""
    aliases: tuple[str, ...] = ()
    url: str = ""


class TextBlock(Struct, frozen=True, array_like=True, gc=False):
    """The text of the findings of one migration, harmless to terminals.

    `begins` and `ends` are whether an empty line separates its first group from what precedes, and its last group from
    what follows; `shortened` is whether source or help was left out.
    """

    text: str
    begins: bool
    ends: bool
    shortened: bool


class KnownTextBlocks(Protocol):
    """Texts that earlier runs have written, by the path of a file of the migration."""

    def get(self, path: str) -> TextBlock | None:
        """Return the text of the findings of a migration, None if it is not known."""

    def put(self, path: str, block: TextBlock) -> None:
        """Keep a text for the next run."""


# The width of text that is not wrapped: of a file, or a pipe.
UNLIMITED = 1_000_000


class DisplayOptions(Struct, frozen=True):
    """Inputs of a format besides the report: the files' texts and the display options.

    `rules` describes rules by code, for formats in `report.DESCRIBING`. `prefix` is the path from the root of the
    checkout to the working directory, for services that expect paths relative to the root. `fail_on` is the severity
    at which the run fails (None: it does not). `statistics`: counts by rule instead of findings. `known` has texts of
    findings from earlier runs.
    """

    sources: Mapping[str, SourceFile] = field(default_factory=dict)
    color: bool = False
    verbose: bool = False
    quiet: bool = False
    width: int = 120
    prefix: str = ""
    rules: Mapping[str, RuleDescription] = field(default_factory=dict)
    fail_on: Severity | None = Severity.ERROR
    statistics: bool = False
    sort: str = "migration"
    known: KnownTextBlocks | None = None
