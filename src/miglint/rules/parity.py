"""PAR: the PostgreSQL and the SQLite variant of one history leave schemas that are not the same.

The schemas at the end of both histories are compared, reduced to what both engines can express, and each difference is
told at the migration that made it: what a later migration mends is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Migration, Script, Span
from miglint.replay.steps import Passage
from miglint.replay.variants import Both
from miglint.rules.definition import Hit, rule
from miglint.rules.support.clauses import ENGINE, first_text, ident
from miglint.schema.common import Shape, shape
from miglint.schema.objects import Index, Key
from miglint.schema.parity import Difference, differences
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, flat


class _Told(NamedTuple):
    """A difference, the migration that made it, and where; `partner` is that migration for the other engine."""

    difference: Difference
    migration: Migration
    script: Script
    span: Span
    partner: Migration | None


@lru_cache(maxsize=2)
def _told(both: Both) -> tuple[_Told, ...]:
    """Return the differences with their places. Cached by identity: all rules of the family ask about the same."""
    if not both.postgres or not both.sqlite:
        return ()
    listed = list(differences(both.postgres[-1].after, both.sqlite[-1].after))
    if not listed:
        return ()
    found = []
    order = {passage.migration: number for number, passage in enumerate((*both.postgres, *both.sqlite))}
    trails = [_Trail(passages, {item.table for item in listed}) for passages in (both.postgres, both.sqlite)]
    for difference in listed:
        makers = [trail.maker(difference) for trail in trails]
        maker = _guilty(difference, makers[0], makers[1], both, order)
        if maker is None or maker.migration.forward is None:
            continue
        script = maker.migration.forward
        span = _place(maker, difference) or first_text(script)
        found.append(_Told(difference, maker.migration, script, span, both.variants.partners.get(maker.migration)))
    return tuple(found)


class _Trail:
    """Which migrations of a history changed some tables, the last one first, and what the tables were."""

    def __init__(self, passages: list[Passage], tables: set[str]) -> None:
        self._path = passages[-1].after.path[0]
        self._passages: dict[str, list[Passage]] = {table: [] for table in tables}
        self._shapes: dict[tuple[int, str], tuple[Shape | None, Shape | None]] = {}
        for passage in reversed(passages):
            for name in self._touched(passage) & tables:
                self._passages[name].append(passage)

    def _touched(self, passage: Passage) -> set[str]:
        """Return the names of the tables and views that a migration changed, also by their indexes."""
        names: set[str] = set()
        for key in passage.touched:
            if key.space == "relation" and key.schema == self._path:
                names.add(key.name.lower())
                for schema in (passage.before, passage.after):
                    index = schema.find(key)
                    if isinstance(index, Index) and index.table is not None:
                        names.add(index.table.name.lower())
        return names

    def maker(self, difference: Difference) -> Passage | None:
        """Return the last migration that changed what is different."""
        for passage in self._passages[difference.table]:
            key = Key("relation", self._path, difference.table)
            if difference.kind == "view":
                if (key in passage.before) != (key in passage.after):
                    return passage
                continue
            before, after = self._shapes_of(passage, key)
            if difference.fact(before) != difference.fact(after):
                return passage
        return None

    def _shapes_of(self, passage: Passage, key: Key) -> tuple[Shape | None, Shape | None]:
        place = id(passage), key.name
        found = self._shapes.get(place)
        if found is None:
            found = self._shapes[place] = shape(passage.before, key), shape(passage.after, key)
        return found


def _guilty(
    difference: Difference, postgres: Passage | None, sqlite: Passage | None, both: Both, order: dict[Migration, int]
) -> Passage | None:
    """Return the passage to tell a difference at.

    Where the last changes on both sides are one migration, it is the side that has more; else it is the later one.
    """
    if postgres is None or sqlite is None:
        return postgres or sqlite
    partner = both.variants.partners.get(postgres.migration)
    if partner is sqlite.migration:
        return postgres if difference.only is Dialect.POSTGRES else sqlite
    # Put both on the line of the PostgreSQL history, where that is possible.
    other = both.variants.partners.get(sqlite.migration)
    if other is not None:
        return sqlite if order[other] > order[postgres.migration] else postgres
    if partner is not None:
        return postgres if order[partner] > order[sqlite.migration] else sqlite
    return postgres if difference.only is Dialect.POSTGRES else sqlite


def _place(passage: Passage, difference: Difference) -> Span | None:
    """Return the clause of a script that a difference is about, if one can be told."""
    best: tuple[int, Span] | None = None
    for statement in passage.forward_statements:
        for operation in flat(statement.operations):
            found = _about(operation, difference)
            if found is not None and (best is None or found[0] >= best[0]):
                best = found
    return None if best is None else best[1]


def _about(operation: Operation, difference: Difference) -> tuple[int, Span] | None:
    """Return how well an operation fits a difference, and the characters that say it."""
    table, parts = difference.table, set(difference.parts)
    match operation:
        case ops.CreateTable() | ops.CreateView():
            same = operation.name.name.lower() == table
            if isinstance(operation, ops.CreateTable) and len(parts) == 1:
                for column in operation.columns:
                    # A rebuilt table has another name at first.
                    if column.name.lower() in parts and column.span is not None:
                        return 3 if same else 2, column.span
            return (1, operation.span) if same else None
        case ops.AddColumn():
            fits = operation.table.name.lower() == table and operation.column.name.lower() in parts
            return (4, operation.span) if fits else None
        case ops.RenameColumn():
            renamed = not parts.isdisjoint((operation.column.lower(), operation.new.lower()))
            return (4, operation.span) if renamed and operation.table.name.lower() == table else None
        case ops.DropColumn() | ops.AlterColumnType() | ops.SetNullable() | ops.SetDefault():
            fits = operation.table.name.lower() == table and operation.column.lower() in parts
            return (4, operation.span) if fits else None
        case ops.AddConstraint():
            columns = {name.lower() for name in operation.constraint.columns}
            return (4, operation.span) if operation.table.name.lower() == table and columns == parts else None
        case ops.CreateIndex():
            keys = {(element.column or "?").lower() for element in operation.elements}
            return (4, operation.span) if operation.table.name.lower() == table and keys == parts else None
        case ops.Drop() | ops.Rename() | ops.DropConstraint():
            name = operation.table if isinstance(operation, ops.DropConstraint) else operation.name
            named = {name.name.lower(), getattr(operation, "new", "").lower()}
            return (1, operation.span) if table in named else None
        case _:
            return None


def _hit(told: _Told, message: str, *, severity: Severity | None = None) -> Hit:
    other = Dialect.SQLITE if told.migration.dialect is Dialect.POSTGRES else Dialect.POSTGRES
    path = told.partner.forward.path if told.partner is not None and told.partner.forward is not None else None
    help = f"The variant for {ENGINE[other]} is {path}." if path is not None and path != told.script.path else ""
    advice = "Make both variants leave the same, or say why they do not in an ignore comment."
    return Hit(
        told.script.file, told.span, message, f"{help} {advice}".strip(), told.script, severity,
        version=told.migration.version,
    )  # fmt: skip


def _named(difference: Difference) -> str:
    """Return what a difference is about, with the engine that has it."""
    table = ident(difference.table)
    columns = ", ".join("an expression" if part == "?" else ident(part) for part in difference.parts)
    words = difference.postgres if difference.only is Dialect.POSTGRES else difference.sqlite
    match difference.kind:
        case "table" | "view":
            return f"the {difference.kind} {table}"
        case "column":
            return f"the column {table}.{columns}"
        case "key":
            return f"the {words} {table} ({columns})"
        case "foreign key":
            return f"the foreign key {table} ({columns}) to {ident(words)}"
        case "index":
            return f"the {words} on {table} ({columns})"
        case kind:
            return f"the {'ON DELETE' if kind == 'deletion' else kind} of {table}.{columns}"


def _hits(both: Both, *kinds: str) -> Iterator[Hit]:
    """Yield the differences of these kinds that are between the two variants of one migration."""
    for told in _told(both):
        difference = told.difference
        if difference.kind not in kinds or told.partner is None:
            continue
        if difference.only is not None and difference.kind not in ("nullability", "default"):
            only = difference.only
            lacking = Dialect.SQLITE if only is Dialect.POSTGRES else Dialect.POSTGRES
            message = f"{_named(difference)} is in the schema of {ENGINE[only]}, and not in that of {ENGINE[lacking]}"
        elif difference.kind == "deletion":
            columns = ", ".join(map(ident, difference.parts))
            message = (
                f"the foreign key {ident(difference.table)} ({columns}) has ON DELETE {difference.postgres.upper()} "
                f"in PostgreSQL, and ON DELETE {difference.sqlite.upper()} in SQLite"
            )
        else:
            column = f"{ident(difference.table)}.{ident(difference.parts[0])}"
            verb = {"type": "holds ", "default": "has "}.get(difference.kind, "")
            message = f"{column} {verb}{difference.postgres} in PostgreSQL, and {verb}{difference.sqlite} in SQLite"
            message = message.replace("holds is", "is")
        yield _hit(told, message)


@rule(
    "PAR001",
    "table-in-one-variant",
    Severity.WARNING,
    "Only one engine's variant of the migration leaves the table",
    scope="variants",
)
def table_in_one_variant(both: Both) -> Iterator[Hit]:
    """Report tables that one variant of a migration makes or drops, and the other does not."""
    yield from _hits(both, "table")


@rule(
    "PAR002",
    "column-in-one-variant",
    Severity.WARNING,
    "Only one engine's variant of the migration leaves the column",
    scope="variants",
)
def column_in_one_variant(both: Both) -> Iterator[Hit]:
    """Report columns that one variant of a migration makes or drops, and the other does not."""
    yield from _hits(both, "column")


@rule(
    "PAR003",
    "column-type-differs",
    Severity.WARNING,
    "The variants of the migration give a column types of different kinds",
    scope="variants",
)
def column_type_differs(both: Both) -> Iterator[Hit]:
    """Report columns whose types are not two engines' words for the same kind of value."""
    yield from _hits(both, "type")


