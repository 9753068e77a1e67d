"""What is said of a CHECK and a bound is what the server does: it reads the rows, or it does not."""

from __future__ import annotations

import psycopg
import pytest

from miglint.base.model import Dialect
from miglint.locks.bounds import proves_bound
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.objects import Key
from miglint.sql import postgres
from miglint.sql.operations import AttachPartition

from .attached import ATTACHED, Attached, attaching, made


@pytest.mark.parametrize("each", ATTACHED, ids=lambda each: f"{each.check} {each.bound}")
def test_what_is_said(each: Attached) -> None:
    schema = run(empty_schema(Dialect.POSTGRES, closed=True), postgres.parse(made(each))).schema
    parent, partition = (schema.table(Key("relation", "public", name)) for name in ("whole", "part"))
    ((operation,),) = (statement.operations for statement in postgres.parse(attaching(each)))
    assert parent and partition and isinstance(operation, AttachPartition) and operation.bound
    assert proves_bound(parent, partition, operation.bound) is each.proven


@pytest.mark.parametrize("each", ATTACHED, ids=lambda each: f"{each.check} {each.bound}")
def test_what_the_server_reads(each: Attached, connection: psycopg.Connection) -> None:
    read = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'part'"
    connection.execute(made(each))
    before = connection.execute(read).fetchone()
    connection.execute(attaching(each))
    after = connection.execute(read).fetchone()
    assert before is not None and after is not None
    if each.proven is not None:
        assert (after[0] == before[0]) is each.proven
