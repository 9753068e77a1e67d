"""The bound on what one script may change besides the objects that its statements are about.

`ALTER TABLE` of a parent changes each table that inherits from it, a rename all objects that mention the name. With
many of both, the work is the product of their numbers, as it is in the engine; a file of some kilobytes could ask for
hours of it, and every moment of the replay keeps what it has changed. Beyond the bound, the objects that a statement
changes together are no longer followed.
"""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.value import Schema

# As many changed objects of one operation are its own: the table with its keys, sequence, indexes and rows.
_OWN = 16
# More changes than these in one script are not followed. Each keeps one to two kilobytes.
MOST_DERIVED = 50_000


def bound_derived(machine: Machine, before: Schema, changed: int) -> None:
    """Count the objects that an operation has changed; of too many in a script, forget those of this operation.

    `before` is the schema that the operation met, `changed` the number of its changes.
    """
    if changed <= _OWN:
        return
    machine.derived += changed
    if machine.derived <= MOST_DERIVED:
        return
    for key in machine.schema.journaled_since(before):
        # Dropped first, so that it is found no longer as what depends on others.
        machine.schema = machine.schema.drop(key).forget(key)
    machine.lose(f"more than {MOST_DERIVED:,} changes of child tables and other dependent objects are not followed")
