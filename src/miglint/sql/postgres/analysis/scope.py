"""The names that a query can use: its sources, their columns, and whose a name is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from miglint.base.structs import Struct
from miglint.sql.operations import ColumnUse, Name
from miglint.sql.postgres.analysis.environment import UNKNOWN, Invalid

# Up to so many sources are looked through for a column.
_FEW = 8
SYSTEM_COLUMNS = {"ctid": "tid", "xmin": "xid", "xmax": "xid", "cmin": "cid", "cmax": "cid", "tableoid": "oid"}


class FromItem(Struct, frozen=True):
    """One item of FROM: how it is called, and the types of its columns; None where they are not known.

    `relation` is what it reads where that is a table or view, `keys` its primary key. `merged` are the columns of
    `JOIN ... USING` that stand once for both sides. `hidden` means that its columns must be qualified with its name.
    `listed` are the names that a list behind its alias gives to its first columns.
    """

    alias: str
    columns: Mapping[str, str] | None
    relation: Name | None = None
    keys: tuple[str, ...] = ()
    hidden: bool = False
    listed: tuple[str, ...] = ()


class ColumnReference(Struct, frozen=True):
    """A column as it is found: the place of its source in its level (-1: an outer one), and its type."""

    level: int
    source: int
    column: str
    type: str


class QueryLevel:
    """One level of a query: its sources, and the level around it.

    `variables` means that a name may be that of a variable or a parameter. `merged` are the columns that `USING` has
    made one of two, with their types. `parameters` are those of the function whose body this is: one of a row type may
    stand before the name of a field.
    """

    __slots__ = (
        "_columns",
        "_indexed",
        "_places",
        "_reads_relations",
        "_unknown",
        "_unnamed",
        "ctes",
        "merged",
        "outer",
        "parameters",
        "sources",
        "variables",
    )

    def __init__(self, outer: QueryLevel | None = None, *, variables: bool = False) -> None:
        self.outer = outer
        self.sources: list[FromItem] = []
        self.merged: dict[str, str] = {}
        self.parameters: frozenset[str] = frozenset() if outer is None else outer.parameters
        self.ctes: dict[str, Mapping[str, str] | None] = {}
        self.variables: bool = variables or (outer is not None and outer.variables)
        # The places of the sources by their names, and by their columns those of the first so many.
        self._places: dict[str, list[int]] = {}
        self._columns: dict[str, list[int]] = {}
        self._indexed = 0
        # Whether there is a source of unknown columns, one without a name, and one that is a relation.
        self._unknown = False
        self._unnamed = False
        self._reads_relations = False

    def cte(self, name: str) -> tuple[bool, Mapping[str, str] | None]:
        """Return whether a name is that of a query of WITH, here or around, and its columns."""
        scope: QueryLevel | None = self
        while scope is not None:
            if name in scope.ctes:
                return True, scope.ctes[name]
            scope = scope.outer
        return False, None

    def add(self, source: FromItem) -> None:
        """Enter a source. Raises `Invalid` for a name that another one has."""
        if source.alias and any(not self.sources[place].hidden for place in self._places.get(source.alias, ())):
            raise Invalid("duplicate_alias", f'table name "{source.alias}" specified more than once')
        self.enter(source)

    def enter(self, source: FromItem) -> None:
        """Enter a source whose name another one may have."""
        self._places.setdefault(source.alias, []).append(len(self.sources))
        self.sources.append(source)
        if source.columns is None:
            self._unknown = True
            self._unnamed = self._unnamed or not source.alias
        self._reads_relations = self._reads_relations or source.relation is not None

    def called(self, name: str) -> list[FromItem]:
        """Return the sources of a name."""
        return [self.sources[place] for place in self._places.get(name, ())]

    def _with(self, name: str) -> Iterable[int]:
        """Return the places of the sources that are known to have a column, in order."""
        sources = self.sources
        if len(sources) <= _FEW:
            return [
                place for place, source in enumerate(sources) if source.columns is not None and name in source.columns
            ]
        for place in range(self._indexed, len(sources)):
            for column in sources[place].columns or ():
                self._columns.setdefault(column, []).append(place)
        self._indexed = len(sources)
        return self._columns.get(name, ())

    def first_with(self, name: str, places: range) -> int | None:
        """Return the first of some places whose source is known to have a column."""
        return next((place for place in self._with(name) if place in places), None)

    def _other_column(self, name: str) -> str | None:
        """Return the type of a system column, or of a whole row of a relation of that name; None if it is neither."""
        if not self._unknown and name in SYSTEM_COLUMNS and self._reads_relations:
            return SYSTEM_COLUMNS[name]
        return UNKNOWN if name in self._places else None

    def column(self, name: str) -> ColumnReference | None:
        """Return an unqualified column; None if its source is not known. Raises `Invalid` if no source has it."""
        scope: QueryLevel | None = self
        level = 0
        open_ = False
        while scope is not None:
            if name in scope.merged:
                return ColumnReference(level, -1, name, scope.merged[name])
            found = [place for place in scope._with(name) if not scope.sources[place].hidden]
            if len(found) > 1 and not open_:
                raise Invalid("ambiguous_column", f'column reference "{name}" is ambiguous')
            if found:
                columns = scope.sources[found[0]].columns
                if columns is None or scope._unknown or open_:
                    return None
                return ColumnReference(level, found[0], name, columns[name])
            other = scope._other_column(name)
            if other is not None:
                return ColumnReference(level, -1, name, other)
            open_ = open_ or scope._unknown
            scope, level = scope.outer, level + 1
        if open_ or self.variables:
            return None
        raise Invalid("undefined_column", f'column "{name}" does not exist', part=name)

    def qualified(self, qualifier: str, name: str, schema: str | None = None) -> ColumnReference | None:
        """Return a column behind the name of a source, as `column` does."""
        scope: QueryLevel | None = self
        level = 0
        while scope is not None:
            for place in scope._places.get(qualifier, ()):
                source = scope.sources[place]
                if schema is not None and source.relation is not None and source.relation.schema not in (None, schema):
                    continue
                if source.columns is None:
                    return None
                if name in source.columns:
                    return ColumnReference(level, place, name, source.columns[name])
                if name in SYSTEM_COLUMNS and source.relation is not None:
                    return ColumnReference(level, place, name, SYSTEM_COLUMNS[name])
                raise Invalid("undefined_column", f"column {qualifier}.{name} does not exist", source.relation, name)
            scope, level = scope.outer, level + 1
        if self.variables or qualifier in self.parameters or self._open():
            return None
        raise Invalid("undefined_table", f'missing FROM-clause entry for table "{qualifier}"')

    def uses_of(self, found: ColumnReference) -> Iterator[ColumnUse]:
        """Yield the columns of relations that a reference reads: one, or several that `USING` has made one of."""
        scope: QueryLevel | None = self
        for _ in range(found.level):
            scope = None if scope is None else scope.outer
        if scope is None:
            return
        for source in scope.sources[found.source : found.source + 1] if found.source >= 0 else scope.sources:
            if found.column in source.listed or source.columns is None:
                continue
            if source.relation is not None and found.column in source.columns:
                yield ColumnUse(source.relation, found.column)

    def _open(self) -> bool:
        """Whether there is a source whose name is not known."""
        scope: QueryLevel | None = self
        while scope is not None:
            if scope._unnamed:
                return True
            scope = scope.outer
        return False
