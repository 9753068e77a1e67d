"""Read the types, functions, operators, casts and operator classes that PostgreSQL brings, off running servers.

    python scripts/read_catalogs.py URL [URL ...] > src/miglint/sql/postgres/analysis/catalogs.json

Give one server of each version that is supported, in any order: what any of them has is listed, and what they do not
agree on (the volatility of a function) is marked as not known. The format is described in
`miglint.sql.postgres.analysis.catalogs`, which reads it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import psycopg

_NAME = (
    "CASE WHEN {0}.typelem <> 0 AND {0}.typname LIKE '\\_%' THEN substr({0}.typname, 2) || '[]' ELSE {0}.typname END"
)

TYPES = """
SELECT typname, typcategory::text || CASE WHEN typispreferred THEN 'p' ELSE '-' END || typtype::text
  || i.provolatile::text || o.provolatile::text
FROM pg_type LEFT JOIN pg_proc i ON i.oid = typinput LEFT JOIN pg_proc o ON o.oid = typoutput WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'p', 'r', 'm')
  AND NOT (typelem <> 0 AND typname LIKE '\\_%')"""

RANGES = f"""
SELECT r.typname, {_NAME.format("s")} FROM pg_range JOIN pg_type r ON r.oid = rngtypid JOIN pg_type s ON s.oid = rngsubtype
WHERE r.typnamespace = 'pg_catalog'::regnamespace"""

FUNCTIONS = f"""
SELECT p.proname,
  coalesce((SELECT string_agg(CASE WHEN p.provariadic <> 0 AND u.o = p.pronargs THEN '*' ELSE '' END || {_NAME.format("t")},
      ',' ORDER BY u.o) FROM unnest(p.proargtypes) WITH ORDINALITY u(id, o) JOIN pg_type t ON t.oid = u.id), ''),
  {_NAME.format("r")}, p.provolatile::text, p.prokind::text, p.pronargdefaults, p.proretset
FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prorettype <> 'internal'::regtype
  AND NOT 'internal'::regtype = ANY (p.proargtypes)"""

OPERATORS = f"""
SELECT o.oprname, coalesce({_NAME.format("l")}, ''), {_NAME.format("r")}, {_NAME.format("s")}, p.provolatile::text
FROM pg_operator o LEFT JOIN pg_type l ON l.oid = o.oprleft JOIN pg_type r ON r.oid = o.oprright
JOIN pg_type s ON s.oid = o.oprresult JOIN pg_proc p ON p.oid = o.oprcode
WHERE o.oprnamespace = 'pg_catalog'::regnamespace"""

CASTS = f"""
SELECT {_NAME.format("s")}, {_NAME.format("t")}, c.castcontext::text, c.castmethod::text, coalesce(p.provolatile::text, 'i')
FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget
LEFT JOIN pg_proc p ON p.oid = c.castfunc"""

CLASSES = f"""
SELECT a.amname, c.opcname, {_NAME.format("t")}, c.opcdefault
FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_type t ON t.oid = c.opcintype
WHERE c.opcnamespace = 'pg_catalog'::regnamespace"""


def read(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of one server."""
    queries = {
        "types": TYPES, "ranges": RANGES, "functions": FUNCTIONS, "operators": OPERATORS, "casts": CASTS,
        "classes": CLASSES,
    }  # fmt: skip
    with psycopg.connect(url) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def _agreed(found: dict[tuple[Any, ...], set[str]]) -> list[tuple[tuple[Any, ...], str]]:
    """Return each key with its volatility, `?` where servers do not agree on it."""
    return [(key, kinds.pop() if len(kinds) == 1 else "?") for key, kinds in sorted(found.items())]


def merged(servers: list[dict[str, list[tuple[Any, ...]]]]) -> dict[str, Any]:
    """Return what any of the servers has."""
    functions: dict[tuple[Any, ...], set[str]] = {}
    operators: dict[tuple[Any, ...], set[str]] = {}
    casts: dict[tuple[Any, ...], set[str]] = {}
    for server in servers:
        for name, arguments, result, volatility, kind, defaults, many in server["functions"]:
            functions.setdefault((name, arguments, result, kind, defaults, many), set()).add(volatility)
        for name, left, right, result, volatility in server["operators"]:
            operators.setdefault((name, left, right, result), set()).add(volatility)
        for source, target, context, method, volatility in server["casts"]:
            casts.setdefault((source, target, context, method), set()).add(volatility)
    written: dict[str, Any] = {"functions": {}, "operators": {}, "casts": {}, "classes": {}}
    for (name, arguments, result, kind, defaults, many), volatility in _agreed(functions):
        text = f"{arguments}>{result} {volatility}{kind}{'s' if many else '-'}{defaults or ''}"
        written["functions"].setdefault(name, []).append(text)
    for (name, left, right, result), volatility in _agreed(operators):
        written["operators"].setdefault(name, []).append(f"{left},{right}>{result} {volatility}")
    for (source, target, context, method), volatility in _agreed(casts):
        written["casts"].setdefault(source, {})[target] = f"{context}{method}{volatility}"
    classes = sorted({row for server in servers for row in server["classes"]})
    for method, name, kind, default in classes:
        written["classes"].setdefault(method, []).append(f"{name} {kind}{' default' if default else ''}")
    for what in ("types", "ranges"):
        written[what] = dict(sorted({row for server in servers for row in server[what]}))
    return written


def main() -> None:
    """Print the catalogs of the servers that are named."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    json.dump(merged([read(url) for url in sys.argv[1:]]), sys.stdout, separators=(",", ":"), sort_keys=True)
    print()


if __name__ == "__main__":
    main()
