"""Tables of SQLite as SQL: what a script writes behind a column stays there, since `DROP COLUMN` takes it along."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.objects import Table
from miglint.sql.operations import Column, Constraint
from miglint.writer import tables
from miglint.writer.words import UnprintableError, identifier, name


def create_table(table: Table) -> str:
    """Return the statement that creates a table. Raises `UnprintableError`."""
    lines = [column(table, item) for item in table.columns.values()]
    lines += [constraint(table, item) for item in table.constraints.values() if not _place(table, item)]
    flags = [word for word, on in (("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)) if on]
    head = f"CREATE {'TEMPORARY ' if table.persistence == 'temporary' else ''}TABLE {name(table.name)}"
    end = f" {', '.join(flags)}" if flags else ""
    return f"{head} (\n    " + ",\n    ".join(lines) + f"\n){end};"


def column(table: Table, item: Column) -> str:
    """Return the definition of a column, with the constraints that stand behind it. Raises `UnprintableError`."""
    if item.type is None:
        raise UnprintableError(f'the type of column "{item.name}" is not known')
    declared = item.declared or str(item.type)
    clauses: list[tuple[str, str]] = []
    if item.collation:
        clauses.append(("collate", f"COLLATE {identifier(item.collation)}"))
    if item.generated and item.default is not None:
        clauses.append(("generated", f"GENERATED ALWAYS AS ({item.default.text}) {item.generated.upper()}"))
    elif item.default is not None:
        clauses.append(("default", f"DEFAULT {tables.default(item, Dialect.SQLITE)}"))
    behind = [one for one in table.constraints.values() if _place(table, one) == item.name.lower()]
    clauses += [("primary", _key(one, item)) for one in behind if one.kind == "primary"]
    if item.nullable is False:
        label = f"CONSTRAINT {identifier(item.not_null_name)} " if item.not_null_name else ""
        conflict = f" ON CONFLICT {item.not_null_conflict.upper()}" if item.not_null_conflict else ""
        clauses.append(("not null", f"{label}NOT NULL{conflict}"))
    elif "null" in item.clauses:
        clauses.append(("null", "NULL"))
    clauses += [(one.kind, _behind(one)) for one in behind if one.kind != "primary"]
    order = {word: place for place, word in reversed([*enumerate(item.clauses)])}
    clauses.sort(key=lambda clause: order.get(clause[0], len(order)))
    return " ".join((identifier(item.name), *([declared] if declared else []), *(text for _, text in clauses)))


def _place(table: Table, item: Constraint) -> str | None:
    """Return the column behind which a constraint is written; None for one of the table."""
    if item.kind == "primary" and any(one.autoincrement for one in table.columns.values()):
        return item.columns[0].lower()
    if not item.inline:
        return None
    if len(item.columns) == 1 and item.columns[0].lower() in table.columns:
        return item.columns[0].lower()
    for folded in item.columns:
        own = table.columns.get(folded.lower())
        if own is None or own.span is None or item.span is None:
            continue
        if own.span.start < item.span.start and item.span.end <= own.span.end:
            return folded.lower()
    return None


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
    text = tables.constraint_body(item)
    if item.kind == "foreign":
        text = text[text.index("REFERENCES ") :]
    return _label(item) + text


def constraint(table: Table, item: Constraint) -> str:
    """Return the definition of a constraint of the table. Raises `UnprintableError`."""
    written = {folded: one.name for folded, one in table.columns.items()}
    columns = tuple(written.get(one.lower(), one) for one in item.columns)
    if item.kind in ("primary", "unique"):
        words = "PRIMARY KEY" if item.kind == "primary" else "UNIQUE"
        return f"{_label(item)}{words} ({', '.join(_keys(columns, item.orders))}){_conflict(item)}"
    return _label(item) + tables.constraint_body(replace(item, columns=columns))


def _keys(columns: tuple[str, ...], orders: tuple[str, ...]) -> Iterator[str]:
    for place, one in enumerate(columns):
        yield f"{identifier(one)} {orders[place] if orders else ''}".strip()
