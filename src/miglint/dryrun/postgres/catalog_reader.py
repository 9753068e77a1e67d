"""Incremental reader of PostgreSQL schemas: consecutive states of a history are nearly equal.

A catalog row is identified by its oid and the inserting transaction, which differ between databases of a server and are
equal in a copy. The versions of all rows of a relation therefore determine whether its text is known. They do not cover
other objects that occur in the text and are renamed or moved: names are compared with the first ones seen, and changed
names are part of the key.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple, Protocol

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.dryrun.postgres.catalog import BUILDERS
from miglint.dryrun.postgres.catalog_queries import BEGIN, RELATIONS, REST
from miglint.dryrun.postgres.catalog_versions import COUNTS, LOOK, counted
from miglint.dryrun.postgres.chosen_names import with_chosen_names
from miglint.dryrun.postgres.connection import Row
from miglint.dryrun.postgres.rows import FILLED, columns_of
from miglint.schema.objects import Key, SchemaObject
from miglint.schema.value import Schema
from miglint.sql.operations import Name

_MICROSECONDS = "%Y-%m-%d %H:%M:%S.%f"
Renamed = frozenset[tuple[str, str]]
# Text of a relation and names of its columns, by oid.
_Read = dict[str, tuple[str, tuple[tuple[str, str], ...]]]
# By the number of each query, how to pick its versions.
_VERSIONS = tuple((number, itemgetter(*columns)) for number, (_, columns) in enumerate(REST))
# How many lists of names are remembered: the states of a migration alternate.
_LISTS = 8

_PLAIN = pattern(r"[A-Za-z0-9_]+")
# How a text begins that is too long, of which only the beginning and a digest are known.
_HUGE = '["huge"'
_MOMENT = pattern(r"'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)(?:[+-]\d\d(?::\d\d)?)?'(?=::timestamp)")


class CatalogSession(Protocol):
    """What reading the catalogs needs of a session; the methods are those of `Session`."""

    def query(self, sql: str) -> list[list[Row]]:
        """Run statements and return the rows of each that has any."""

    def prepared(
        self, names: str, *queries: str, oids: Iterable[str] | None = None, begin: str | None = None
    ) -> list[list[Row]]:
        """Run queries prepared under `names`, after the statements `begin`."""

    def prepared_each(self, queries: Mapping[str, str]) -> list[list[Row]]:
        """Run queries, each prepared under its own name."""


class _RelationIdentity(NamedTuple):
    """Key of a relation's version, apart from names of other objects."""

    oid: str
    version: str


class Reading(NamedTuple):
    """What is read of a database at one moment.

    `filled` are the columns of the tables with rows, and `counts` the numbers of rows of the catalogs, of which some
    are visible in no object of the schema.
    """

    schema: Schema
    filled: dict[Name, tuple[str, ...]]
    counts: tuple[int, ...]
    has_sequences: bool


