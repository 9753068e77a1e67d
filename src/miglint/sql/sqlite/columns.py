"""Columns and constraints in `CREATE TABLE` and `ADD COLUMN`."""

from __future__ import annotations

from miglint.base.structs import Struct, replace
from miglint.sql.operations import Column, Constraint, Expression, IndexElement, Type
from miglint.sql.sqlite.cursor import Cursor
from miglint.sql.sqlite.expressions import expression, inside, quoted_name
from miglint.sql.sqlite.query_parts import split_list
from miglint.sql.sqlite.tokens import BLOB, NUMBER, STRING
from miglint.sql.sqlite.words import CLOCK

_CLAUSES = {
    "NULL": "null",
    "NOT": "not null",
    "DEFAULT": "default",
    "COLLATE": "collate",
    "GENERATED": "generated",
    "AS": "as",
}
_ALWAYS = " generated always"
_TERMS = frozenset({STRING, NUMBER, BLOB, "NULL", *CLOCK})
TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})


class _ReferenceActions(Struct):
    """Attributes of a foreign key that is being read."""

    on_delete: str = "no action"
    on_update: str = "no action"
    match: str = "simple"


def column(cursor: Cursor) -> tuple[Column, tuple[Constraint, ...]]:
    """Read a column definition: the column, and its constraints (`NOT NULL` is in the column)."""
    first = cursor.at
    parts = _ColumnParts(cursor.name())
    behind = cursor.at
    type_ = _type(cursor)
    declared = _declared(cursor, behind, cursor.at)
    label: str | None = None
    start = cursor.at
    while True:
        if label is None:
            start = cursor.at
        if cursor.accept("CONSTRAINT"):
            label = cursor.name()
            continue
        # SQLite accepts `CONSTRAINT name` without a constraint.
        if not parts.property(cursor, label) and not parts.constraint(cursor, label, start) and label is None:
            break
        label = None
    column = Column(
        parts.name,
        type_,
        parts.nullable,
        parts.default,
        generated=parts.generated,
        collation=parts.collation,
        autoincrement=parts.autoincrement,
        span=cursor.span(first),
        not_null_name=parts.not_null_name,
        declared=declared,
        not_null_conflict=parts.not_null_conflict,
        clauses=tuple(parts.clauses),
    )
    return column, tuple(parts.constraints)


