"""Attacks on the dry run by scripts for SQLite, as data: what each does, and how it must end.

`{file}` and `{folder}` stand for a place that no script may reach.
"""

from __future__ import annotations

from miglint.base.structs import Struct

# How a script may end. The first word is what `EngineError.limit` says; `error` is an ordinary error of SQLite, and
# `nothing` that it runs and does no harm.
REFUSED = ("refused",)
TIME = ("statement time-out",)
SPACE = ("memory", "disk")
ERROR = ("error",)
NOTHING = ("nothing",)


class Attack(Struct, frozen=True):
    """A migration that means harm. `ends` are the ways in which its forward may end.

    `rows` are generated per table (0 where a hang would be met once more without telling anything else). `wrapped`
    scripts run in a transaction.
    """

    name: str
    forward: str
    ends: tuple[str, ...]
    rollback: str = "SELECT 1;"
    rows: int = 2
    wrapped: bool = False


NUMBERS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT %d)"
ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
# One instruction of SQLite that works for minutes: nothing looks at a clock meanwhile.
HANG = "instr(zeroblob(20000000), zeroblob(10000000) || x'01')"
# What each name doubles the one before it.
VIEWS = "CREATE TABLE v0 (x);" + "".join(
    f"CREATE VIEW v{number} AS SELECT a.x FROM v{number - 1} a, v{number - 1} b;" for number in range(1, 26)
)

FILES = (
    Attack("attach a file", "ATTACH '{file}' AS other; CREATE TABLE other.t (x);", REFUSED),
    Attack("attach a computed name", "ATTACH '{file}' || '' AS other; CREATE TABLE other.t (x);", REFUSED),
    Attack("attach a name from a query", "ATTACH (SELECT '{file}') AS other; CREATE TABLE other.t (x);", REFUSED),
    Attack("attach a name in hexadecimal", "ATTACH CAST(x'2f746d702f78' AS TEXT) AS other;", REFUSED),
    Attack("attach a URI", "ATTACH 'file:{file}?mode=rwc' AS other;", REFUSED),
    Attack("attach memory that others share", "ATTACH 'file:m?mode=memory&cache=shared' AS other;", REFUSED),
    Attack("attach a system's file", "ATTACH '/etc/passwd' AS other; SELECT * FROM other.sqlite_master;", REFUSED),
    Attack("the function behind ATTACH", "SELECT sqlite_attach('{file}', 'other', '');", ERROR),
    Attack("vacuum into a file", "VACUUM INTO '{file}';", REFUSED),
    Attack("vacuum into a computed name", "VACUUM INTO '{file}' || '';", REFUSED),
    Attack("read a file", "SELECT readfile('/etc/passwd');", (*REFUSED, *ERROR)),
    Attack("write a file", "SELECT writefile('{file}', 'x');", (*REFUSED, *ERROR)),
    Attack("open an editor", "SELECT edit('x', 'touch {file}');", (*REFUSED, *ERROR)),
    Attack("a folder as a table", "CREATE VIRTUAL TABLE f USING fsdir('/');", (*REFUSED, *ERROR)),
    Attack("a file as a table", "CREATE VIRTUAL TABLE f USING csv(filename='/etc/passwd');", (*REFUSED, *ERROR)),
    Attack("an archive as a table", "CREATE VIRTUAL TABLE f USING zipfile('{file}');", (*REFUSED, *ERROR)),
    Attack("pages as a table", "UPDATE sqlite_dbpage SET data = zeroblob(4096);", (*REFUSED, *ERROR)),
    Attack("temporary files", "PRAGMA temp_store_directory = '{folder}'; CREATE TEMP TABLE t (x);", REFUSED),
    Attack("temporary files, again", "PRAGMA temp_store = 1; CREATE TEMP TABLE t AS SELECT 1;", NOTHING),
    Attack("the folder of databases", "PRAGMA data_store_directory = '{folder}';", REFUSED),
    Attack("a journal", "PRAGMA journal_mode = WAL; CREATE TABLE t (x); DROP TABLE t;", NOTHING),
    Attack("mapped memory", "PRAGMA mmap_size = 1000000000000; CREATE TABLE t (x); DROP TABLE t;", NOTHING),
)

