"""PAR: the PostgreSQL and the SQLite variant of one history leave different schemas.

The schemas at the end of both histories are compared, reduced to what both engines can express, and each difference is
reported at the migration that caused it: what a later migration corrects is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Migration, Script, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Passage
from miglint.replay.variants import VariantPair
from miglint.rules.definition import Hit, rule
from miglint.rules.support.port_command import port_command
from miglint.rules.support.reporting import first_text
from miglint.rules.support.scripts import ENGINE
from miglint.rules.support.sql_text import ident
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.common import Shape, shape
from miglint.schema.objects import Index, Key
from miglint.schema.parity import ParityDifference, differences
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, flat


class LocatedDifference(Struct, frozen=True):
    """A difference, the migration that caused it, and where; `partner` is that migration for the other engine."""

    difference: ParityDifference
    migration: Migration
    script: Script
    span: Span
    partner: Migration | None


@cached_by_step
def located_differences(both: VariantPair) -> tuple[LocatedDifference, ...]:
    """Return the differences with their places. Cached by identity: all rules of the family use them."""
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
        found.append(
            LocatedDifference(difference, maker.migration, script, span, both.variants.partners.get(maker.migration))
        )
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

    def maker(self, difference: ParityDifference) -> Passage | None:
        """Return the last migration that changed what differs."""
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
    difference: ParityDifference,
    postgres: Passage | None,
    sqlite: Passage | None,
    both: VariantPair,
    order: dict[Migration, int],
) -> Passage | None:
    """Return the passage to report a difference at.

    Where the last changes on both sides are one migration, it is the side that has more; otherwise the later one.
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


def _place(passage: Passage, difference: ParityDifference) -> Span | None:
    """Return the clause of a script that a difference is about, or None."""
    best: tuple[int, Span] | None = None
    for statement in passage.forward_statements:
        for operation in flat(statement.operations):
            found = _about(operation, difference)
            if found is not None and (best is None or found[0] >= best[0]):
                best = found
    return None if best is None else best[1]


def _about(operation: Operation, difference: ParityDifference) -> tuple[int, Span] | None:
    """Return how well an operation fits a difference, and its span."""
    table, parts = difference.table, frozenset(difference.parts)
    match operation:
        case ops.CreateTable():
            return _about_new_table(operation, table, parts)
        case ops.CreateView() | ops.Drop():
            return (1, operation.span) if operation.name.name.lower() == table else None
        case ops.Rename():
            return (1, operation.span) if table in (operation.name.name.lower(), operation.new.lower()) else None
        case ops.DropConstraint():
            return (1, operation.span) if operation.table.name.lower() == table else None
        case ops.TableOperation() | ops.CreateIndex() if _changes(operation, parts):
            return (4, operation.span) if operation.table.name.lower() == table else None
        case _:
            return None


def _about_new_table(operation: ops.CreateTable, table: str, parts: frozenset[str]) -> tuple[int, Span] | None:
    same = operation.name.name.lower() == table
    if len(parts) == 1:
        for column in operation.columns:
            # A rebuilt table has another name at first.
            if column.name.lower() in parts and column.span is not None:
                return 3 if same else 2, column.span
    return (1, operation.span) if same else None


def _changes(operation: Operation, parts: frozenset[str]) -> bool:
    """Return whether an operation is about one of these columns, or a key about all of them."""
    match operation:
        case ops.AddColumn():
            return operation.column.name.lower() in parts
        case ops.RenameColumn():
            return not parts.isdisjoint((operation.column.lower(), operation.new.lower()))
        case ops.DropColumn() | ops.AlterColumnType() | ops.SetNullable() | ops.SetDefault():
            return operation.column.lower() in parts
        case ops.AddConstraint():
            return {name.lower() for name in operation.constraint.columns} == parts
        case ops.CreateIndex():
            return {(element.column or "?").lower() for element in operation.elements} == parts
        case _:
            return False


def _hit(located: LocatedDifference, message: str, *, severity: Severity | None = None) -> Hit:
    other = Dialect.SQLITE if located.migration.dialect is Dialect.POSTGRES else Dialect.POSTGRES
    path = located.partner.forward.path if located.partner is not None and located.partner.forward is not None else None
    help = f"The variant for {ENGINE[other]} is {path}." if path is not None and path != located.script.path else ""
    advice = "Make both variants leave the same schema, or state why they differ in an ignore comment."
    offer = f"`{port_command(located.migration, other, ' --replace --diff')}` shows one that does."
    return Hit(
        located.script.file, located.span, message, f"{help} {advice} {offer}".strip(), located.script, severity,
        version=located.migration.version,
    )  # fmt: skip


def _named(difference: ParityDifference) -> str:
    """Return what a difference is about, with the engine that has it."""
    table = ident(difference.table)
    columns = ", ".join("an expression" if part == "?" else ident(part) for part in difference.parts)
    words = difference.postgres if difference.only is Dialect.POSTGRES else difference.sqlite
    match difference.kind:
        case "table" | "view":
            return f"{difference.kind} {table}"
        case "column":
            return f"column {table}.{columns}"
        case "key":
            return f"{words} {table} ({columns})"
        case "foreign key":
            return f"foreign key {table} ({columns}) to {ident(words)}"
        case "index":
            return f"{words} on {table} ({columns})"
        case kind:
            return f"{'ON DELETE' if kind == 'deletion' else kind} of {table}.{columns}"


