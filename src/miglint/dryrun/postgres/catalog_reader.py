"""Incremental reader of PostgreSQL schemas: consecutive states of a history are nearly equal.

A catalog row is identified by its oid and the inserting transaction, which differ between databases of a server and are
equal in a copy. The versions of all rows of a relation therefore determine whether its text is known. They do not cover
other objects that occur in the text and are renamed or moved: names are compared with the first ones seen, and changed
names are part of the key.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.dryrun.postgres.catalog import BUILDERS
from miglint.dryrun.postgres.catalog_queries import BEGIN, LOOK, RELATIONS, REST
from miglint.dryrun.postgres.connection import Row, Session
from miglint.schema.objects import Key, SchemaObject
from miglint.schema.value import Schema

_MICROSECONDS = "%Y-%m-%d %H:%M:%S.%f"
Renamed = frozenset[tuple[str, str]]

_MOMENT = pattern(r"'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)(?:[+-]\d\d(?::\d\d)?)?'(?=::timestamp)")


class _RelationIdentity(NamedTuple):
    """Key of a relation's version, apart from names of other objects."""

    oid: str
    version: str


class Reader:
    """Reads the schemas of one server's databases and caches the texts. Thread-safe, for several databases."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[Key, SchemaObject], ...]] = {}
        # Since when scripts have run on the server.
        self.started = f"{datetime.now(UTC):{_MICROSECONDS}}"
        self._last: tuple[frozenset[str], Schema] = (frozenset(), Schema.of(Dialect.POSTGRES, ()))
        self._relations: dict[tuple[_RelationIdentity, Renamed], str] = {}
        self._columns: dict[_RelationIdentity, tuple[tuple[str, str], ...]] = {}
        self._others: dict[tuple[int, Row, Renamed], tuple[str, ...]] = {}
        self._names: dict[str, str] = {}

    def read(self, session: Session) -> Schema:
        """Return all objects of a database, read in a session in which no script ran."""
        with self._lock:
            return self._read(session)

    def _read(self, session: Session) -> Schema:
        session.query(BEGIN)
        texts = self._texts(session)
        session.query("COMMIT")
        before, schema = self._last
        for text in before - texts:
            for key, _ in self._known[text]:
                schema = schema.drop(key).forget(key)
        for text in texts - before:
            objects = self._known.get(text)
            if objects is None:
                kind, *row = json.loads(text)
                objects = self._known[text] = tuple(BUILDERS[kind](row))
            for key, value in objects:
                schema = schema.put(key, value)
        self._last = (texts, schema)
        return schema

    def _renamed(self, names: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Return the objects, with their names, that had another name when they were read first."""
        return frozenset((identity, name) for identity, name in names if self._names.setdefault(identity, name) != name)

    def _texts(self, session: Session) -> frozenset[str]:
        found, named, others = session.prepared("look", *LOOK)
        seen = [_RelationIdentity(row[0] or "", f"{row[3]} {row[2]}.{row[1]}") for row in found]
        fresh = [one for one in seen if one not in self._columns]
        read = self._read_texts(session, fresh) if fresh else {}
        names = [(row[0] or "", row[1] or "") for row in named]
        names += [(row[0] or "", f"{row[2]}.{row[1]}") for row in found]
        for one in seen:
            names += self._columns[one]
        renamed = self._renamed(names)
        self._keep(fresh, renamed, read)
        stale = [one for one in seen if (one, renamed) not in self._relations]
        if stale:
            self._keep(stale, renamed, self._read_texts(session, stale))
        relations = (self._relations[one, renamed] for one in seen)
        return frozenset((*relations, *self._other_texts(session, others[0], renamed)))

    def _keep(self, identities: list[_RelationIdentity], renamed: Renamed, texts: dict[str, str]) -> None:
        for one in identities:
            self._relations[one, renamed] = texts[one.oid]

    def _other_texts(self, session: Session, versions: Row, renamed: Renamed) -> Iterator[str]:
        """Yield the texts of what is no relation; what has the version of an earlier look is not read again."""
        for number, (sql, columns) in enumerate(REST):
            key = (number, tuple(versions[column] for column in columns), renamed)
            if key not in self._others:
                rows = session.prepared(f"rest{number}", sql)[0]
                self._others[key] = tuple(self._timeless(row[0]) for row in rows if row[0] is not None)
            yield from self._others[key]

    def _read_texts(self, session: Session, wanted: list[_RelationIdentity]) -> dict[str, str]:
        """Read the texts of relations by oid, and store the names of their columns."""
        read: dict[str, str] = {}
        columns: dict[str, tuple[tuple[str, str], ...]] = {}
        for oid, names, text in session.prepared("relations", RELATIONS, oids=[one.oid for one in wanted])[0]:
            assert oid is not None and text is not None
            read[oid] = self._timeless(text)
            columns[oid] = tuple((f"{oid}.{number}", name) for number, name in json.loads(names or "{}").items())
        for one in wanted:
            self._columns[one] = columns[one.oid]
        return read

    def _timeless(self, text: str) -> str:
        """Replace timestamps of this run: `'now'::timestamp` in a view is stored as its creation time."""
        if "::timestamp" not in text:
            return text
        now = f"{datetime.now(UTC):{_MICROSECONDS}}"
        return _MOMENT.sub(lambda found: "'now'" if self.started <= found[1] <= now else found[0], text)
