"""LCK001 to LCK007 and LCK009: indexes, partitions and materialized views that are built under a blocking lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.structs import replace
from miglint.locks.bounds import bound_condition
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, remade_here, text_of, version_of
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.symmetry.invalid_indexes import index_name, must_be_alone
from miglint.schema.objects import Index, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Name
from miglint.writer.indexes import create_index
from miglint.writer.words import UnprintableError

WARNING, ERROR, INFO = Severity.WARNING, Severity.ERROR, Severity.INFO
_ALONE = "in a migration of its own that the runner does not wrap in a transaction"
_CORRUPTED = ((14, 0), (14, 3))
# Characters of a table's name that leave room for a suffix.
_ROOM = 50
_LONGEST_NAME = 63
# So many partitions are named in a help text.
_FEW = 3


@hazard(
    "LCK001",
    "create-index-blocking",
    WARNING,
    "CREATE INDEX without CONCURRENTLY blocks writes while it is built",
    on=(ops.CreateIndex,),
    dialects=("postgres",),
    fixable=True,
    aliases=(
        "squawk:require-concurrent-index-creation",
        "pgls:requireConcurrentIndexCreation",
        "eugene:E6",
        "pg-migration-lint:PGM001",
        "atlas:PG101",
        "strong_migrations:add_index",
        "strong_migrations:add_reference",
        "django-migration-linter:CREATE_INDEX",
        "pgfence:create-index-not-concurrent",
        "pgsafe:add-index-non-concurrent",
        "diesel-guard:AddIndexCheck",
    ),
)
def create_index_blocking(step: Step, context: Context) -> Iterator[Hit]:
    """Report indexes on tables that others write to."""
    for applied, operation in effective(step, ops.CreateIndex):
        # ON ONLY builds nothing: the index becomes valid when each partition has one.
        if operation.concurrently or operation.only:
            continue
        for effect in applied.effects(context):
            if _is_partitioned(applied, operation.table):
                words = f"{effect.words}, on every partition too"
                yield applied.hit(words, _partition_help(applied, operation))
            else:
                yield applied.hit(effect.words, _create_help(step, applied, operation))


def _partition_help(applied: AppliedOperation, operation: ops.CreateIndex) -> str:
    """Return how to build the index of a partitioned table, which cannot be done concurrently."""
    with contextlib.suppress(UnprintableError):
        first, *rest = (f"`{text}`" for text in _built_by_partition(applied, operation))
        return f"Write {first}. {_ALONE[0].upper()}{_ALONE[1:]}: {', '.join(rest)}"
    name = ident(operation.name) if operation.name else "..."
    return (
        f"`CREATE INDEX {name} ON ONLY {qualified(operation.table)} (...);`, then, {_ALONE}, "
        "`CREATE INDEX CONCURRENTLY ... ON ...;` for each partition, and last for each of these "
        f"`ALTER INDEX {name} ATTACH PARTITION ...;`"
    )


def _built_by_partition(applied: AppliedOperation, operation: ops.CreateIndex) -> Iterator[str]:
    """Yield the statements that build an index partition by partition. Raises `UnprintableError`."""
    after, made = applied.moment.after, _made_index(applied, operation)
    partitions = _partitions(applied, operation.table)
    if made is None or not 0 < len(partitions) <= _FEW:
        raise UnprintableError("its partitions are not known, or many")
    yield create_index(after, made).replace(" ON ", " ON ONLY ", 1)
    for partition in partitions:
        own = Name(partition.schema, f"{partition.name[:_ROOM]}_{made.name.name}"[:_LONGEST_NAME])
        yield create_index(after, replace(made, name=own, table=partition)).replace("INDEX", "INDEX CONCURRENTLY", 1)
        yield f"ALTER INDEX {qualified(_plain(made.name))} ATTACH PARTITION {qualified(_plain(own))};"


def _plain(name: Name) -> Name:
    return name._replace(schema=None) if name.schema == "public" else name


def _made_index(applied: AppliedOperation, operation: ops.CreateIndex) -> Index | None:
    """Return the index that an operation created, with the name that it got."""
    before, after = applied.before, applied.moment.after
    for key, index in after.users(applied.key(operation.table), Index):
        if before.find(key) is None:
            return index
    return None


def _partitions(applied: AppliedOperation, name: ops.Name) -> list[Name]:
    """Return the partitions of a table; none where one of them has partitions itself."""
    key = applied.key(name)
    found = [
        table
        for _, table in applied.before.users(key, Table)
        if table.partition_of is not None and applied.key(table.partition_of) == key
    ]
    return [] if any(table.partition_by is not None for table in found) else [table.name for table in found]


def _create_help(step: Step, applied: AppliedOperation, operation: ops.CreateIndex) -> str:
    text = text_of(applied)
    word = text.upper().find("INDEX")
    if word < 0 or not text.upper().startswith("CREATE"):
        made = f"CREATE {'UNIQUE ' if operation.unique else ''}INDEX CONCURRENTLY ..."
    else:
        made = f"{text[: word + 5]} CONCURRENTLY{text[word + 5 :]}"
    drop = f"`DROP INDEX CONCURRENTLY IF EXISTS {index_name(operation)};`" if operation.name else ""
    if drop and must_be_alone(step, applied.script):
        return f"Put it {_ALONE}, after {drop} by hand if an earlier build was interrupted: `{made};`."
    before = f"{drop}, then " if drop else ""
    return f"Put it {_ALONE}: {before}`{made};` (an interrupted build leaves an invalid index behind)."


@hazard(
    "LCK002",
    "drop-index-blocking",
    WARNING,
    "DROP INDEX without CONCURRENTLY waits for every query on the table, and all others wait for it",
    on=(ops.Drop,),
    dialects=("postgres",),
    fixable=True,
    aliases=(
        "squawk:require-concurrent-index-deletion",
        "pgls:requireConcurrentIndexDeletion",
        "pg-migration-lint:PGM002",
        "atlas:PG102",
        "strong_migrations:remove_index",
        "django-migration-linter:DROP_INDEX",
        "pgfence:drop-index-not-concurrent",
        "pgsafe:drop-index-non-concurrent",
        "diesel-guard:DropIndexCheck",
    ),
)
def drop_index_blocking(step: Step) -> Iterator[Hit]:
    """Report indexes that are dropped from tables that others use."""
    for applied, operation in effective(step, ops.Drop):
        if operation.kind != "index" or operation.concurrently:
            continue
        index = applied.before.find(applied.key(operation.name))
        known = index.table if isinstance(index, Index) else None
        if known is not None and applied.fresh(known):
            continue
        if known is None and remade_here(step, applied, operation.name):
            continue
        on = f" on {known.name}" if known is not None else " on the index's table"
        concurrent = f"`DROP INDEX CONCURRENTLY IF EXISTS {qualified(operation.name)};`"
        help = f"Put it {_ALONE}: {concurrent}"
        if operation.cascade and isinstance(index, Index):
            # DROP INDEX CONCURRENTLY has no CASCADE.
            first = " ".join(_drops_of_keys(applied, index))
            help = f"Drop first what depends on it: `{first}` Then, {_ALONE}: {concurrent}" if first else help
        if known is not None and _is_partitioned(applied, known):
            on += " and every partition"
            help = "An index of a partitioned table cannot be dropped concurrently. First: `SET lock_timeout = '2s';`"
        yield applied.hit(
            f"ACCESS EXCLUSIVE{on}: waits for running queries, and blocks all that come after",
            help,
        )


def _drops_of_keys(applied: AppliedOperation, index: Index) -> Iterator[str]:
    """Yield the statements that drop the foreign keys which need a unique index."""
    if index.table is None or not index.unique:
        return
    key, columns = applied.key(index.table), {element.column for element in index.elements}
    for _, table in applied.before.users(key, Table):
        for name, constraint in table.constraints.items():
            if constraint.kind != "foreign" or constraint.table is None or applied.key(constraint.table) != key:
                continue
            if set(constraint.referenced) == columns:
                yield f"ALTER TABLE {qualified(table.name)} DROP CONSTRAINT IF EXISTS {ident(name)};"


def _is_partitioned(applied: AppliedOperation, name: ops.Name) -> bool:
    table = applied.table(name)
    return table is not None and table.partition_by is not None


_REINDEX_SINCE = 12


@hazard(
    "LCK003",
    "reindex-blocking",
    WARNING,
    "REINDEX without CONCURRENTLY blocks writes, and queries that would use the index",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    aliases=(
        "squawk:require-concurrent-reindex",
        "pgls:requireConcurrentReindex",
        "pg-migration-lint:PGM022",
        "django-migration-linter:REINDEX",
        "pgfence:reindex-non-concurrent",
        "pgsafe:reindex-non-concurrent",
        "diesel-guard:ReindexCheck",
    ),
)
def reindex_blocking(step: Step, context: Context) -> Iterator[Hit]:
    """Report indexes that are rebuilt under a blocking lock."""
    for applied, operation in effective(step, ops.Maintenance):
        if not operation.kind.startswith("reindex") or operation.concurrently:
            continue
        if operation.kind == "reindex system" or (operation.kind == "reindex table" and _fresh(applied, operation)):
            continue
        words = operation.kind.upper()
        target = f" {qualified(operation.target)}" if operation.target is not None else ""
        if version_of(context) >= _REINDEX_SINCE:
            help = f"Put it {_ALONE}: `{words} CONCURRENTLY{target};`"
        else:
            help = "Before PostgreSQL 12: build a second index concurrently, drop the old one, and rename the new one."
        yield applied.hit(f"{words}{target} blocks writes, and reads that use the index, while it is rebuilt", help)


def _fresh(applied: AppliedOperation, operation: ops.Maintenance) -> bool:
    return operation.target is not None and applied.fresh(operation.target)


_DETACH_SINCE = 14


@hazard(
    "LCK004",
    "detach-partition-blocking",
    WARNING,
    "DETACH PARTITION without CONCURRENTLY blocks reads and writes of the whole partitioned table",
    on=(ops.DetachPartition,),
    dialects=("postgres",),
    aliases=(
        "squawk:require-concurrent-partition-detach",
        "pgls:requireConcurrentDetachPartition",
        "pg-migration-lint:PGM004",
        "pgfence:detach-partition",
        "pgsafe:detach-partition-non-concurrent",
    ),
)
def detach_partition_blocking(step: Step, context: Context) -> Iterator[Hit]:
    """Report partitions that are detached under ACCESS EXCLUSIVE."""
    for applied, operation in effective(step, ops.DetachPartition):
        if operation.concurrently or applied.fresh(operation.table) or version_of(context) < _DETACH_SINCE:
            continue
        if operation.kind != "table" or operation.finalize or applied.fresh(operation.partition):
            continue
        table, part = qualified(operation.table), qualified(operation.partition)
        yield applied.hit(
            f"ACCESS EXCLUSIVE on {operation.table.name}: waits for running queries, and blocks all that come after",
            f"Put it {_ALONE}: `ALTER TABLE {table} DETACH PARTITION {part} CONCURRENTLY;`",
        )


@hazard(
    "LCK005",
    "attach-partition-scans",
    WARNING,
    "ATTACH PARTITION checks every row of the partition under ACCESS EXCLUSIVE",
    on=(ops.AttachPartition,),
    dialects=("postgres",),
    aliases=(
        "pg-migration-lint:PGM005",
        "pgls:avoidAttachingPartition",
        "pgfence:attach-partition",
        "pgsafe:attach-partition",
    ),
)
def attach_partition_scans(step: Step, context: Context) -> Iterator[Hit]:
    """Report tables that are attached without a validated CHECK that implies the bound."""
    for applied, operation in effective(step, ops.AttachPartition):
        for effect in applied.effects(context):
            if effect.stalls:
                yield applied.hit(effect.words, _attach_help(applied, operation))


def _attach_help(applied: AppliedOperation, operation: ops.AttachPartition) -> str:
    partition = applied.table(operation.partition)
    taken = partition.constraints if partition is not None else {}
    names = (f"{operation.partition.name[:_ROOM]}_bound{number or ''}" for number in range(len(taken) + 1))
    name, check = qualified(operation.partition), ident(next(item for item in names if item not in taken))
    parent = applied.table(operation.table)
    condition = bound_condition(parent, operation.bound, ident) if parent is not None and operation.bound else None
    return (
        f"In migrations before it: `ALTER TABLE {name} ADD CONSTRAINT {check} CHECK ({condition or '...'}) NOT VALID;`"
        + ("" if condition else " with the bound as condition")
        + f", and in the next one `ALTER TABLE {name} VALIDATE CONSTRAINT {check};`"
    )


@hazard(
    "LCK006",
    "refresh-materialized-view-blocking",
    WARNING,
    "REFRESH MATERIALIZED VIEW without CONCURRENTLY blocks reads while the view is computed",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    aliases=(
        "pgls:requireConcurrentRefreshMatview",
        "pgfence:refresh-matview-blocking",
        "pgsafe:refresh-matview-non-concurrent",
        "diesel-guard:RefreshMatViewCheck",
    ),
)
def refresh_blocking(step: Step) -> Iterator[Hit]:
    """Report materialized views that others read and that are refreshed under ACCESS EXCLUSIVE."""
    for applied, operation in effective(step, ops.Maintenance):
        if operation.kind != "refresh materialized view" or operation.concurrently or operation.target is None:
            continue
        if applied.fresh(operation.target):
            continue
        name = qualified(operation.target)
        if "with no data" in operation.options:
            words = f"{operation.target.name} is emptied: reading it fails until it is refreshed"
        else:
            words = f"ACCESS EXCLUSIVE on {operation.target.name}: blocks reads while its query runs"
        yield applied.hit(
            words,
            _refresh_help(applied, operation.target, name),
        )


def _refresh_help(applied: AppliedOperation, view: ops.Name, name: str) -> str:
    plain = f"`REFRESH MATERIALIZED VIEW CONCURRENTLY {name};`"
    unique = any(index.unique and index.where is None for _, index in applied.before.users(applied.key(view), Index))
    if unique:
        return f"Write {plain}"
    return f"`CREATE UNIQUE INDEX ON {name} (...);`, then {plain}, which needs such an index."


@hazard(
    "LCK007",
    "refresh-materialized-view-concurrently",
    INFO,
    "REFRESH MATERIALIZED VIEW CONCURRENTLY still blocks writes and other refreshes of the view",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    default=False,
    aliases=("pgls:concurrentRefreshMatviewLock", "pgfence:refresh-matview-concurrent"),
)
def refresh_concurrently(step: Step) -> Iterator[Hit]:
    """Report concurrent refreshes, which belong in a job rather than a migration."""
    for applied, operation in effective(step, ops.Maintenance):
        if operation.kind == "refresh materialized view" and operation.concurrently and operation.target is not None:
            yield applied.hit(
                f"EXCLUSIVE on {operation.target.name} while its query runs: other refreshes wait",
                "Refresh it in a job, outside of the deployment.",
            )


@hazard(
    "LCK009",
    "concurrent-build-corrupts",
    ERROR,
    "PostgreSQL 14.0 to 14.3 can build a corrupt index with CONCURRENTLY",
    on=(ops.CreateIndex, ops.Maintenance),
    dialects=("postgres",),
    aliases=("strong_migrations:add_index_corruption", "pgfence:pg14-index-concurrent-bug"),
)
def concurrent_build_corrupts(step: Step, context: Context) -> Iterator[Hit]:
    """Report concurrent builds where a target is one of the versions with the bug."""
    version = context.targets.get("postgres", ())
    if len(version) < 2 or not _CORRUPTED[0] <= version[:2] <= _CORRUPTED[1]:
        return
    builds: list[AppliedOperation] = [
        applied for applied, operation in effective(step, ops.CreateIndex) if operation.concurrently
    ]
    for applied, operation in effective(step, ops.Maintenance):
        if operation.kind.startswith("reindex") and operation.concurrently:
            builds.append(applied)
    for applied in builds:
        yield applied.hit(
            "on PostgreSQL 14.0 to 14.3 an index built with CONCURRENTLY can miss rows",
            "Upgrade to 14.4 before this migration, and set `targets` accordingly; then `REINDEX INDEX CONCURRENTLY` "
            "the indexes that were built before.",
        )
