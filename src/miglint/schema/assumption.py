"""Assumptions: objects that a script relies on although no file creates them."""

from __future__ import annotations

from miglint.base.structs import Struct, replace
from miglint.schema.name_sets import with_name
from miglint.schema.objects import Absent, Key, SchemaObject
from miglint.schema.parts import with_part
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint


class Assumption(Struct, frozen=True, gc=False):
    """An assumption of a script: an object, or a column or constraint of an assumed table."""

    key: Key
    value: SchemaObject | Absent | Column | Constraint | None
    part: str | None = None
    name: str = ""

    def apply(self, schema: Schema) -> Schema:
        """Return the schema with this added, unless it is already known."""
        if self.part is None:
            if schema.objects.get(self.key) is not None:
                return schema
            value = self.value
            return schema.drop(self.key) if isinstance(value, Absent) else schema.put(self.key, value)  # type: ignore[arg-type]  # an object
        table = schema.table(self.key)
        if table is None or not table.assumed or self.name in table.absent:
            return schema
        if isinstance(self.value, Column) and self.name not in table.columns:
            table = replace(table, columns=with_part(table.columns, self.name, self.value))
        elif isinstance(self.value, Constraint) and self.name not in table.constraints:
            table = replace(table, constraints=with_part(table.constraints, self.name, self.value))
        elif self.value is None and self.name not in table.columns and self.name not in table.constraints:
            table = replace(table, absent=with_name(table.absent, self.name))
        return schema.put(self.key, table)
