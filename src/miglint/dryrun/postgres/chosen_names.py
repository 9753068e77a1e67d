"""Which constraints and indexes have names that PostgreSQL may have chosen: another one is no difference."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.replay.apply.naming import LIMIT
from miglint.schema.objects import Domain, Index, SchemaObject, Table
from miglint.sql.operations import Constraint

_LABEL = pattern(r"_(?:(pkey)|key|fkey|check|excl|idx)\d*\Z")
# Names are cut before characters of several bytes.
_CUT = LIMIT - 3


def with_chosen_names(value: SchemaObject) -> SchemaObject:
    """Return an object of the catalog in which the names are marked that PostgreSQL may have chosen."""
    if isinstance(value, Index):
        columns = (*(element.column for element in value.elements), *value.include)
        return replace(value, generated=_may_be_chosen(value.name.name, columns))
    if isinstance(value, (Table, Domain)) and value.constraints:
        return replace(value, constraints=_marked(value.constraints))
    return value


def _marked(constraints: Mapping[str, Constraint]) -> dict[str, Constraint]:
    return {
        name: replace(constraint, generated=_may_be_chosen(name, _in_name(constraint)))
        for name, constraint in constraints.items()
    }


def _in_name(constraint: Constraint) -> tuple[str | None, ...]:
    """Return the columns in the name that is chosen for a constraint; None is an expression."""
    if constraint.kind == "check" and len(constraint.columns) != 1:
        return ()
    # The catalog gives no columns for the expressions of an exclusion.
    return (None,) if constraint.kind == "exclude" else (*constraint.columns, *constraint.include)


def _may_be_chosen(name: str, columns: tuple[str | None, ...]) -> bool:
    """Return whether a name is that of a table, with the columns and a label.

    A table may have had another name by then. For an expression the server takes one of many words.
    """
    found = _LABEL.search(name)
    if found is None:
        return False
    if found[1] or None in columns or len(name.encode()) >= _CUT:
        return True
    return name[: found.start()].endswith("".join(f"_{column}" for column in columns))
