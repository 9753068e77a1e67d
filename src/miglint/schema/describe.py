"""Definitions as short SQL-like text for messages about differences."""

from __future__ import annotations

from miglint.schema.objects import (
    Composite,
    Domain,
    Enum,
    Index,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import Column, Constraint, IndexElement

_LIMIT = 160

CONSTRAINT_WORDS = {
    "primary": "primary key",
    "unique": "unique constraint",
    "check": "check constraint",
    "foreign": "foreign key",
    "exclude": "exclusion constraint",
    "not_null": "not null constraint",
    "unknown": "constraint",
}


def kind_of(value: SchemaObject) -> str:
    """Return the display name for the kind of a relation."""
    if isinstance(value, Table):
        return value.kind
    if isinstance(value, View):
        return "materialized view" if value.materialized else "view"
    if isinstance(value, Index):
        return "index"
    return "sequence" if isinstance(value, Sequence) else type(value).__name__.lower()


def shorten(text: str) -> str:
    """Collapse white space and truncate a long text."""
    folded = " ".join(text.split())
    return folded if len(folded) <= _LIMIT else folded[: _LIMIT - 3] + "..."


def describe_column(column: Column) -> str:
    """Return `type [collation] [NOT NULL] [DEFAULT ...]`."""
    parts = ["(unknown type)" if column.type is None else str(column.type)]
    if column.collation is not None:
        parts.append(f"COLLATE {column.collation}")
    if column.nullable is False:
        parts.append("NOT NULL")
        if column.not_null_conflict is not None:
            parts.append(f"ON CONFLICT {column.not_null_conflict.upper()}")
    if column.generated is not None and column.default is not None:
        parts.append(f"GENERATED ALWAYS AS ({column.default.text}) {column.generated.upper()}")
    elif column.default is not None:
        parts.append(f"DEFAULT {column.default.text}")
    if column.identity is not None:
        parts.append(f"GENERATED {column.identity.upper()} AS IDENTITY")
    return shorten(" ".join(parts))


_DISABLED = {"own": "of its table", "referenced": "of the other table", "both": "of both tables"}


def describe_constraint(constraint: Constraint) -> str:
    """Return the constraint in SQL-like form."""
    orders = constraint.orders or ("",) * len(constraint.columns)
    columns = ", ".join(f"{name} {order}".strip() for name, order in zip(constraint.columns, orders, strict=False))
    if constraint.kind == "check":
        text = f"CHECK ({constraint.expression.text if constraint.expression else ''})"
    elif constraint.kind == "foreign":
        text = f"FOREIGN KEY ({columns}) REFERENCES {_describe_reference(constraint)}"
    elif constraint.kind == "primary":
        text = f"PRIMARY KEY ({columns})"
    elif constraint.kind == "unique":
        text = f"UNIQUE{' NULLS NOT DISTINCT' if constraint.nulls_not_distinct else ''} ({columns})"
    elif constraint.kind == "exclude":
        text = f"EXCLUDE ({constraint.elements or columns})"
    else:
        text = constraint.kind
    if constraint.deferrable:
        text += " DEFERRABLE" + (" INITIALLY DEFERRED" if constraint.deferred else "")
    if constraint.disabled:
        text += f" with disabled triggers ({_DISABLED[constraint.disabled]})"
    return shorten(text + ("" if constraint.validated else " NOT VALID"))


def _describe_reference(constraint: Constraint) -> str:
    text = f"{constraint.table and constraint.table.name}"
    if constraint.referenced:
        text += f" ({', '.join(constraint.referenced)})"
    if constraint.on_delete != "no action":
        text += f" ON DELETE {constraint.on_delete.upper()}"
    if constraint.on_update != "no action":
        text += f" ON UPDATE {constraint.on_update.upper()}"
    return text


def describe_index(index: Index) -> str:
    """Return the index in SQL-like form, without its name."""
    elements = map(_describe_element, index.elements)
    text = f"{'UNIQUE ' if index.unique else ''}ON {index.table.name if index.table else '?'}"
    text += f" USING {index.method}" if index.method != "btree" else ""
    text += f" ({', '.join(elements)})"
    text += f" INCLUDE ({', '.join(index.include)})" if index.include else ""
    text += f" WHERE {index.where.text}" if index.where is not None else ""
    return shorten(text + ("" if index.valid else " (invalid)"))


def _describe_element(element: IndexElement) -> str:
    text = element.column or f"({element.expression.text if element.expression else '?'})"
    if element.collation is not None:
        text += f" COLLATE {element.collation}"
    if element.opclass is not None:
        text += f" {element.opclass}"
    if element.descending:
        text += " DESC"
    if element.nulls_first is not None and element.nulls_first != element.descending:
        text += " NULLS FIRST" if element.nulls_first else " NULLS LAST"
    return text


def _describe_privileges(value: Privileges) -> str:
    parts = []
    if value.granted:
        parts.append(f"GRANT {', '.join(value.granted).upper()} TO {value.role}")
    if value.revoked:
        parts.append(f"REVOKE {', '.join(value.revoked).upper()} FROM {value.role}")
    return shorten("; ".join(parts))


def _describe_view(value: View) -> str:
    options = f"WITH ({', '.join(value.options)}) " if value.options else ""
    defaults = "".join(f" DEFAULT of {column} {default.text}" for column, default in value.defaults)
    return shorten(options + (value.query.text if value.query is not None else "(unknown)") + defaults)


def _describe_sequence(value: Sequence) -> str:
    owner = "" if value.owned_by is None else f" owned by {value.owned_by[0].name}.{value.owned_by[1]}"
    return shorten((", ".join(value.options) or "sequence") + owner)


def _describe_type(value: Enum | Domain | Composite) -> str:
    if isinstance(value, Enum):
        return f"ENUM ({', '.join(repr(label) for label in value.labels)})"
    if isinstance(value, Domain):
        checks = " ".join(describe_constraint(constraint) for constraint in value.constraints.values())
        return f"{value.base} {'' if value.nullable else 'NOT NULL '}{checks}"
    return f"({', '.join(f'{column.name} {column.type}' for column in value.columns.values())})"


def describe(value: SchemaObject) -> str:
    """Return a one-line definition of any object."""
    if isinstance(value, Table):
        columns = ", ".join(f"{column.name} {describe_column(column)}" for column in value.columns.values())
        return shorten(f"({columns})")
    if isinstance(value, View):
        return _describe_view(value)
    if isinstance(value, Index):
        return describe_index(value)
    if isinstance(value, Sequence):
        return _describe_sequence(value)
    if isinstance(value, (Enum, Domain, Composite)):
        return shorten(_describe_type(value))
    if isinstance(value, Routine):
        options = "".join(f" {option}" for option in value.options)
        return shorten(f"RETURNS {value.returns} LANGUAGE {value.language}{options} AS {value.body or ''}")
    if isinstance(value, (Trigger, Policy, RewriteRule)):
        return shorten(value.definition)
    if isinstance(value, Privileges):
        return _describe_privileges(value)
    return shorten(str(getattr(value, "definition", "") or getattr(value, "text", "") or type(value).__name__.lower()))
