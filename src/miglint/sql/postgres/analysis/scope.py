"""The names that a query can use: its sources, their columns, and whose a name is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.environment import UNKNOWN, Invalid

SYSTEM_COLUMNS = {"ctid": "tid", "xmin": "xid", "xmax": "xid", "cmin": "cid", "cmax": "cid", "tableoid": "oid"}


class Source(NamedTuple):
    """One item of FROM: how it is called, and the types of its columns; None where they are not known.

    `relation` is what it reads where that is a table or view, `keys` its primary key. `merged` are the columns of
    `JOIN ... USING` that stand once for both sides. `hidden` says that its columns must be qualified with its name.
    """

    alias: str
    columns: Mapping[str, str] | None
    relation: Name | None = None
    keys: tuple[str, ...] = ()
    hidden: bool = False


class Reference(NamedTuple):
    """A column as it is found: the place of its source in its level (-1: an outer one), and its type."""

    level: int
    source: int
    column: str
    type: str


class Scope:
    """One level of a query: its sources, and the level around it.

    `variables` says that a name may be that of a variable or a parameter. `merged` are the columns that `USING` has
    made one of two, with their types.
    """

    __slots__ = ("ctes", "merged", "outer", "reads_outer", "sources", "variables")

    def __init__(self, outer: Scope | None = None, *, variables: bool = False) -> None:
        self.outer = outer
        self.sources: list[Source] = []
        self.merged: dict[str, str] = {}
        self.ctes: dict[str, Mapping[str, str] | None] = {}
        self.variables: bool = variables or (outer is not None and outer.variables)
        self.reads_outer = False

    def cte(self, name: str) -> tuple[bool, Mapping[str, str] | None]:
        """Return whether a name is that of a query of WITH, here or around, and its columns."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.ctes:
                return True, scope.ctes[name]
            scope = scope.outer
        return False, None

    def add(self, source: Source) -> None:
        """Enter a source. Raises `Invalid` for a name that another one has."""
        if any(other.alias == source.alias for other in self.sources if source.alias and not other.hidden):
            raise Invalid("duplicate_alias", f'table name "{source.alias}" specified more than once')
        self.sources.append(source)

    def column(self, name: str) -> Reference | None:
        """Return an unqualified column; None where it is not known whose it is. Raises `Invalid` when nobody has it."""
        scope: Scope | None = self
        level = 0
        open_ = False
        while scope is not None:
            if name in scope.merged:
                return Reference(level, -1, name, scope.merged[name])
            found = scope.own_columns(name, level)
            unknown = any(source.columns is None for source in scope.sources)
            if len(found) > 1 and not open_:
                raise Invalid("ambiguous_column", f'column reference "{name}" is ambiguous')
            if found:
                return None if unknown or open_ else found[0]
            if not unknown and name in SYSTEM_COLUMNS and any(source.relation for source in scope.sources):
                return Reference(level, -1, name, SYSTEM_COLUMNS[name])
            open_ = open_ or unknown
            if any(source.alias == name for source in scope.sources):
                # A whole row.
                return Reference(level, -1, name, UNKNOWN)
            scope, level = scope.outer, level + 1
        if open_ or self.variables:
            return None
        raise Invalid("undefined_column", f'column "{name}" does not exist', part=name)

    def own_columns(self, name: str, level: int) -> list[Reference]:
        """Return the columns of this level's sources that an unqualified name may mean; `level` goes into them."""
        return [
            Reference(level, place, name, source.columns[name])
            for place, source in enumerate(self.sources)
            if source.columns is not None and not source.hidden and name in source.columns
        ]

    def qualified(self, qualifier: str, name: str, schema: str | None = None) -> Reference | None:
        """Return a column behind the name of a source, as `column` does."""
        scope: Scope | None = self
        level = 0
        while scope is not None:
            for place, source in enumerate(scope.sources):
                if source.alias != qualifier:
                    continue
                if schema is not None and source.relation is not None and source.relation.schema not in (None, schema):
                    continue
                if source.columns is None:
                    return None
                if name in source.columns:
                    return Reference(level, place, name, source.columns[name])
                if name in SYSTEM_COLUMNS and source.relation is not None:
                    return Reference(level, place, name, SYSTEM_COLUMNS[name])
                raise Invalid("undefined_column", f"column {qualifier}.{name} does not exist", source.relation, name)
            scope, level = scope.outer, level + 1
        if self.variables or self._open():
            return None
        raise Invalid("undefined_table", f'missing FROM-clause entry for table "{qualifier}"')

    def _open(self) -> bool:
        """Whether there is a source whose name is not known."""
        scope: Scope | None = self
        while scope is not None:
            if any(not source.alias and source.columns is None for source in scope.sources):
                return True
            scope = scope.outer
        return False
