"""SQLite's keywords, and the error for unsupported statements."""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Words that are never a column in an expression; other keywords of SQLite may be column names.
SYNTAX = words_of("""
    ADD ALL ALTER AND AS ASC AUTOINCREMENT BETWEEN BY CASE CHECK COLLATE COMMIT CONSTRAINT CREATE CROSS CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP DEFAULT DEFERRABLE DELETE DESC DISTINCT DROP ELSE END ESCAPE EXCEPT EXISTS FILTER
    FOREIGN FROM FULL GLOB GROUP HAVING IN INDEX INDEXED INNER INSERT INTERSECT INTO IS ISNULL JOIN LEFT LIKE LIMIT
    MATCH NATURAL NOT NOTHING NOTNULL NULL NULLS OFFSET ON OR ORDER OUTER OVER PRIMARY RAISE REFERENCES REGEXP
    RETURNING RIGHT SELECT SET TABLE THEN TO TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN WHERE WINDOW CAST
    """)

# Words that SQLite never accepts as a name.
RESERVED = words_of("""
    ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT DEFERRABLE DELETE
    DISTINCT DROP ELSE ESCAPE EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTO IS ISNULL JOIN LIMIT NOT NOTNULL
    NULL ON OR ORDER PRIMARY REFERENCES SELECT SET TABLE THEN TO TRANSACTION UNIQUE UPDATE USING VALUES WHEN WHERE
    NOTHING RETURNING
    """)

WINDOW = words_of(
    "PARTITION ROWS RANGE GROUPS ROW CURRENT UNBOUNDED PRECEDING FOLLOWING EXCLUDE NO OTHERS TIES FIRST LAST"
)
CLOCK = frozenset({"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"})
COMPOUND = frozenset({"UNION", "EXCEPT", "INTERSECT"})
JOIN = frozenset({"JOIN", "NATURAL", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "OUTER"})
CLAUSES = frozenset({"FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT"})
QUERY_STARTS = frozenset({"SELECT", "WITH", "VALUES"})


class Unreadable(Exception):  # noqa: N818 - it says what the statement is, not that something went wrong
    """A statement that these readers do not support; `reason` is a phrase for messages."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
