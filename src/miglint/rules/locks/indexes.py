"""LCK001 to LCK007 and LCK009: indexes, partitions and materialized views that are built while others wait."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.support.applied_operations import Act, done, remade_here, tell, text_of, version_of
from miglint.rules.support.clauses import ident, qualified
from miglint.rules.symmetry.invalid_indexes import index_name, stands_alone
from miglint.schema.objects import Index
from miglint.sql import operations as ops

WARNING, ERROR, INFO = Severity.WARNING, Severity.ERROR, Severity.INFO
_ALONE = "in a migration of its own that the runner does not wrap in a transaction"
_CORRUPTED = ((14, 0), (14, 3))


@rule(
    "LCK001",
    "create-index-blocking",
    WARNING,
    "CREATE INDEX without CONCURRENTLY blocks writes while it is built",
    on=(ops.CreateIndex,),
    dialects=("postgres",),
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
    """Tell of indexes on tables that others write to."""
    for act, operation in done(step, ops.CreateIndex):
        # ON ONLY builds nothing: the index is not valid before each partition has its own.
        if operation.concurrently or operation.only:
            continue
        for effect in act.effects(context):
            if _is_partitioned(act, operation.table):
                words = f"{effect.words}, on every partition too"
                yield tell(act, WARNING, words, _partition_help(operation))
            else:
                yield tell(act, WARNING, effect.words, _create_help(step, act, operation))


def _partition_help(operation: ops.CreateIndex) -> str:
    """Return how to build the index of a partitioned table, which the server cannot do concurrently."""
    name = ident(operation.name) if operation.name else "..."
    return (
        f"`CREATE INDEX {name} ON ONLY {qualified(operation.table)} (...);`, then, {_ALONE}, "
        "`CREATE INDEX CONCURRENTLY ... ON ...;` for each partition, and last for each of these "
        f"`ALTER INDEX {name} ATTACH PARTITION ...;`"
    )


def _create_help(step: Step, act: Act, operation: ops.CreateIndex) -> str:
    text = text_of(act)
    word = text.upper().find("INDEX")
    if word < 0 or not text.upper().startswith("CREATE"):
        made = f"CREATE {'UNIQUE ' if operation.unique else ''}INDEX CONCURRENTLY ..."
    else:
        made = f"{text[: word + 5]} CONCURRENTLY{text[word + 5 :]}"
    drop = f"`DROP INDEX CONCURRENTLY IF EXISTS {index_name(operation)};`" if operation.name else ""
    if drop and stands_alone(step, act.script):
        return f"Put it {_ALONE}, after {drop} by hand where a build was interrupted: `{made};`."
    before = f"{drop}, then " if drop else ""
    return f"Put it {_ALONE}: {before}`{made};` (an interrupted build leaves an invalid index behind)."


@rule(
    "LCK002",
    "drop-index-blocking",
    WARNING,
    "DROP INDEX without CONCURRENTLY waits for every query on the table, and all others wait for it",
    on=(ops.Drop,),
    dialects=("postgres",),
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
def drop_index_blocking(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of indexes that are dropped from tables that others use."""
    for act, operation in done(step, ops.Drop):
        if operation.kind != "index" or operation.concurrently:
            continue
        index = act.before.find(act.key(operation.name))
        known = index.table if isinstance(index, Index) else None
        if known is not None and act.fresh(known):
            continue
        if known is None and remade_here(step, act, operation.name):
            continue
        on = f" on {known.name}" if known is not None else " on the index's table"
        help = f"Put it {_ALONE}: `DROP INDEX CONCURRENTLY IF EXISTS {qualified(operation.name)};`"
        if known is not None and _is_partitioned(act, known):
            on += " and every partition"
            help = "An index of a partitioned table cannot be dropped concurrently. First: `SET lock_timeout = '2s';`"
        yield tell(
            act,
            WARNING,
            f"ACCESS EXCLUSIVE{on}: it waits for every running query, and all that come after wait for it",
            help,
        )


def _is_partitioned(act: Act, name: ops.Name) -> bool:
    table = act.table(name)
    return table is not None and table.partition_by is not None


_REINDEX_SINCE = 12


