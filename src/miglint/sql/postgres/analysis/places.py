"""The places of a column in a text: what a rename of the column changes there, so that it still means the same.

The server keeps columns by number, and writes a query out with the names of the day. Here the text is changed: names
that refer to the column, qualified where they would mean another one; result columns keep their names by aliases; and
where a name cannot be changed (`USING`), the relation gets a list of its columns' names, as the server prints it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.scope import ColumnReference, FromItem, QueryLevel
from miglint.sql.postgres.constants import quote_name
from miglint.sql.postgres.names import Node

# What is not closed reaches to the end of the text, so that no search begins again behind it.
_COMMENT = rb"--[^\n]*+|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)"
_SPACE = rb"(?:\s|" + _COMMENT + rb")*"
_IDENTIFIER = rb'(?:"(?:[^"]|"")*(?:"|\Z)|[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)'
_PART = pattern(rb"(?P<part>" + _IDENTIFIER + rb")(?P<dot>" + _SPACE + rb"\." + _SPACE + rb")?")
_ALIAS = pattern(_SPACE + rb"(?:[Aa][Ss]\b" + _SPACE + rb")?(?P<part>" + _IDENTIFIER + rb")")
_TOKEN = pattern(
    rb"(?P<skipped>'(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\2\$|\Z)|"
    + _COMMENT
    + rb")|(?P<word>"
    + _IDENTIFIER
    + rb")|(?P<sign>[()\[\],;])",
    re.DOTALL,
)
_ENDS_TARGETS = frozenset(
    b"from where group having window union intersect except order limit offset fetch for into returning on".split()
)


class _Reference(NamedTuple):
    """A name of a column: its source (None for one that `USING` has merged), and what else is in its reach.

    `rivals` says whether another source has a column of the new name, `renamed` are the sources of the column.
    """

    parts: int
    column: str
    source: FromItem | None
    rivals: bool
    renamed: tuple[FromItem, ...]


class _Star(NamedTuple):
    """A star in a list of results, with the columns that it stands for: their sources, and None for merged ones."""

    columns: tuple[tuple[FromItem | None, str], ...]


class ColumnPlaces:
    """The rename of a column, and its places in one text, which an analysis enters while it reads the text."""

    def __init__(self, relation: Name, old: str, new: str) -> None:
        self._relation, self._old, self._new = relation, old, new
        self._references: dict[int, _Reference] = {}
        self._stars: dict[int, _Star] = {}
        self._targets: list[Node] = []
        self._written: set[int] = set()
        self._inferred: list[int] = []
        self._tables: list[tuple[FromItem, Node]] = []
        self._listed: set[int] = set()
        self._updated = False

    # --- what an analysis enters

    def table(self, source: FromItem, body: Node) -> None:
        """Enter a relation in FROM."""
        self._tables.append((source, body))

    def reference(self, body: Node, count: int, found: ColumnReference, scope: QueryLevel) -> None:
        """Enter a name that refers to a column."""
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

    def star(self, body: Node, scope: QueryLevel, names: Sequence[str]) -> None:
        """Enter a `*` or `name.*` in a list of results."""
        wanted = names[-1] if names else None
        columns: list[tuple[FromItem | None, str]] = []
        if wanted is None:
            columns += [(None, name) for name in scope.merged]
        for source in scope.sources if wanted is None else scope.called(wanted):
            if source.columns is None:
                return
            columns += [(source, name) for name in source.columns if wanted is not None or name not in scope.merged]
        self._stars[body.get("location", 0)] = _Star(tuple(columns))

    def target(self, body: Node) -> None:
        """Enter a `ResTarget` of a list of results."""
        self._targets.append(body)

    def joined(self, sources: Sequence[FromItem], names: Iterable[str]) -> None:
        """Enter the names of `USING`, or of a natural join, of some sources."""
        if not {self._old, self._new}.isdisjoint(names):
            self._listed.update(id(source) for source in sources if self._is_renamed(source))

    def natural(self, one: Mapping[str, str], two: Mapping[str, str], sources: Sequence[FromItem]) -> None:
        """Enter a natural join, which must join by the same columns afterwards."""
        common = [name for name in one if name in two]
        sides = {self._new} if self._new in one or self._new in two else set()
        self.joined(sources, {*common, *sides})

    def written(self, relation: Name, body: Node) -> None:
        """Enter the name of a column that a statement writes."""
        if self._is_it(relation) and body.get("name") == self._old and "location" in body:
            self._written.add(body["location"])

    def inferred(self, relation: Name, body: Node) -> None:
        """Enter the columns of `ON CONFLICT`."""
        names = [item["IndexElem"].get("name") for item in body.get("indexElems", ())]
        if self._is_it(relation) and self._old in names:
            self._inferred.append(body.get("location", 0))

    def updated(self, relation: Name) -> None:
        """Enter the columns of `UPDATE OF` in a trigger of a relation."""
        self._updated = self._is_it(relation)

    # --- what comes of it

    def applied(self, text: str) -> str | None:
        """Return the text with the new name; None where that cannot be told."""
        content = text.encode("utf-8")
        self._list_columns()
        edits: dict[int, tuple[int, bytes]] = {}
        for place, end, words in self._edits(content):
            if place in edits and edits[place] != (end, words):
                return None
            edits[place] = (end, words)
        for place, (end, words) in sorted(edits.items(), reverse=True):
            content = content[:place] + words + content[end:]
        return content.decode("utf-8")

    def _is_it(self, relation: Name | None) -> bool:
        if relation is None or relation.name != self._relation.name:
            return False
        return relation.schema in (None, self._relation.schema)

    def _is_renamed(self, source: FromItem) -> bool:
        """Whether a source has the column by its own name."""
        has = source.columns is not None and self._old in source.columns and self._old not in source.listed
        return has and self._is_it(source.relation) and id(source) not in self._listed

    def _list_columns(self) -> None:
        """Find the sources whose columns are listed, because an unqualified name cannot be told apart otherwise."""
        for reference in self._references.values():
            unclear = reference.source is None or not reference.source.alias
            if reference.column == self._new and reference.parts == 1 and unclear:
                self._listed.update(map(id, reference.renamed))

    def _edits(self, content: bytes) -> Iterator[tuple[int, int, bytes]]:
        swapped: dict[int, int] = {}
        for start, end, words, place in self._names(content):
            if place is not None:
                swapped[place] = end
            yield start, end, words
        for place in self._written:
            yield from ((start, end, _name(self._new)) for start, end in _parts(content, place)[:1])
        for place in self._inferred:
            yield from self._in_brackets(content, place)
        if self._updated:
            yield from self._in_event(content)
        yield from self._result_names(content, swapped)
        yield from self._written_stars(content)
        for source, body in self._tables:
            if id(source) in self._listed and not source.listed and source.columns is not None:
                yield _with_column_list(content, source, body)

    def _names(self, content: bytes) -> Iterator[tuple[int, int, bytes, int | None]]:
        """Yield the names that change, those of the column with the place where they begin."""
        for place, reference in self._references.items():
            parts = _parts(content, place)
            source, plain = reference.source, reference.parts == 1
            if not parts or source is None:
                continue
            start, end = parts[min(reference.parts, len(parts)) - 1]
            if reference.column == self._old and self._is_renamed(source):
                yield start, end, _name(self._new, source.alias if plain and reference.rivals else ""), place
            elif reference.column == self._new and plain and any(map(self._is_renamed, reference.renamed)):
                yield start, end, _name(self._new, source.alias), None

    def _in_brackets(self, content: bytes, place: int) -> Iterator[tuple[int, int, bytes]]:
        for token in _TOKEN.finditer(content, place):
            if token["sign"] == b")":
                return
            if token["word"] is not None and _value(token["word"]) == self._old:
                yield token.start(), token.end(), _name(self._new)

    def _in_event(self, content: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield the column where `UPDATE OF` names it, which ends at `ON` or with `OR` before another event."""
        before, inside = b"", False
        for token in _TOKEN.finditer(content):
            if token["word"] is None:
                continue
            word = token["word"].lower()
            if word == b"on":
                return
            if inside and word != b"or" and _value(token["word"]) == self._old:
                yield token.start(), token.end(), _name(self._new)
            inside = (inside and word != b"or") or (before == b"update" and word == b"of")
            before = word

    def _result_names(self, content: bytes, swapped: Mapping[int, int]) -> Iterator[tuple[int, int, bytes]]:
        """Yield the aliases by which result columns keep their names, and those that are not needed any more."""
        for body in self._targets:
            place = _naming_place(body["val"])
            if place is None or place not in swapped:
                continue
            plain = "ColumnRef" in body["val"]
            if "name" not in body:
                end = swapped[place] if plain else _end_of_target(content, body.get("location", place))
                yield end, end, b" AS " + _name(self._old)
            elif body["name"] == self._new and plain:
                alias = _ALIAS.match(content, swapped[place])
                if alias is not None and _value(alias["part"]) == self._new:
                    yield swapped[place], alias.end(), b""

    def _written_stars(self, content: bytes) -> Iterator[tuple[int, int, bytes]]:
        for place, star in self._stars.items():
            if not any(source is not None and self._is_renamed(source) for source, _ in star.columns):
                continue
            words = []
            for source, name in star.columns:
                qualifier = source.alias if source is not None else ""
                if source is not None and name == self._old and self._is_renamed(source):
                    words.append(_name(self._new, qualifier) + b" AS " + _name(self._old))
                else:
                    words.append(_name(name, qualifier))
            yield place, content.index(b"*", place) + 1, b", ".join(words)


