"""Split a script into the statements that a migration tool would send, with their positions in the file."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import many, pattern
from miglint.base.model import Dialect, Script, Span
from miglint.base.structs import Struct
from miglint.dryrun.results import EngineError
from miglint.replay.runners import RUNNERS, TransactionOwner
from miglint.replay.transaction_owner import default_owner

_ENDS = " \t\n\r\f\v;"
_BLANK = pattern(many(r"[\s;]++|--[^\r\n]*+"))
_CONTROL = pattern(
    r"(?:begin|commit|end|rollback|abort|start\s+transaction|prepare\s+transaction)\b(?!\s+(?:prepared|to)\b)",
    re.IGNORECASE,
)
_BEGIN = pattern(r"begin(?:\s+(?:work|transaction))?|start\s+transaction", re.IGNORECASE)
_BEGINS = pattern(r"(?:begin|start\s+transaction)\b", re.IGNORECASE)
_LEAVES_OPEN = pattern(r"(?:begin|start\s+transaction)\b|.*\band\s+chain\s*$", re.IGNORECASE | re.DOTALL)
_COMMIT = pattern(r"(?:commit|end)(?:\s+(?:work|transaction))?", re.IGNORECASE)
# Statements that PostgreSQL rejects inside a transaction.
_ALONE = pattern(
    r"(?:create|drop|reindex|refresh|alter\s+table)\b.*\bconcurrently\b|vacuum\b|alter\s+system\b"
    r"|(?:create|drop)\s+(?:database|tablespace)\b|cluster\s*$|reindex\s+(?:database|system)\b",
    re.IGNORECASE | re.DOTALL,
)


class StatementText(Struct, frozen=True):
    """One statement: its text without the semicolon, and its range in the file."""

    text: str
    span: Span


class Prepared(Struct, frozen=True, eq=False):
    """A script ready to run.

    `wrapped` means that a single transaction surrounds it, opened by the tool, the server or the script itself. Only a
    wrapped script can be run and rolled back without a copy of the database. Others have statements that begin or end
    transactions, in one that the tool opens and that ends with what the script leaves open (`in_tools`), or in those
    that the server opens for a script that is `one_query`: at its start, and after each that the script ends.
    """

    script: Script
    pieces: tuple[StatementText, ...]
    wrapped: bool
    in_tools: bool = False
    one_query: bool = False

    def unread(self) -> EngineError | None:
        """Return the error of a script whose file was not read: nothing of it can run."""
        reason = self.script.file.error
        return None if reason is None else EngineError(f"the script was not read: {reason}")

    def begins_before(self, index: int) -> bool:
        """Return whether a transaction that is not the script's begins before a statement, if none is open."""
        outside = self.one_query or (self.in_tools and index == 0)
        return outside and not begins_transaction(self.pieces[index].text)

    def ends_in_servers(self) -> bool:
        """Return whether a transaction that is open at the end is the server's, which commits it, and not the script's.

        From a BEGIN on it is the script's, with what was done before in the server's.
        """
        control = [piece.text for piece in self.pieces if _CONTROL.match(piece.text)]
        return self.one_query and not _LEAVES_OPEN.match(control[-1])


def begins_transaction(statement: str) -> bool:
    """Return whether a statement of PostgreSQL begins a transaction."""
    return _BEGINS.match(statement) is not None


def prepare(script: Script, layout: str = "", runner: str | None = None) -> Prepared:
    """Split a script into statements, and determine its tool's transaction handling.

    `layout` is the tool's layout, `runner` the `transaction` setting. Text that cannot be split is one statement, for
    the engine to reject.
    """
    postgres = script.dialect is Dialect.POSTGRES
    text = _sent(script.text, layout) if postgres else script.text
    cut = _cut_postgres(text) if postgres else _cut_sqlite(text)
    pieces = []
    for start, end in cut:
        begin = _skip(text, start, end)
        finish = begin + len(text[begin:end].rstrip(_ENDS))
        if begin < finish:
            offset = script.span.start
            pieces.append(StatementText(text[begin:finish], Span(offset + begin, offset + finish)))
    own = sum(_CONTROL.match(piece.text) is not None for piece in pieces)
    if postgres and own == 2 and _BEGIN.fullmatch(pieces[0].text) and _COMMIT.fullmatch(pieces[-1].text):
        return Prepared(script, tuple(pieces[1:-1]), True)
    if not postgres:
        return Prepared(script, tuple(pieces), script.transaction and not own)
    if own:
        return _with_control(script, tuple(pieces), layout, runner)
    return Prepared(script, tuple(pieces), _in_transaction(script, pieces, layout, runner))


