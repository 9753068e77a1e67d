"""The other commands."""

import json
from pathlib import Path

import pytest

from miglint.cli import group
from miglint.rules.selection import load_rules


def test_rules_lists_every_rule_with_its_keys(miglint):
    listed = json.loads(miglint("rules", "--format", "json").stdout)
    assert [item["code"] for item in listed] == list(load_rules().rules)
    wanted = {"code", "name", "family", "severity", "enabled", "dialects", "fixable", "aliases"}
    assert all(wanted <= item.keys() for item in listed)
    text = miglint("rules").stdout
    assert all(code in text for code in load_rules().rules)


def test_rules_follows_the_configuration(miglint, project):
    (project / "miglint.toml").write_text('ignore = ["IDM001"]\n[severity]\nIDM020 = "info"\n')
    listed = {item["code"]: item for item in json.loads(miglint("rules", "--format", "json").stdout)}
    assert listed["IDM001"]["enabled"] is False
    assert listed["IDM020"]["severity"] == "info"


def test_rules_maps_the_names_of_another_tool(miglint):
    names = json.loads(miglint("rules", "--alias", "squawk", "--format", "json").stdout)
    assert names["unused-ignore"] == ["DIR001"]
    assert "unused-ignore" in miglint("rules", "--alias", "squawk").stdout


def test_explain_prints_the_page_by_any_name(miglint):
    by_code = miglint("explain", "DIR001").stdout
    assert by_code.startswith("# DIR001 directive-unknown\n")
    assert miglint("explain", "directive-unknown").stdout == by_code
    assert miglint("explain", "squawk:unused-ignore").stdout == by_code


def test_the_options_of_a_dry_run_stand_by_themselves_in_the_help(miglint):
    general, _, about = miglint("check", "--all-options").stdout.partition("Dry-run options:")
    assert "--format" in general and "--rows" not in general and "--database-url" not in general
    assert "--dry-run[=ENGINE]" in about and "--rows N" in about and "--format" not in about


def too_large(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate((64 << 20) + 1)


def a_loop(file: Path) -> None:
    file.symlink_to(file.name)


@pytest.mark.parametrize(("make", "code"), [(too_large, "SYN004"), (a_loop, "SYN002")])
def test_a_check_that_did_not_read_a_migration_fails_whatever_rules_are_selected(miglint, project, make, code):
    make(project / "migrations" / "002_orders.up.sql")
    (project / "migrations" / "002_orders.down.sql").write_text("SELECT 1;\n")
    for selected in ((), ("--select", "LCK")):
        done = miglint("check", "--no-cache", *selected)
        assert done.returncode == 1
        assert f"migrations/002_orders.up.sql:1:1: error {code}" in done.stdout
    assert miglint("check", "--select", "LCK", "--ignore", code).returncode == 0


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("DROP TABLE /* {} */ accounts;", "error"),
        ("UPDATE accounts SET name = '{}';", "error"),
        ("INSERT INTO accounts VALUES (1, '{}');", "warning"),
    ],
)
def test_a_statement_that_is_too_long_to_read_is_reported(miglint, project, text, severity):
    (project / "migrations" / "002_long.up.sql").write_text(text.format("x" * (2 << 20)))
    (project / "migrations" / "002_long.down.sql").write_text("SELECT 1;\n")
    done = miglint("check", "--no-cache")
    assert f"002_long.up.sql:1:1: {severity} SYN005" in done.stdout
    assert done.returncode == (severity == "error")


def test_a_schema_says_what_of_the_migrations_was_not_read(miglint, project):
    too_large(project / "migrations" / "002_orders.up.sql")
    (project / "migrations" / "003_x.up.sql").write_text("CREATE TABL x (a int);\n")
    done = miglint("schema")
    assert "CREATE TABLE accounts (" in done.stdout
    expected = "not complete: 002: a statement cannot be read: the file was not read: larger than 67,108,864 bytes"
    assert done.stderr == f"note: {expected} (2 in all)\n"
    assert miglint("schema", "--at", "1").stderr == ""


def test_schema_as_sql_json_and_diagram(miglint, project):
    (project / "migrations" / "002_orders.up.sql").write_text(
        "CREATE TABLE orders (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts (id));\n"
    )
    (project / "migrations" / "002_orders.down.sql").write_text("DROP TABLE orders;\n")
    sql = miglint("schema").stdout
    assert "CREATE TABLE accounts (" in sql
    assert "FOREIGN KEY (account_id) REFERENCES accounts (id)" in sql
    document = json.loads(miglint("schema", "--format", "json").stdout)
    assert document["dialect"] == "postgres"
    assert "public.orders" in document["objects"]["relation"]
    diagram = miglint("schema", "--format", "mermaid").stdout
    assert diagram.startswith("erDiagram\n")
    assert '"accounts" ||--o{ "orders" : "account_id"' in diagram
    assert "orders" not in miglint("schema", "--at", "1").stdout
    done = miglint("schema", "--at", "7")
    assert done.returncode == 2
    assert "no migration has version 7" in done.stderr


def test_the_group_lists_all_commands_without_importing_them(miglint):
    listed = miglint("--help").stdout
    for name, text in group.COMMANDS.items():
        command = group.cli.get_command(None, name)
        assert command.name == name
        assert command.help
        assert text in listed
