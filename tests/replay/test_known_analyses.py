"""What is kept of analyses holds on to nothing else, and is limited."""

from __future__ import annotations

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.replay.apply import known_analyses, run
from miglint.replay.steps import empty_schema
from miglint.sql import parse


def _run(text: str) -> list[str]:
    script = Script(SourceFile("a.sql", text), Span(0, len(text)), Direction.FORWARD, Dialect.POSTGRES)
    found = run(empty_schema(Dialect.POSTGRES), parse(script))
    return [event.failure.message for event in found.events if event.failure is not None]


def test_errors_are_kept_without_what_raised_them():
    known_analyses.known_analyses.clear()
    text = "CREATE TABLE a (id int, CHECK (id = true)); CREATE TABLE b (n int);"
    first = _run(text)
    errors = [state[2] for states in known_analyses.known_analyses.values() for state in states if state[2] is not None]
    assert len(errors) == 1
    assert _run(text) == first
    assert "operator does not exist: integer = boolean" in first
    # A traceback holds the frames of all calls, and these the schemas and trees that they work on.
    assert errors[0].__traceback__ is None


def test_so_much_is_kept_between_migrations(monkeypatch):
    known_analyses.known_analyses.clear()
    _run("CREATE TABLE a (id int, CHECK (id > 0), CHECK (id > 1), CHECK (id > 2));")
    number = len(known_analyses.known_analyses)
    assert number >= 3
    known_analyses.trim()
    assert len(known_analyses.known_analyses) == number
    monkeypatch.setattr(known_analyses, "_KEPT", 2)
    known_analyses.trim()
    assert not known_analyses.known_analyses
