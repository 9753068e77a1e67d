"""SQLite's part of the way from one schema to another.

SQLite has no `ALTER TABLE` for most changes, and none with a guard. Tables that differ are therefore rebuilt
(`rebuild`), in a form that can run again, and after half of the script that it undoes:

- the rows are copied aside, with `CREATE TABLE ... AS`, naming each column; a column that the table may lack is read
  through `NATURAL LEFT JOIN (SELECT NULL AS column)`, which stands for it where it is not there;
- the table is dropped, created as it is to be, and filled: no rename takes part, so that foreign keys of other tables,
  views and triggers that name the table stay as they are, whatever `legacy_alter_table` says;
- `defer_foreign_keys`, unlike `foreign_keys`, works inside of a transaction: foreign keys to the table are checked when
  it has its rows again. Only actions (`ON DELETE CASCADE`, `SET NULL`, `SET DEFAULT`) take place at once; tables with
  such keys are copied aside and created again, too.
"""

from __future__ import annotations

from miglint.schema.value import Schema
from miglint.writer.renames import Renames
from miglint.writer.sqlite.plan import plan
from miglint.writer.sqlite.script import script
from miglint.writer.written import ColumnValues, Draft, Version


def draft(old: Schema, new: Schema, renames: Renames | None, target: Version | None, values: ColumnValues) -> Draft:
    """Return the statements that make `new` of `old`; see `miglint.writer.transition`."""
    return script(plan(old, new, renames, values), target)