def _hits(both: VariantPair, *kinds: str) -> Iterator[Hit]:
    """Yield the differences of these kinds between the two variants of one migration."""
    for located in located_differences(both):
        difference = located.difference
        if difference.kind not in kinds or located.partner is None:
            continue
        if difference.only is not None and difference.kind not in ("nullability", "default"):
            only = difference.only
            lacking = Dialect.SQLITE if only is Dialect.POSTGRES else Dialect.POSTGRES
            message = f"{_named(difference)} is in the schema of {ENGINE[only]}, but not in that of {ENGINE[lacking]}"
        elif difference.kind == "deletion":
            columns = ", ".join(map(ident, difference.parts))
            message = (
                f"foreign key {ident(difference.table)} ({columns}) has ON DELETE {difference.postgres.upper()} "
                f"in PostgreSQL, but ON DELETE {difference.sqlite.upper()} in SQLite"
            )
        else:
            column = f"{ident(difference.table)}.{ident(difference.parts[0])}"
            verb = {"type": "holds ", "default": "has "}.get(difference.kind, "")
            message = f"{column} {verb}{difference.postgres} in PostgreSQL, but {verb}{difference.sqlite} in SQLite"
            message = message.replace("holds is", "is")
        yield _hit(located, message)


@rule(
    "PAR001",
    "table-in-one-variant",
    Severity.WARNING,
    "Only one engine's variant of the migration creates the table",
    scope="variants",
)
def table_in_one_variant(both: VariantPair) -> Iterator[Hit]:
    """Report tables that one variant of a migration creates or drops, and the other does not."""
    yield from _hits(both, "table")


@rule(
    "PAR002",
    "column-in-one-variant",
    Severity.WARNING,
    "Only one engine's variant of the migration creates the column",
    scope="variants",
)
def column_in_one_variant(both: VariantPair) -> Iterator[Hit]:
    """Report columns that one variant of a migration creates or drops, and the other does not."""
    yield from _hits(both, "column")


@rule(
    "PAR003",
    "column-type-differs",
    Severity.WARNING,
    "The variants of the migration give a column different kinds of type",
    scope="variants",
)
def column_type_differs(both: VariantPair) -> Iterator[Hit]:
    """Report columns whose types do not store the same kind of value."""
    yield from _hits(both, "type")


@rule(
    "PAR004",
    "nullability-differs",
    Severity.WARNING,
    "A column is NOT NULL in only one engine's variant",
    scope="variants",
)
def nullability_differs(both: VariantPair) -> Iterator[Hit]:
    """Report columns that accept NULL on one engine and not on the other."""
    yield from _hits(both, "nullability")


@rule(
    "PAR005",
    "unique-key-in-one-variant",
    Severity.WARNING,
    "Only one engine's variant of the migration creates the unique key",
    scope="variants",
)
def unique_key_in_one_variant(both: VariantPair) -> Iterator[Hit]:
    """Report primary and unique keys that only one engine enforces."""
    yield from _hits(both, "key")


@rule(
    "PAR006",
    "foreign-key-differs",
    Severity.WARNING,
    "A foreign key is in only one engine's variant, or has another ON DELETE",
    scope="variants",
)
def foreign_key_differs(both: VariantPair) -> Iterator[Hit]:
    """Report foreign keys that only one engine has, or whose ON DELETE differs."""
    yield from _hits(both, "foreign key", "deletion")


@rule(
    "PAR007",
    "index-in-one-variant",
    Severity.INFO,
    "Only one engine's variant of the migration creates the index",
    scope="variants",
)
def index_in_one_variant(both: VariantPair) -> Iterator[Hit]:
    """Report indexes that only one engine has: they change no result, only its speed."""
    yield from _hits(both, "index")


@rule(
    "PAR008",
    "default-differs",
    Severity.INFO,
    "A column's default differs in the other engine's variant",
    scope="variants",
)
def default_differs(both: VariantPair) -> Iterator[Hit]:
    """Report constant defaults that differ."""
    yield from _hits(both, "default")


@rule(
    "PAR009",
    "view-in-one-variant",
    Severity.INFO,
    "Only one engine's variant of the migration creates the view",
    scope="variants",
)
def view_in_one_variant(both: VariantPair) -> Iterator[Hit]:
    """Report views that only one engine has."""
    yield from _hits(both, "view")


@rule(
    "PAR010",
    "migration-in-one-variant",
    Severity.WARNING,
    "The migration exists for only one engine, and the schemas differ by it",
    scope="variants",
)
def migration_in_one_variant(both: VariantPair) -> Iterator[Hit]:
    """Report migrations without a variant for the other engine whose effect is missing there."""
    alone: dict[Migration, list[LocatedDifference]] = {}
    for located in located_differences(both):
        if located.partner is None:
            alone.setdefault(located.migration, []).append(located)
    for listed in alone.values():
        first = listed[0]
        other = Dialect.SQLITE if first.migration.dialect is Dialect.POSTGRES else Dialect.POSTGRES
        weight = max(Severity.INFO if located.difference.kind in _MILD else Severity.WARNING for located in listed)
        named = list(dict.fromkeys(_named(located.difference) for located in listed))
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        yield Hit(
            first.script.file,
            first_text(first.script),
            f"there is no variant of this migration for {ENGINE[other]}, "
            f"and the schemas differ in {', '.join(named[:3])}{more}",
            f"Write the variant for {ENGINE[other]}, or state why there is none: `-- miglint: ignore PAR010 (why)`. "
            f"Or: `{port_command(first.migration, other)}`",
            first.script,
            weight,
            version=first.migration.version,
        )


_MILD = frozenset({"index", "default", "view"})
