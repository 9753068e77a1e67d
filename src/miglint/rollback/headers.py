"""The header of a new script: the fields that the project's other scripts have, in their form."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import History, Migration, Script
from miglint.discovery.tools import has_mark

_LINE = pattern(r"(?P<head>--[ \t]*)(?P<label>[A-Za-z][A-Za-z ]{0,30})(?P<colon>[ \t]*:[ \t]*)(?P<value>.*)")
_DIRECTIVE = pattern(r"--[ \t]*(?:miglint:[ \t]*(?!irreversible)|no-transaction|morph:|squawk-|noqa|atlas:|sqlfluff)")
_FILE_NAMES = frozenset({"migration", "rollback"})
_DATES = frozenset({"created", "date", "created at", "created on", "updated", "modified"})
_FIELDS = frozenset({"description", "version", "author", "ticket", "issue"}) | _FILE_NAMES | _DATES


class _HeaderLine(NamedTuple):
    """A line `-- Label: value`, cut at the places that stay."""

    head: str
    label: str
    colon: str
    value: str

    @property
    def name(self) -> str:
        return self.label.strip().lower()


def header_of(text: str) -> tuple[str, ...]:
    """Return the lines of the header with which a text begins; empty if it has none."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.rstrip())
    return tuple(lines) if any(line.name in _FIELDS for line in _fields(lines)) else ()


def kept_comments(text: str) -> tuple[str, ...]:
    """Return what stays of the comments above the statements of a rollback that is replaced.

    That is its header, and what tools read: directives and suppressions, except the declaration that it is missing.
    """
    header = header_of(text)
    directives = []
    for line in text.splitlines():
        bare = line.strip()
        if bare and not bare.startswith("--"):
            break
        if _DIRECTIVE.match(bare) and line.rstrip() not in header:
            directives.append(line.rstrip())
    if directives and has_mark(directives[0]):
        # sqlx and morph read this in the first line.
        return (*directives, *header)
    return (*header, *(("",) if header and directives else ()), *directives)


def new_header(history: History, migration: Migration, path: str) -> tuple[str, ...]:
    """Return the lines of the header for the rollback of a migration at `path`.

    The model is the newest rollback, or the forward if there is none yet; the values are those of the forward.
    """
    forward = migration.forward
    model = _model(history, migration)
    if model is None or forward is None:
        return ()
    own = {line.name: line.value for line in _fields(header_of(forward.file.text))}
    lines = []
    for line in _fields(header_of(model.file.text)):
        value = _value(line, own, migration, path, date.today())
        if value is not None:
            label = _matching("rollback", line.label) if line.name in _FILE_NAMES else line.label
            # Names of files may have line ends.
            lines.append(" ".join(f"{line.head}{label}{line.colon}{value}".splitlines()).rstrip())
    return tuple(lines)


def _model(history: History, migration: Migration) -> Script | None:
    for one in reversed(history.migrations):
        if one.rollback is None or one is migration or one.forward is None:
            continue
        if one.rollback.path != one.forward.path and one.rollback.text.strip():
            return one.rollback
    return migration.forward


def _fields(lines: list[str] | tuple[str, ...]) -> Iterator[_HeaderLine]:
    for line in lines:
        found = _LINE.fullmatch(line.rstrip())
        if found is not None and found["label"].strip().lower() in _FIELDS:
            yield _HeaderLine(found["head"], found["label"], found["colon"], found["value"])


def _value(line: _HeaderLine, own: dict[str, str], migration: Migration, path: str, today: date) -> str | None:
    """Return the value of a field of the new header; None for one that the forward does not have."""
    if line.name in _FILE_NAMES:
        name = posixpath.basename(path)
        return name if line.value.endswith(".sql") else name.removesuffix(".sql")
    if line.name == "description":
        description = own.get("description") or migration.name.replace("_", " ").replace("-", " ")
        return f"Undo: {description[:1].lower()}{description[1:]}" if description else None
    if line.name in _DATES:
        return today.isoformat()
    return own.get(line.name)


def _matching(word: str, like: str) -> str:
    """Return a word in capitals, with a capital or in small letters, like another one."""
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word