PROGRAMS = (
    Attack("load an extension", "SELECT load_extension('{file}');", (*REFUSED, *ERROR)),
    Attack("load an extension by its entry", "SELECT load_extension('{file}', 'main');", (*REFUSED, *ERROR)),
    Attack(
        "load an extension when rows come",
        "CREATE TRIGGER evil AFTER INSERT ON users BEGIN SELECT load_extension('{file}'); END;",
        (*REFUSED, *NOTHING),
        "DROP TRIGGER evil;",
    ),
    Attack("a tokenizer at an address", "SELECT fts3_tokenizer('evil', x'4141414141414141');", (*REFUSED, *ERROR)),
    Attack("an array at an address", "SELECT * FROM carray(1094795585, 100);", (*ERROR, *NOTHING)),
    Attack("corrupt a full-text index", "CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('a');"
           " UPDATE f_data SET block = CAST(printf('%.*c', 99, 'x') AS BLOB);"
           " SELECT * FROM f WHERE f MATCH 'a';", (*ERROR, *SPACE, *NOTHING),
           "DROP TABLE f;"),
    Attack("corrupt an r-tree", "CREATE VIRTUAL TABLE r USING rtree(i, a, b); INSERT INTO r VALUES (1, 2, 3);"
           " UPDATE r_node SET data = zeroblob(99); SELECT * FROM r WHERE a < 9;", (*ERROR, *NOTHING),
           "DROP TABLE r;"),
)  # fmt: skip

SCHEMA = (
    Attack("write the schema table", "UPDATE sqlite_master SET sql = 'x';", ERROR),
    Attack("a schema that can be written", "PRAGMA writable_schema = ON; DELETE FROM sqlite_master;", REFUSED),
    Attack("the same by a reset", "PRAGMA writable_schema = RESET;", REFUSED),
    Attack("the same as a function", "SELECT * FROM pragma_writable_schema(1);", (*REFUSED, *ERROR)),
    Attack("trust the schema", "PRAGMA trusted_schema = ON;", REFUSED),
    Attack("another schema version", "PRAGMA schema_version = 12345;", NOTHING),
    Attack("false statistics", "ANALYZE; INSERT INTO sqlite_stat1 VALUES ('users', NULL, 'x'); ANALYZE sqlite_master;",
           NOTHING),
    Attack("drop what is SQLite's", "CREATE TABLE s (x INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE sqlite_sequence;",
           ERROR),
)  # fmt: skip

BOUNDS = (
    Attack("lift the bound on pages", "PRAGMA max_page_count = 2000000000;", REFUSED),
    Attack("lift that of temporary tables", "PRAGMA temp.max_page_count = 2000000000;", REFUSED),
    Attack("lift the bound on memory", "PRAGMA hard_heap_limit = 100000000000;", REFUSED),
    Attack("lower the bound on memory", "PRAGMA hard_heap_limit = 1;", REFUSED),
    Attack("threads", "PRAGMA threads = 8; SELECT 1;", NOTHING),
    Attack("fill a table", f"CREATE TABLE b (x); {ENDLESS} INSERT INTO b SELECT zeroblob(100000) FROM n;", SPACE),
    Attack("fill a temporary table",
           f"CREATE TEMP TABLE b (x); {ENDLESS} INSERT INTO b SELECT zeroblob(1000000) FROM n;", SPACE),
    Attack("fill attached memory", "ATTACH ':memory:' AS m; CREATE TABLE m.b (x);"
           f" {ENDLESS} INSERT INTO m.b SELECT zeroblob(1000000) FROM n;", SPACE),
    Attack("fill an attached temporary database", "ATTACH '' AS m; CREATE TABLE m.b (x);"
           f" {ENDLESS} INSERT INTO m.b SELECT zeroblob(1000000) FROM n;", SPACE),
    Attack("fill many attached ones", "".join(
        f"ATTACH ':memory:' AS m{number}; CREATE TABLE m{number}.b AS {NUMBERS % 30} SELECT zeroblob(1000000) FROM n;"
        for number in range(9)), SPACE),
    Attack("a queue that grows", "WITH RECURSIVE n (x) AS (SELECT zeroblob(100000) UNION ALL SELECT n.x FROM n,"
           " (SELECT 1 UNION ALL SELECT 2)) SELECT count(*) FROM n;", (*SPACE, *TIME)),
    Attack("a sorter that grows", f"{ENDLESS} SELECT randomblob(100000) AS b FROM n ORDER BY b;", (*SPACE, *TIME)),
    Attack("groups that grow", f"{ENDLESS} SELECT count(DISTINCT randomblob(100000)) FROM n;", (*SPACE, *TIME)),
    Attack("an aggregate that grows", f"{ENDLESS} SELECT group_concat(hex(zeroblob(1000000))) FROM n;",
           (*SPACE, *TIME)),
    Attack("an array that grows", f"{ENDLESS} SELECT json_group_array(hex(zeroblob(1000000))) FROM n;",
           (*SPACE, *TIME)),
    Attack("a window that grows", f"{ENDLESS} SELECT max(b) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND"
           " UNBOUNDED FOLLOWING) FROM (SELECT randomblob(100000) AS b FROM n);", (*SPACE, *TIME)),
    Attack("a value without end", "SELECT zeroblob(2000000000);", SPACE),
    Attack("a format without end", "SELECT length(printf('%.*c', 1000000000, 'x'));", (*SPACE, *TIME, *NOTHING)),
    Attack("a replacement that grows", "SELECT replace(hex(zeroblob(30000000)), '0', 'xxxxxxxx');", SPACE),
    Attack("a row of large values", f"SELECT {', '.join(['zeroblob(60000000)'] * 60)};", SPACE),
    Attack("a generated column", "CREATE TABLE g (a, b AS (hex(zeroblob(20000000))));"
           f" {NUMBERS % 150} INSERT INTO g (a) SELECT x FROM n;", NOTHING, "DROP TABLE g;"),
    Attack("a generated column that is read", "CREATE TABLE g (a, b AS (hex(zeroblob(20000000))));"
           f" {NUMBERS % 150} INSERT INTO g (a) SELECT x FROM n; SELECT * FROM g;", (*TIME, *NOTHING), "DROP TABLE g;"),
    Attack("a generated column that is stored", "CREATE TABLE g (a, b AS (hex(zeroblob(20000000))) STORED);"
           f" {NUMBERS % 150} INSERT INTO g (a) SELECT x FROM n;", SPACE, "DROP TABLE g;"),
    Attack("a default that is large", "CREATE TABLE d (a TEXT NOT NULL, b DEFAULT (hex(zeroblob(20000000))));", NOTHING,
           "DROP TABLE d;"),
    Attack("large values that are keys", "CREATE TABLE p (k BLOB PRIMARY KEY); CREATE TABLE c (k REFERENCES p);"
           f" {NUMBERS % 3} INSERT INTO p SELECT zeroblob(4000000 + x) FROM n;", (*SPACE, *NOTHING),
           "DROP TABLE c; DROP TABLE p;"),
    # The text is small, what SQLite makes of it in each connection is not.
    Attack("a schema that takes all memory", "".join(
        f"CREATE TABLE q{number} (x CHECK (x IN ({', '.join(['1'] * 100_000)})));" for number in range(10)), SPACE),
    Attack("a schema that can be made and not be read", "".join(
        f"CREATE TABLE w{number} ({', '.join(f'c{at} DEFAULT (1+{at})' for at in range(1900))});"
        for number in range(80)), SPACE, rows=0),
)  # fmt: skip

