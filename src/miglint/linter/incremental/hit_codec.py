"""Hits without the values that the receiver has itself: rules by code, files, scripts and migrations by number.

For other processes, and for the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from miglint.base.findings import Fix, Severity
from miglint.base.model import Migration, SourceFile, Span
from miglint.base.structs import Struct
from miglint.linter.dispatch import PlacedHit
from miglint.linter.proposed_fix import ProposedFix
from miglint.replay.runner_guarantees import Guarantee
from miglint.rules.definition import Alike, Hit, PairDifference, Rule

_NONE = -1


class EncodedHit(Struct, array_like=True, frozen=True, gc=False):
    """A hit: its rule by code, its file, script and migration by number (-1: none); a file without one by its path."""

    code: str
    file: int
    path: str
    start: int
    end: int
    message: str
    help: str
    script: int
    severity: Severity | None
    fix: Fix | None
    evidence: str
    version: str | None
    guarantee: Guarantee | None
    summarized: bool
    alike: Alike | None
    difference: PairDifference | None
    migration: int
    proposed: ProposedFix | None


class HitCodec:
    """Encodes and decodes hits in some migrations and files. Both sides have the same ones, and the same rules."""

    def __init__(
        self, migrations: Iterable[Migration], rules: Mapping[str, Rule], files: Iterable[SourceFile] = ()
    ) -> None:
        self._rules = rules
        self._migrations = tuple(migrations)
        self._scripts = [script for item in self._migrations for script in (item.forward, item.rollback) if script]
        self._files = list(files)
        self._file_numbers = {id(file): number for number, file in enumerate(self._files)}
        for script in self._scripts:
            if id(script.file) not in self._file_numbers:
                self._file_numbers[id(script.file)] = len(self._files)
                self._files.append(script.file)
        self._script_numbers = {id(script): number for number, script in enumerate(self._scripts)}
        self._migration_numbers = {id(item): number for number, item in enumerate(self._migrations)}

    def covers(self, placed: PlacedHit) -> bool:
        """Return whether a hit is about these migrations alone, so that decoding gives the same hit."""
        hit = placed.hit
        file = id(hit.file) in self._file_numbers or not hit.file.text
        script = hit.script is None or id(hit.script) in self._script_numbers
        return file and script and id(placed.migration) in self._migration_numbers

    def encode(self, placed: PlacedHit) -> EncodedHit:
        """Return a hit in encoded form."""
        hit = placed.hit
        file = self._file_numbers.get(id(hit.file), _NONE)
        return EncodedHit(
            placed.rule.code,
            file,
            hit.file.path if file == _NONE else "",
            hit.span.start,
            hit.span.end,
            hit.message,
            hit.help,
            self._script_numbers.get(id(hit.script), _NONE),
            hit.severity,
            hit.fix,
            hit.evidence,
            hit.version,
            hit.guarantee,
            hit.summarized,
            hit.alike,
            hit.difference,
            self._migration_numbers.get(id(placed.migration), _NONE),
            placed.proposed,
        )

    def decode(self, sent: EncodedHit) -> PlacedHit:
        """Return a hit. Raises `KeyError` for an unknown rule, `IndexError` for an unknown file or script."""
        hit = Hit(
            self._files[sent.file] if sent.file >= 0 else SourceFile(sent.path, ""),
            Span(sent.start, sent.end),
            sent.message,
            sent.help,
            self._scripts[sent.script] if sent.script >= 0 else None,
            sent.severity,
            sent.fix,
            sent.evidence,
            sent.version,
            sent.guarantee,
            sent.summarized,
            sent.alike,
            sent.difference,
        )
        migration = self._migrations[sent.migration] if sent.migration >= 0 else None
        return PlacedHit(self._rules[sent.code], hit, migration, sent.proposed)
