"""What leads from one schema to another, as a value: statements, and what they cannot do."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.structs import Struct
from miglint.schema.objects import Key

Version = tuple[int, ...]
# Expressions by table and column, for columns whose values are not copied as they are.
ColumnValues = Mapping[Key, Mapping[str, str]]


class WrittenStatement(Struct, frozen=True):
    """One statement: its text with the closing semicolon, what it does (`add column b to t`), and to which object.

    `plain` is what a guarded text does on its first run, without the guard.
    """

    text: str
    does: str
    key: Key | None = None
    plain: str | None = None

    @property
    def first_run(self) -> str:
        """Return its effect on a database where nothing of it was run."""
        return self.text if self.plain is None else self.plain


class LostData(Struct, frozen=True):
    """Rows of a table, or values of a column of it (`column`), that are lost.

    `why` is `dropped`, or what a change of type does to the values: `rounded`, `cut to 8 characters`.
    """

    table: Key
    column: str | None = None
    why: str = "dropped"

    @property
    def sentence(self) -> str:
        """What is lost, as a sentence."""
        if self.why != "dropped":
            return f"the values of {self} stay {self.why}"
        return f"the {'values' if self.column else 'rows'} of {self} are lost"

    def __str__(self) -> str:
        own = str(self.table).removeprefix("public.").removeprefix("main.")
        return own if self.column is None else f"{own}.{self.column}"


class Draft(Struct, frozen=True):
    """What the part for a dialect writes; the fields are those of `Written`."""

    statements: tuple[WrittenStatement, ...] = ()
    missing: tuple[str, ...] = ()
    may_fail: tuple[str, ...] = ()
    with_rows: tuple[str, ...] = ()


class Written(Struct, frozen=True):
    """The way from a schema to another.

    `statements` are in the order in which they run. `missing` are sentences that name what of the schema to be made
    they do not make, or may not make: what is not understood, what the engine cannot do, and what depends on rows.
    `reordered` are sentences about columns that come in another order, which no verdict counts. `may_fail` are
    sentences about rows that a statement does not accept; `with_rows` are sentences about what is not made in a table
    that has rows, and is made in an empty one. `data_lost` are the tables and columns whose rows or values
    the statements destroy; `schema_only` those that come without the rows or values that they had, if the schema to be
    made was there before.
    """

    statements: tuple[WrittenStatement, ...] = ()
    missing: tuple[str, ...] = ()
    reordered: tuple[str, ...] = ()
    may_fail: tuple[str, ...] = ()
    with_rows: tuple[str, ...] = ()
    data_lost: tuple[LostData, ...] = ()
    schema_only: tuple[LostData, ...] = ()

    @property
    def sql(self) -> str:
        """The statements as one text."""
        return "".join(f"{statement.text}\n" for statement in self.statements)

    @property
    def complete(self) -> bool:
        """Whether the statements make the whole schema, as far as any schema says."""
        return not self.missing

    @property
    def restores(self) -> str:
        """Return what a rollback of these statements restores: `exact`, `partial`, `schema_only` or `impossible`.

        `schema_only` means the whole schema, but not all rows or values; `partial` that something of the schema is
        missing, even if only the order of columns, and perhaps rows; `impossible` that nothing can be written.
        """
        if self.missing:
            return "partial" if self.statements else "impossible"
        if self.with_rows:
            return "partial"
        if self.schema_only:
            return "schema_only"
        return "partial" if self.reordered else "exact"
