"""PostgreSQL's part of the way from one schema to another."""

from __future__ import annotations

from miglint.schema.value import Schema
from miglint.writer.renames import Renames
from miglint.writer.written import Draft, Version


def draft(old: Schema, new: Schema, renames: Renames | None, target: Version | None) -> Draft:
    """Return the statements that make `new` of `old`; see `miglint.writer.transition`."""
    from miglint.writer.simple import simple_draft

    return simple_draft(old, new, renames)
