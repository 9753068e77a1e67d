"""REF013: columns that a trigger's function reads and that its table has no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.lazy_regex import pattern
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import effective
from miglint.schema.objects import Key, Routine, Trigger
from miglint.schema.value import Schema
from miglint.sql import operations as ops

_READ = pattern(r"\b(new|old)\.(\"[^\"]+\"|\w+)", re.IGNORECASE)
# A function that checks its table's name may be used by tables with different columns.
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
    reads: dict[Key, dict[str, tuple[Trigger, str]]] = {}
    for applied, name, column in named:
        if not applied.forward:
            continue
        key = applied.key(name)
        table = step.after.table(key)
        if table is None or table.assumed or column in table.columns:
            continue
        if key not in reads:
            reads[key] = dict(_read(step.after, key))
        if column in reads[key]:
            trigger, row = reads[key][column]
            yield applied.hit(
                f'trigger "{trigger.name}" calls a function that reads {row}.{column}, which is no longer there',
                "Replace the function in the same script: until then every statement that fires the trigger fails.",
            )


def _read(schema: Schema, table: Key) -> Iterator[tuple[str, tuple[Trigger, str]]]:
    """Yield the columns that the functions of a table's triggers read, with the trigger and the word for the row."""
    for user in sorted(schema.on(table)):
        trigger = schema.find(user)
        if not isinstance(trigger, Trigger) or trigger.function is None or trigger.state == "disabled":
            continue
        function = schema.find(Key("routine", trigger.function.schema or "public", f"{trigger.function.name}()"))
        if not isinstance(function, Routine) or function.language != "plpgsql" or not function.body:
            continue
        if _ASKS.search(function.body) is None:
            for row, read in _READ.findall(function.body):
                yield read[1:-1] if read.startswith('"') else read.lower(), (trigger, row.upper())
