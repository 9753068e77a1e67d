"""Digests of the rows of a database in the SQLite process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.catalog_queries import has_virtual_tables, ordinary_tables, quoted, stored_columns
from miglint.dryrun.sqlite.guard import VIRTUAL_TABLE
from miglint.dryrun.sqlite.library import Connection, UndecodableError

# Hash functions by value type. Hashes of text use a secret key, so that scripts cannot create collisions.
_KINDS = {kind: kind.__name__ for kind in (int, float, str, bytes, type(None))}


class RowDigests:
    """The row digests of a database.

    The digest of a table is kept until a statement may have written it: a migration writes few of the tables of its
    history. With virtual tables no digests are kept, since their modules write tables unnoticed.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db
        # By name in lower case, with the table's statement.
        self._known: dict[str, tuple[str, wire.TableRows]] = {}
        # None: virtual tables were there.
        self._touched: set[str] | None = set()

    def of_copy(self, copy: Connection) -> RowDigests:
        """Return the digests of a copy of the database, of whose tables none is touched."""
        self._forget_written()
        digests = RowDigests(copy)
        digests._known = dict(self._known)
        return digests

    def of_other(self, connection: Connection) -> RowDigests:
        """Return the digests of the same database with another connection."""
        digests = self.of_copy(connection)
        digests._touched = self._touched
        return digests

    def touched(self) -> frozenset[str] | None:
        """Return the tables, in lower case, that were written since the database was created; None: any.

        A renamed table is among them by its old name.
        """
        self._forget_written()
        return None if self._touched is None else frozenset(self._touched)

    def tables(self, only: Collection[str] | None = None) -> dict[str, wire.TableRows]:
        """Return the digests of all ordinary tables, or of those named in lower case."""
        self._forget_written()
        found = {}
        for table, sql in ordinary_tables(self._db):
            name = table.lower()
            if only is not None and name not in only:
                continue
            known = self._known.get(name)
            if known is None or known[0] != sql:
                known = self._known[name] = sql, self._digest(table)
            found[table] = known[1]
        if has_virtual_tables(self._db):
            self._known.clear()
        return found

    def _forget_written(self) -> None:
        written = self._db.guard.written
        if not written:
            return
        for name in written:
            self._known.pop(name, None)
        if self._touched is None or VIRTUAL_TABLE in written or has_virtual_tables(self._db):
            self._known.clear()
            self._touched = None
        else:
            self._touched |= written
        written.clear()

    def _digest(self, table: str) -> wire.TableRows:
        # The order of the columns is not a row's.
        columns = tuple(sorted(stored_columns(self._db, table), key=str.lower))
        for rows in (self._db.each(_select(table, columns)), _recoded(self._db, table, columns)):
            try:
                return _summed(columns, rows)
            except UndecodableError:
                continue
        return _summed(columns, ())


def _summed(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> wire.TableRows:
    """Return the number of rows, and the sums of the hashes of each column's values, and of the rows."""
    totals, total, count = [0] * len(columns), 0, 0
    for row in rows:
        hashes = _hashes(row)
        count += 1
        total += hash(hashes)
        for at, value in enumerate(hashes):
            totals[at] += value
    named = {name.lower(): str(value) for name, value in zip(columns, totals, strict=True)}
    return wire.TableRows(count, named, str(total))


def frequencies(db: Connection, table: str, columns: tuple[str, ...]) -> dict[str, int]:
    """Return hashes of what the rows have in some columns, with their frequencies."""
    try:
        return Counter(str(hash(_hashes(row))) for row in db.each(_select(table, columns)))
    except UndecodableError:
        return Counter(str(hash(_hashes(row))) for row in _recoded(db, table, columns))


def _hashes(row: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple([hash((_KINDS[type(cell)], cell)) for cell in row])


def _select(table: str, columns: tuple[str, ...]) -> str:
    return f"SELECT {', '.join(map(quoted, columns))} FROM main.{quoted(table)}"


def _recoded(db: Connection, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table that contains text that is not UTF-8."""
    parts = [
        f"typeof({name}), iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})" for name in map(quoted, columns)
    ]
    for row in db.each(f"SELECT {', '.join(parts)} FROM main.{quoted(table)}"):
        yield tuple(
            cell.decode("utf-8", "surrogateescape") if kind == "text" else cell
            for kind, cell in zip(row[::2], row[1::2], strict=True)
        )
