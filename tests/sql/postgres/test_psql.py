"""What psql sends of a script with commands of its own. All rows were run with psql 15 and `--echo-queries`."""

from __future__ import annotations

import pytest

from miglint.base.model import Span
from miglint.sql.postgres import parse
from miglint.sql.postgres.psql_script import read_script

from .reading import count_calls

# The script, and the statements that psql sends.
SENT: list[tuple[str, list[str]]] = [
    # Commands that only write something.
    ("\\set ON_ERROR_STOP on\n\\timing\n\\pset null x\n\\x\n\\encoding UTF8\nSELECT 1;", ["SELECT 1"]),
    ("SELECT 1\n\\echo hi\nAS a;", ["SELECT 1 AS a"]),
    ("\\echo 'it''s' \"q\" \\\\ SELECT 4;", ["SELECT 4"]),
    ("\\echo a \\echo b \\\\SELECT 5;", ["SELECT 5"]),
    ("\\echo 'a\\\nSELECT 2;", ["SELECT 2"]),
    # In quotes and comments it is no command.
    ("SELECT '\\q', $$\\q$$, \"a\\q\" FROM (SELECT 1 AS \"a\\q\") x; -- \\q\n/* \\q */ SELECT E'\\'\\q';", [
        "SELECT '\\q', $$\\q$$, \"a\\q\" FROM (SELECT 1 AS \"a\\q\") x", "SELECT E'\\'\\q'"]),
    # The end of the script, and of what was typed.
    ("SELECT 1 \\q\nSELECT 2;", ["SELECT 1"]),
    ("SELECT 1;\n\\q;\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
    ("\\echo hi \\\\ SELECT 1; \\q\nSELECT 2;", ["SELECT 1"]),
    ("SELECT 1 \\r\nSELECT 2;", ["SELECT 2"]),
    ("(SELECT 1 \\p\\reset\nSELECT 2;", ["SELECT 2"]),
    # What sends a statement.
    ("SELECT 1 \\g\nSELECT 2 \\gx\nSELECT 3 \\gset\nSELECT 4 \\gdesc\nSELECT 5\\; SELECT 6;", [
        "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 5", "SELECT 6"]),
    # Several statements sent at once.
    ("SELECT 1\\; SELECT 2 \\; SELECT 3;\nSELECT 4;", ["SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"]),
    ("\\; SELECT 1;", ["SELECT 1"]),
    ("SELECT 1;\\;\\;", ["SELECT 1"]),
    ("SELECT 1\\; SELECT 2 \\r\nSELECT 3;", ["SELECT 3"]),
    ("\\if false\nSELECT 1\\; SELECT 2;\n\\endif\nSELECT 3;", ["SELECT 3"]),
    ("\\set x 1\nSELECT :x\\; SELECT :x, \\echo hi\n2;", ["SELECT 1", "SELECT 1, 2"]),
    ("SELECT (ARRAY[1,2])[1\\:2];", ["SELECT (ARRAY[1,2])[1 :2]"]),
    # Data, which follow the line of their statement.
    ("SELECT 1\\; COPY t FROM stdin;\n1\n\\.\nSELECT 2;", ["SELECT 1", "COPY t FROM stdin", "SELECT 2"]),
    ("COPY t FROM stdin\\; COPY t FROM stdin;\n1\n\\.\n2\n\\.\nSELECT 2;", [
        "COPY t FROM stdin", "COPY t FROM stdin", "SELECT 2"]),
    ("COPY t FROM stdin; SELECT\n1\n\\.\n2; SELECT 3;", ["COPY t FROM stdin", "SELECT 2", "SELECT 3"]),
    ("COPY t FROM stdin; -- a\n1\n\\.\nSELECT 2 \\gdesc\n", ["COPY t FROM stdin"]),
    ("COPY t FROM stdin \\g\n1\n\\.\nSELECT 2;", ["COPY t FROM stdin", "SELECT 2"]),
    # Branches.
    ("\\if false\nSELECT 1;\n\\endif", []),
    ("\\if 0\nSELECT 1;\n\\elif YES\nSELECT 2;\n\\elif true\nSELECT 3;\n\\else\nSELECT 4;\n\\endif\nSELECT 5;", [
        "SELECT 2", "SELECT 5"]),
    ("\\if nonsense\nSELECT 1;\n\\else\nSELECT 2;\n\\endif\n\\if o\n\\else\nSELECT 3;\n\\endif", [
        "SELECT 2", "SELECT 3"]),
    ("\\if tru\nSELECT 4;\n\\endif", ["SELECT 4"]),
    ("\\if false\n\\if true\nSELECT 1;\n\\endif\n\\q\nSELECT 2 \\g\n\\endif\nSELECT 3;", ["SELECT 3"]),
    ("\\if false\nSELECT (1;\n\\endif\nSELECT 2;", ["SELECT 2"]),
    ("\\if false\nSELECT 'a\n\\endif\n';\n\\endif\nSELECT 3;", ["SELECT 3"]),
    ("SELECT 1, \\if false\n2\n\\else\n3\n\\endif\n;", ["SELECT 1, 3"]),
    ("\\if true\\\\SELECT 4;\n\\endif\nSELECT 5;", ["SELECT 4", "SELECT 5"]),
    ("\\if false\nSELECT 1;", []),
    ("\\endif\n\\else\nSELECT 1;", ["SELECT 1"]),
    ("SELECT 1;\nSELECT 2\n\\if false\n", ["SELECT 1"]),
    ("\\if true\nSELECT 1;\nSELECT 2\n", ["SELECT 1", "SELECT 2"]),
    # Variables.
    ("\\set a 1\n\\set b 'x''y' z\nSELECT :a, ':a', :'b', :\"b\" FROM (SELECT 2 AS \"x'yz\") q;", [
        "SELECT 1, ':a', 'x''yz', \"x'yz\" FROM (SELECT 2 AS \"x'yz\") q"]),
    ("\\set n 2\nSELECT (ARRAY[1,2])[1:2], (ARRAY[1,2])[1:n], 3::int;", [
        "SELECT (ARRAY[1,2])[1:2], (ARRAY[1,2])[12], 3::int"]),
    ("\\set x 1\nSELECT :x, \\set x 2\n:x;", ["SELECT 1, 2"]),
    ("\\set x 1\nSELECT :x \\if false\n\\endif\n\\g\n", ["SELECT 1"]),
    ("\\set d 'SELECT 8; SELECT 9;'\n:d", ["SELECT 8", "SELECT 9"]),
    ("\\set t \\x74\n\\set u 't\\x74'\nSELECT :'u';", ["SELECT 'tt'"]),
    ("\\set f 0\n\\if :f\nSELECT 1;\n\\endif\n\\if :{?f}\nSELECT 2;\n\\endif", ["SELECT 2"]),
    ("\\set s 'a\\\\b'\nSELECT :'s';", ["SELECT E'a\\\\b'"]),
]  # fmt: skip

# The script, the notes, and whether what is run then is lost.
NOTED: list[tuple[str, list[tuple[str, str, bool]]]] = [
    ("SELECT 1;\n\\q\n", []),
    ("CREATE TABLE a ()\\; CREATE DATABASE x;\n\\c x", [
        ("\\c x", "runs what follows in another session, perhaps of another database, by \\c x", True)]),
    ("\\restrict x\nSELECT 1;\n\\unrestrict x\n", []),
    ("\\set ON_ERROR_STOP 1\n\\c\n\\o f\n\\cd d\n\\d+ t\n\\sf f\n\\x\\t\n", []),
    ("\\i a.sql", [("\\i a.sql", "runs the file a.sql here", True)]),
    ("\\set f b.sql\n\\ir :f", [("\\ir :f", "runs the file b.sql here", True)]),
    ("SELECT 'x' \\gexec", [("\\gexec", "runs what this query returns", True)]),
    ("SELECT 1; \\g", [("\\g", "runs the statement before this command once more", True)]),
    ("SELECT 1 \\g | psql", [("\\g | psql", "pipes its output to a program, by \\g | psql", True)]),
    ("\\! psql", [("\\! psql", "runs a program here", True)]),
    ("\\set x `psql`", [("\\set x `psql`", "runs the program `psql`", True)]),
    ("\\set x `echo $HOME`\nSELECT 1;", []),
    ("\\set AUTOCOMMIT off", [("\\set AUTOCOMMIT off", "commits nothing by itself after this", True)]),
    ("\\unset AUTOCOMMIT", [("\\unset AUTOCOMMIT", "commits nothing by itself after this", True)]),
    ("\\set AUTOCOMMIT\n\\unset SINGLELINE", []),
    ("\\set SINGLELINE", [("\\set SINGLELINE", "ends a statement at each line break after this", True)]),
    ("\\nosuch 1", [("\\nosuch 1", "does not know the command \\nosuch, or only in some versions", True)]),
    ("\\password joe", [("\\password joe", "changes something outside of the schema, by \\password", True)]),
    ("\\restrict x\n\\q\nSELECT 1;", [("\\q", "runs \\q after \\restrict only if it is of an older version", True)]),
    ("\\encoding SJIS\nSELECT 'é';", [
        ("\\encoding SJIS", "reads what follows in another encoding, by \\encoding SJIS", True)]),
    ("\\if :x\nSELECT 1;\n\\endif\nSELECT 2;", [
        ("\\if :x\nSELECT 1;\n\\endif", "runs a part of this or none of it, and the script does not say which", True)]),
    ("SELECT 1 AS x \\gset\nSELECT :x;", [
        ("SELECT :x", "puts the value of :x into this statement, which is not known", True)]),
    ("\\q\nSELECT 1;", [("\\q", "ends the script here and does not run what follows", False)]),
    ("SELECT 1 \\r", [("\\r", "does not run what is before this command", False)]),
    ("SELECT 1 \\gdesc", [("\\gdesc", "describes the statement before this command and does not run it", False)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SENT)
def test_statements_that_psql_sends(text: str, expected: list[str]) -> None:
    script = read_script(text)
    assert len(script.text) == len(text)
    assert not [note for note in script.notes if note.lost and "does not know" not in note.message]
    sql = [(at, one) for at, one in _split(script.text)]
    sql += [(part.start, one) for part in script.substituted for _, one in _split(part.sql)]
    assert [" ".join(one.split()) for _, one in sorted(sql, key=lambda item: item[0])] == expected
    assert all(item.problem is None for item in parse(text))


def _split(text: str) -> list[tuple[int, str]]:
    found = parse(text)
    assert all(item.problem is None for item in found)
    return [(item.span.start, text[item.span.start : item.span.end]) for item in found]


@pytest.mark.parametrize(("text", "expected"), NOTED)
def test_what_psql_may_run(text: str, expected: list[tuple[str, str, bool]]) -> None:
    notes = read_script(text).notes
    assert [(text[note.start : note.end], note.message, note.lost) for note in notes] == expected
    reasons = {item.operations[0].span: item for item in parse(text, 5) if item.kind == "psql"}
    assert set(reasons) == {Span(note.start + 5, note.end + 5) for note in notes if note.lost}


def test_data_of_copy_is_no_sql() -> None:
    text = "COPY t FROM stdin;\n1\t\\q\n\\.\nSELECT 1;\n\\copy t (a, b) from stdin csv\n1\\q\n\\.\nSELECT 2;"
    assert [(item.kind, item.problem) for item in parse(text)] == [
        ("copy", None), ("select", None), ("copy", None), ("select", None)]  # fmt: skip


def test_what_is_copied_belongs_to_its_table() -> None:
    text = "\\copy s.t (a) from 'f' csv\n\\copy (SELECT 1 FROM u) to 'f'\n\\copy t from program 'x'"
    found = parse(text)
    tables = [str(getattr(item.operations[0], "table", None)) for item in found]
    assert (tables, [item.kind for item in found]) == (["s.t", "None", "None"], ["copy", "copy", "psql"])


def test_a_branch_that_may_quit_hides_the_rest() -> None:
    found = parse("\\if :{?x}\n\\else\n\\q\n\\endif\nDROP TABLE t;")
    assert [item.kind for item in found] == ["psql"]


def test_another_database_hides_the_rest() -> None:
    assert [item.kind for item in parse("CREATE TABLE a ();\n\\c x\nCREATE TABLE b ();")] == ["create table", "psql"]
    kinds = [item.kind for item in parse("CREATE DATABASE x;\n\\c x\nCREATE TABLE b ();")]
    assert kinds == ["create database", "psql", "create table"]


def test_variables_that_grow_are_not_followed() -> None:
    doubled = "\\set a x\n" + "\\set a :a:a\n" * 60 + "SELECT :a;"
    assert [item.kind for item in parse(doubled)] == ["psql"]
    long = f"\\set a '{'x' * 4000}'\nSELECT {':a,' * 1000}1;"
    assert [item.kind for item in parse(long)] == ["psql"]
    deep = f"\\set a '{'(' * 4000}'\nSELECT {':a' * 20} 1;"
    assert [item.problem is not None for item in parse(deep)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "\\a" * 2000,
        "SELECT :a\\; " * 1000 + ";",
        "COPY t FROM stdin\\; " * 500 + "SELECT 1;\n" + "\\.\n" * 500,
        "/*" + "x" * 20000 + "*/ SELECT 1 " + "\\a\n" * 2000,
        "\\if :x\nSELECT 1;\n\\endif\n" * 500,
        "\\if true\n" * 500 + "\\endif\n" * 500,
        "".join(f"\\set v{i} x\n" for i in range(500)) + "SELECT 1 AS v \\gset v\n" * 500,
        "".join(f"SELECT 1 AS v \\gset p{i}_\nSELECT :q{i};\n" for i in range(500)),
        "SELECT :a " + "\\a\n" * 1000 + " :b" * 1000,
        "COPY t FROM stdin;\n" * 1000 + "\\a\n",
    ],
)
def test_long_scripts_are_read_in_linear_time(text: str) -> None:
    assert count_calls(read_script, text * 2) <= 2.3 * count_calls(read_script, text)
