"""A script's text to its statements: in one call if possible, otherwise piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.json import decode

from miglint.base.lazy_regex import pattern
from miglint.base.model import Span
from miglint.base.structs import replace
from miglint.sql.operations import Opaque, Operation, Statement, SyntaxProblem
from miglint.sql.postgres import depth, native
from miglint.sql.postgres.embedded import byte_map
from miglint.sql.postgres.lexer import QUALIFIED, skip
from miglint.sql.postgres.messages import brief
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.place import ByteMap, Place, place_of
from miglint.sql.postgres.refusals import refused
from miglint.sql.postgres.splitter import StatementSlice, split
from miglint.sql.postgres.statements import kind_words, read
from miglint.sql.postgres.string_settings import may_depend, read_strings

_WHOLE = 512 * 1024
_CHUNK = 64 * 1024
_LONGEST_STATEMENT = 2 * 1024 * 1024
_DUMP = 8 * 1024 * 1024
_CONFLICT = pattern(r"\bon\s+conflict\b", re.IGNORECASE)
_TOO_DEEP = "nested too deeply to read"


def parse(text: str, offset: int = 0) -> tuple[Statement, ...]:
    """Read the PostgreSQL script `text`, which starts at the character `offset` of its file.

    Never raises: a statement that cannot be parsed has a problem, and the others are parsed all the same.
    """
    found = _at_once(text, offset)
    if found is None and "\\" in text:
        found = _with_commands(text, offset)
    statements = tuple(_careful(text, offset)) if found is None else found
    return read_strings(text, offset, statements) if may_depend(text) else statements


def _at_once(text: str, offset: int) -> tuple[Statement, ...] | None:
    # A lone surrogate has no UTF-8 form; a question mark keeps all offsets.
    data = text.encode("utf-8", "replace")
    if len(data) <= _WHOLE and b"\0" not in data and not depth.could_be_deep(data):
        return _read(text, data, offset, 0, len(text))
    return None


def _with_commands(text: str, offset: int) -> tuple[Statement, ...] | None:
    """Read a script with commands of psql; None if it has none."""
    from miglint.sql.postgres.psql_script import read_script  # few scripts need it

    script = read_script(text)
    if not script.commands:
        return None
    found = _at_once(script.text, offset)
    statements = list(_careful(script.text, offset) if found is None else found)
    for part in script.substituted:
        statements += _in_place(part.sql, Span(offset + part.start, offset + part.end))
    for note in script.notes:
        if note.lost:
            span = Span(offset + note.start, offset + note.end)
            opaque = Opaque(span=span, reason=f"psql {note.message}", schema_effect=not note.rows)
            statements.append(Statement(span, "psql", (opaque,)))
    return tuple(sorted(statements, key=lambda statement: statement.span.start))


def _in_place(sql: str, span: Span) -> Iterator[Statement]:
    """Read SQL that is sent in the place of a part of the script."""
    data = sql.encode("utf-8", "replace")
    if b"\0" in data or depth.could_be_deep(data):
        yield _too_deep(span, "statement")
        return
    nodes = native.parse_json(data)
    if isinstance(nodes, native.NativeError):
        yield Statement(span, "statement", (), SyntaxProblem(brief(nodes.message), span))
        return
    for node in nodes:
        yield _statement(place_of(sql, 0, 0, len(sql), byte_map(sql), node, fixed=span), node)


def _read(text: str, data: bytes, offset: int, start: int, end: int) -> tuple[Statement, ...] | None:
    """Read `text[start:end]`, whose bytes are `data`, in one call; None if that fails."""
    try:
        nodes = native.parse_statements(data)
        if isinstance(nodes, native.NativeError):
            return None
        bytes_ = None if len(data) == end - start else ByteMap(data)
        found: list[Statement] = []
        for raw in nodes:
            node = decode(raw)
            found.append(_statement(place_of(text, offset, start, end, bytes_, node), node))
    except RecursionError:
        return None
    return tuple(found)


def _refused_block(operations: tuple[Operation, ...]) -> str | None:
    if len(operations) != 1 or not isinstance(operations[0], Opaque):
        return None
    # Few scripts have blocks.
    from miglint.sql.postgres.do import refused_block

    return refused_block(operations)


def _statement(place: Place, node: Node) -> Statement:
    tree = node["stmt"]
    try:
        operations = tuple(read(place, tree))
    except RecursionError:
        operations = depth.with_room(lambda: tuple(read(place, tree)))
    wrong = refused(tree) or _refused_block(operations)
    if wrong is not None:
        operations = tuple(
            replace(operation, schema_effect=False) if isinstance(operation, Opaque) else operation
            for operation in operations
        )
    return Statement(place.whole(), kind_words(tree), operations, None, wrong)


def _careful(text: str, offset: int) -> Iterator[Statement]:
    """Read a script statement by statement, but as many as possible at a time."""
    read_chunk = _chunk if len(text) < _DUMP else _chunk_of_dump
    pieces: list[StatementSlice] = []
    for piece in split(text):
        if pieces and piece.end - pieces[0].start > _CHUNK:
            yield from read_chunk(text, offset, pieces)
            pieces = []
        pieces.append(piece)
    if pieces:
        yield from read_chunk(text, offset, pieces)


def _chunk_of_dump(text: str, offset: int, pieces: list[StatementSlice]) -> Iterator[Statement]:
    """Read a part of a very long script: of `INSERT` after `INSERT` only the syntax, to stay within bounds."""
    if len(pieces) > 1 and all(text[piece.start : piece.start + 7].lower() == "insert " for piece in pieces):
        start, end = pieces[0].start, pieces[-1].end
        data = text[start:end].encode("utf-8", "replace")
        if b"\0" not in data and not depth.could_be_deep(data) and isinstance(native.parse_text(data), str):
            span = Span(offset + start, offset + end)
            reason = (
                f"{len(pieces):,} INSERT statements of a script of {len(text):,} characters are not read one by one"
            )
            yield Statement(span, "insert", (Opaque(span=span, reason=reason, schema_effect=False, unread=True),))
            return
    yield from _chunk(text, offset, pieces)


def _chunk(text: str, offset: int, pieces: list[StatementSlice]) -> Iterator[Statement]:
    if len(pieces) > 1:
        start, end = pieces[0].start, pieces[-1].end
        data = text[start:end].encode("utf-8", "replace")
        if b"\0" not in data and not depth.could_be_deep(data):
            found = _read(text, data, offset, start, end)
            if found is not None:
                yield from found
                return
        if len(pieces) > 8:
            # Bisection finds the few invalid statements among many valid ones without parsing each separately.
            middle = len(pieces) // 2
            yield from _chunk(text, offset, pieces[:middle])
            yield from _chunk(text, offset, pieces[middle:])
            return
    for piece in pieces:
        yield from _single(text, offset, piece)


def _single(text: str, offset: int, piece: StatementSlice) -> Iterator[Statement]:
    start, end = piece
    span = Span(offset + start, offset + end)
    words = _first_words(text, start, end)
    if end - start > _LONGEST_STATEMENT:
        only_rows = words.split(" ")[0] in {"insert", "update", "delete", "copy"}
        reason = f"a statement of {end - start:,} characters is too long to read"
        again = words.startswith("insert") and _CONFLICT.search(text, start, end) is None
        opaque = Opaque(span=span, reason=reason, schema_effect=not only_rows, may_fail_again=again, unread=True)
        yield Statement(span, words, (opaque,))
        return
    data = text[start:end].encode("utf-8", "replace")
    nul = text.find("\0", start, end)
    if nul >= 0:
        at = Span(offset + nul, offset + nul + 1)
        yield Statement(span, words, (), SyntaxProblem("a NUL character cannot be part of SQL", at))
        return
    if depth.could_be_deep(data) and (
        depth.has_long_run(data) or depth.chain_length(text, start, end) > depth.LONGEST_CHAIN
    ):
        yield _too_deep(span, words)
        return
    try:
        try:
            nodes = native.parse_json(data)
        except RecursionError:
            yield from depth.with_room(lambda: _read_deep(text, data, offset, piece))
            return
    except RecursionError:
        yield _too_deep(span, words)
        return
    if isinstance(nodes, native.NativeError):
        yield Statement(span, words, (), _problem(text, offset, piece, nodes))
        return
    bytes_ = None if len(data) == end - start else ByteMap(data)
    try:
        for node in nodes:
            yield _statement(place_of(text, offset, start, end, bytes_, node), node)
    except RecursionError:
        yield _too_deep(span, words)


def _read_deep(text: str, data: bytes, offset: int, piece: StatementSlice) -> tuple[Statement, ...]:
    nodes = native.parse_json(data)
    if isinstance(nodes, native.NativeError):
        return ()
    bytes_ = None if len(data) == piece.end - piece.start else ByteMap(data)
    return tuple(_statement(place_of(text, offset, piece.start, piece.end, bytes_, node), node) for node in nodes)


def _too_deep(span: Span, words: str) -> Statement:
    return Statement(span, words, (Opaque(span=span, reason=_TOO_DEEP),), SyntaxProblem(_TOO_DEEP, span, certain=False))


def _problem(text: str, offset: int, piece: StatementSlice, error: native.NativeError) -> SyntaxProblem:
    """Return the error of the grammar, at the token that it names."""
    message = brief(error.message)
    at = piece.end
    if error.char >= 0:
        at = min(piece.end, piece.start + error.char)
    if at >= piece.end:
        return SyntaxProblem(message, Span(offset + piece.end, offset + piece.end))
    word = QUALIFIED.match(text, at, piece.end)
    if text[at] in "'\"$":
        end = skip(text, at, piece.end)
    else:
        end = word.end() if word and "." not in word.group() else at + 1
    return SyntaxProblem(message, Span(offset + at, offset + end))


def _first_words(text: str, start: int, end: int) -> str:
    head = text[start : min(end, start + 200)].lower().split()
    words = [word for word in head[:2] if word.isalpha()]
    return " ".join(words[: 2 if words and words[0] in {"create", "alter", "drop"} else 1]) or "statement"
