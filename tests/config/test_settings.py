"""Settings: what is read, from where, and how mistakes are reported."""

from __future__ import annotations

import pytest

from miglint.base.errors import UsageError
from miglint.base.findings import Severity
from miglint.config.settings import load, parse_targets
from miglint.config.toml_table import ConfigError, line_of
from miglint.rules.selection import load_rules, select

FULL = """\
paths = ["db"]
dialect = "sqlite"
layout = "golang-migrate"
rollbacks = "optional"
targets = ["postgres>=14", "sqlite >= 3.35", "postgresql"]
baseline-schema = {postgres = "base.sql"}
select = ["ALL"]
ignore = ["SYM"]
extend-select = ["SYM001"]
rollback-severity = "warning"
transaction = "per-statement"
exclude = ["vendor"]
placeholders = {schema = "app"}
fail-on = "warning"
baseline = "known.json"

[severity]
IDM = "warning"

[[per-path]]
paths = ["db/old"]
ignore = ["IDM"]
severity = {PAI = "info"}
"""


def test_without_a_file_the_defaults_hold(tmp_path):
    settings = load(cwd=str(tmp_path))
    assert settings.file is None
    assert settings.root == str(tmp_path)
    assert settings.fail_on is Severity.ERROR


def test_every_key_is_read(tmp_path):
    (tmp_path / "miglint.toml").write_text(FULL)
    settings = load(cwd=str(tmp_path))
    assert settings.paths == ("db",)
    assert settings.dialect == "sqlite"
    assert settings.targets == {"postgres": (), "sqlite": (3, 35)}
    assert settings.baseline_schema == {"postgres": "base.sql"}
    assert settings.severity == {"IDM": Severity.WARNING}
    assert settings.rollback_severity is Severity.WARNING
    assert settings.per_path[0].severity == {"PAI": Severity.INFO}
    assert settings.placeholders == {"schema": "app"}
    assert settings.fail_on is Severity.WARNING


