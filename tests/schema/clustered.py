"""What PostgreSQL says of statements on an index that is not there, or is not of a kind that they can use."""

from __future__ import annotations

from .cases import Case
from .pairs import Pair

T = (
    "CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE INDEX i ON t (a); CREATE TABLE u (id int PRIMARY KEY);"
    "CREATE INDEX part ON t (a) WHERE a > 1; CREATE INDEX h ON t USING hash (a);"
    "CREATE MATERIALIZED VIEW m AS SELECT 1 AS x; CREATE INDEX mi ON m (x); CREATE VIEW v AS SELECT 1 AS x;"
    "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE INDEX pi ON p (id);"
)


def refused(script: str, condition: str) -> Case:
    return Case(script, T, script, condition, condition)


POSTGRES = [
    *(refused(f"{words} nope;", "undefined_object") for words in ("CLUSTER t USING", "ALTER TABLE t CLUSTER ON")),
    *(refused(f"{words} u_pkey;", "wrong_object_type") for words in ("CLUSTER t USING", "ALTER TABLE t CLUSTER ON")),
    *(refused(f"{words} part;", "feature_not_supported") for words in ("CLUSTER t USING", "ALTER TABLE t CLUSTER ON")),
    *(refused(f"{words} h;", "feature_not_supported") for words in ("CLUSTER t USING", "ALTER TABLE t CLUSTER ON")),
    refused("CLUSTER t USING t;", "wrong_object_type"),
    refused("CLUSTER v USING i;", "wrong_object_type"),
    refused("CLUSTER m USING i;", "wrong_object_type"),
    refused("CLUSTER nope USING i;", "undefined_table"),
    refused("CLUSTER t;", "undefined_object"),
    refused("CLUSTER t USING i; ALTER TABLE t SET WITHOUT CLUSTER; CLUSTER t;", "undefined_object"),
    refused("ALTER TABLE p CLUSTER ON pi;", "feature_not_supported"),
    refused("ALTER MATERIALIZED VIEW m CLUSTER ON nope;", "undefined_object"),
    refused("ALTER TABLE t REPLICA IDENTITY USING INDEX nope;", "undefined_object"),
    refused("ALTER TABLE t REPLICA IDENTITY USING INDEX u_pkey;", "wrong_object_type"),
    refused("REINDEX INDEX nope;", "undefined_table"),
    refused("REINDEX INDEX t;", "wrong_object_type"),
    refused("SELECT 1; LOCK TABLE nope;", "undefined_table"),
    refused("ANALYZE nope;", "undefined_table"),
    Case("cluster", T, "CLUSTER t USING i; CLUSTER t; CLUSTER m USING mi;"),
    Case("cluster on", T, "ALTER TABLE t CLUSTER ON t_pkey; CLUSTER t; ALTER MATERIALIZED VIEW m CLUSTER ON mi;"),
    Case("cluster by another name", T + "CLUSTER t USING i; ALTER INDEX i RENAME TO j;", "CLUSTER t;"),
    Case(
        "cluster by a key of another name",
        T + "CLUSTER t USING t_pkey; ALTER TABLE t RENAME CONSTRAINT t_pkey TO k;",
        "CLUSTER t; ALTER TABLE t CLUSTER ON k;",
    ),
    *(
        Case(f"cluster after {gone}", f"{T} CLUSTER t USING {index}; {gone};", "CLUSTER t;", *("undefined_object",) * 2)
        for index, gone in (
            ("i", "DROP INDEX i"),
            ("i", "ALTER TABLE t DROP COLUMN a"),
            ("t_pkey", "ALTER TABLE t DROP CONSTRAINT t_pkey"),
        )
    ),
    Case("the rest", T, "REINDEX INDEX i; REINDEX TABLE t; LOCK TABLE t; ANALYZE t; ANALYZE pg_class; ANALYZE;"),
]

PAIRS = [
    Pair("ordering by an index is undone", T, "CLUSTER t USING i;", "ALTER TABLE t SET WITHOUT CLUSTER;"),
    Pair("the index that a table was ordered by is for information", T, "CLUSTER t USING i;", "SELECT 1;"),
    Pair(
        "an index that was ordered by is made again",
        T + "ALTER TABLE t CLUSTER ON i;",
        "DROP INDEX i;",
        "CREATE INDEX i ON t (a);",
    ),
]
