"""Two generated schemas: the forward makes the second of the first on the engine, the rollback the first again."""

from __future__ import annotations

import pytest
from tests.writer.generated import Generated
from tests.writer.generated_kinds import GeneratedKinds
from tests.writer.pairs_on_engine import faults_of, printed_faults_of

SEEDS = range(4)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_ways_between_two_schemas(server, seed):
    assert not faults_of(server, Generated(2 * seed).sql, Generated(2 * seed + 1).sql)


@pytest.mark.parametrize("made", [Generated, GeneratedKinds])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_printed_schema_is_read_back_the_same(server, seed, made):
    assert not printed_faults_of(server, made(2 * seed).sql)
