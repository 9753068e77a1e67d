"""Read a live SQLite schema: from the pragmas, and from the stored text where they do not tell."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.dryrun.sqlite.library import Connection, SqliteError
from miglint.dryrun.sqlite.text import TableText, canonical, read_table
from miglint.schema.objects import Index, Key, SchemaObject, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Expression, IndexElement, Name, Query, Type

_MAIN = "main"
_HIDDEN_VIRTUAL = 1
_GENERATED_VIRTUAL = 2
_GENERATED_STORED = 3


# What was read before, by its stored text, which says all that a table or index is.
Known = dict[tuple[str, str, str], SchemaObject]


def read_schema(db: Connection, known: Known) -> Schema:
    """Return everything in the `main` database."""
    return Schema.of(Dialect.SQLITE, _objects(db, known))


def tables(db: Connection) -> list[tuple[str, tuple[str, ...]]]:
    """Return the names of the ordinary tables and of their columns."""
    names = db.rows(
        "SELECT m.name, c.name FROM main.sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type = 'table'"
        " AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND c.hidden <> 1"
    )
    found: dict[str, list[str]] = {}
    for table, column in names:
        found.setdefault(table, []).append(column)
    return [(table, tuple(columns)) for table, columns in found.items()]


def _objects(db: Connection, known: Known) -> Iterator[tuple[Key, SchemaObject]]:
    stored = db.rows(
        "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    shadows = _shadows(stored)
    for kind, name, owner, sql in stored:
        if owner.lower() in shadows:
            continue
        if kind == "table" or (kind == "index" and sql):
            place = (name, owner, sql or "")
            value = known.get(place)
            if value is None:
                value = _table(db, name, sql or "") if kind == "table" else _index(db, name, owner, sql or "")
                known[place] = value
            yield Key("relation", _MAIN, name.lower()), value
        elif kind == "view":
            yield Key("relation", _MAIN, name.lower()), _view(db, name, sql or "")
        elif kind == "trigger":
            table = Name(None, owner)
            key = Key("trigger", _MAIN, name.lower())
            yield key, Trigger(name, table, definition=_after_name(sql or "", name))


def _shadows(stored: list[tuple[str, str, str, str | None]]) -> frozenset[str]:
    """Return the tables that a virtual table keeps for itself: they come and go with it."""
    virtual = [
        name for kind, name, _, sql in stored if kind == "table" and canonical(sql or "").startswith("create virtual")
    ]
    return frozenset(
        name.lower()
        for kind, name, _, _ in stored
        for owner in virtual
        if kind == "table" and name.lower().startswith(f"{owner.lower()}_")
    )


def _after_name(sql: str, name: str) -> str:
    """Return a stored statement's canonical text behind the object's name."""
    text = canonical(sql)
    return text.partition(f" {name.lower()} ")[2] or text


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _table(db: Connection, name: str, sql: str) -> Table:
    text = read_table(sql)
    virtual = canonical(sql).startswith("create virtual")
    columns: dict[str, Column] = {}
    keys: list[tuple[int, str]] = []
    generated = dict(text.generated)
    collations = dict(text.collations)
    for _, column, kind, not_null, default, primary, hidden in db.rows(f"PRAGMA main.table_xinfo({_quoted(name)})"):
        if hidden == _HIDDEN_VIRTUAL:
            continue
        key = column.lower()
        expression = generated.get(key) if hidden in (_GENERATED_VIRTUAL, _GENERATED_STORED) else default
        columns[key] = Column(
            column,
            _type(kind),
            nullable=not not_null,
            default=None if expression is None else Expression(canonical(expression), expression),
            generated={_GENERATED_VIRTUAL: "virtual", _GENERATED_STORED: "stored"}.get(hidden),
            collation=collations.get(key),
            autoincrement=text.autoincrement == key,
        )
        if primary:
            keys.append((primary, column))
    constraints = {} if virtual else _constraints(db, name, text, tuple(column for _, column in sorted(keys)))
    return Table(
        Name(None, name),
        columns,
        constraints,
        kind="virtual table" if virtual else "table",
        strict="strict" in text.options,
        without_rowid="without rowid" in text.options,
        definition=_after_name(sql, name) if virtual else None,
    )


def _type(text: str) -> Type:
    words, _, inside = text.partition("(")
    arguments = tuple(part.strip() for part in inside.rstrip(") ").split(",")) if inside else ()
    return Type(" ".join(words.upper().split()), arguments)


def _constraints(db: Connection, name: str, text: TableText, primary: tuple[str, ...]) -> dict[str, Constraint]:
    """Return the constraints by a name that says what they are, so that unnamed ones compare by content."""
    found: dict[str, Constraint] = {}
    conflicts = dict(text.conflicts)

    def add(label: str, constraint: Constraint) -> None:
        number = 2
        key = label
        while key in found:
            key, number = f"{label} {number}", number + 1
        found[key] = constraint

    if primary:
        columns = ",".join(primary).lower()
        conflict = conflicts.get(f"primary {columns}")
        add("#primary", Constraint("primary", None, primary, on_conflict=conflict))
    for _, index, _, origin, _ in db.rows(f"PRAGMA main.index_list({_quoted(name)})"):
        if origin == "u":
            unique = tuple(row[2] for row in db.rows(f"PRAGMA main.index_xinfo({_quoted(index)})") if row[5])
            label = ",".join(unique).lower()
            add(f"#unique {label}", Constraint("unique", None, unique, on_conflict=conflicts.get(f"unique {label}")))
    for label, constraint in _foreign(db, name, text):
        add(label, constraint)
    for _, expression, _ in sorted(text.checks, key=lambda check: check[1]):
        add(f"#check {expression}", Constraint("check", None, expression=Expression(expression, expression)))
    return found


def _foreign(db: Connection, name: str, text: TableText) -> Iterator[tuple[str, Constraint]]:
    rows: dict[int, list[tuple[str, str, str | None, str, str, str]]] = {}
    for number, _, table, column, target, on_update, on_delete, match in db.rows(
        f"PRAGMA main.foreign_key_list({_quoted(name)})"
    ):
        rows.setdefault(number, []).append((table, column, target, on_update, on_delete, match))
    # SQLite counts foreign keys from the last one written.
    written = list(reversed(text.foreign))
    for number, parts in sorted(rows.items()):
        table, _, _, on_update, on_delete, match = parts[0]
        said = f" {written[number][2]} " if number < len(written) else ""
        deferrable = " deferrable " in said and " not deferrable " not in said
        columns = tuple(part[1] for part in parts)
        referenced = tuple(part[2] for part in parts if part[2] is not None)
        label = f"#foreign {','.join(columns)} {table}".lower()
        yield (
            label,
            Constraint(
                "foreign",
                None,
                columns,
                table=Name(None, table),
                referenced=referenced,
                on_delete=on_delete.lower(),
                on_update=on_update.lower(),
                match="simple" if match == "NONE" else match.lower(),
                deferrable=deferrable,
                deferred=deferrable and " initially deferred" in said,
            ),
        )


def _index(db: Connection, name: str, owner: str, sql: str) -> Index:
    elements = []
    expressions = _element_texts(sql)
    for number, _, column, descending, collation, key in db.rows(f"PRAGMA main.index_xinfo({_quoted(name)})"):
        if not key:
            continue
        text = expressions[number] if column is None and number < len(expressions) else ""
        elements.append(
            IndexElement(
                column,
                None if column is not None else Expression(text, text),
                None if collation == "BINARY" else collation.lower(),
                descending=bool(descending),
            )
        )
    words = canonical(sql)
    _, found, where = words.rpartition(" where ") if ") where " in words else ("", "", "")
    return Index(
        Name(None, name),
        Name(None, owner),
        tuple(elements),
        unique=words.startswith("create unique"),
        where=Expression(where, where) if found else None,
    )


def _element_texts(sql: str) -> list[str]:
    words = canonical(sql)
    depth, parts = 0, [""]
    for word in words[words.find("(") :].split(" "):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0:
            break
        if depth == 1 and word == ",":
            parts.append("")
        elif not (depth == 1 and word == "(" and parts == [""]):
            parts[-1] = f"{parts[-1]} {word}".strip()
    return parts


def _view(db: Connection, name: str, sql: str) -> View:
    text = _after_name(sql, name)
    try:
        columns = tuple(row[1] for row in db.rows(f"PRAGMA main.table_info({_quoted(name)})"))
    except SqliteError:  # a view over a dropped table cannot say its columns
        columns = ()
    return View(Name(None, name), Query(text, sql), columns or None)