def test_the_nearest_file_upward_counts(tmp_path):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "miglint.toml").write_text('paths = ["outer"]\n')
    assert load(cwd=str(below)).paths == ("outer",)
    # One that only mentions miglint is not its configuration.
    (below / "pyproject.toml").write_text('[project]\ndependencies = ["miglint"]\n')
    assert load(cwd=str(below)).paths == ("outer",)
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.miglint]\npaths = ["inner"]\n')
    settings = load(cwd=str(below))
    assert settings.paths == ("inner",)
    assert settings.root == str(tmp_path / "a")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('dialect = "postgres"\nselct = []\n', 2, "unknown key `selct` (did you mean `select`?)"),
        ('dialect = "mysql"\n', 1, "`dialect` is `mysql`, but must be one of `postgres`, `sqlite`"),
        ('\n\npaths = "db"\n', 3, "`paths` must be a list of strings, not a string"),
        ("paths = [\n  1,\n]\n", 1, "`paths` must contain only strings, not a number"),
        ('layout = "x"\n\n[severity]\nA = "warning"\nIDM = "fatal"\n', 5, "`IDM` is `fatal`, but must be one of"),
        ("[[per-path]]\npaths = ['a']\n[[per-path]]\nignore = []\n", 3, "`per-path` needs `paths`"),
        ("[[per-path]]\npaths = ['a']\n[[per-path]]\npaths = ['b']\nignor = []\n", 5, "(did you mean `ignore`?)"),
        ("[per-path]\npaths = ['a']\n", 1, "must be an array of tables"),
        ('targets = ["oracle>=9"]\n', 1, "unknown engine `oracle`"),
        ("dialect = 1979-05-27\n", 1, "must be a string, not a date or time"),
        ('paths = ["a"]\ndialect = \n', 2, "invalid TOML: Invalid value"),
        ('paths = ["a"', 1, "invalid TOML"),
        ('baseline-schema = {mysql = "a"}\n', 1, "unknown key `mysql`"),
        ("[severity]\nIDM = true\n", 2, "`IDM` must be a string, not a boolean"),
    ],
)
def test_a_mistake_names_file_line_and_what_was_meant(tmp_path, text, line, said):
    (tmp_path / "miglint.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(cwd=str(tmp_path))
    assert str(caught.value).startswith(f"miglint.toml:{line}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('select = ["IDM", "SYMM"]\n', 1, "unknown rule `SYMM` (did you mean `SYM`?)"),
        ('[severity]\nIDM001 = "info"\nIDM01 = "info"\n', 3, "unknown rule `IDM01`"),
        ("[[per-path]]\npaths = ['a']\nignore = ['create-tabel-unguarded']\n", 3, "`create-table-unguarded`?)"),
        ("[rules.IDM001]\nlength = 3\n", 2, "IDM001 (create-table-unguarded) has no option `length`"),
        ("[rules.XYZ001]\n", 1, "unknown rule `XYZ001`"),
    ],
)
def test_a_rule_that_does_not_exist_names_the_nearest(tmp_path, text, line, said):
    (tmp_path / "miglint.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        select(load(cwd=str(tmp_path)), load_rules())
    assert str(caught.value).startswith(f"miglint.toml:{line}: ")
    assert said in str(caught.value)


def test_places_in_pyproject_are_those_under_tool(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.miglint]\nselect = ["NOPE01"]\n')
    with pytest.raises(ConfigError, match=r"^pyproject\.toml:5: unknown rule"):
        select(load(cwd=str(tmp_path)), load_rules())


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(str(tmp_path / "none.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(str(tmp_path / "bytes.toml"))
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match=r"has no \[tool.miglint\] table"):
        load(str(tmp_path / "pyproject.toml"))


def test_the_more_exact_name_wins(tmp_path):
    (tmp_path / "miglint.toml").write_text('select = ["ALL"]\nignore = ["IDM"]\nextend-select = ["IDM003"]\n')
    enabled = select(load(cwd=str(tmp_path)), load_rules()).enabled
    assert {code for code in enabled if code.startswith("IDM")} == {"IDM003"}
    assert "SYM001" in enabled


def test_rules_are_named_in_all_ways(tmp_path):
    known = load_rules()
    (tmp_path / "miglint.toml").write_text(
        'select = ["idm001", "directive-unknown", "pairing", "squawk:unused-ignore"]\n'
    )
    enabled = select(load(cwd=str(tmp_path)), known).enabled
    # Whatever is selected, it is reported what was not checked: a file, by a rule that crashed, and by a dry run.
    always = {"SYN002", "SYN004", "INT001", "RUN012"}
    assert enabled == {"IDM001", "DIR001", *always, *(code for code in known.rules if code.startswith("PAI"))}


def test_targets():
    assert parse_targets(["Postgres >= 14", "sqlite3>=3.35.5"]) == {"postgres": (14,), "sqlite": (3, 35, 5)}
    with pytest.raises(UsageError):
        parse_targets(["postgres<14"])


def test_lines_are_found_behind_headers_quotes_and_dots():
    text = 'a = 1\n[b."c d"]\nx = 1\n[[b.e]]\ny = 1\n[[b.e]]\n[b.e.f]\nz.w = 1\n'
    assert line_of(text, ("b", "c d", "x")) == 3
    assert line_of(text, ("b", "e", 0, "y")) == 5
    assert line_of(text, ("b", "e", 1, "f", "z", "w")) == 8
    assert line_of(text, ("nothing",)) == 1


@pytest.mark.parametrize("named", ["sub/known.json", "sub/deep/known.json", "known.json"])
def test_a_file_that_leads_out_of_the_checkout_by_now_is_not_read(tmp_path, tmp_path_factory, named):
    outside = tmp_path_factory.mktemp("outside")
    for top in (outside, tmp_path):
        for name in ("known.json", "deep/known.json", "sub/known.json", "sub/deep/known.json"):
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text("ours" if top == tmp_path else "hunter2")
    (tmp_path / "miglint.toml").write_text(f'baseline = "{named}"\n')
    settings = load(tmp_path / "miglint.toml")
    assert settings.read(named, 100) == b"ours"
    first = tmp_path / named.partition("/")[0]
    first.rename(tmp_path / "away")
    first.symlink_to(outside if "/" in named else outside / named)
    with pytest.raises(OSError, match="points outside the checkout"):
        settings.read(named, 100)
