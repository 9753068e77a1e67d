"""The guards that are words of the statement itself: `IF NOT EXISTS`, `IF EXISTS`, `OR REPLACE`, and where they go.

This only finds the place of an insertion in a text: what a statement does is read from its operations.
"""

from __future__ import annotations

from typing import NamedTuple

from miglint.base.findings import Edit
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.rules.idempotency.second_run_failure import ALTER_IF_EXISTS, SecondRunFailure, is_of_a_parent
from miglint.rules.support.gaps import behind_gap
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

_WORD = pattern(r"(\w++)")
_BEFORE_TABLE = frozenset({"TEMP", "TEMPORARY", "UNLOGGED", "LOCAL", "GLOBAL", "VIRTUAL", "FOREIGN"})


class _GuardPattern(NamedTuple):
    """The words before a guard: all of `words` in order, with some of `between` among them, and `after` behind them.

    With `late` other words may stand before them, but no literal.
    """

    words: tuple[str, ...]
    text: str
    between: frozenset[str] = frozenset()
    after: str = ""
    late: bool = False


_IF_NOT_EXISTS, _IF_EXISTS, _OR_REPLACE = " IF NOT EXISTS", " IF EXISTS", " OR REPLACE"
_GUARDS: dict[type[Operation], _GuardPattern] = {
    ops.CreateTable: _GuardPattern(("CREATE", "TABLE"), _IF_NOT_EXISTS, _BEFORE_TABLE),
    ops.AddEnumValue: _GuardPattern(("ADD", "VALUE"), _IF_NOT_EXISTS, late=True),
    ops.CreateSequence: _GuardPattern(("CREATE", "SEQUENCE"), _IF_NOT_EXISTS, _BEFORE_TABLE),
    ops.CreateExtension: _GuardPattern(("CREATE", "EXTENSION"), _IF_NOT_EXISTS),
    ops.CreateSchema: _GuardPattern(("CREATE", "SCHEMA"), _IF_NOT_EXISTS),
}
_POSTGRES_GUARDS: dict[type[Operation], _GuardPattern] = {
    ops.DropConstraint: _GuardPattern(("DROP", "CONSTRAINT"), _IF_EXISTS),
    ops.CreateView: _GuardPattern(("CREATE",), _OR_REPLACE),
    ops.CreateRule: _GuardPattern(("CREATE",), _OR_REPLACE),
}
# Kinds of other objects whose CREATE has a guard.
_OTHERS = {
    "collation": _IF_NOT_EXISTS,
    "statistics": _IF_NOT_EXISTS,
    "server": _IF_NOT_EXISTS,
    "user mapping": _IF_NOT_EXISTS,
    "aggregate": _OR_REPLACE,
    "language": _OR_REPLACE,
    "transform": _OR_REPLACE,
}
_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})
_SQLITE_GUARDS: dict[type[Operation], _GuardPattern] = {
    ops.CreateView: _GuardPattern(("CREATE", "VIEW"), _IF_NOT_EXISTS, _TEMPORARY),
    ops.CreateTrigger: _GuardPattern(("CREATE", "TRIGGER"), _IF_NOT_EXISTS, _TEMPORARY),
}
_TABLES = frozenset({"table", "foreign table"})


class InsertedGuard(Struct, frozen=True):
    """A guard and its insertion."""

    words: str
    edit: Edit


def guard_of(failure: SecondRunFailure) -> InsertedGuard | None:
    """Return the guard that makes the statement repeatable, or None: not every statement has one."""
    script, operation = failure.script, failure.operation
    wanted = _pattern(failure)
    if wanted is None or not _meets(wanted.text, failure):
        return None
    # A drop of several objects gives one operation each: the guard follows the words that they share.
    for start in (operation.span.start, failure.event.statement.span.start):
        at = _behind(script.file.text, start, wanted)
        if at is not None:
            return InsertedGuard(wanted.text.strip(), Edit(at, at, wanted.text))
    return None


