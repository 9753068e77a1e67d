"""REF013: columns that a trigger's function reads and that its table has no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.lazy_regex import pattern
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import effective
from miglint.schema.objects import Key, Routine, Table, Trigger
from miglint.schema.value import Schema
from miglint.sql import operations as ops

_READ = pattern(r"\b(new|old)\.(\"[^\"]+\"|\w+)", re.IGNORECASE)
# A function that asks on which table it runs may serve several, each with columns of its own.
_ASKS = pattern(r"\btg_(?:table_name|relname|table_schema|relid|argv|op)\b|\bexception\s+when\b", re.IGNORECASE)


@rule(
    "REF013",
    "trigger-reads-missing-column",
    Severity.WARNING,
    "A trigger's function reads a column that the table no longer has",
    on=(ops.RenameColumn, ops.DropColumn),
    dialects=("postgres",),
)
def trigger_reads_missing_column(step: Step) -> Iterator[Hit]:
    """Report columns that the forward renames or drops while a function of the table's triggers still reads them."""
    named = [(applied, item.table, item.column) for applied, item in effective(step, ops.DropColumn)]
    named += [(applied, item.table, item.column) for applied, item in effective(step, ops.RenameColumn)]
    for applied, name, column in named:
        if not applied.forward:
            continue
        table = step.after.table(applied.key(name))
        if table is None or table.assumed or column in table.columns:
            continue
        for trigger, row in _readers(step.after, table, column):
            yield applied.hit(
                f'trigger "{trigger.name}" calls a function that reads {row}.{column}, which is no longer there',
                "Replace the function in the same script: until then every statement that fires the trigger fails.",
            )


def _readers(schema: Schema, table: Table, column: str) -> Iterator[tuple[Trigger, str]]:
    """Yield the triggers of a table whose function reads a column of its rows, with the word for the row."""
    key = Key("relation", table.name.schema or "public", table.name.name)
    for user in sorted(schema.on(key)):
        trigger = schema.find(user)
        if not isinstance(trigger, Trigger) or trigger.function is None or trigger.state == "disabled":
            continue
        function = schema.find(Key("routine", trigger.function.schema or "public", f"{trigger.function.name}()"))
        if not isinstance(function, Routine) or function.language != "plpgsql" or not function.body:
            continue
        if _ASKS.search(function.body) is not None:
            continue
        for row, read in _READ.findall(function.body):
            if (read[1:-1] if read.startswith('"') else read.lower()) == column:
                yield trigger, row.upper()
                break
