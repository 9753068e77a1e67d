"""Numbers of more digits than Python converts: no statement with one ends the run, and places stay exact."""

from __future__ import annotations

import pytest
from tests.dryrun.histories import history, migration

from miglint.base.errors import UsageError
from miglint.base.model import Dialect
from miglint.config.settings import parse_targets
from miglint.replay.steps import replay
from miglint.sql import parse

NUMBER = "9" * 5000
STATEMENTS = [
    "INSERT INTO t (d) VALUES ({0}), (-{0}), ({0}.{0}), ({0}e{0});",
    "INSERT INTO t (d) SELECT generate_series(1, {0});",
    "SELECT * FROM t ORDER BY {0} LIMIT {0} OFFSET {0};",
    "UPDATE t SET a = '{0}', d = 1_{0} WHERE d IN ({0}, {0});",
    "CREATE TABLE u (a varchar({0}), b numeric({0}, {0}), c timestamp({0}), e int DEFAULT {0}, CHECK (e < {0}));",
    "ALTER TABLE t ALTER a TYPE varchar({0});",
    "ALTER TABLE t ADD x interval DEFAULT '{0} days', ADD y inet DEFAULT '{0}.0.0.0';",
    "CREATE SEQUENCE s INCREMENT {0} MINVALUE -{0} MAXVALUE {0} START {0};",
    "CREATE FUNCTION f(a int DEFAULT {0}) RETURNS int COST {0} LANGUAGE sql AS 'SELECT {0}';",
    "DO $$ BEGIN PERFORM {0}; FOR i IN 1..{0} LOOP NULL; END LOOP; END $$;",
    "SET lock_timeout = '{0}s';",
    "PRAGMA user_version = {0};",
]


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("text", STATEMENTS)
def test_a_number_of_thousands_of_digits_is_read(text: str, dialect: Dialect) -> None:
    before = "CREATE TABLE t (a text, d int);"
    whole = f"{text.format(NUMBER)} CREATE TABLE later (id int);"
    one, two = migration(before, dialect=dialect), migration(whole, "DROP TABLE later;", dialect=dialect, name="2")
    assert [step.migration.version for step in replay(history(one, two), parse)] == ["1", "2"]
    assert two.forward is not None
    last = parse(two.forward)[-1].span
    assert whole[last.start : last.end].strip(" ;") == "CREATE TABLE later (id int)"


def test_a_target_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(UsageError, match="invalid target"):
        parse_targets([f"postgres>={NUMBER}"])