def _meets(guard: str, failure: SecondRunFailure) -> bool:
    """Return whether a guard is about the error: it does not help where the table of a column is missing."""
    condition = failure.error.condition
    if isinstance(failure.operation, (ops.SetIdentity, ops.SetGenerated)):
        return True
    if guard != _IF_EXISTS:
        return condition.startswith("duplicate_")
    if isinstance(failure.operation, ops.DropColumn):
        return condition == "undefined_column"
    if isinstance(failure.operation, ops.DropConstraint):
        return condition == "undefined_object"
    return condition.startswith(("undefined_", "invalid_schema_name"))


def _is_gone(failure: SecondRunFailure) -> bool:
    """Return whether nothing has the name any more: where another object has it, the guard does not help."""
    return failure.error.condition.startswith("undefined_")


def _pattern(failure: SecondRunFailure) -> _GuardPattern | None:
    operation, postgres = failure.operation, failure.script.dialect is Dialect.POSTGRES
    found = _postgres_pattern(failure) if postgres else None
    if found is not None:
        return found
    match operation:
        case ops.CreateIndex() if operation.name is not None:
            return _GuardPattern(("CREATE", "INDEX"), _IF_NOT_EXISTS, frozenset({"UNIQUE"}), "CONCURRENTLY")
        case ops.CreateView() if operation.materialized:
            return _GuardPattern(("CREATE", "MATERIALIZED", "VIEW"), _IF_NOT_EXISTS)
        case ops.CreateRoutine() if operation.kind in ("function", "procedure"):
            return _GuardPattern(("CREATE",), _OR_REPLACE)
        case ops.Drop() if operation.kind not in ("cast", "database"):
            return _GuardPattern(("DROP", *operation.kind.upper().split()), _IF_EXISTS, after="CONCURRENTLY")
        case ops.SetIdentity() if operation.action == "drop" and not is_of_a_parent(failure):
            return _GuardPattern(("DROP", "IDENTITY"), _IF_EXISTS, late=True)
        case ops.SetGenerated() if operation.expression is None and not is_of_a_parent(failure):
            return _GuardPattern(("DROP", "EXPRESSION"), _IF_EXISTS, late=True)
        case _:
            of_engine = _POSTGRES_GUARDS if postgres else _SQLITE_GUARDS
            return _GUARDS.get(type(operation)) or of_engine.get(type(operation))


def _postgres_pattern(failure: SecondRunFailure) -> _GuardPattern | None:
    """Return the guard of a statement that only PostgreSQL has one for."""
    operation = failure.operation
    match operation:
        case ops.AddColumn() if operation.kind in _TABLES:
            return _GuardPattern(("ADD",), _IF_NOT_EXISTS, after="COLUMN")
        case ops.CreateOther() if operation.kind in _OTHERS:
            guard = _OTHERS[operation.kind]
            words = () if guard == _OR_REPLACE else tuple(operation.kind.upper().split())
            return _GuardPattern(("CREATE", *words), guard)
        case ops.Rename() | ops.SetSchema() if operation.kind in ALTER_IF_EXISTS and _is_gone(failure):
            words = ("ALTER", *operation.kind.upper().split())
            return None if operation.if_exists else _GuardPattern(words, _IF_EXISTS)
        case ops.DropColumn() if operation.kind in _TABLES:
            return _GuardPattern(("DROP",), _IF_EXISTS, after="COLUMN")
        case ops.DropColumn() if operation.kind == "type":
            return _GuardPattern(("DROP", "ATTRIBUTE"), _IF_EXISTS)
        case _:
            return None


def _behind(text: str, start: int, guard: _GuardPattern) -> int | None:
    """Return the place behind the words of a guard that begin at `start`, or None when they are not there."""
    if guard.late:
        end = text.find("'", start)
        plain = guard._replace(late=False)
        found = [
            place
            for word in _WORD.finditer(text, start, len(text) if end < 0 else end)
            if word[1].upper() == guard.words[0] and (place := _behind(text, word.start(1), plain)) is not None
        ]
        return found[0] if len(found) == 1 else None
    words, at, number = guard.words, start, 0
    while word := _WORD.match(text, behind_gap(text, at)):
        said = word[1].upper()
        if number < len(words) and said == words[number]:
            number += 1
        elif number == len(words):
            return word.end() if said == guard.after else at
        elif said not in guard.between:
            return None
        at = word.end()
    return at if number == len(words) else None