class _ColumnParts:
    """What follows a column's type: properties of the column, and constraints."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nullable = True
        self.autoincrement = False
        self.default: Expression | None = None
        self.generated: str | None = None
        self.collation: str | None = None
        self.not_null_name: str | None = None
        self.not_null_conflict: str | None = None
        self.constraints: list[Constraint] = []
        self.clauses: list[str] = []

    def property(self, cursor: Cursor, label: str | None) -> bool:
        """Read a property, if there is one; `label` is the name before it."""
        first = cursor.word
        if cursor.accept("NOT", "NULL"):
            self.nullable = False
            self.not_null_name = label
            self.not_null_conflict = _on_conflict(cursor)
        elif cursor.accept("NULL"):
            _on_conflict(cursor)
        elif cursor.accept("DEFAULT"):
            self.default = _default(cursor)
        elif cursor.accept("COLLATE"):
            self.collation = cursor.name()
        elif cursor.accept("GENERATED", "ALWAYS", "AS") or cursor.accept("AS"):
            self.default = expression(cursor.tokens, *cursor.parentheses())
            self.generated = "virtual"
            if cursor.word in {"STORED", "VIRTUAL"}:
                self.generated = cursor.word.lower()
                self.clauses.append(self.generated)
                cursor.at += 1
        else:
            return False
        self.clauses.append(_CLAUSES.get(first, ""))
        return True

    def constraint(self, cursor: Cursor, label: str | None, start: int) -> bool:
        """Read a constraint, if there is one; with its name it begins at the token `start`."""
        if cursor.accept("PRIMARY", "KEY"):
            orders = ("DESC",) if not cursor.accept("ASC") and cursor.accept("DESC") else ()
            found = Constraint("primary", label, (self.name,), on_conflict=_on_conflict(cursor), orders=orders)
            self.autoincrement = cursor.accept("AUTOINCREMENT") or self.autoincrement
        elif cursor.accept("UNIQUE"):
            found = Constraint("unique", label, (self.name,), on_conflict=_on_conflict(cursor))
        elif cursor.accept("CHECK"):
            found = _check(cursor, label)
        elif cursor.accept("REFERENCES"):
            found = _references(cursor, label, (self.name,))
        elif (late := _deferrable(cursor)) is not None:
            # A separate clause belongs to the preceding foreign key, if there is one.
            if self.constraints and self.constraints[-1].kind == "foreign":
                self.constraints[-1] = replace(self.constraints[-1], deferrable=late[0], deferred=late[1], actions="")
            return True
        else:
            return False
        # A condition without columns is attached to its own column.
        own = found.columns or (self.name,)
        self.clauses.append(found.kind)
        self.constraints.append(replace(found, columns=own, inline=True, behind=self.name, span=cursor.span(start)))
        return True


def table_constraints(cursor: Cursor) -> tuple[Constraint, ...]:
    """Read the table constraints up to the closing parenthesis; SQLite allows missing commas."""
    constraints: list[Constraint] = []
    label: str | None = None
    start = cursor.at
    while cursor.word in TABLE_CONSTRAINTS or cursor.word == ",":
        if cursor.accept(","):
            label = None
            continue
        if label is None:
            start = cursor.at
        if cursor.accept("CONSTRAINT"):
            label = cursor.name()
            continue
        constraints.append(replace(_table_constraint(cursor, label), span=cursor.span(start)))
        label = None
    return tuple(constraints)


def check_constraint(cursor: Cursor) -> Constraint:
    """Read the `[CONSTRAINT name] CHECK (...)` of `ALTER TABLE ... ADD`."""
    start = cursor.at
    label = cursor.name() if cursor.accept("CONSTRAINT") else None
    cursor.expect("CHECK")
    return replace(_check(cursor, label), span=cursor.span(start))


def _table_constraint(cursor: Cursor, label: str | None) -> Constraint:
    if cursor.accept("PRIMARY", "KEY"):
        return _key(cursor, "primary", label, autoincrement=True)
    if cursor.accept("UNIQUE"):
        return _key(cursor, "unique", label)
    if cursor.accept("CHECK"):
        return _check(cursor, label)
    cursor.expect("FOREIGN", "KEY")
    columns = cursor.names()
    cursor.expect("REFERENCES")
    return _references(cursor, label, columns)


def _key(cursor: Cursor, kind: str, label: str | None, *, autoincrement: bool = False) -> Constraint:
    place = cursor.parentheses()
    inner = Cursor(cursor.tokens, cursor.offset, place[0])
    if autoincrement and cursor.words[place[1] - 1] == "AUTOINCREMENT":
        place = (place[0], place[1] - 1)
    elements = index_elements(inner, *place)
    names = tuple(element.column or (element.expression.key if element.expression else "") for element in elements)
    orders = tuple(map(_order, elements))
    return Constraint(kind, label, names, on_conflict=_on_conflict(cursor), orders=orders if any(orders) else ())


def _order(element: IndexElement) -> str:
    """Return what follows a column of a key."""
    collation = "" if element.collation is None else f"COLLATE {element.collation.lower()}"
    return f"{collation}{' DESC' if element.descending else ''}".strip()


def index_elements(cursor: Cursor, start: int, end: int) -> tuple[IndexElement, ...]:
    """Read the keys of an index or key constraint between two tokens."""
    tokens, words = cursor.tokens, cursor.words
    elements: list[IndexElement] = []
    for place in split_list(tokens, start, end):
        first, stop = place
        nulls_first, descending, collation = None, False, None
        if stop - first > 2 and words[stop - 2] == "NULLS":
            nulls_first = words[stop - 1] == "FIRST"
            stop -= 2
        if stop - first > 1 and words[stop - 1] in {"ASC", "DESC"}:
            descending = words[stop - 1] == "DESC"
            stop -= 1
        if stop - first > 2 and words[stop - 2] == "COLLATE":
            collation = tokens.name(stop - 1)
            stop -= 2
        first, stop = inside(tokens, first, stop)
        if stop - first == 1 and (words[first] == STRING or tokens.is_name(first)):
            elements.append(
                IndexElement(
                    tokens.name(first),
                    None,
                    collation,
                    descending=descending,
                    nulls_first=nulls_first,
                    label=tokens.raw(first),
                )
            )
        else:
            found = expression(tokens, first, stop)
            elements.append(IndexElement(None, found, collation, descending=descending, nulls_first=nulls_first))
    return tuple(elements)


def _check(cursor: Cursor, label: str | None) -> Constraint:
    found = expression(cursor.tokens, *cursor.parentheses())
    return Constraint("check", label, found.columns, found, on_conflict=_on_conflict(cursor))


def _references(cursor: Cursor, label: str | None, columns: tuple[str, ...]) -> Constraint:
    table = cursor.qualified()
    referenced = cursor.names() if cursor.word == "(" else ()
    rest = _ReferenceActions()
    first = cursor.at
    while True:
        if cursor.accept("ON", "DELETE"):
            rest.on_delete = _action(cursor)
        elif cursor.accept("ON", "UPDATE"):
            rest.on_update = _action(cursor)
        elif cursor.accept("ON", "INSERT"):
            _action(cursor)
        elif cursor.accept("MATCH"):
            rest.match = cursor.name().lower()
        else:
            break
    deferrable, deferred = _deferrable(cursor) or (False, False)
    words = (cursor.tokens.raw(at) for at in range(first, cursor.at))
    return Constraint(
        "foreign",
        label,
        columns,
        table=table,
        referenced=referenced,
        on_delete=rest.on_delete,
        on_update=rest.on_update,
        match=rest.match,
        deferrable=deferrable,
        deferred=deferred,
        actions=" ".join(words).upper(),
    )


def _deferrable(cursor: Cursor) -> tuple[bool, bool] | None:
    """Read optional `[NOT] DEFERRABLE [INITIALLY ...]`: whether deferrable, and whether initially deferred."""
    if cursor.word != "DEFERRABLE" and not (cursor.word == "NOT" and cursor.ahead() == "DEFERRABLE"):
        return None
    deferrable = not cursor.accept("NOT")
    cursor.at += 1
    deferred = cursor.accept("INITIALLY", "DEFERRED")
    if not deferred:
        cursor.accept("INITIALLY", "IMMEDIATE")
    return deferrable, deferrable and deferred


def _action(cursor: Cursor) -> str:
    for words in (("SET", "NULL"), ("SET", "DEFAULT"), ("NO", "ACTION"), ("CASCADE",), ("RESTRICT",)):
        if cursor.accept(*words):
            return " ".join(words).lower()
    raise cursor.unreadable()


def _on_conflict(cursor: Cursor) -> str | None:
    return cursor.name().lower() if cursor.accept("ON", "CONFLICT") else None


def _default(cursor: Cursor) -> Expression:
    """Read a default: an expression in parentheses, a constant with an optional sign, or a bare word."""
    if cursor.word == "(":
        return expression(cursor.tokens, *cursor.parentheses())
    first = cursor.at
    if cursor.word in {"+", "-"}:
        cursor.at += 1
    if cursor.word not in _TERMS and not cursor.is_name():
        raise cursor.unreadable()
    cursor.at += 1
    if first + 1 == cursor.at and cursor.words[first] not in _TERMS:
        # A bare word is a string here, not a column, except for TRUE and FALSE.
        value = cursor.tokens.name(first)
        key = value.lower() if cursor.words[first] in ("TRUE", "FALSE") else quoted_name(value)
        return Expression(key, cursor.tokens.raw(first), literal=value)
    return expression(cursor.tokens, first, cursor.at)


def _declared(cursor: Cursor, start: int, end: int) -> str | None:
    """Return the declared type in its own letters, as one line; None for none."""
    text = " ".join(cursor.tokens.slice(start, end).split())
    if "--" in text or "/*" in text:
        return None
    if f" {text.lower()}".endswith(_ALWAYS):
        text = text[: len(text) - len(_ALWAYS) + 1].rstrip()
    return text or None


def _type(cursor: Cursor) -> Type | None:
    """Read the declared type: any words, optionally followed by one or two numbers in parentheses."""
    words: list[str] = []
    while cursor.is_name() and not (cursor.word == "GENERATED" and cursor.words_ahead("ALWAYS", "AS")):
        words.append(" ".join(cursor.tokens.raw(cursor.at).upper().split()))
        cursor.at += 1
    if len(words) == 1:
        words = [" ".join(cursor.tokens.name(cursor.at - 1).upper().split())]
    if words[-2:] == ["GENERATED", "ALWAYS"]:
        # SQLite removes these from the end of any type.
        del words[-2:]
    if not words:
        return Type("")
    args: tuple[str, ...] = ()
    if cursor.word == "(":
        first, close = cursor.parentheses()
        args = tuple(
            "".join(cursor.tokens.raw(at) for at in range(*place)) for place in split_list(cursor.tokens, first, close)
        )
    return Type(" ".join(words), args)
