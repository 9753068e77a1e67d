"""The dry run in the text report."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema

from miglint.base.model import SourceFile
from miglint.report import render
from miglint.report.value import MigrationReport, Report, as_dict
from miglint.report.view import DisplayOptions

UP = "ALTER TABLE users ADD COLUMN age integer;\nUPDATE users SET age = 1;\n"
DOWN = "ALTER TABLE users DROP COLUMN nick;\n"
VERDICT = dict.fromkeys(
    ("forward_idempotent", "rollback_idempotent", "rows_stable", "symmetric", "sqlite_compatible"), True
)
NAMES = (
    "read the schema, insert rows",
    "forward",
    "forward again",
    "rollback",
    "rollback again",
    "forward once more",
    "continue",
)


def steps(**failed):
    return [
        {"number": number, "name": name, "ok": True, "error": None, "reason": None, "changes": [], "seconds": 0.002}
        | failed.get(f"step{number}", {})
        for number, name in enumerate(NAMES, 1)
    ]


def execution(version="18.6", **values):
    return {
        "engine": {"kind": "embedded", "product": "PostgreSQL", "version": version, "why": ""},
        "steps": steps(),
        "changes": [],
        "forward": None,
        "rollback": None,
        "rows": None,
        "model": [],
        "seconds": 0.1234,
    } | values


def migration(*executions, name="age"):
    return MigrationReport("1", name, "postgres", "1.up.sql", "1.down.sql", VERDICT, (), VERDICT, executions)


def change(kind, name, before=None, after=None):
    return {
        "kind": kind,
        "what": "column",
        "name": name,
        "aspect": "type",
        "before": before,
        "after": after,
        "counts": True,
    }


ERROR = dict.fromkeys(("detail", "hint", "limit")) | {
    "message": 'column "age" exists', "sqlstate": "42701", "statement": 0, "start": 0,
}  # fmt: skip
CHANGES = [change("missing", "users.nick", "text"), change("changed", "users.a", "int4", "int8")]
LOCK = {
    "start": 0, "end": 40, "seconds": 0.0015, "locks": {"users": "AccessExclusiveLock"}, "rewritten": ["users"],
    "invalid": [],
}  # fmt: skip
FAILING = execution(
    steps=steps(
        step3={"ok": False, "error": ERROR},
        step4={"ok": False, "changes": CHANGES},
        step5={"ok": None, "reason": "the rollback failed", "seconds": 0},
    ),
    rows={
        "inserted": {"users": 100},
        "unfilled": {},
        "unread": {"secrets": "permission denied"},
        "error": None,
        "losses": [{"table": "users", "column": "nick", "kind": "values", "count": 86, "total": 100}],
    },
    forward={
        "seconds": 0.01,
        "statements": [LOCK],
    },
    costs={
        "rows": [20, 200, 2000],
        "forward": [
            {"start": 42, "end": 66, "seconds": [0.001, 0.01, 1.5], "touched": [40, 400, 4000], "grows": True},
            {"start": 0, "end": 40, "seconds": [0.001, 0.001, 0.001], "touched": [0, 0, 0], "grows": False},
        ],
        "rollback": [],
    },
)  # fmt: skip
VIEW = DisplayOptions({"1.up.sql": SourceFile("1.up.sql", UP), "1.down.sql": SourceFile("1.down.sql", DOWN)}, width=120)
WELL = """\
dry run on PostgreSQL 18.6 (embedded)  1 rows  2 forward  3 again  4 rollback  5 again  6 forward  7 continue       time
1 age                                     ✓        ✓         ✓          ✓         ✓         ✓           ✓         123 ms

no findings (1 migration, 2 files, 5 ms)
"""
BAD = """\
dry run on PostgreSQL 18.6 (embedded)  1 rows  2 forward  3 again  4 rollback  5 again  6 forward  7 continue       time
1 age                                     ✓        ✓         ✗          ✗         ·         ✓           ✓         123 ms
    ✗ 3 forward again: line 1: 42701 column "age" exists
    ✗ 4 rollback
        - column users.nick: text
        - column users.a: int4
        + column users.a: int8
    ! 86 of 100 values of users.nick are not restored
    · the values of secrets are not compared: permission denied
    cost of the forward script with 20 / 200 / 2,000 rows
      line 2: UPDATE users SET age = 1                          1.0 ms / 10 ms / 1.5 s  grows with the table