TIMES = (
    Attack("a query without end", f"{ENDLESS} SELECT count(*) FROM n;", TIME),
    Attack("rows without end", f"{ENDLESS} SELECT x FROM n;", TIME),
    Attack("large rows without end", f"{ENDLESS} SELECT zeroblob(10000000) FROM n;", TIME),
    Attack("one instruction that works for minutes", f"SELECT {HANG};", TIME),
    Attack("the same on large values", "SELECT instr(zeroblob(60000000), zeroblob(30000000) || x'01');",
           (*TIME, *SPACE)),
    Attack("the same behind another", f"CREATE TABLE a (x); INSERT INTO a VALUES (1); SELECT {HANG};", TIME, rows=0),
    Attack("the same in a rollback", "CREATE TABLE a (x);", NOTHING, f"SELECT {HANG}; DROP TABLE a;", rows=0),
    Attack("a pattern", "SELECT printf('%.*c', 3000, 'a') LIKE '%a%a%a_%a%a%a%a_%a%b';", (*TIME, *NOTHING), rows=0),
    Attack("another pattern", "SELECT printf('%.*c', 3000, 'a') GLOB '*a*a*?a*a*a*?a*a*a*[b-c]';",
           (*TIME, *NOTHING), rows=0),
    Attack("views in views", f"BEGIN; {VIEWS} SELECT count(*) FROM v25; COMMIT;", (*TIME, *SPACE, *ERROR), rows=0),
    Attack("a check that never ends", f"CREATE TABLE c (x CHECK ({HANG} = 0));", NOTHING, "DROP TABLE c;"),
    Attack("a trigger that never ends",
           f"CREATE TRIGGER evil AFTER INSERT ON users BEGIN SELECT count(*) FROM ({ENDLESS} SELECT x FROM n); END;",
           NOTHING, "DROP TRIGGER evil;"),
    Attack("a trigger that works for minutes",
           f"CREATE TRIGGER evil BEFORE INSERT ON users BEGIN SELECT {HANG}; END;", NOTHING, "DROP TRIGGER evil;"),
    Attack("a generated column that works for minutes", f"CREATE TABLE g (a, b AS ({HANG}) STORED);", NOTHING,
           "DROP TABLE g;"),
    Attack("an index that works for minutes", "CREATE TABLE i (a); CREATE INDEX ix ON i (instr(zeroblob(20000000),"
           " zeroblob(10000000) || a));", NOTHING, "DROP TABLE i;"),
    Attack("a commit that takes long", "CREATE TABLE p (x PRIMARY KEY); CREATE TABLE c (x REFERENCES p DEFERRABLE"
           " INITIALLY DEFERRED); PRAGMA foreign_keys = 1; BEGIN; INSERT INTO c VALUES (1);", (*ERROR, *NOTHING),
           "DROP TABLE c; DROP TABLE p;"),
)  # fmt: skip

