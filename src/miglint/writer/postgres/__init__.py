"""PostgreSQL's part of the way from one schema to another.

`plan` finds what has to be dropped, made and altered, `graph` what needs what; `dropping`, `making`, `altering` and
`swapping` write it as actions, which `actions` puts in order. What is left then, of what the engine does on its own
(the privileges that default privileges grant, the NOT NULL that a primary key leaves), is done in another round.
"""

from __future__ import annotations

from miglint.schema.value import Schema
from miglint.writer.renames import Renames
from miglint.writer.written import Draft, Version


def draft(old: Schema, new: Schema, renames: Renames | None, target: Version | None) -> Draft:
    """Return the statements that make `new` of `old`; see `miglint.writer.transition`."""
    from miglint.writer.postgres.rounds import draft_in_rounds

    return draft_in_rounds(old, new, renames, target)
