"""The files of a migration that comes after all others of a history, in the form of its layout."""

from __future__ import annotations

import posixpath
import re
from datetime import datetime, timedelta
from functools import lru_cache

from miglint.base.digits import whole_number
from miglint.base.edits import line_break_of
from miglint.base.findings import Edit, NewFile
from miglint.base.model import History, Migration, Script
from miglint.base.structs import Struct
from miglint.discovery.tools import MARKS, tools_of

_NUMBER = re.compile(r"(\d+)(\D*)$")
_SEPARATORS = re.compile(r"\D+")
# Tools whose migrations are one file with marked sections: the lines above forward and rollback, and the words that
# turn the transaction off.
_MARKED = {
    "goose": ("-- +goose Up", "-- +goose Down", "-- +goose NO TRANSACTION\n", ""),
    "dbmate": ("-- migrate:up", "-- migrate:down", "", " transaction:false"),
    "sql-migrate": ("-- +migrate Up", "-- +migrate Down", "", " notransaction"),
}
_PAIRS = frozenset({"golang-migrate", "sqlx", "pop", "diesel"})
_FORWARD_ONLY = frozenset({"prisma", "supabase", "refinery", "atlas", "drizzle"})


class NextScripts(Struct, frozen=True):
    """What a new migration does: its statements, those of its rollback, and whether they run in a transaction."""

    name: str
    forward: tuple[str, ...]
    rollback: tuple[str, ...]
    transaction: bool = True


class TransactionMark(Struct, frozen=True):
    """The edits and new files after which a tool runs a migration without a transaction."""

    edits: tuple[Edit, ...] = ()
    creates: tuple[NewFile, ...] = ()


def no_transaction_mark(history: History, migration: Migration) -> TransactionMark | None:
    """Return what turns the transaction around the forward of a migration off, or None if that is not known."""
    forward, layout = migration.forward, history.layout
    if forward is None:
        return None
    text, start = forward.file.text, forward.span.start
    line = line_break_of(text)
    if layout == "goose":
        return _goose_mark(migration, line)
    if layout in _MARKED:
        up, _, _, option = _MARKED[layout]
        at = text.rfind(up, 0, start + len(up))
        return None if at < 0 else TransactionMark((Edit(at + len(up), at + len(up), option),))
    if layout == "flyway":
        # It looks whether the statement can be in one; refinery does not.
        return TransactionMark() if tools_of(history) != ("refinery",) else None
    if layout == "prisma":
        # A query of one statement is no transaction.
        return TransactionMark()
    if layout in ("golang-migrate", "sqlx", "plain") and start == 0:
        words = _first_words(history)
        return None if words is None else TransactionMark((Edit(0, 0, f"{words}{line}"),) if words else ())
    return _diesel_mark(forward) if layout == "diesel" else None


def _goose_mark(migration: Migration, line: str) -> TransactionMark | None:
    # The mark is one for the whole file.
    rollback = "" if migration.rollback is None else migration.rollback.text
    return None if rollback.count(";") > 1 else TransactionMark((Edit(0, 0, f"-- +goose NO TRANSACTION{line}"),))


def _diesel_mark(forward: Script) -> TransactionMark | None:
    place = f"{posixpath.dirname(forward.path)}/metadata.toml"
    return None if forward.configured else TransactionMark((), (NewFile(place, "run_in_transaction = false\n"),))


def _first_words(history: History) -> str | None:
    """Return the first line of a script of one statement that runs without a transaction, None if that is not known.

    golang-migrate needs none: it opens no transaction for a single statement. Where the tool is only known by the names
    of the files, the mark of sqlx is used, which golang-migrate ignores.
    """
    tools = set(tools_of(history))
    marks = [MARKS[tool] for tool in sorted(tools & MARKS.keys())]
    if not tools or not tools <= {*MARKS, "golang-migrate"} or len(marks) > 1:
        return None
    return marks[0] if marks else ""


def next_migration(history: History, scripts: NextScripts, ahead: int = 0) -> tuple[NewFile, ...]:
    """Return the files of a migration with the next version; none where the layout does not determine their names.

    `ahead` other new migrations come before it.
    """
    last = history.migrations[-1] if history.migrations else None
    if last is None or last.forward is None or last.repeatable:
        return ()
    path = last.forward.path
    renamed = _renamed(path, last, scripts.name, ahead + 1)
    if renamed is None or renamed in _paths(history):
        return ()
    line = line_break_of(last.forward.file.text)
    files = _files(history, last, renamed, scripts)
    return tuple(NewFile(file.path, file.text.replace("\n", line)) for file in files)


