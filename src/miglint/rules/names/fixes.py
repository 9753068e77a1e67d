"""Fixes of names: as the engine cuts them, with their schema, and by the configured convention."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.findings import Edit, Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import Script, Span
from miglint.replay.steps import Step
from miglint.rules.names.declared import Declared
from miglint.rules.support.sql_text import ident
from miglint.sql import operations as ops
from miglint.sql.operations import Name

_UPPER = pattern(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = pattern(r"\W+")
_LIMIT = 63
# The words behind which the name of a table or view stands.
_BEFORE_NAME = r"(?:TABLE|VIEW|SEQUENCE|INDEX|ON|INTO|UPDATE|FROM|TRUNCATE|ONLY|EXISTS|,)"


def cut_name_fix(script: Script, span: Span, written: str, kept: str) -> Fix | None:
    """Return the fix that writes a name as the engine cuts it, or None where it is not found once."""
    if script.substituted is not None:
        return None
    places = list(_places(script.file.text, span, written))
    if len(places) != 1:
        return None
    start, end = places[0]
    return Fix("write the name that the engine keeps", (Edit(start, end, kept),))


def schema_fix(script: Script, span: Span, name: Name, schema: str) -> Fix | None:
    """Return the fix that writes the schema of a table before its name."""
    if script.substituted is not None:
        return None
    text = script.file.text
    spelled = f"{re.escape(ident(name.name))}|{re.escape(_quoted(name.name))}"
    found = re.compile(rf"\b{_BEFORE_NAME}\s+({spelled})(?![\w\".])", re.IGNORECASE).search(text, span.start, span.end)
    if found is None:
        return None
    at = found.start(1)
    reason = f"a search_path that does not begin with {schema} leads elsewhere"
    return Fix(f"write {schema} before it", (Edit(at, at, f"{ident(schema)}."),), reason)


def convention_fix(step: Step, item: Declared, matches: re.Pattern[str]) -> Fix | None:
    """Return the renaming of what a migration creates to the first usual name that its pattern matches, or None."""
    scripts = [one for one in (step.migration.forward, step.migration.rollback) if one is not None]
    if item.kind in ("table", "column", "schema") or any(one.substituted is not None for one in scripts):
        return None
    name = next((one for one in _candidates(item) if len(one.encode()) <= _LIMIT and matches.fullmatch(one)), None)
    if name is None:
        return None
    edits = tuple(
        Edit(start, end, ident(name), script.path)
        for script in scripts
        for start, end in _places(script.file.text, script.span, ident(item.name))
    )
    reason = "what exists gets another name than other scripts and programs may use"
    return Fix(f"name it {name}", edits, reason) if edits else None


def _candidates(item: Declared) -> Iterator[str]:
    """Yield the names that people give to such an object."""
    table, columns = item.owner or "", "_".join(_columns(item))
    stem = "_".join(filter(None, (table, columns)))
    snake = _OTHER.sub("_", _UPPER.sub("_", item.name)).lower()
    yield snake
    labels = {
        "index": ("idx", "ix", "index", "i"),
        "unique": ("key", "uq", "uk", "unique", "uniq"),
        "primary": ("pkey", "pk"),
        "foreign": ("fkey", "fk"),
        "check": ("check", "ck", "chk"),
        "exclude": ("excl", "ex"),
        "trigger": ("trg", "trigger", "tr"),
        "policy": ("policy",),
        "sequence": ("seq",),
        "view": ("view", "v"),
        "type": ("type", "enum"),
    }.get(item.kind, ())
    stems = (stem, table, snake, f"{table}_{snake}" if table else "")
    for start in dict.fromkeys(filter(None, stems)):
        for label in labels:
            yield f"{start}_{label}"
            yield f"{label}_{start}"


def _columns(item: Declared) -> tuple[str, ...]:
    match item.operation:
        case ops.AddConstraint() as added:
            return added.constraint.columns
        case ops.CreateIndex() as index:
            return tuple(element.column for element in index.elements if element.column is not None)
        case ops.CreateTable() as table:
            return next((one.columns for one in table.constraints if one.name == item.name), ())
        case _:
            return ()


def _places(text: str, span: Span, written: str) -> Iterator[tuple[int, int]]:
    """Yield where a name stands in a part of a text."""
    start = rf"(?<![\w.\"]){re.escape(written)}" if written[0] == '"' else rf"(?<![\w]){re.escape(written)}"
    flags = re.NOFLAG if written[0] == '"' else re.IGNORECASE
    for found in re.compile(rf"{start}(?!\w)", flags).finditer(text, span.start, span.end):
        yield found.span()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