DEPTHS = (
    Attack("a trigger that fires itself", "PRAGMA recursive_triggers = 1; CREATE TABLE t (x);"
           " CREATE TRIGGER again AFTER INSERT ON t BEGIN INSERT INTO t VALUES (new.x + 1); END;"
           " INSERT INTO t VALUES (1);", ERROR),
    Attack("a deep expression", f"SELECT {'1 + ' * 20000}1;", ERROR),
    Attack("deep brackets", f"SELECT {'(' * 20000}1{')' * 20000};", ERROR),
    Attack("deep JSON", "SELECT json(printf('%.*c', 1000000, '['));", ERROR),
    Attack("a query of many parts", " UNION ALL ".join(["SELECT 1"] * 5000) + ";", (*ERROR, *NOTHING)),
    Attack("a long name", f"SELECT {'x' * 500_000};", ERROR),
    Attack("many statements", "SELECT 1;" * 5000, NOTHING, rows=0),
    Attack("a null character", "SELECT '\0';", (*ERROR, *NOTHING)),
    Attack("half a character", "SELECT '\ud800';", ERROR),
    Attack("text that is no text", "CREATE TABLE u (x); INSERT INTO u VALUES (CAST(x'ff00fe' AS TEXT));"
           " SELECT * FROM u; DELETE FROM u; DROP TABLE u;", NOTHING),
)  # fmt: skip

# The next migration runs `ALTER TABLE users ADD COLUMN`, and puts rows into that table.
LEFTOVERS = (
    Attack("a temporary table in another's place", "CREATE TEMP TABLE users (id INTEGER PRIMARY KEY);", NOTHING),
    Attack("a temporary view in another's place", "CREATE TEMP VIEW users AS SELECT 1 AS id;", NOTHING),
    Attack("a temporary trigger", "CREATE TEMP TRIGGER evil AFTER INSERT ON main.users BEGIN DELETE FROM users; END;",
           NOTHING),
    Attack("a database that stays attached", "ATTACH ':memory:' AS m; CREATE TABLE m.other (x);", NOTHING),
    Attack("only queries", "PRAGMA query_only = 1;", NOTHING),
    Attack("rows backwards", "PRAGMA reverse_unordered_selects = 1;", NOTHING),
    Attack("patterns by case", "PRAGMA case_sensitive_like = 1;", NOTHING),
    Attack("no checks", "PRAGMA ignore_check_constraints = 1; PRAGMA foreign_keys = 1;", NOTHING),
    Attack("the old ALTER", "PRAGMA legacy_alter_table = 1; PRAGMA recursive_triggers = 1;", NOTHING),
    Attack("a lock", "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;", NOTHING),
    Attack("an open transaction", "BEGIN; SELECT 1;", NOTHING),
    Attack("an open savepoint", "SAVEPOINT a; SAVEPOINT b;", NOTHING),
    Attack("another page size", "PRAGMA page_size = 65536; VACUUM;", NOTHING),
    Attack("pages that move", "PRAGMA auto_vacuum = 2; VACUUM; PRAGMA incremental_vacuum;", NOTHING),
    *(Attack(f"no journal to undo it: {setting}", f"{setting}; CREATE TABLE z (x); INSERT INTO z SELECT 1 FROM users;"
             " DELETE FROM users; SELECT nope();", ERROR, wrapped=True)
      for setting in ("PRAGMA journal_mode = OFF", "PRAGMA main.journal_mode('o')", "PRAGMA JOURNAL_MODE = 'off'",
                      "SELECT * FROM pragma_journal_mode('off', 'main')")),
    Attack("what it did before it failed", "INSERT OR FAIL INTO users VALUES (9001, 'a'), (9002, NULL);", ERROR),
)  # fmt: skip

ATTACKS = (*FILES, *PROGRAMS, *SCHEMA, *BOUNDS, *TIMES, *DEPTHS, *LEFTOVERS)