@rule(
    "PAR004",
    "nullability-differs",
    Severity.WARNING,
    "A column is NOT NULL in one engine's variant alone",
    scope="variants",
)
def nullability_differs(both: Both) -> Iterator[Hit]:
    """Report columns that take NULL on one engine and not on the other."""
    yield from _hits(both, "nullability")


@rule(
    "PAR005",
    "unique-key-in-one-variant",
    Severity.WARNING,
    "Only one engine's variant of the migration leaves the unique key",
    scope="variants",
)
def unique_key_in_one_variant(both: Both) -> Iterator[Hit]:
    """Report primary and unique keys that one engine alone guarantees."""
    yield from _hits(both, "key")


@rule(
    "PAR006",
    "foreign-key-differs",
    Severity.WARNING,
    "A foreign key is in one engine's variant alone, or deletes otherwise",
    scope="variants",
)
def foreign_key_differs(both: Both) -> Iterator[Hit]:
    """Report foreign keys that one engine alone has, or whose ON DELETE is another."""
    yield from _hits(both, "foreign key", "deletion")


@rule(
    "PAR007",
    "index-in-one-variant",
    Severity.INFO,
    "Only one engine's variant of the migration leaves the index",
    scope="variants",
)
def index_in_one_variant(both: Both) -> Iterator[Hit]:
    """Report indexes that one engine alone has: they change no result, only the time that it takes."""
    yield from _hits(both, "index")


