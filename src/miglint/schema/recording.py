"""Schemas that record what is read of them: what a step depends on."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.schema.numbers import NO_NUMBERS
from miglint.schema.recorded_map import Reads, RecordedMap, unwrapped, wrapped
from miglint.schema.value import Schema


def recorded(schema: Schema) -> Schema:
    """Return the same schema, which records what is read of it, and of all that come from it (`reads_of`)."""
    reads = Reads()
    return replace(
        schema,
        objects=wrapped(schema.objects, reads.objects, reads),
        dependents=wrapped(schema.dependents, reads.users, reads),
        labels=wrapped(schema.labels, reads.labels, reads),
        # They hold results of reads.
        numbers=NO_NUMBERS,
    )


def reads_of(schema: Schema) -> Reads | None:
    """Return what was read of the schema that this one comes from; None if that was not `recorded`."""
    return schema.objects.reads if isinstance(schema.objects, RecordedMap) else None


def unrecorded(schema: Schema) -> Schema:
    """Return the same schema, which does not record what is read of it."""
    if not isinstance(schema.objects, RecordedMap):
        return schema
    return replace(
        schema,
        objects=unwrapped(schema.objects),
        dependents=unwrapped(schema.dependents),
        labels=unwrapped(schema.labels),
    )