"""


def test_a_migration_that_is_all_well_takes_one_line():
    assert render("text", Report((migration(execution()),), (), 2, 5), VIEW) == WELL


def test_a_narrow_terminal_has_the_names_of_the_steps_above():
    text = render("text", Report((migration(execution()),), (), 2, 5), DisplayOptions(VIEW.sources, width=80))
    assert text.splitlines()[:4] == [
        "dry run on PostgreSQL 18.6 (embedded): 1 rows, 2 forward, 3 again, 4 rollback, 5",
        "  again, 6 forward, 7 continue",
        "       1  2  3  4  5  6  7       time",
        "1 age  ✓  ✓  ✓  ✓  ✓  ✓  ✓     123 ms",
    ]


def test_long_definitions_are_shown_where_they_part():
    check = f"CHECK (kind IN ({', '.join(map(repr, range(60)))}))"
    changes = [change("changed", "a", f"{check} NOT VALID", check)]
    item = migration(execution(steps=steps(step4={"ok": False, "changes": changes})))
    lines = render("text", Report((item,), (), 2, 5), VIEW).splitlines()
    assert [line.strip() for line in lines if line.lstrip().startswith(("- ", "+ "))] == [
        "- column a: …54, 55, 56, 57, 58, 59)) NOT VALID",
        "+ column a: …54, 55, 56, 57, 58, 59))",
    ]


def test_below_one_that_is_not_stands_what_failed():
    text = render("text", Report((migration(FAILING),), (), 2, 5), VIEW)
    assert text.startswith(BAD)


def test_verbose_has_the_time_of_each_step_and_the_locks():
    text = render(
        "text", Report((migration(FAILING),), (), 2, 5), DisplayOptions(VIEW.sources, verbose=True, width=120)
    )
    assert "    ✓ 2 forward 2.0 ms\n" in text
    assert "    locks of the forward script\n      line 1: ALTER TABLE users ADD COLUMN age integer" in text
    assert "  1.5 ms  AccessExclusiveLock on users\n" in text
    assert "rewrites users\n" in text
    assert "does not grow" in text


def test_each_engine_has_its_own_table():
    text = render("text", Report((migration(execution("14.2"), execution("16.1")),), (), 2, 5), VIEW)
    assert text.count("dry run on PostgreSQL") == 2
    assert text.index("14.2") < text.index("16.1")


def test_quiet_says_nothing_and_colours_are_not_part_of_the_width():
    report = Report((migration(FAILING),), (), 2, 5)
    assert render("text", report, DisplayOptions(quiet=True)) == ""
    colored = render("text", report, DisplayOptions(VIEW.sources, color=True, width=120))
    assert "\x1b[31m✗\x1b[0m" in colored


def test_what_a_file_holds_cannot_steer_the_terminal():
    hostile = "\x1b[31m\u202e\x00\nx"
    failing = execution(
        steps=steps(step4={"ok": False, "changes": [change("missing", hostile, hostile)]}, step3={
            "ok": False, "error": ERROR | {"message": hostile}}),
        engine={"kind": hostile, "product": hostile, "version": hostile, "why": ""},
    )  # fmt: skip
    text = render(
        "text", Report((migration(failing, name=hostile),), (), 2, 5), DisplayOptions(VIEW.sources, verbose=True)
    )
    assert not {"\x1b", "\u202e", "\x00"} & set(text)


def test_json_holds_all_of_it():
    schema = json.loads(files("miglint.report").joinpath("report.schema.json").read_text())
    for report in (Report((migration(FAILING),)), Report((migration(execution("14.2"), execution("16.1")),))):
        value = json.loads(json.dumps(as_dict(report)))
        jsonschema.validate(value, schema)
        executions = report.migrations[0].executions
        assert value["migrations"][0]["execution"] == executions[0]
        assert value["migrations"][0].get("executions", list(executions)) == list(executions)
