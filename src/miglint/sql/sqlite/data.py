"""`INSERT`, `REPLACE`, `UPDATE`, `DELETE`, and standalone queries."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from miglint.sql.operations import ColumnUse, Delete, Expression, Insert, Name, Operation, Query, Select, Update
from miglint.sql.sqlite.cursor import Cursor
from miglint.sql.sqlite.expressions import collected_query, distinct, expression, literal, query
from miglint.sql.sqlite.mentions import MentionCollector
from miglint.sql.sqlite.query_parts import is_alias, split_list
from miglint.sql.sqlite.scope import Scope
from miglint.sql.sqlite.words import QUERY_STARTS

DATA_STARTS = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE", *QUERY_STARTS})
_NOT_CONSTANT = frozenset({"FROM", "UNION", "EXCEPT", "INTERSECT", "LIMIT", "ORDER", "GROUP"})
_CONFLICTS = {"REPLACE": "replace", "IGNORE": "ignore"}


def data_statement(cursor: Cursor, found: MentionCollector, scope: Scope) -> Operation:
    """Read a data statement or a query; `found` takes all that it mentions, by names that `scope` explains."""
    start = cursor.at
    if cursor.word == "WITH":
        cursor.at = found.with_(cursor.tokens, cursor.at + 1, cursor.size, scope)
    word = cursor.word
    if word in {"SELECT", "VALUES"}:
        found.query(cursor.tokens, cursor.at, cursor.size, scope)
        return Select(span=cursor.whole(), query=query(cursor.tokens, start, cursor.size))
    if word in {"INSERT", "REPLACE"}:
        return _insert(cursor, found, scope, start)
    if word == "UPDATE":
        return _update(cursor, found, scope)
    if word == "DELETE":
        return _delete(cursor, found, scope)
    raise cursor.unreadable()


def _insert(cursor: Cursor, found: MentionCollector, outer: Scope, start: int) -> Operation:
    conflict = "replace" if cursor.word == "REPLACE" else None
    cursor.at += 1
    if cursor.accept("OR"):
        conflict = _CONFLICTS.get(cursor.word)
        cursor.at += 1
    cursor.expect("INTO")
    table = cursor.qualified()
    scope = _targeted(cursor, found, outer, table)
    scope.rows["excluded"] = table
    columns = cursor.names() if cursor.word == "(" else ()
    found.targets += [ColumnUse(table, name) for name in columns]
    source = _insert_source(cursor, found, Scope(outer), start, table, columns)
    targets: tuple[str, ...] = ()
    where: Expression | None = None
    while cursor.accept("ON", "CONFLICT"):
        if cursor.word == "(":
            targets, where = _conflict_target(cursor, found, scope)
        conflict = _conflict_action(cursor, found, scope, table)
    if cursor.word == "RETURNING":
        _returning(cursor, found, scope)
    else:
        cursor.finish()
    return Insert(
        span=cursor.whole(),
        table=table,
        columns=columns,
        rows=source.rows,
        query=source.query,
        conflict=conflict,
        conflict_columns=targets,
        conflict_where=where,
        anti_join=source.anti_join,
        guarded=source.guarded,
    )


class _Source(NamedTuple):
    """What an `INSERT` inserts: known rows, or the result of a query."""

    rows: tuple[tuple[Expression | None, ...], ...] | None
    query: Query | None = None
    anti_join: bool = False
    guarded: bool = False


def _insert_source(
    cursor: Cursor, found: MentionCollector, scope: Scope, start: int, table: Name, columns: tuple[str, ...]
) -> _Source:
    if cursor.accept("DEFAULT", "VALUES"):
        return _Source(((),))
    if cursor.word not in QUERY_STARTS:
        raise cursor.unreadable()
    first = cursor.at
    last = _end_of_source(cursor, first)
    found.query(cursor.tokens, first, last, scope)
    rows = _rows(cursor, first, last) if cursor.word == "VALUES" else None
    cursor.at = last
    if rows is not None:
        return _Source(rows)
    with_clause = cursor.words[start] == "WITH"
    source = _with_source(cursor, start, first, last) if with_clause else query(cursor.tokens, first, last)
    selected = _selected(cursor, first, last)
    anti_join = _anti_join(cursor.words[first:last], source, table)
    if anti_join and selected is not None and _asks_for_another(cursor, selected, columns):
        anti_join = False
    rows = None if anti_join or selected is None else selected.rows
    guarded = rows is not None and any(name != table for name in source.relations)
    return _Source(rows, source, anti_join, guarded)


def _conflict_target(
    cursor: Cursor, found: MentionCollector, scope: Scope
) -> tuple[tuple[str, ...], Expression | None]:
    """Read the columns in parentheses that `ON CONFLICT` is about, and the condition behind them."""
    place = cursor.parentheses()
    targets = tuple(_target(cursor, *bounds) for bounds in split_list(cursor.tokens, *place))
    found.walk(cursor.tokens, *place, scope)
    if not cursor.accept("WHERE"):
        return targets, None
    first = cursor.at
    _walk_until(cursor, found, scope, "DO")
    return targets, expression(cursor.tokens, first, cursor.at)


def _target(cursor: Cursor, start: int, end: int) -> str:
    """Return a column of the target of `ON CONFLICT`, its collation aside, or the expression."""
    plain = cursor.tokens.is_name(start) and (end - start == 1 or cursor.words[start + 1] == "COLLATE")
    return cursor.tokens.name(start) if plain else expression(cursor.tokens, start, end).key


def _conflict_action(cursor: Cursor, found: MentionCollector, scope: Scope, table: Name) -> str:
    """Read what is done with a row in conflict: `DO NOTHING` or `DO UPDATE SET`."""
    cursor.expect("DO")
    if cursor.accept("NOTHING"):
        return "nothing"
    cursor.expect("UPDATE", "SET")
    _upsert(cursor, found, scope, table)
    return "update"


def _upsert(cursor: Cursor, found: MentionCollector, scope: Scope, table: Name) -> None:
    """Read the assignments of `DO UPDATE SET` and their `WHERE`, up to another `ON CONFLICT` or `RETURNING`."""
    while True:
        names = cursor.names() if cursor.word == "(" else (cursor.name(),)
        found.targets += [ColumnUse(table, name) for name in names]
        cursor.expect("=")
        first = cursor.at
        found.walk(cursor.tokens, first, _skip_until(cursor, ",", "WHERE", "ON", "RETURNING"), scope)
        if not cursor.accept(","):
            break
    if cursor.accept("WHERE"):
        _walk_until(cursor, found, scope, "RETURNING")


def _update(cursor: Cursor, found: MentionCollector, outer: Scope) -> Operation:
    cursor.at += 1
    if cursor.accept("OR"):
        cursor.at += 1
    table = cursor.qualified()
    before = len(found.relations) + 1
    scope = _targeted(cursor, found, outer, table)
    cursor.expect("SET")
    assignments: list[tuple[str, Expression | None]] = []
    walked: list[tuple[int, int]] = []
    while True:
        if cursor.word == "(":
            several = cursor.names()
            cursor.expect("=")
            walked.append((cursor.at, _skip_until(cursor, ",", "FROM", "WHERE", "RETURNING", "ORDER", "LIMIT")))
            assignments += [(name, None) for name in several]
            found.targets += [ColumnUse(table, name) for name in several]
        else:
            name = cursor.name()
            cursor.expect("=")
            place = (cursor.at, _skip_until(cursor, ",", "FROM", "WHERE", "RETURNING", "ORDER", "LIMIT"))
            walked.append(place)
            value = expression(cursor.tokens, *place)
            assignments.append((name, None if value.relations else value))
            found.targets.append(ColumnUse(table, name))
        if not cursor.accept(","):
            break
    if cursor.accept("FROM"):
        first = cursor.at
        walked += found.sources(cursor.tokens, first, _skip_until(cursor, "WHERE", "RETURNING"), scope)
    where = _where(cursor, walked)
    for place in walked:
        found.walk(cursor.tokens, *place, scope)
    _returning(cursor, found, scope)
    return Update(
        span=cursor.whole(),
        table=table,
        assignments=tuple(assignments),
        where=where,
        relations=distinct(found.relations[before:]),
    )


def _delete(cursor: Cursor, found: MentionCollector, outer: Scope) -> Operation:
    cursor.at += 1
    cursor.expect("FROM")
    table = cursor.qualified()
    before = len(found.relations) + 1
    scope = _targeted(cursor, found, outer, table)
    walked: list[tuple[int, int]] = []
    where = _where(cursor, walked)
    for place in walked:
        found.walk(cursor.tokens, *place, scope)
    _returning(cursor, found, scope)
    return Delete(span=cursor.whole(), table=table, where=where, relations=distinct(found.relations[before:]))


def _targeted(cursor: Cursor, found: MentionCollector, outer: Scope, table: Name) -> Scope:
    """Return the scope of a statement that changes `table`, after its alias and index hint."""
    found.relations.append(table)
    scope = Scope(outer)
    alias = table.name
    if cursor.accept("AS"):
        alias = cursor.name()
    if cursor.accept("INDEXED", "BY"):
        cursor.name()
    else:
        cursor.accept("NOT", "INDEXED")
    scope.sources[alias.lower()] = table
    return scope


def _where(cursor: Cursor, walked: list[tuple[int, int]]) -> Expression | None:
    """Read `WHERE` and the following clauses, up to the end."""
    found: Expression | None = None
    if cursor.accept("WHERE"):
        place = (cursor.at, _skip_until(cursor, "RETURNING", "ORDER", "LIMIT"))
        if place[0] == place[1]:
            raise cursor.unreadable()
        walked.append(place)
        found = expression(cursor.tokens, *place)
    if cursor.word not in {"RETURNING", "ORDER", "LIMIT"}:
        cursor.finish()
    return found


def _returning(cursor: Cursor, found: MentionCollector, scope: Scope) -> None:
    """Read the results of `RETURNING`, their names aside."""
    _skip_until(cursor, "RETURNING")
    if not cursor.accept("RETURNING"):
        return
    words = cursor.words
    for first, end in split_list(cursor.tokens, cursor.at, cursor.size):
        named = end - first > 1 and (words[end - 2] == "AS" or is_alias(cursor.tokens, end - 1))
        last = end - 1 - (words[end - 2] == "AS") if named else end
        found.walk(cursor.tokens, first, last, scope)


def _skip_until(cursor: Cursor, *stops: str) -> int:
    """Skip to one of the words outside parentheses, or to the end; return the position."""
    words, size, at = cursor.words, cursor.size, cursor.at
    while at < size:
        word = words[at]
        if word == "(":
            at = cursor.tokens.closing(at)
        elif word in stops and not (word == "FROM" and words[at - 1] == "DISTINCT"):
            break
        at += 1
    cursor.at = min(at, size)
    return cursor.at


def _walk_until(cursor: Cursor, found: MentionCollector, scope: Scope, stop: str) -> None:
    """Read expressions up to a word outside parentheses, or to another `ON CONFLICT`."""
    first = cursor.at
    _skip_until(cursor, stop, "ON")
    found.walk(cursor.tokens, first, cursor.at, scope)


def _end_of_source(cursor: Cursor, start: int) -> int:
    """Return the end of the source of an `INSERT`: `ON CONFLICT`, `RETURNING`, or the end of the statement."""
    words, size, at = cursor.words, cursor.size, start
    while at < size:
        word = words[at]
        if word == "(":
            at = cursor.tokens.closing(at)
        elif word == "RETURNING" or (word == "ON" and words[at + 1 : at + 2] == ["CONFLICT"]):
            return at
        at += 1
    return size


def _rows(cursor: Cursor, start: int, end: int) -> tuple[tuple[Expression | None, ...], ...] | None:
    """Return the constants of a `VALUES` list; None if anything but rows follows."""
    tokens, words, at = cursor.tokens, cursor.words, start + 1
    rows = []
    while at < end and words[at] == "(":
        close = tokens.closing(at)
        rows.append(tuple(_constant(cursor, *place) for place in split_list(tokens, at + 1, close)))
        at = close + 1
        if at < end and words[at] == ",":
            at += 1
    return tuple(rows) if at >= end else None


def _constant(cursor: Cursor, start: int, end: int) -> Expression | None:
    if cursor.words[start:end] == ["NULL"] or literal(cursor.tokens, start, end) is not None:
        return expression(cursor.tokens, start, end)
    return None


class _Selected(NamedTuple):
    """The constants that a query without a table selects, and where its condition stands."""

    rows: tuple[tuple[Expression | None, ...], ...]
    condition: tuple[int, int]


def _selected(cursor: Cursor, start: int, end: int) -> _Selected | None:
    """Read `SELECT constant, ... [WHERE ...]`; None for any other query."""
    words, tokens = cursor.words, cursor.tokens
    if words[start] != "SELECT":
        return None
    at = start + 1
    while at < end and words[at] != "WHERE":
        if words[at] in _NOT_CONSTANT:
            return None
        at = tokens.closing(at) + 1 if words[at] == "(" else at + 1
    row = tuple(_constant(cursor, *place) for place in split_list(tokens, start + 1, min(at, end)))
    return None if None in row else _Selected((row,), (min(at + 1, end), end))


def _asks_for_another(cursor: Cursor, selected: _Selected, columns: tuple[str, ...]) -> bool:
    """Whether `WHERE NOT EXISTS (SELECT ... WHERE column = constant)` is about another row than is selected."""
    words, tokens = cursor.words, cursor.tokens
    given = {
        name.lower(): value.literal
        for name, value in zip(columns, selected.rows[0], strict=False)
        if value is not None and value.literal is not None
    }
    start, end = selected.condition
    if words[start : start + 3] != ["NOT", "EXISTS", "("] or tokens.closing(start + 2) != end - 1:
        return False
    for at in range(start, end - 2):
        joined = words[at - 1] in ("WHERE", "AND") and words[at + 1] in ("=", "==")
        closed = words[at + 3] in (")", "AND") if at + 3 < end else False
        if joined and closed and tokens.is_name(at):
            value = literal(tokens, at + 2, at + 3)
            if value is not None and given.get(tokens.name(at).lower(), value) != value:
                return True
    return False


def _with_source(cursor: Cursor, start: int, first: int, last: int) -> Query:
    """Return the source of `WITH ... INSERT INTO t SELECT ...`: both parts as one query."""
    tokens = cursor.tokens
    found = MentionCollector()
    scope = Scope()
    found.with_(tokens, start + 1, cursor.size, scope)
    outputs = found.query(tokens, first, last, scope)
    plain = query(tokens, first, last)
    return collected_query(plain.key, plain.text, found, outputs)


def _anti_join(words: list[str], source: Query, table: Name) -> bool:
    """Return whether a query excludes rows that `table` already contains."""
    if table.name.lower() not in {relation.name.lower() for relation in source.relations}:
        return False
    pairs = set(pairwise(words))
    return (
        ("NOT", "EXISTS") in pairs
        or ("NOT", "IN") in pairs
        or "EXCEPT" in words
        or ("LEFT" in words and (("IS", "NULL") in pairs or "ISNULL" in words))
    )
