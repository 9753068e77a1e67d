"""Comments that end at a carriage return, as the server's do: what follows is run."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.dryrun.statements import prepare
from miglint.schema.objects import Routine
from miglint.schema.sameness import respelled
from miglint.sql import operations as op
from miglint.sql.operations import Name
from miglint.sql.postgres import parse
from miglint.sql.postgres.lexer import without_comments
from miglint.sql.postgres.splitter import split

HIDDEN = "SELECT 1; -- a note\rDROP TABLE t; -- another one\r\nSELECT 2;"


def test_the_splitter_sees_it() -> None:
    assert [HIDDEN[piece.start : piece.end] for piece in split(HIDDEN)] == ["SELECT 1", "DROP TABLE t", "SELECT 2"]


@pytest.mark.parametrize("broken", ["", "SELECT 'a' FROM (;"])
def test_a_script_that_the_grammar_takes_or_rejects(broken: str) -> None:
    found = [operation for statement in parse(HIDDEN + broken) for operation in statement.operations]
    assert any(isinstance(operation, op.Drop) for operation in found)


def test_it_is_no_comment() -> None:
    assert without_comments("a -- b\rc").split() == ["a", "c"]


def test_a_script_of_nothing_else_is_not_empty() -> None:
    text = "-- a note\rSELECT 'never closed"
    script = Script(SourceFile("1.sql", text), Span(0, len(text)), Direction.FORWARD, Dialect.POSTGRES)
    assert [piece.text for piece in prepare(script).pieces] == ["SELECT 'never closed"]


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("BEGIN -- a\nRETURN 1; END", "BEGIN\n  RETURN 1; END", True),
        ("BEGIN -- a\r\nRETURN 1; END", "BEGIN -- b\nRETURN 1; END", True),
        ("BEGIN -- a\nRETURN 1; END", "BEGIN -- a\rDELETE FROM t;\nRETURN 1; END", False),
        ("SELECT x y FROM z", "SELECT x\u00a0y FROM z", False),
        ("SELECT x y FROM z", "SELECT x\u3000y FROM z", False),
        ("SELECT $\u00e9$a b$\u00e9$", "SELECT $\u00e9$a  b$\u00e9$", False),
        ("SELECT $a$a b$a$", "SELECT  $a$a b$a$", True),
    ],
)
def test_bodies_that_differ_only_in_white_space_and_comments(one: str, two: str, same: bool) -> None:
    first, second = (Routine(Name(None, "f"), "function", (), body=body, language="plpgsql") for body in (one, two))
    assert respelled(first, second) is same
