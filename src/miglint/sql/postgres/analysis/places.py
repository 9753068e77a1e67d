"""The edits of a text by which it means the same after the rename of a column.

PostgreSQL stores columns by number, and prints a query with their current names. Here the text itself is edited: names
that refer to the column are replaced, and qualified where the new name would be ambiguous; result columns keep their
names by aliases; and where a name cannot be replaced (`USING`), the relation gets a list of column names, as PostgreSQL
prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from miglint.base.edits import with_edits
from miglint.base.findings import Edit
from miglint.base.identifiers import quote_name, unquoted
from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.scope import ColumnReference, FromItem, QueryLevel
from miglint.sql.postgres.embedded import byte_map
from miglint.sql.postgres.lexer import clauses, name_parts, words
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.place import Place

_ENDS_TARGETS = frozenset({"from", "where", "group", "having", "window", "union", "intersect", "except", "order"})
_ENDS_TARGETS |= {"limit", "offset", "fetch", "for", "into", "returning", "on"}


class _Reference(NamedTuple):
    """A name that refers to a column of a source; None for a column that `USING` has merged.

    `rivals` is whether another source in scope has a column of the new name; `renamed` are the other sources in scope
    that have the renamed column.
    """

    parts: int
    column: str
    source: FromItem | None
    rivals: bool
    renamed: tuple[FromItem, ...]


class _Star(NamedTuple):
    """A star in a list of results, with the columns that it stands for, and their sources: None for merged ones."""

    columns: tuple[tuple[FromItem | None, str], ...]


class ColumnPlaces:
    """The rename of a column, and the places in one text that it affects, recorded while the text is analyzed.

    Places are those of the parser, which counts bytes.
    """

    def __init__(self, relation: Name, old: str, new: str) -> None:
        self._relation, self._old, self._new = relation, old, new
        self._references: dict[int, _Reference] = {}
        self._stars: dict[int, _Star] = {}
        self._targets: list[Node] = []
        self._written: set[int] = set()
        self._inferred: list[tuple[int, int]] = []
        self._tables: list[tuple[FromItem, Node]] = []
        self._listed: set[int] = set()
        self._updated = False
        self._unclear = False

    # --- recorded by an analysis

    def table(self, source: FromItem, body: Node) -> None:
        """Record a relation in FROM."""
        self._tables.append((source, body))

    def reference(self, body: Node, count: int, found: ColumnReference, scope: QueryLevel) -> None:
        """Record a name that refers to a column."""
        if found.column not in (self._old, self._new):
            return
        levels, outer = [scope], scope.outer
        while len(levels) <= found.level and outer is not None:
            levels.append(outer)
            outer = outer.outer
        around = [item for level in levels for item in level.sources if not item.hidden]
        merged = any(self._new in level.merged for level in levels)
        level = levels[-1]
        source = level.sources[found.source] if found.source >= 0 else None
        rivals = merged or any(item is not source and self._new in (item.columns or ()) for item in around)
        renamed = tuple(item for item in around if item is not source and self._is_renamed(item))
        self._references[body.get("location", 0)] = _Reference(count, found.column, source, rivals, renamed)

    def unresolved(self, column: str) -> None:
        """Record the name of a column of which it is not known what it refers to."""
        self._unclear = self._unclear or column == self._old

    def star(self, place: int, scope: QueryLevel, names: Sequence[str]) -> None:
        """Record a `*` or `name.*` in a list of results at a place, as `star_edit` takes it."""
        wanted = names[-1] if names else None
        columns: list[tuple[FromItem | None, str]] = []
        if wanted is None:
            columns += [(None, name) for name in scope.merged]
        for source in scope.sources if wanted is None else scope.called(wanted):
            if source.columns is None:
                return
            columns += [(source, name) for name in source.columns if wanted is not None or name not in scope.merged]
        self._stars[place] = _Star(tuple(columns))

    def target(self, body: Node) -> None:
        """Record a `ResTarget` of a list of results."""
        self._targets.append(body)

    def joined(self, sources: Sequence[FromItem], names: Iterable[str]) -> None:
        """Record the names of `USING`, or of a natural join, of some sources."""
        if not {self._old, self._new}.isdisjoint(names):
            self._listed.update(id(source) for source in sources if self._is_renamed(source))

    def natural(self, one: Mapping[str, str], two: Mapping[str, str], sources: Sequence[FromItem]) -> None:
        """Record a natural join, which must join by the same columns afterwards."""
        common = [name for name in one if name in two]
        sides = {self._new} if self._new in one or self._new in two else set()
        self.joined(sources, {*common, *sides})

    def written(self, relation: Name, body: Node) -> None:
        """Record the name of a column that a statement writes."""
        if self._is_it(relation) and body.get("name") == self._old and "location" in body:
            self._written.add(body["location"])

    def inferred(self, relation: Name, body: Node) -> None:
        """Record the columns of `ON CONFLICT`."""
        if self._is_it(relation):
            names = (item["IndexElem"].get("name") for item in body.get("indexElems", ()))
            self._inferred += ((body["location"], number) for number, name in enumerate(names) if name == self._old)

    def updated(self, relation: Name) -> None:
        """Record the columns of `UPDATE OF` in a trigger of a relation."""
        self._updated = self._is_it(relation)

    # --- edits

    def applied(self, text: str) -> str | None:
        """Return the text with the new name.

        None if two changes of one place contradict each other, or it is not known whether a name is that of the column.
        """
        if self._unclear:
            return None
        self._list_columns()
        edits: dict[int, Edit] = {}
        for edit in self._edits(Place(text, 0, 0, len(text), byte_map(text))):
            if edits.setdefault(edit.start, edit) != edit:
                return None
        return with_edits(text, edits.values())

    def _is_it(self, relation: Name | None) -> bool:
        if relation is None or relation.name != self._relation.name:
            return False
        return relation.schema in (None, self._relation.schema)

    def _is_renamed(self, source: FromItem) -> bool:
        """Whether a source has the column by its own name."""
        has = source.columns is not None and self._old in source.columns and self._old not in source.listed
        return has and self._is_it(source.relation) and id(source) not in self._listed

    def _list_columns(self) -> None:
        """Find the sources whose columns are listed, because no qualifier makes an unqualified name unambiguous."""
        for reference in self._references.values():
            unclear = reference.source is None or not reference.source.alias
            if reference.column == self._new and reference.parts == 1 and unclear:
                self._listed.update(map(id, reference.renamed))

    def _edits(self, read: Place) -> Iterator[Edit]:
        swapped: dict[int, int] = {}
        for edit, place in self._names(read):
            if place is not None:
                swapped[place] = edit.end
            yield edit
        for place in self._written:
            yield from (Edit(*span, _name(self._new)) for span in _parts(read, place)[:1])
        for place, number in self._inferred:
            listed = clauses(read.text, read.char(place) + 1, read.end)
            yield from (Edit(*span, _name(self._new)) for span in name_parts(read.text, *listed[number])[:1])
        if self._updated:
            yield from self._in_event(read.text)
        yield from self._result_names(read, swapped)
        yield from self._written_stars(read)
        for source, body in self._tables:
            if id(source) in self._listed and not source.listed and source.columns is not None:
                yield _with_column_list(read, source, body)

    def _names(self, read: Place) -> Iterator[tuple[Edit, int | None]]:
        """Yield the names that change, those of the column with the place where they begin."""
        for place, reference in self._references.items():
            parts = _parts(read, place)
            source, plain = reference.source, reference.parts == 1
            if not parts or source is None:
                continue
            start, end = parts[min(reference.parts, len(parts)) - 1]
            if reference.column == self._old and self._is_renamed(source):
                yield Edit(start, end, _name(self._new, source.alias if plain and reference.rivals else "")), place
            elif reference.column == self._new and plain and any(map(self._is_renamed, reference.renamed)):
                yield Edit(start, end, _name(self._new, source.alias)), None

    def _in_event(self, text: str) -> Iterator[Edit]:
        """Yield the column where `UPDATE OF` names it, which ends at `ON` or with `OR` before another event."""
        before, inside = "", False
        for start, end in words(text, 0, len(text)):
            word = text[start:end].lower()
            if word == "on":
                return
            if inside and word != "or" and unquoted(text[start:end]) == self._old:
                yield Edit(start, end, _name(self._new))
            inside = (inside and word != "or") or (before == "update" and word == "of")
            before = word

    def _result_names(self, read: Place, swapped: Mapping[int, int]) -> Iterator[Edit]:
        """Yield the aliases by which result columns keep their names, and those that are not needed any more."""
        for body in self._targets:
            place = _naming_place(body["val"])
            if place is None or place not in swapped:
                continue
            plain = "ColumnRef" in body["val"]
            if "name" not in body:
                end = swapped[place] if plain else _end_of_target(read, body.get("location", place))
                yield Edit(end, end, f" AS {_name(self._old)}")
            elif body["name"] == self._new and plain:
                start, end = _alias(read.text, swapped[place])
                if unquoted(read.text[start:end]) == self._new:
                    yield Edit(swapped[place], end, "")

    def _written_stars(self, read: Place) -> Iterator[Edit]:
        for place, star in self._stars.items():
            if not any(source is not None and self._is_renamed(source) for source, _ in star.columns):
                continue
            listed = []
            for source, name in star.columns:
                qualifier = source.alias if source is not None else ""
                if source is not None and name == self._old and self._is_renamed(source):
                    listed.append(f"{_name(self._new, qualifier)} AS {_name(self._old)}")
                else:
                    listed.append(_name(name, qualifier))
            yield star_edit(read, place, ", ".join(listed))


def star_place(star: Node, sources: Sequence[Node]) -> int:
    """Return the place of a star for `star_edit`: `TABLE name` has none, and is known by the place of the name."""
    place: int = star.get("location", 0)
    return place if place >= 0 else ~sources[0]["RangeVar"]["location"]


def star_edit(read: Place, place: int, columns: str) -> Edit:
    """Return the edit that replaces the `*` or `name.*` that begins at a place by columns.

    A negative place is that of the name in `TABLE name`, complemented.
    """
    if place < 0:
        before = words(read.text, read.start, read.char(~place))
        start, end = [span for span in before if read.text[slice(*span)].lower() == "table"][-1]
        return Edit(start, end, f"SELECT {columns} FROM")
    start = read.char(place)
    end = next(end for at, end in words(read.text, start, read.end) if read.text[at] == "*")
    return Edit(start, end, columns)


def _name(name: str, qualifier: str = "") -> str:
    return f"{quote_name(qualifier)}.{quote_name(name)}" if qualifier else quote_name(name)


def _parts(read: Place, place: int) -> list[tuple[int, int]]:
    """Return where the parts of the name stand that begins at a place."""
    return name_parts(read.text, read.char(place), read.end)


def _alias(text: str, at: int) -> tuple[int, int]:
    """Return where the alias stands that follows, with or without AS."""
    return next(span for span in words(text, at, len(text)) if text[slice(*span)].lower() != "as")


def _with_column_list(read: Place, source: FromItem, body: Node) -> Edit:
    names = ", ".join(map(_name, source.columns or ()))
    end = _parts(read, body.get("location", 0))[-1][1]
    if "alias" not in body:
        return Edit(end, end, f" AS {_name(source.alias)}({names})")
    _, end = _alias(read.text, end)
    return Edit(end, end, f"({names})")


def _naming_place(value: Node) -> int | None:
    """Return the place of the column by which the server names a result column; None if it takes another name."""
    ((kind, body),) = value.items()
    if kind == "ColumnRef":
        place: int = body.get("location", 0)
        return place
    if kind in ("TypeCast", "CollateClause"):
        return _naming_place(body["arg"])
    if kind == "A_Indirection" and not any("String" in step for step in body["indirection"]):
        return _naming_place(body["arg"])
    if kind == "CaseExpr" and "defresult" in body:
        return _naming_place(body["defresult"])
    return None


def _end_of_target(read: Place, place: int) -> int:
    """Return where the expression of a result column ends that begins at a place."""
    depth = 0
    last = at = read.char(place)
    for start, end in words(read.text, at, read.end):
        word = read.text[start:end].lower()
        if depth == 0 and (word in (",", ")", ";") or word in _ENDS_TARGETS):
            break
        depth += (word in ("(", "[", "case")) - (word in (")", "]", "end"))
        last = end
    return last
