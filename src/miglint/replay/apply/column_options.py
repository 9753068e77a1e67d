"""Settings of a column, such as its storage and compression, which are kept among the options of its table."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key, Table
from miglint.schema.storage import default_storage
from miglint.sql.operations import Column

# What a new type brings along.
_OF_TYPE = ("storage", "compression")


def set_new_options(machine: Machine, key: Key, settings: tuple[tuple[str, str, str], ...]) -> None:
    """Set what is written behind the columns of a new table, or behind a new column."""
    for name, option, value in settings:
        table = machine.schema.table(key)
        if table is not None:
            set_option(machine, key, table.columns.get(name), name, option, value)


def set_option(machine: Machine, key: Key, column: Column | None, name: str, option: str, value: str | None) -> None:
    """Set or reset one setting of a column, which is None where the table is not known in full."""
    table = machine.schema.table(key)
    if table is None:
        return
    label = f"{name}: {option}"
    options = {item: text for item, text in table.options.items() if item != label}
    stored = default_storage(column.type) if column is not None and option == "storage" else None
    if stored == "plain" and (value or "plain").lower() not in ("plain", "default"):
        kind = None if column is None else column.type
        message = f"column data type {kind} can only have storage PLAIN"
        raise machine.refuse("feature_not_supported", message, key, name)
    if value is not None and value.lower() not in ("-1", "default", stored):
        options[label] = value
    machine.put(key, replace(table, options=options))


def forget_type_options(machine: Machine, key: Key, column: str) -> None:
    """Reset what `ALTER COLUMN ... TYPE` resets: the column has the storage and compression of its new type."""
    table = machine.schema.table(key)
    labels = {f"{column}: {option}" for option in _OF_TYPE}
    if isinstance(table, Table) and not labels.isdisjoint(table.options):
        kept = {name: value for name, value in table.options.items() if name not in labels}
        machine.put(key, replace(table, options=kept))
