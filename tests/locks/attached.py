"""Attaching a partition: which CHECKs the server believes, and which it does not, when it looks for a bound."""

from __future__ import annotations

from typing import NamedTuple

DAY = ("date NOT NULL", "'2024-01-05'")
INT = ("integer NOT NULL", "5")
TEXT = ("text NOT NULL", "'a'")
DECADE = "FROM (0) TO (10)"
JANUARY = "FROM ('2024-01-01') TO ('2024-02-01')"


class Attached(NamedTuple):
    """A partition with a key `k` of a type and a value for all rows; `proven` is None where nothing is said."""

    type: tuple[str, str]
    check: str
    bound: str
    proven: bool | None
    by: str = "RANGE (k)"


ATTACHED = [
    Attached(INT, "k >= 0 AND k < 10", DECADE, True),
    Attached(INT, "k >= 1 AND k <= 9", DECADE, True),
    Attached(INT, "k > 0 AND k < 10", DECADE, True),
    Attached(INT, "k BETWEEN 0 AND 9", DECADE, True),
    Attached(INT, "0 <= k AND 10 > k AND k IS NOT NULL", DECADE, True),
    Attached(INT, "k = 5", DECADE, True),
    Attached(INT, "k >= 0 AND k < 11", DECADE, False),
    Attached(INT, "k >= -1 AND k < 10", DECADE, False),
    Attached(INT, "k > -1 AND k < 10", DECADE, False),
    Attached(INT, "k <= 10 AND k >= 0", DECADE, False),
    Attached(INT, "k >= 0", DECADE, False),
    Attached(INT, "k < 10", "FROM (MINVALUE) TO (10)", True),
    Attached(INT, "k >= 0", "FROM (0) TO (MAXVALUE)", True),
    Attached(INT, "k >= 0 AND k < 10 OR k = 3", DECADE, None),
    Attached(INT, "abs(k) < 10 AND k >= 0", DECADE, None),
    Attached(("integer", "5"), "k >= 0 AND k < 10", DECADE, False),
    Attached(("integer", "5"), "k IS NOT NULL AND k >= 0 AND k < 10", DECADE, True),
    Attached(DAY, "k >= '2024-01-01' AND k < '2024-02-01'", JANUARY, True),
    Attached(DAY, "k >= DATE '2024-01-02' AND k <= '2024-01-31'", JANUARY, True),
    Attached(DAY, "k >= '2023-12-31' AND k < '2024-02-01'", JANUARY, False),
    Attached(DAY, "k >= '2024-1-1' AND k < '2024-02-01'", JANUARY, None),
    Attached(TEXT, "k = 'a'", "IN ('a', 'b')", True, "LIST (k)"),
    Attached(TEXT, "k IN ('a', 'b')", "IN ('a', 'b', 'c')", True, "LIST (k)"),
    Attached(TEXT, "k IN ('a', 'b')", "IN ('a')", False, "LIST (k)"),
    Attached(TEXT, "k <> 'b'", "IN ('a')", None, "LIST (k)"),
    Attached(("text", "'a'"), "k = 'a'", "IN ('a')", False, "LIST (k)"),
    Attached(TEXT, "k >= 'a' AND k < 'b'", "FROM ('a') TO ('b')", True),
    Attached(TEXT, "k >= 'a' AND k < 'aa'", "FROM ('a') TO ('b')", None),
    Attached(INT, "k >= 0", "WITH (MODULUS 1, REMAINDER 0)", None, "HASH (k)"),
]


def made(each: Attached) -> str:
    """Return the SQL that makes the two tables, with rows."""
    name, value = each.type
    return (
        f"CREATE TABLE whole (id bigint NOT NULL, k {name}) PARTITION BY {each.by};"
        f"CREATE TABLE part (id bigint NOT NULL, k {name}, CHECK ({each.check}));"
        f"INSERT INTO part SELECT n, {value} FROM generate_series(1, 20) n;"
    )


def attaching(each: Attached) -> str:
    """Return the statement that attaches the one to the other."""
    return f"ALTER TABLE whole ATTACH PARTITION part FOR VALUES {each.bound};"