def _sent(text: str, layout: str) -> str:
    """Return the text that psql sends, if psql may run the script and only it knows commands in it.

    A command that runs what is not in the script stays, for the server to reject: without it this were another script.
    """
    if "\\" not in text or layout in RUNNERS:
        return text
    from miglint.sql.postgres.psql_script import read_script  # few scripts need it
    from miglint.sql.postgres.string_settings import may_depend

    if may_depend(text):
        return text
    found = read_script(text)
    data = any(text[start] != "\\" for start, _ in found.commands)
    if data or found.substituted or any(note.lost for note in found.notes):
        return text
    return found.text


def _with_control(script: Script, pieces: tuple[StatementText, ...], layout: str, runner: str | None) -> Prepared:
    """Return a PostgreSQL script with statements that begin or end transactions, and what its tool has around them."""
    owner = default_owner(script, layout, runner, lambda: False)
    one_query = owner is TransactionOwner.QUERY and len(pieces) > 1
    in_tools = owner is TransactionOwner.TOOL
    if owner is TransactionOwner.UNKNOWN:
        # As in a script without these; but one that begins with its own transaction needs none.
        first = next(piece.text for piece in pieces if _CONTROL.match(piece.text))
        in_tools = not begins_transaction(first)
    if in_tools and (owner is TransactionOwner.UNKNOWN or (layout == "flyway" and runner is None)):
        # Flyway opens none around statements that it detects to need that.
        in_tools = not any(_ALONE.match(piece.text) for piece in pieces)
    return Prepared(script, pieces, False, in_tools, one_query)


def _in_transaction(script: Script, pieces: list[StatementText], layout: str, runner: str | None) -> bool:
    """Return whether the tool or the server runs a PostgreSQL script in one transaction."""
    match default_owner(script, layout, runner, lambda: False):
        case TransactionOwner.NOTHING:
            return False
        case TransactionOwner.QUERY:
            # The server's own: a query with several statements is one transaction, and so is a single statement, except
            # for those that cannot run in one.
            return len(pieces) > 1 or not any(_ALONE.match(piece.text) for piece in pieces)
        case TransactionOwner.TOOL if layout != "flyway" or runner is not None:
            return True
        case _:
            # The runner is unknown, or it is Flyway, which detects such statements: assume that it can run them.
            return not any(_ALONE.match(piece.text) for piece in pieces)


def _skip(text: str, start: int, end: int) -> int:
    """Return the position of the statement's first word, after white space and comments (including nested ones)."""
    at = start
    while True:
        found = _BLANK.match(text, at, end)
        at = found.end() if found is not None else at
        if not text.startswith("/*", at):
            return min(at, end)
        depth, at = 1, at + 2
        while depth and at < end:
            if text.startswith("/*", at):
                depth, at = depth + 1, at + 2
            elif text.startswith("*/", at):
                depth, at = depth - 1, at + 2
            else:
                at += 1


def _cut_postgres(text: str) -> list[tuple[int, int]]:
    import postgast

    for method in ("parser", "scanner"):
        try:
            parts = postgast.split(text, method=method)
        except (postgast.PgQueryError, ValueError):
            continue
        ranges, at = [], 0
        for part in parts:
            start = text.find(part, at)
            if start < 0:
                break
            # The splitter omits text without any SQL; the server would reject it.
            ranges.append((at, start))
            at = start + len(part)
            ranges.append((start, at))
        else:
            return [*ranges, (at, len(text))]
    return [(0, len(text))]


def _cut_sqlite(text: str) -> list[tuple[int, int]]:
    from miglint.sql.sqlite.tokens import pieces

    return list(pieces(text))