@rule(
    "PAR008",
    "default-differs",
    Severity.INFO,
    "A column has another default in the other engine's variant",
    scope="variants",
)
def default_differs(both: Both) -> Iterator[Hit]:
    """Report constant defaults that are not the same."""
    yield from _hits(both, "default")


@rule(
    "PAR009",
    "view-in-one-variant",
    Severity.INFO,
    "Only one engine's variant of the migration leaves the view",
    scope="variants",
)
def view_in_one_variant(both: Both) -> Iterator[Hit]:
    """Report views that one engine alone has."""
    yield from _hits(both, "view")


@rule(
    "PAR010",
    "migration-in-one-variant",
    Severity.WARNING,
    "The migration is there for one engine alone, and the schemas differ by it",
    scope="variants",
)
def migration_in_one_variant(both: Both) -> Iterator[Hit]:
    """Report migrations without a variant for the other engine whose effect is not there either."""
    alone: dict[Migration, list[_Told]] = {}
    for told in _told(both):
        if told.partner is None:
            alone.setdefault(told.migration, []).append(told)
    for listed in alone.values():
        first = listed[0]
        other = Dialect.SQLITE if first.migration.dialect is Dialect.POSTGRES else Dialect.POSTGRES
        weight = max(Severity.INFO if told.difference.kind in _MILD else Severity.WARNING for told in listed)
        named = list(dict.fromkeys(_named(told.difference) for told in listed))
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        yield Hit(
            first.script.file,
            first_text(first.script),
            f"there is no variant of this migration for {ENGINE[other]}, "
            f"and the schemas differ in {', '.join(named[:3])}{more}",
            f"Write the variant for {ENGINE[other]}, or say why there is none: `-- miglint: ignore PAR010 (why)`.",
            first.script,
            weight,
            version=first.migration.version,
        )


_MILD = frozenset({"index", "default", "view"})