def _name(name: str, qualifier: str = "") -> bytes:
    prefix = f"{quote_name(qualifier)}." if qualifier else ""
    return (prefix + quote_name(name)).encode("utf-8")


def _value(identifier: bytes) -> str:
    text = identifier.decode("utf-8", "replace")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()


def _parts(content: bytes, place: int) -> list[tuple[int, int]]:
    """Return where the parts of a name stand that begins at a place."""
    found: list[tuple[int, int]] = []
    part = _PART.match(content, place)
    while part is not None:
        found.append(part.span("part"))
        if part["dot"] is None:
            break
        part = _PART.match(content, part.end())
    return found


def _with_column_list(content: bytes, source: FromItem, body: Node) -> tuple[int, int, bytes]:
    names = b", ".join(map(_name, source.columns or ()))
    end = _parts(content, body.get("location", 0))[-1][1]
    if "alias" in body:
        alias = _ALIAS.match(content, end)
        end = end if alias is None else alias.end()
        return end, end, b"(" + names + b")"
    return end, end, b" AS " + _name(source.alias) + b"(" + names + b")"


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


def _end_of_target(content: bytes, place: int) -> int:
    """Return where the expression of a result column ends that begins at a place."""
    depth = 0
    end = place
    for token in _TOKEN.finditer(content, place):
        word = (token["word"] or b"").lower()
        if depth == 0 and (token["sign"] in (b",", b")", b";") or word in _ENDS_TARGETS):
            return len(content[: token.start()].rstrip())
        if token["sign"] in (b"(", b"[") or word == b"case":
            depth += 1
        elif token["sign"] in (b")", b"]") or word == b"end":
            depth -= 1
        end = token.end()
    return max(end, len(content.rstrip()))
