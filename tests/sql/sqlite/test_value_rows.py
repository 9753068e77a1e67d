"""`VALUES` with several rows, which libraries from 3.46 on plan while they parse: the answer is the same with each."""

from __future__ import annotations

import pytest

from miglint.sql.sqlite.judge import accepts
from miglint.sql.sqlite.value_rows import UNEVEN


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("INSERT INTO s VALUES (1), (2) ON CONFLICT DO NOTHING;", None),
        ("INSERT INTO s VALUES (1), (2) RETURN x;", 'near "RETURN": syntax error'),
        ("INSERT INTO s SELECT x.k FROM (VALUES ('a', 1), ('b', 2)) AS x (k, v);", 'near "(": syntax error'),
        ("SELECT 1 FROM t WHERE a IN (VALUES (1), (2)) GROUPS;", 'near "GROUPS": syntax error'),
        ("INSERT INTO s (a) VALUES (1), (2, 3);", UNEVEN),
        ("INSERT INTO s VALUES (now(), (1)), (max(2, 3), 4);", None),
        ("INSERT INTO s VALUES (f(1, 2)), (max(2, 3), 4);", UNEVEN),
        ("INSERT INTO s VALUES (1, '), (2'), (3, '');", None),
        ("SELECT (VALUES (1), (2)), (VALUES (1, 2), (3, 4));", None),
        ("WITH v AS (VALUES (1, (VALUES (1), (2, 3))), (4, 5)) SELECT 1;", UNEVEN),
        ("INSERT INTO s VALUES (1);", None),
    ],
)
def test_rows_are_judged_without_planning(statement: str, message: str | None) -> None:
    found = accepts(statement, 0, (3, 54))
    assert found.accepted is (message is None)
    assert [item.message for item in found.refusals] == ([] if message is None else [message])