@lru_cache(maxsize=2)
def _paths(history: History) -> frozenset[str]:
    return frozenset(one.forward.path for one in history.migrations if one.forward is not None)


def _files(history: History, last: Migration, path: str, scripts: NextScripts) -> tuple[NewFile, ...]:
    layout = history.layout
    forward, rollback = ("".join(f"{text}\n" for text in part) for part in (scripts.forward, scripts.rollback))
    if layout in _MARKED:
        up, down, head, option = _MARKED[layout]
        option, head = ("", "") if scripts.transaction else (option, head)
        return (NewFile(path, f"{head}{up}{option}\n{forward}\n{down}{option}\n{rollback}"),)
    if layout in _FORWARD_ONLY:
        return (NewFile(path, forward),) if scripts.transaction or layout == "prisma" else ()
    if layout == "flyway":
        return NewFile(path, forward), *_undo(history, path, rollback)
    if layout not in _PAIRS or last.forward is None or last.rollback is None:
        return ()
    back = _rollback_path(path, last)
    if back is None:
        return ()
    pair = NewFile(path, forward), NewFile(back, rollback)
    if scripts.transaction:
        return pair
    return _outside_transaction(history, *pair, single=max(len(scripts.forward), len(scripts.rollback)) <= 1)


def _undo(history: History, path: str, rollback: str) -> tuple[NewFile, ...]:
    """Return the undo script of Flyway, where the project has such."""
    undo = posixpath.join(posixpath.dirname(path), f"U{posixpath.basename(path)[1:]}")
    return (NewFile(undo, rollback),) if any(one.rollback is not None for one in history.migrations) else ()


def _outside_transaction(history: History, forward: NewFile, rollback: NewFile, *, single: bool) -> tuple[NewFile, ...]:
    """Return the files of a migration that its tool runs without a transaction; none if it cannot."""
    layout = history.layout
    if layout == "diesel":
        folder = posixpath.dirname(forward.path)
        return forward, rollback, NewFile(f"{folder}/metadata.toml", "run_in_transaction = false\n")
    if layout == "pop":
        suffix = re.compile(r"(\.(?:up|down)\.sql)$")
        return tuple(NewFile(suffix.sub(r".autocommit\1", one.path), one.text) for one in (forward, rollback))
    words = _first_words(history)
    if not single or words is None:
        return ()
    return tuple(NewFile(one.path, f"{words}\n{one.text}" if words else one.text) for one in (forward, rollback))


def _rollback_path(path: str, last: Migration) -> str | None:
    """Return the path of the rollback beside a new forward, by the names that the last pair has."""
    assert last.forward is not None
    assert last.rollback is not None
    name, old, old_down = (posixpath.basename(one) for one in (path, last.forward.path, last.rollback.path))
    if posixpath.dirname(last.forward.path) != posixpath.dirname(last.rollback.path):
        return None
    if old == name:
        return posixpath.join(posixpath.dirname(path), old_down)
    for up, down in ((".up.", ".down."), ("_up.", "_down.")):
        if up in old and old.replace(up, down) == old_down:
            return posixpath.join(posixpath.dirname(path), name.replace(up, down))
    return None


def _renamed(path: str, last: Migration, name: str, step: int) -> str | None:
    """Return the path with a version some steps later and another name."""
    folder, file = posixpath.split(path)
    if file in ("up.sql", "migration.sql"):
        above, own = posixpath.split(folder)
        new = _next_name(own, last.name, name, step)
        return None if new is None else posixpath.join(above, new, file)
    new = _next_name(file, last.name, name, step)
    return None if new is None else posixpath.join(folder, new)


def _next_name(text: str, old: str, new: str, step: int) -> str | None:
    start = text.find(old) if old else -1
    if start <= 0:
        return None
    version = _next_version(text[:start], step)
    return None if version is None else version + new + text[start + len(old) :]


def _next_version(text: str, step: int) -> str | None:
    """Return a version after one, with what is around it: seconds later, or a later number of the same width."""
    digits = _SEPARATORS.sub("", text)
    if len(digits) == 14:
        try:
            later = datetime.strptime(digits, "%Y%m%d%H%M%S") + timedelta(seconds=step)
        except ValueError:
            pass
        else:
            shown = iter(later.strftime("%Y%m%d%H%M%S"))
            return "".join(next(shown) if one.isdecimal() else one for one in text)
    found = _NUMBER.search(text)
    if found is None:
        return None
    number = str(whole_number(found[1]) + step).zfill(len(found[1]))
    return text[: found.start()] + number + found[2]