class Reader:
    """Reads the schemas of one server's databases and caches the texts. Thread-safe, for several databases."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[Key, SchemaObject], ...]] = {}
        # Since when scripts have run on the server.
        self.started = f"{datetime.now(UTC):{_MICROSECONDS}}"
        self._last: tuple[frozenset[str], Schema] = (frozenset(), Schema.of(Dialect.POSTGRES, ()))
        self._relations: dict[tuple[_RelationIdentity, Renamed], str] = {}
        # Under which names a relation was read last.
        self._latest: dict[_RelationIdentity, Renamed] = {}
        # What was renamed of a relation and its columns, and of other objects by the text that lists them.
        self._renames: dict[_RelationIdentity, Renamed] = {}
        self._others_renames: dict[str, Renamed] = {}
        self._others: dict[tuple[int, Row, Renamed], tuple[str, ...]] = {}
        self._names: dict[str, str] = {}

    def read(self, session: CatalogSession) -> Reading:
        """Read all objects of a database, in a session in which no script ran."""
        with self._lock:
            found, named, others, filled, counts = session.prepared("look", *LOOK, FILLED, COUNTS, begin=BEGIN)
            texts = self._texts(session, found, named[0][0], others[0])
            session.query("COMMIT")
            schema = self._schema(texts)
        numbers = counted(others[0])
        counted_rows = (*(int(count or 0) for count in counts[0]), *numbers.values())
        return Reading(schema, columns_of(filled), counted_rows, numbers["pg_sequence"] > 0)

    def _schema(self, texts: frozenset[str]) -> Schema:
        before, schema = self._last
        for text in before - texts:
            for key, _ in self._known[text]:
                schema = schema.drop(key).forget(key)
        for text in texts - before:
            objects = self._known.get(text)
            if objects is None:
                kind, *row = json.loads(text)
                built = BUILDERS[kind](row)
                objects = self._known[text] = tuple((key, with_chosen_names(value)) for key, value in built)
            for key, value in objects:
                schema = schema.put(key, value)
        self._last = (texts, schema)
        return schema

    def _renamed(self, names: Iterable[tuple[str, str]]) -> Renamed:
        """Return the objects, with their names, that had another name when they were read first."""
        return frozenset((identity, name) for identity, name in names if self._names.setdefault(identity, name) != name)

    def _texts(self, session: CatalogSession, found: list[Row], named: str | None, others: Row) -> frozenset[str]:
        seen = [_RelationIdentity(row[0] or "", f"{row[3]} {row[2]}.{row[1]}") for row in found]
        others_renamed = self._renamed_others(named or "[]")
        fresh = [(one, row) for one, row in zip(seen, found, strict=True) if one not in self._renames]
        read = self._read_texts(session, [one for one, _ in fresh]) if fresh else {}
        for one, row in fresh:
            names = [(one.oid, f"{row[2]}.{row[1]}"), *read[one.oid][1]]
            self._renames[one] = self._renamed(names)
        renamed = others_renamed.union(*(self._renames[one] for one in seen))
        self._keep([one for one, _ in fresh], renamed, read)
        stale = [one for one in seen if (one, renamed) not in self._relations and not self._is_known(one, renamed)]
        if stale:
            self._keep(stale, renamed, self._read_texts(session, stale))
        relations = (self._relations[one, renamed] for one in seen)
        return frozenset((*relations, *self._other_texts(session, others, renamed)))

    def _renamed_others(self, listed: str) -> Renamed:
        """Return the renamed ones of objects in a JSON text, which is often that of an earlier read."""
        if listed not in self._others_renames:
            if len(self._others_renames) >= _LISTS:
                self._others_renames.clear()
            self._others_renames[listed] = self._renamed((identity, name) for identity, name in json.loads(listed))
        return self._others_renames[listed]

    def _is_known(self, one: _RelationIdentity, renamed: Renamed) -> bool:
        """Return whether a relation's text is the one under earlier names, and keep it for these."""
        before = self._latest.get(one)
        if before is None or not self._shows_none(self._relations[one, before], before ^ renamed):
            return False
        self._relations[one, renamed] = self._relations[one, before]
        return True

    def _shows_none(self, text: str, renamed: Renamed) -> bool:
        """Return whether a text contains no name, old or new, of objects that were renamed.

        An object that is in a text is there under its name, and may only be qualified by others.
        """
        if text.startswith(_HUGE):
            return False
        names = (name.rpartition(".")[2] for entry in renamed for name in (entry[1], self._names[entry[0]]))
        return all(_PLAIN.fullmatch(name) and name not in text for name in names)

    def _keep(self, identities: list[_RelationIdentity], renamed: Renamed, read: _Read) -> None:
        for one in identities:
            self._relations[one, renamed] = read[one.oid][0]
            self._latest[one] = renamed

    def _other_texts(self, session: CatalogSession, versions: Row, renamed: Renamed) -> Iterator[str]:
        """Yield the texts of what is no relation; what has the version of an earlier look is not read again."""
        keys = [(number, versions_of(versions), renamed) for number, versions_of in _VERSIONS]
        fresh = [key for key in keys if key not in self._others]
        if fresh:
            read = session.prepared_each({f"rest{key[0]}": REST[key[0]][0] for key in fresh})
            for key, rows in zip(fresh, read, strict=True):
                self._others[key] = tuple(self._timeless(row[0]) for row in rows if row[0] is not None)
        for key in keys:
            yield from self._others[key]

    def _read_texts(self, session: CatalogSession, wanted: list[_RelationIdentity]) -> _Read:
        """Read the texts of relations by oid, and the names of their columns."""
        read: _Read = {}
        for oid, names, text in session.prepared("relations", RELATIONS, oids=[one.oid for one in wanted])[0]:
            assert oid is not None and text is not None
            columns = tuple((f"{oid}.{number}", name) for number, name in json.loads(names or "{}").items())
            read[oid] = self._timeless(text), columns
        return read

    def _timeless(self, text: str) -> str:
        """Replace timestamps of this run: `'now'::timestamp` in a view is stored as its creation time."""
        if "::timestamp" not in text:
            return text
        now = f"{datetime.now(UTC):{_MICROSECONDS}}"
        return _MOMENT.sub(lambda found: "'now'" if self.started <= found[1] <= now else found[0], text)
