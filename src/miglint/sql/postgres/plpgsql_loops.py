"""What is known of a loop of a PL/pgSQL block: the kind of its effect, and what it goes over."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.sql.operations import (
    Delete,
    Insert,
    Maintenance,
    Name,
    Opaque,
    Operation,
    OtherData,
    Transaction,
    Truncate,
    Update,
)
from miglint.sql.postgres.embedded import short
from miglint.sql.postgres.names import Node

# What leaves the schema as it is; a procedure may commit what each turn of its loop has done.
_ROWS_ONLY = (Insert, Update, Delete, Truncate, OtherData, Maintenance, Transaction)


def loop_text(body: Node) -> str:
    """Return the query or the expression that a loop goes over."""
    query = body.get("query") or body.get("expr") or body.get("cond")
    return query["PLpgSQL_expr"]["query"] if query else ""


def repeated(effects: list[Operation], text: str, span: Span) -> Opaque:
    """Return what is known of effects that happen any number of times: whether they change only rows, and where."""
    only_rows = all(map(_changes_only_rows, effects))
    what = "changes rows" if only_rows else "changes the schema"
    tables = [table for item in effects if isinstance(table := getattr(item, "table", None), Name)]
    return Opaque(
        span=span,
        reason=f"a loop that {what} ({short(text)})" if text else f"a loop that {what}",
        schema_effect=not only_rows,
        relations=tuple(dict.fromkeys(tables)),
    )


def _changes_only_rows(operation: Operation) -> bool:
    return isinstance(operation, _ROWS_ONLY) or (isinstance(operation, Opaque) and not operation.schema_effect)
