"""Tables of SQLite as SQL: what a script writes behind a column stays there, since `DROP COLUMN` takes it along."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect, Span
from miglint.schema.objects import Table
from miglint.sql.operations import Column, Constraint, Expression
from miglint.writer import tables
from miglint.writer.words import UnprintableError, identifier, identifiers, name


def create_table(table: Table) -> str:
    """Return the statement that creates a table. Raises `UnprintableError`."""
    lines = [column(table, item) for item in table.columns.values()]
    own = _by_column(table).get(None, ())
    lines += [constraint(table, item) for item in sorted(own, key=lambda item: item.span.start if item.span else 0)]
    flags = [word for word, on in (("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)) if on]
    head = f"CREATE {'TEMPORARY ' if table.persistence == 'temporary' else ''}TABLE {name(table.name)}"
    end = f" {', '.join(flags)}" if flags else ""
    return f"{head} (\n    " + ",\n    ".join(lines) + f"\n){end};"


def column(table: Table, item: Column) -> str:
    """Return the definition of a column, with the constraints that stand behind it. Raises `UnprintableError`."""
    if item.type is None:
        raise UnprintableError(f'the type of column "{item.name}" is not known')
    declared = item.declared or str(item.type)
    clauses = [*_value_clauses(item)]
    behind = _by_column(table).get(item.name.lower(), ())
    clauses += [("primary", _key(one, item)) for one in behind if one.kind == "primary"]
    clauses += _null_clauses(table, item)
    clauses += [(one.kind, _behind(one)) for one in behind if one.kind != "primary"]
    order = {word: place for place, word in reversed([*enumerate(item.clauses)])}
    clauses.sort(key=lambda clause: order.get(clause[0], len(order)))
    return " ".join((identifier(item.name), *([declared] if declared else []), *(text for _, text in clauses)))


def _value_clauses(item: Column) -> Iterator[tuple[str, str]]:
    if item.collation:
        yield "collate", f"COLLATE {identifier(item.collation)}"
    if item.generated and item.default is not None:
        yield _generated(item, item.default)
    elif item.default is not None:
        yield "default", f"DEFAULT {tables.default(item, Dialect.SQLITE)}"


def _null_clauses(table: Table, item: Column) -> Iterator[tuple[str, str]]:
    if item.nullable is False and not _is_implied(table, item):
        label = f"CONSTRAINT {identifier(item.not_null_name)} " if item.not_null_name else ""
        conflict = f" ON CONFLICT {item.not_null_conflict.upper()}" if item.not_null_conflict else ""
        yield "not null", f"{label}NOT NULL{conflict}"
    elif "null" in item.clauses:
        yield "null", "NULL"


def _generated(item: Column, expression: Expression) -> tuple[str, str]:
    short = "as" in item.clauses
    usual = item.generated == "virtual" and item.clauses and "virtual" not in item.clauses
    text = f"{'AS' if short else 'GENERATED ALWAYS AS'} ({expression.text})"
    return "as" if short else "generated", text if usual else f"{text} {(item.generated or '').upper()}"


def _is_implied(table: Table, item: Column) -> bool:
    """Return whether a column is NOT NULL just because it is part of the primary key."""
    if "not null" in item.clauses or item.not_null_conflict or not (table.strict or table.without_rowid):
        return False
    return any(
        one.kind == "primary" and item.name.lower() in map(str.lower, one.columns) for one in table.constraints.values()
    )


# The last table that was asked for: its columns are written one after the other.
_LATEST: list[tuple[Table, dict[str | None, list[Constraint]]]] = []


def _by_column(table: Table) -> dict[str | None, list[Constraint]]:
    """Return the constraints by the column behind which they are written; None for those of the table."""
    if not _LATEST or _LATEST[0][0] is not table:
        numbered = any(one.autoincrement for one in table.columns.values())
        found: dict[str | None, list[Constraint]] = {}
        for item in table.constraints.values():
            found.setdefault(_place(table, item, numbered=numbered), []).append(item)
        _LATEST[:] = [(table, found)]
    return _LATEST[0][1]


def _place(table: Table, item: Constraint, *, numbered: bool) -> str | None:
    """Return the column behind which a constraint is written; None for one of the table."""
    if item.kind == "primary" and numbered:
        return item.columns[0].lower()
    if not item.inline:
        return None
    names = [one.lower() for one in item.columns]
    around = [folded for folded, one in table.columns.items() if _is_within(item.span, one.span)]
    # Spans of several files may overlap by chance, so that its own columns go first.
    likely = [folded for folded in around if folded in names] or around
    if likely:
        return likely[0]
    return names[0] if len(names) == 1 and names[0] in table.columns else None


def _is_within(inner: Span | None, outer: Span | None) -> bool:
    return inner is not None and outer is not None and outer.start < inner.start and inner.end <= outer.end


def _label(item: Constraint) -> str:
    return "" if item.name is None or item.name.startswith("#") else f"CONSTRAINT {identifier(item.name)} "


def _conflict(item: Constraint) -> str:
    return f" ON CONFLICT {item.on_conflict.upper()}" if item.on_conflict else ""


def _key(item: Constraint, own: Column) -> str:
    order = f" {item.orders[0]}" if item.orders and "COLLATE" not in item.orders[0] else ""
    return f"{_label(item)}PRIMARY KEY{order}{_conflict(item)}{' AUTOINCREMENT' if own.autoincrement else ''}"


def _behind(item: Constraint) -> str:
    if item.kind == "unique":
        return f"{_label(item)}UNIQUE{_conflict(item)}"
    if item.kind == "foreign":
        return _label(item) + _references(item)
    return _label(item) + tables.constraint_body(item)


def _references(item: Constraint) -> str:
    if item.table is None:
        raise UnprintableError("what a foreign key references is not known")
    if item.actions:
        columns = f" ({identifiers(item.referenced)})" if item.referenced else ""
        return f"REFERENCES {name(item.table)}{columns} {item.actions}"
    text = tables.constraint_body(item)
    return text[text.index("REFERENCES ") :]


def constraint(table: Table, item: Constraint) -> str:
    """Return the definition of a constraint of the table. Raises `UnprintableError`."""
    written = {folded: one.name for folded, one in table.columns.items()}
    columns = tuple(written.get(one.lower(), one) for one in item.columns)
    if item.kind in ("primary", "unique"):
        words = "PRIMARY KEY" if item.kind == "primary" else "UNIQUE"
        return f"{_label(item)}{words} ({', '.join(_keys(columns, item.orders))}){_conflict(item)}"
    if item.kind == "foreign":
        return f"{_label(item)}FOREIGN KEY ({identifiers(columns)}) {_references(item)}"
    return _label(item) + tables.constraint_body(item)


def _keys(columns: tuple[str, ...], orders: tuple[str, ...]) -> Iterator[str]:
    for place, one in enumerate(columns):
        yield f"{identifier(one)} {orders[place] if orders else ''}".strip()
