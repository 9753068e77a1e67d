"""What reads statements and what runs operations is imported late, by name: all of the names are there."""

from __future__ import annotations

import inspect

from miglint.replay import apply
from miglint.sql import operations as op
from miglint.sql.operations import Operation
from miglint.sql.postgres import statements


def test_every_operation_has_what_runs_it():
    kinds = {
        kind
        for _, kind in inspect.getmembers(op, inspect.isclass)
        if issubclass(kind, Operation) and not kind.__name__.startswith("_") and not kind.__subclasses__()
    }
    assert len(kinds) > 50
    assert kinds == set(apply._HANDLERS)
    for kind in kinds:
        assert callable(apply._handler(kind))


def test_every_statement_has_what_reads_it():
    for name in statements.READERS:
        assert callable(statements._reader(name))
    assert statements._reader("NewStmt") is None
