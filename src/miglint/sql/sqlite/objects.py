"""Indexes, views and triggers, and `DROP`."""

from __future__ import annotations

from miglint.sql.operations import CreateIndex, CreateTrigger, CreateView, Drop, Name, Operation
from miglint.sql.sqlite.columns import index_elements
from miglint.sql.sqlite.cursor import Cursor
from miglint.sql.sqlite.data import data_statement
from miglint.sql.sqlite.expressions import canonical, distinct, query
from miglint.sql.sqlite.mentions import MentionCollector
from miglint.sql.sqlite.scope import Scope

DROPPED = frozenset({"TABLE", "INDEX", "VIEW", "TRIGGER"})


def create_index(cursor: Cursor, *, unique: bool) -> Operation:
    """Read the rest of `CREATE [UNIQUE] INDEX`."""
    if_not_exists = cursor.if_not_exists()
    name = cursor.qualified()
    cursor.expect("ON")
    table = cursor.name()
    elements = index_elements(cursor, *cursor.parentheses())
    where = cursor.expression_until() if cursor.accept("WHERE") else None
    cursor.finish()
    return CreateIndex(
        span=cursor.whole(),
        name=name.name,
        table=Name(name.schema, table),
        elements=elements,
        unique=unique,
        where=where,
        if_not_exists=if_not_exists,
    )


def create_view(cursor: Cursor, *, temporary: bool) -> Operation:
    """Read the rest of `CREATE [TEMP] VIEW`."""
    if_not_exists = cursor.if_not_exists()
    name = cursor.qualified()
    columns = cursor.names() if cursor.word == "(" else ()
    cursor.expect("AS")
    return CreateView(
        span=cursor.whole(),
        name=name,
        query=query(cursor.tokens, cursor.at, cursor.size),
        columns=columns,
        if_not_exists=if_not_exists,
        temporary=temporary,
    )


def create_trigger(cursor: Cursor, *, temporary: bool) -> Operation:
    """Read the rest of `CREATE [TEMP] TRIGGER`: the event, the table, and the names used in the body."""
    if_not_exists = cursor.if_not_exists()
    name = cursor.qualified()
    start = cursor.at
    event, columns = _event(cursor)
    head = canonical(cursor.tokens, start, cursor.at)
    cursor.expect("ON")
    table = cursor.qualified()
    if table.schema is None:
        table = Name(name.schema, table.name)
    rest = cursor.at
    cursor.accept("FOR", "EACH", "ROW")
    found = MentionCollector()
    scope = Scope()
    scope.rows = {"new": table, "old": table}
    if cursor.accept("WHEN"):
        first = cursor.at
        cursor.expression_until("BEGIN")
        found.walk(cursor.tokens, first, cursor.at, scope)
    cursor.expect("BEGIN")
    _body(cursor, found, scope)
    strings = found.strings()
    return CreateTrigger(
        span=cursor.whole(),
        name=name.name,
        table=table,
        definition=f"{head} {canonical(cursor.tokens, rest, cursor.size)}",
        columns=columns,
        relations=distinct(found.relations),
        uses=distinct(use for use in found.uses if use.column not in strings),
        targets=distinct(found.targets),
        open=distinct(use for use in found.open if use.column not in strings),
        event=event,
        if_not_exists=if_not_exists,
        temporary=temporary,
        source=cursor.source(),
    )


def _event(cursor: Cursor) -> tuple[str, tuple[str, ...]]:
    """Read what fires a trigger: the event, and the columns of `UPDATE OF`."""
    if not (cursor.accept("BEFORE") or cursor.accept("AFTER")):
        cursor.accept("INSTEAD", "OF")
    event = cursor.word.lower()
    columns: list[str] = []
    if cursor.accept("UPDATE"):
        if cursor.accept("OF"):
            columns.append(cursor.name())
            while cursor.accept(","):
                columns.append(cursor.name())
    elif not cursor.accept("DELETE"):
        cursor.expect("INSERT")
    return event, tuple(columns)


def _body(cursor: Cursor, found: MentionCollector, scope: Scope) -> None:
    """Read the statements of a trigger up to its END."""
    first = cursor.at
    while cursor.at < cursor.size:
        if cursor.word == ";":
            body = Cursor(cursor.tokens, cursor.offset, first, cursor.at)
            data_statement(body, found, Scope(scope))
            first = cursor.at + 1
        cursor.at += 1
    if first + 1 != cursor.size or cursor.words[first] != "END":
        raise cursor.unreadable()


def drop(cursor: Cursor) -> Operation:
    """Read the rest of `DROP`."""
    if cursor.word not in DROPPED:
        raise cursor.unreadable()
    kind = cursor.word.lower()
    cursor.at += 1
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.qualified()
    cursor.finish()
    return Drop(span=cursor.whole(), kind=kind, name=name, if_exists=if_exists)
