"""What the files beside migrations say of their engine: dependencies, schemas of tools, containers for development.

The nearest folder decides, from that of the migrations up to the root of the repository. These are hints for
`miglint init`, which writes them to the configuration, where people see them; a check uses only the configuration.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.base.toml_text import TomlError, toml_values
from miglint.discovery.reading import read_file
from miglint.discovery.tools import folders_upward

_LARGEST = 1 << 20
_POSTGRES, _SQLITE = Dialect.POSTGRES, Dialect.SQLITE


class Hint(NamedTuple):
    """A setting found in a file: its value, and the words with the file's path for a comment."""

    value: str
    source: str


def engine_beside(root: str) -> Hint | None:
    """Return the engine that the files above a folder name; None if they name none, or both."""
    for folder in folders_upward(Path(root)):
        found: dict[Dialect, str] = {}
        for path, reader in _engine_files(folder):
            for dialect, words in reader(_text(path)).items():
                found.setdefault(dialect, f"{_shown(path)}: {words}")
        if len(found) == 1:
            ((dialect, source),) = found.items()
            return Hint(dialect.value, source)
        if found:
            return None
    return None


def postgres_beside(root: str) -> Hint | None:
    """Return the lowest major version of PostgreSQL that containers for development or `.squawk.toml` name."""
    for folder in folders_upward(Path(root)):
        found = lowest(_versions(folder))
        if found is not None:
            return found
    return None


def _engine_files(folder: Path) -> Iterator[tuple[Path, Callable[[str], dict[Dialect, str]]]]:
    for name, reader in _READERS.items():
        path = folder / name
        if path.is_file():
            yield path, reader


def _cargo(text: str) -> dict[Dialect, str]:
    found: dict[Dialect, str] = {}
    for name, value in _dependencies(_toml(text)):
        engine = _CRATES.get(name)
        if engine is not None:
            found.setdefault(engine, name)
        features = value.get("features") if isinstance(value, dict) else None
        if name in _CRATES_FOR_BOTH and isinstance(features, list):
            for feature in features:
                for engine, words in _FEATURES.items():
                    if isinstance(feature, str) and feature.lower().startswith(words):
                        found.setdefault(engine, f'{name} with feature "{feature}"')
    return found


def _dependencies(value: object) -> Iterator[tuple[str, object]]:
    """Yield the crates of all tables of dependencies: for a target, for tests, and of a workspace."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key.endswith("dependencies") and isinstance(inner, dict):
            yield from inner.items()
        else:
            yield from _dependencies(inner)


_CRATES = {
    "rusqlite": _SQLITE,
    "libsqlite3-sys": _SQLITE,
    "rusqlite_migration": _SQLITE,
    "postgres": _POSTGRES,
    "tokio-postgres": _POSTGRES,
    "deadpool-postgres": _POSTGRES,
}
_CRATES_FOR_BOTH = frozenset(("sqlx", "diesel", "diesel-async", "diesel_migrations", "refinery", "sea-orm"))
_FEATURES = {_POSTGRES: ("postgres", "tokio-postgres", "sqlx-postgres"), _SQLITE: ("sqlite", "rusqlite", "sqlx-sqlite")}


def _module_reader(modules: dict[str, Dialect]) -> Callable[[str], dict[Dialect, str]]:
    names = pattern("|".join(rf"(?<![\w./-]){re.escape(name)}(?:/v[0-9]+)?(?=\s)" for name in modules))

    def read(text: str) -> dict[Dialect, str]:
        found: dict[Dialect, str] = {}
        for match in names.finditer(text):
            name = re.sub(r"/v[0-9]+$", "", match[0])
            found.setdefault(modules[name], name)
        return found

    return read


_GO = {
    "github.com/lib/pq": _POSTGRES,
    "github.com/jackc/pgx": _POSTGRES,
    "github.com/mattn/go-sqlite3": _SQLITE,
    "github.com/ncruces/go-sqlite3": _SQLITE,
    "modernc.org/sqlite": _SQLITE,
}
_PACKAGES = {
    "pg": _POSTGRES,
    "postgres": _POSTGRES,
    "@neondatabase/serverless": _POSTGRES,
    "@vercel/postgres": _POSTGRES,
    "better-sqlite3": _SQLITE,
    "sqlite3": _SQLITE,
    "@libsql/client": _SQLITE,
}


def _package(text: str) -> dict[Dialect, str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    found: dict[Dialect, str] = {}
    for key in ("dependencies", "devDependencies"):
        names = value.get(key) if isinstance(value, dict) else None
        for name in names if isinstance(names, dict) else ():
            if name in _PACKAGES:
                found.setdefault(_PACKAGES[name], name)
    return found


def _words_reader(words: re.Pattern[str]) -> Callable[[str], dict[Dialect, str]]:
    """Return a reader for a setting whose value, the first group, begins with the engine's name."""

    def read(text: str) -> dict[Dialect, str]:
        found: dict[Dialect, str] = {}
        for match in words.finditer(text):
            for name, dialect in (("postgres", _POSTGRES), ("sqlite", _SQLITE), ("turso", _SQLITE)):
                if match[1].lower().startswith(name):
                    found.setdefault(dialect, " ".join(match[0].split()))
        return found

    return read


