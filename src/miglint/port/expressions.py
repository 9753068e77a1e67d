"""Expressions and statements of one engine in the words of the other, by sqlglot.

What sqlglot is known to write wrongly is rewritten in its tree first, and refused where there is no other form. A
result is not believed: `miglint.port.trial` has the engine's library read it.
"""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.port.booleans import NO_BOOLEANS, BooleanColumns, with_booleans
from miglint.port.trees import Node, TranslationError
from miglint.port.value_kinds import NO_KINDS, ValueKinds
from miglint.writer.words import identifier

__all__ = ["Translation", "TranslationError", "parsed", "translate", "translate_statement", "with_column"]

_NAMES = {Dialect.POSTGRES: "postgres", Dialect.SQLITE: "sqlite"}
# Deeper trees would exhaust the stack of the reader, which is recursive.
_MAX_LENGTH = 200_000
_MAX_DEPTH = 100


class Translation(Struct, frozen=True):
    """A translated text; `constant` says that it is one constant."""

    text: str
    constant: bool = False


def translate(
    text: str, source: Dialect, booleans: BooleanColumns = NO_BOOLEANS, kinds: ValueKinds = NO_KINDS
) -> Translation:
    """Return an expression in the words of the other engine. Raises `TranslationError`.

    `booleans` are the columns whose 0 and 1 are false and true in PostgreSQL, if it is the target; `kinds` are those of
    the columns of PostgreSQL, if it is the source.
    """
    done = _rewritten(_expression(text, source), source, kinds, booleans)
    return Translation(_sql(done, _other(source)), _is_constant(done))


def with_column(text: str, dialect: Dialect, old: str, new: str) -> str:
    """Return an expression in which a column, `old` in lower case, has the name `new`. Raises `TranslationError`."""
    tree = _expression(text, dialect)
    from sqlglot import exp

    def rename(node: Node) -> Node:
        if isinstance(node, exp.Column) and node.name.lower() == old:
            return exp.column(exp.to_identifier(new, quoted=identifier(new) != new))
        return node

    return _sql(_walk(tree, rename), dialect)


def _expression(text: str, source: Dialect) -> Node:
    tree = parsed(f"SELECT {text}", source)
    from sqlglot import exp

    found = tree.expressions[0] if isinstance(tree, exp.Select) and len(tree.expressions) == 1 else None
    if found is None or isinstance(found, exp.Alias):
        raise TranslationError(f"{_short(text)} is not read")
    return found.pop()


def translate_statement(
    text: str, source: Dialect, booleans: BooleanColumns = NO_BOOLEANS, kinds: ValueKinds = NO_KINDS
) -> str:
    """Return a statement that reads or changes rows in the words of the other engine. Raises `TranslationError`."""
    done = _sql(_rewritten(parsed(text, source), source, kinds, booleans), _other(source))
    return text if _is_same(text, done) else done


def _is_same(text: str, done: str) -> bool:
    """Return whether a translation differs in white space and in the case of letters only."""
    one, other = ("".join(each.split()).casefold().rstrip(";") for each in (text, done))
    return one == other


def _other(dialect: Dialect) -> Dialect:
    return Dialect.SQLITE if dialect is Dialect.POSTGRES else Dialect.POSTGRES


def parsed(text: str, source: Dialect) -> Node:
    """Return the tree of a statement. Raises `TranslationError`."""
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(text) > _MAX_LENGTH or _depth(text) > _MAX_DEPTH:
        raise TranslationError("the statement is too long or too deep")
    # It says by a log what it takes for a command that it does not read.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        found = sqlglot.parse_one(text, read=_NAMES[source])
    except (SqlglotError, RecursionError, ValueError) as error:
        raise TranslationError(f"{_short(text)} is not read") from error
    if isinstance(found, sqlglot.exp.Command):
        raise TranslationError(f"{_short(text)} is not read")
    return _with_negations(found)


def _with_negations(tree: Node) -> Node:
    """Return a tree whose NOT LIKE and NOT ILIKE are a NOT over LIKE, which is rewritten as others are."""
    from sqlglot import exp

    for node in [*tree.find_all(exp.Like, exp.ILike)]:
        if node.args.get("negate"):
            node.set("negate", None)
            whole = node.parent if isinstance(node.parent, exp.Escape) else node
            whole.replace(exp.Not(this=whole.copy()))
    return tree


def _depth(text: str) -> int:
    depth = most = 0
    for char in text:
        if char in "([":
            depth += 1
            most = max(most, depth)
        elif char in ")]":
            depth -= 1
    return most


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}..."


def _sql(tree: Node, dialect: Dialect) -> str:
    from sqlglot import ErrorLevel
    from sqlglot.errors import SqlglotError

    try:
        return str(tree.sql(dialect=_NAMES[dialect], unsupported_level=ErrorLevel.RAISE, normalize_functions="lower"))
    except (SqlglotError, RecursionError) as error:
        raise TranslationError(str(error).partition("\n")[0]) from error


def _rewritten(tree: Node, source: Dialect, kinds: ValueKinds, booleans: BooleanColumns) -> Node:
    # Each needs sqlglot, whose import takes as long as a small run.
    if source is Dialect.POSTGRES:
        from miglint.port import postgres_words as words
    else:
        from miglint.port import sqlite_words as words  # type: ignore[no-redef]  # one of both
    try:
        tree = tree.copy()
        if source is Dialect.POSTGRES:
            from miglint.port.typed_values import with_types

            tree = with_types(tree, kinds)
        else:
            from miglint.port.replacements import with_replacements

            tree = with_replacements(tree, booleans.replaced)
        done = _walk(tree, words.rewrite)
        if source is Dialect.POSTGRES:
            return done
        from miglint.port.number_values import with_numbers

        return with_numbers(with_booleans(done, booleans), booleans.numbers, booleans.numbered, booleans.tables)
    except RecursionError as error:
        raise TranslationError("the statement is too deep") from error


def _walk(tree: Node, rewrite: Callable[[Node], Node]) -> Node:
    """Return a tree whose nodes are rewritten, each before those in it."""
    root = tree
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        while (new := rewrite(node)) is not node:
            if node is root:
                root = new
            node.replace(new)
            again = type(new) is not type(node)
            node = new
            if not again:
                break
        waiting += node.iter_expressions()
    return root


def _is_constant(tree: Node) -> bool:
    from sqlglot import exp

    if isinstance(tree, (exp.Neg, exp.Paren)):
        return _is_constant(tree.this)
    return isinstance(tree, (exp.Literal, exp.Null, exp.Boolean, exp.HexString))
