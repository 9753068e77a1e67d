"""Engine names in file names, folder names, directives and tools' metadata."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.base.structs import Struct


class Mark(Struct, frozen=True):
    """Dialect information: supported engines, or the name of an unsupported one."""

    dialects: tuple[Dialect, ...] = ()
    foreign: str | None = None


# No information. It is a singleton, since it is compared very often.
UNMARKED = Mark()
POSTGRES = Mark((Dialect.POSTGRES,))
SQLITE = Mark((Dialect.SQLITE,))

_NAMES: dict[str, Mark] = {
    **dict.fromkeys(("postgres", "postgresql", "pg", "pgsql", "psql", "timescaledb"), POSTGRES),
    **dict.fromkeys(("sqlite", "sqlite3", "libsql", "turso"), SQLITE),
    **{
        token: Mark((), name)
        for token, name in {
            "mysql": "MySQL",
            "mariadb": "MariaDB",
            "cockroach": "CockroachDB",
            "cockroachdb": "CockroachDB",
            "crdb": "CockroachDB",
            "mssql": "SQL Server",
            "sqlserver": "SQL Server",
            "oracle": "Oracle",
            "db2": "Db2",
            "h2": "H2",
            "hsqldb": "HSQLDB",
            "derby": "Derby",
            "firebird": "Firebird",
            "clickhouse": "ClickHouse",
            "cassandra": "Cassandra",
            "spanner": "Spanner",
            "snowflake": "Snowflake",
            "redshift": "Redshift",
            "bigquery": "BigQuery",
            "singlestore": "SingleStore",
            "tidb": "TiDB",
            "duckdb": "DuckDB",
        }.items()
    },
}

# Common folder names of the supported engines.
ENGINE_WORDS = ("postgres", "postgresql", "pg", "sqlite", "sqlite3")

# Engine names with other common meanings: a price oracle, the second `db` package, snowflake ids.
_COMMON = frozenset({"Oracle", "Db2", "H2", "Derby", "Snowflake", "Spanner", "Cassandra", "Firebird"})

_ENDINGS = {word: _NAMES[word] for word in ("postgres", "postgresql", "sqlite", "sqlite3")}

_SUPPORTED = tuple(word for word, mark in _NAMES.items() if mark.dialects)

# A folder of another engine is left out as a whole, so its name must be unambiguous: `migrations_mysql` is,
# `price-oracle` and `mysql-exporter` are not.
_NEUTRAL = frozenset(
    ("migration", "migrations", "migrate", "schema", "schemas", "db", "sql", "database", "databases", "scripts")
)
_SEPARATORS = pattern(r"[_\-. ]+")


def named(name: str) -> Mark:
    """Return the meaning of an engine's name, or `UNMARKED` if it is none."""
    return _NAMES.get(name.lower(), UNMARKED)


def without_engine(segment: str) -> str:
    """Return a folder's name without words that name an engine, with `_` as separator."""
    return "_".join(word for word in _SEPARATORS.split(segment) if word.lower() not in _NAMES)


def may_be_supported(segment: str) -> bool:
    """Return whether a folder's name may specify a supported engine: quick, for folders with thousands of others."""
    lowered = segment.lower()
    return any(word in lowered for word in _SUPPORTED)


def of_segment(segment: str) -> Mark:
    """Return the dialect that a folder's name specifies."""
    tokens = _SEPARATORS.split(segment.lower())
    marks = {mark for token in tokens if (mark := _NAMES.get(token))}
    if not marks:
        # `riversqlite`: a driver's folder, with driver and engine names joined.
        marks = {mark for token in tokens for word, mark in _ENDINGS.items() if token.endswith(word)}
    if len(marks) != 1:
        return UNMARKED
    mark = marks.pop()
    if mark.foreign is not None and not all(token in _NAMES or token in _NEUTRAL for token in tokens):
        return UNMARKED
    return mark


@lru_cache(maxsize=4096)
def of_folder(path: str) -> Mark:
    """Return the dialect of the nearest folder in `path` that specifies one."""
    for segment in reversed(path.split("/")):
        if (mark := of_segment(segment)) is not UNMARKED:
            return mark
    return UNMARKED


def is_meant(mark: Mark, real: str) -> bool:
    """Whether a folder is really about the engine that its path names.

    A common word is an engine's name if it is the whole folder name, or if folders of other engines are beside it.
    """
    if mark.foreign not in _COMMON:
        return True
    own = Path(real)
    for folder in (own, *own.parents):
        if of_segment(folder.name) == mark:
            return folder == own or any(of_segment(name) not in (UNMARKED, mark) for name in _names(folder.parent))
    return True


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []


def of_working_directory(path: str) -> Mark:
    """Return the dialect that a folder's own name specifies, without its parents: `cd migrations/sqlite`.

    The names above the working directory are those of projects and people, and irrelevant for the files.
    """
    segment = path.rstrip("/").rsplit("/", 1)[-1].lower()
    if all(token in _NAMES or token in _NEUTRAL for token in _SEPARATORS.split(segment)):
        return of_segment(segment)
    return UNMARKED