_PRISMA = _words_reader(pattern(r"(?m)^[ \t]*provider[ \t]*=[ \t]*\"((?:postgres|sqlite)\w*)\""))
_DRIZZLE = _words_reader(pattern(r"\bdialect[ \t]*:[ \t]*[\"'](\w+)[\"']"))
_READERS: dict[str, Callable[[str], dict[Dialect, str]]] = {
    "schema.prisma": _PRISMA,
    "prisma/schema.prisma": _PRISMA,
    "drizzle.config.ts": _DRIZZLE,
    "drizzle.config.js": _DRIZZLE,
    "alembic.ini": _words_reader(pattern(r"(?m)^sqlalchemy\.url[ \t]*=[ \t]*((?:postgres|sqlite)\w*)")),
    ".sqlfluff": _words_reader(pattern(r"(?m)^dialect[ \t]*=[ \t]*(\w+)")),
    "Cargo.toml": _cargo,
    "go.mod": _module_reader(_GO),
    "package.json": _package,
}

_COMPOSE = pattern(r"(?:docker-)?compose[^/]*\.ya?ml")
_IMAGE = pattern(r"(?m)^[ \t]*image:[ \t]*[\"']?([^\s\"'#]+)")
_PRODUCT = pattern(r"(?:^|/)(?:postgres|postgresql|pgvector|postgis|timescaledb)[\w-]*:(.+)")
# `16.3-alpine`, `pg18`, `latest-pg16`, `17-3.5`, `${POSTGRES_VERSION:-17}`.
_TAG = pattern(r"(?:.*-pg|pg|.*:-)?([0-9]{1,2})(?![0-9])")
_OLDEST = 9


def _versions(folder: Path) -> Iterator[Hint]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = folder / name
        if _COMPOSE.fullmatch(name):
            for image in _IMAGE.findall(_text(path)):
                product = _PRODUCT.search(image)
                version = None if product is None else _major(product[1])
                if version is not None:
                    yield Hint(version, f"{_shown(path)}: {image.rpartition('/')[2]}")
        elif name == ".squawk.toml":
            version = _major(str(_toml(_text(path)).get("pg_version", "")))
            if version is not None:
                yield Hint(version, f"{name}: pg_version")


def _major(tag: str) -> str | None:
    """Return the major version of PostgreSQL that a tag begins with."""
    found = _TAG.match(tag)
    return found[1] if found is not None and int(found[1]) >= _OLDEST else None


def _toml(text: str) -> dict[str, object]:
    try:
        return dict(toml_values(text))
    except TomlError:
        return {}


def _text(path: Path) -> str:
    return read_file(str(path), str(path), _LARGEST).file.text


def _shown(path: Path) -> str:
    return Path(os.path.relpath(path)).as_posix()


def lowest(hints: Iterable[Hint | None]) -> Hint | None:
    """Return the hint of the lowest value, if there is any."""
    return min((hint for hint in hints if hint is not None), key=lambda hint: int(hint.value), default=None)
