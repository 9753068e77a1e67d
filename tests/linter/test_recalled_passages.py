"""A rule sees the same of a migration that is known from an earlier run and of one that was replayed."""

from __future__ import annotations

import random

from tests.linter.increments import edits

_OWN = """
from miglint.api import Hit, Severity, rule


@rule("OWN001", "history-rule", Severity.WARNING, "h", scope="history")
def of_history(passages):
    for passage in passages:
        script = passage.migration.forward
        for name in ("before", "after"):
            schema = getattr(passage, name)
            head = schema.path, schema.closed, schema.rooted
            objects = sorted(f"{key} {value}" for key, value in schema.objects.items())
            yield Hit(script.file, script.span, f"{name} {head} {objects}")
        yield Hit(script.file, script.span, f"{passage.doubted} {sorted(passage.touched)}")
"""


def _own_rule(project):
    project.settings('own-rules = ["own.py"]\n')
    (project.root / "own.py").write_text(_OWN)


def test_what_was_made_again_or_assumed_is_known(project):
    project.settings('own-rules = ["own.py"]\nlayout = "goose"\n')
    (project.root / "own.py").write_text(_OWN)
    for number, text in enumerate(
        (
            "CREATE TABLE t (id int);",
            "DROP TABLE t; CREATE TABLE t (id int);",
            "CREATE INDEX i ON t (id); DROP INDEX i;",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM t;",
            "ALTER TABLE unknown ADD COLUMN n int;",
            "DROP VIEW other;",
        )
    ):
        project.write(f"2020010{number}000000_x.sql", f"-- +goose Up\n{text}\n-- +goose Down\nSELECT 1;\n")
    assert project.compare() == ""
    assert "OWN001" in project.check()
    project.write("20200109000000_x.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n")
    assert project.replayed() == 1
    assert project.compare() == ""
    project.write("20200103500000_x.go", "package migrations\n")
    assert project.compare() == ""
    project.write("20200109000000_x.sql", "-- +goose Up\nSELECT 2;\n-- +goose Down\nSELECT 1;\n")
    assert project.replayed() == 1
    assert project.compare() == ""


def test_every_edit_leaves_what_rules_about_histories_see(project):
    chance = random.Random(3)
    project.generate(chance, 8)
    _own_rule(project)
    assert project.compare() == ""
    for name in edits(chance, 8):
        if name != "settings":
            project.edit(name, chance)
        assert project.compare() == "", name