@rule(
    "LCK003",
    "reindex-blocking",
    ERROR,
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
    """Tell of indexes that are rebuilt under a lock."""
    for act, operation in done(step, ops.Maintenance):
        if not operation.kind.startswith("reindex") or operation.concurrently:
            continue
        if operation.kind == "reindex system" or (operation.kind == "reindex table" and _fresh(act, operation)):
            continue
        words = operation.kind.upper()
        target = f" {qualified(operation.target)}" if operation.target is not None else ""
        if version_of(context) >= _REINDEX_SINCE:
            help = f"Put it {_ALONE}: `{words} CONCURRENTLY{target};`"
        else:
            help = "Before PostgreSQL 12: build a second index concurrently, drop the old one, and rename the new one."
        yield tell(act, ERROR, f"{words}{target} blocks writes, and reads by the index, while it is built anew", help)


def _fresh(act: Act, operation: ops.Maintenance) -> bool:
    return operation.target is not None and act.fresh(operation.target)


_DETACH_SINCE = 14


@rule(
    "LCK004",
    "detach-partition-blocking",
    ERROR,
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
    """Tell of partitions that are detached under the strongest lock."""
    for act, operation in done(step, ops.DetachPartition):
        if operation.concurrently or act.fresh(operation.table) or version_of(context) < _DETACH_SINCE:
            continue
        if operation.kind != "table" or operation.finalize or act.fresh(operation.partition):
            continue
        table, part = qualified(operation.table), qualified(operation.partition)
        yield tell(
            act,
            ERROR,
            f"ACCESS EXCLUSIVE on {operation.table.name}: waits for every query on it, and all others wait meanwhile",
            f"Put it {_ALONE}: `ALTER TABLE {table} DETACH PARTITION {part} CONCURRENTLY;`",
        )


@rule(
    "LCK005",
    "attach-partition-scans",
    WARNING,
    "ATTACH PARTITION checks every row of the partition under the strongest lock",
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
    """Tell of tables that are attached without a validated CHECK that speaks for their rows."""
    for act, operation in done(step, ops.AttachPartition):
        name, bound = qualified(operation.partition), ident(f"{operation.partition.name}_bound")
        for effect in act.effects(context):
            if effect.stalls:
                yield tell(
                    act,
                    WARNING,
                    effect.words,
                    f"First: `ALTER TABLE {name} ADD CONSTRAINT {bound} CHECK (...) NOT VALID;` with the bound as "
                    f"condition. In the next migration `ALTER TABLE {name} VALIDATE CONSTRAINT {bound};`, then attach.",
                )


@rule(
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
def refresh_blocking(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of materialized views that others read and that are refreshed under the strongest lock."""
    for act, operation in done(step, ops.Maintenance):
        if operation.kind != "refresh materialized view" or operation.concurrently or operation.target is None:
            continue
        if act.fresh(operation.target):
            continue
        name = qualified(operation.target)
        if "with no data" in operation.options:
            words = f"{operation.target.name} is emptied: whoever reads it gets an error until it is refreshed"
        else:
            words = f"ACCESS EXCLUSIVE on {operation.target.name}: blocks reads while its query runs"
        yield tell(
            act,
            WARNING,
            words,
            f"`REFRESH MATERIALIZED VIEW CONCURRENTLY {name};`, which needs a unique index without WHERE on the view.",
        )


@rule(
    "LCK007",
    "refresh-materialized-view-concurrently",
    INFO,
    "REFRESH MATERIALIZED VIEW CONCURRENTLY still blocks writes and other refreshes of the view",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    default=False,
    aliases=("pgls:concurrentRefreshMatviewLock", "pgfence:refresh-matview-concurrent"),
)
def refresh_concurrently(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of refreshes that belong into a job, not into a migration."""
    for act, operation in done(step, ops.Maintenance):
        if operation.kind == "refresh materialized view" and operation.concurrently and operation.target is not None:
            yield tell(
                act,
                INFO,
                f"EXCLUSIVE on {operation.target.name} while its query runs: other refreshes wait",
                "Refresh it in a job, outside of the deployment.",
            )


@rule(
    "LCK009",
    "concurrent-build-corrupts",
    ERROR,
    "PostgreSQL 14.0 to 14.3 can build a corrupt index with CONCURRENTLY",
    on=(ops.CreateIndex, ops.Maintenance),
    dialects=("postgres",),
    aliases=("strong_migrations:add_index_corruption", "pgfence:pg14-index-concurrent-bug"),
)
def concurrent_build_corrupts(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of concurrent builds where a target is one of the versions with the bug."""
    version = context.targets.get("postgres", ())
    if len(version) < 2 or not _CORRUPTED[0] <= version[:2] <= _CORRUPTED[1]:
        return
    builds: list[Act] = [act for act, operation in done(step, ops.CreateIndex) if operation.concurrently]
    for act, operation in done(step, ops.Maintenance):
        if operation.kind.startswith("reindex") and operation.concurrently:
            builds.append(act)
    for act in builds:
        yield tell(
            act,
            ERROR,
            "on PostgreSQL 14.0 to 14.3 an index built with CONCURRENTLY can miss rows",
            "Upgrade to 14.4 before this migration, and say so in `targets`; then `REINDEX INDEX CONCURRENTLY` "
            "those that were built before.",
        )
