"""Baselines: what is accepted stays accepted, what is new is reported, and nothing is dropped unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from miglint.cli.main import main

FILE = "miglint-baseline.json"
ONE = "CREATE TABLE a (id serial PRIMARY KEY, n varchar(5));\nCREATE INDEX i ON a (n);\n"
TWO = "CREATE TABLE b (id int PRIMARY KEY);\n"
SETTINGS = 'paths = ["m"]\nidempotency = "required"\nselect = ["IDM", "TYP", "REF", "SYN"]\n'

Write = Callable[..., None]
Check = Callable[..., tuple[list[str], str]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    (tmp_path / "m").mkdir()
    (tmp_path / "miglint.toml").write_text(SETTINGS)

    def put(name: str, text: str) -> None:
        (tmp_path / "m" / name).write_text(text)

    put("001_one.sql", ONE)
    put("002_two.sql", TWO)
    return put


@pytest.fixture
def check(write: Write, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run a check; return `CODE line` of each reported finding, and the notes."""

    def run(*arguments: str, status: int | None = None) -> tuple[list[str], str]:
        code = main(["check", "--format", "json", *arguments])
        told = capsys.readouterr()
        assert code != 2 or status == 2, told.err
        if status is not None:
            assert code == status
        found = json.loads(told.out)["findings"] if told.out else []
        return [f"{item['code']} {item['path']}:{item['line']}" for item in found], told.err

    return run


def accepted() -> list[dict[str, str]]:
    return list(json.loads(Path(FILE).read_text())["findings"])


def fingerprints(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], str]:
    main(["check", "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    return {(item["code"], item["message"]): item["fingerprint"] for item in found}


def test_a_part_is_merged_into_what_was_accepted(check: Check) -> None:
    check("--write-baseline", status=0)
    everything = accepted()
    assert len({item["code"] for item in everything}) > 2
    for arguments in (
        ["m/001_one.sql"],
        ["--select", "IDM"],
        ["--ignore", "TYP"],
        ["m/002_two.sql", "--select", "TYP"],
    ):
        _, said = check("--write-baseline", *arguments, status=0)
        assert accepted() == everything, arguments
        assert "that were not checked kept" in said
    assert check("--baseline", FILE)[0] == []


def test_since_and_other_partial_reports_are_refused(check: Check) -> None:
    for arguments in (["--since", "HEAD"], ["--hook"], ["--no-suppressions"], ["--no-baseline"]):
        for option in ("--write-baseline", "--prune"):
            _, said = check(option, *arguments, status=2)
            assert f"{option} cannot be combined with {arguments[0]}" in said
    assert not Path(FILE).exists()


def test_a_file_that_is_no_baseline_is_not_overwritten(check: Check) -> None:
    Path("notes.json").write_text('{"mine": 1}')
    _, said = check("--write-baseline", "--baseline", "notes.json", status=2)
    assert "not a miglint baseline" in said
    assert Path("notes.json").read_text() == '{"mine": 1}'
    Path("notes.json").write_text("{\n<<<<<<< ours\n")
    _, said = check("--baseline", "notes.json", status=2)
    assert "notes.json:2: not a miglint baseline" in said and "resolve a merge by hand" in said
    _, said = check("--baseline", str(Path("none.json").absolute()), status=2)
    assert "miglint: none.json: cannot be read: No such file or directory; --write-baseline writes it" in said


def test_the_missing_setting_is_named_or_added(check: Check) -> None:
    _, said = check("--write-baseline", status=0)
    assert f'`baseline = "{FILE}"` is not set in the configuration' in said
    _, said = check("--write-baseline", "--configure", status=0)
    assert "added to miglint.toml" in said
    assert Path("miglint.toml").read_text() == f'baseline = "{FILE}"\n{SETTINGS}'
    assert check(status=0)[0] == []
    _, said = check("--write-baseline", status=0)
    assert "is not set" not in said
    assert check("--no-baseline", status=1)[0]
    _, said = check("--no-baseline", "--baseline", FILE, status=2)
    assert "cannot be combined" in said


@pytest.mark.parametrize(
    "change",
    [
        lambda text: f"-- A new head.\n\n{text}",
        lambda text: text.lower().replace("(", "\n(\n    ").replace(",", "\n  , "),
        lambda text: text.replace("CREATE TABLE a", "create /* the first */ table\n  -- named so\n  a"),
        lambda text: text.replace("n varchar(5)", "n text, more int"),
        lambda text: f"CREATE TABLE IF NOT EXISTS first (id bigint PRIMARY KEY);\n{text}",
    ],
    ids=["moved", "reformatted", "commented", "neighbor", "statement before"],
)
def test_fingerprints_survive(write: Write, capsys: pytest.CaptureFixture[str], change: Callable[[str], str]) -> None:
    before = fingerprints(capsys)
    write("001_one.sql", change(ONE))
    after = fingerprints(capsys)
    same = before.keys() & after.keys()
    assert len(same) >= 3
    assert {key: before[key] for key in same} == {key: after[key] for key in same}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("001_one.sql", "001_first.sql"),
        ("003_x.up.sql", "003_y_z.up.sql"),
        ("V3__x.sql", "V3__why.sql"),
        ("20240101120000_x.sql", "20240101120000_y.sql"),
    ],
)
def test_a_renamed_description_is_the_same_migration(check: Check, write: Write, before: str, after: str) -> None:
    write(before, ONE.replace("a ", "c "))
    check("--write-baseline", status=0)
    Path("m", before).rename(Path("m", after))
    found, said = check("--baseline", FILE, status=0)
    assert (found, "no longer found" in said) == ([], False)


def test_a_new_finding_beside_accepted_ones_is_new(check: Check, write: Write) -> None:
    check("--write-baseline", status=0)
    write("001_one.sql", f"{ONE}CREATE TABLE z (id bigint PRIMARY KEY);\n")
    assert check("--baseline", FILE, status=1)[0] == ["IDM001 m/001_one.sql:3"]
    # It is new, although another one of the rule was fixed.
    write("001_one.sql", f"{ONE.replace('TABLE a', 'TABLE IF NOT EXISTS a')}CREATE TABLE z (id bigint PRIMARY KEY);\n")
    assert check("--baseline", FILE, status=1)[0] == ["IDM001 m/001_one.sql:3"]


def test_a_mended_neighbor_makes_nothing_new(check: Check, write: Write) -> None:
    check("--write-baseline", status=0)
    for text in (ONE.replace("id serial", "id bigint"), ONE.replace("INDEX i", "INDEX IF NOT EXISTS i")):
        write("001_one.sql", text)
        found, said = check("--baseline", FILE, status=0)
        assert found == []
        assert "accepted finding" in said
        assert "--prune" in said


def test_a_finding_that_moves_to_the_other_script_of_its_migration_is_not_new(check: Check, write: Write) -> None:
    """A mended forward can be where a rollback goes wrong; the finding is the same."""
    write("003_c.up.sql", "CREATE TABLE IF NOT EXISTS c (id int PRIMARY KEY);\n")
    write("003_c.down.sql", "DROP TABLE c;\n")
    check("--write-baseline", status=0)
    baseline = json.loads(Path(FILE).read_text())
    (moved,) = (item for item in baseline["findings"] if item["path"] == "m/003_c.down.sql")
    moved |= {"path": "m/003_c.up.sql", "direction": "forward", "fingerprint": "0" * 16}
    Path(FILE).write_text(json.dumps(baseline))
    assert check("--baseline", FILE, status=0)[0] == []
    moved |= {"path": "m/002_two.sql", "version": "002"}
    Path(FILE).write_text(json.dumps(baseline))
    assert check("--baseline", FILE, status=1)[0] == ["IDM020 m/003_c.down.sql:1"]


def test_what_a_fixed_finding_hid_is_not_new(check: Check, write: Write) -> None:
    broken = "CREATE TABEL c (id bigint);\nCREATE TABLE d (id bigint PRIMARY KEY);\n"
    write("003_c.sql", broken)
    check("--write-baseline", status=0)
    assert "SYN001" in [item["code"] for item in accepted()]
    write("003_c.sql", broken.replace("TABEL", "TABLE IF NOT EXISTS"))
    found, said = check("--baseline", FILE, status=0)
    assert found == []
    assert "fixed (SYN001 in m/003_c.sql)" in said
    # A statement that was not there before is.
    write("003_c.sql", broken.replace("TABEL", "TABLE IF NOT EXISTS") + "CREATE TABLE e (id bigint PRIMARY KEY);\n")
    assert check("--baseline", FILE, status=1)[0] == ["IDM001 m/003_c.sql:3"]


def test_what_breaks_because_another_finding_went_is_new(check: Check, write: Write) -> None:
    check("--write-baseline", status=0)
    write("001_one.sql", ONE.replace(", n varchar(5)", ""))
    assert "m/001_one.sql:2" in " ".join(check("--baseline", FILE, status=1)[0])


def test_fixed_findings_are_reported_and_pruned(check: Check, write: Write) -> None:
    check("--write-baseline", status=0)
    everything = accepted()
    write("002_two.sql", TWO.replace("TABLE b", "TABLE IF NOT EXISTS b"))
    _, said = check("--baseline", FILE, "m/001_one.sql")
    assert "no longer found" not in said
    _, said = check("--baseline", FILE, "--select", "TYP")
    assert "no longer found" not in said
    _, said = check("--baseline", FILE)
    assert "1 accepted finding fixed (IDM001 in m/002_two.sql)" in said
    assert accepted() == everything
    found, said = check("--baseline", FILE, "--prune", status=0)
    assert (found, "1 fixed finding removed" in said) == ([], True)
    assert accepted() == [item for item in everything if (item["code"], item["path"]) != ("IDM001", "m/002_two.sql")]
    Path("m/002_two.sql").unlink()
    check("--baseline", FILE, "--prune", status=0)
    assert {item["path"] for item in accepted()} == {"m/001_one.sql"}
    _, said = check("--prune", status=2)
    assert "no baseline is configured" in said


def test_a_baseline_of_the_first_version_is_read(check: Check) -> None:
    check("--write-baseline", status=0)
    old = [
        {"fingerprint": f"{number:016}", **{key: item[key] for key in ("code", "path", "message")}}
        for number, item in enumerate(accepted())
    ]
    Path(FILE).write_text(json.dumps({"baseline_version": 1, "findings": old}))
    assert check("--baseline", FILE, status=0)[0] == []
    check("--write-baseline", status=0)
    assert json.loads(Path(FILE).read_text())["baseline_version"] == 2
    assert len(accepted()) == len(old)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("miglint.toml", '# Ours.\n\npaths = ["m"]\n[rules]\n', '# Ours.\n\n{}paths = ["m"]\n[rules]\n'),
        ("miglint.toml", "# About paths.\npaths = ['m']", "{}# About paths.\npaths = ['m']"),
        ("pyproject.toml", "[a]\n[tool.miglint] # ours\npaths = []\n", "[a]\n[tool.miglint] # ours\n{}paths = []\n"),
        ("pyproject.toml", "[tool.miglint]", "[tool.miglint]\n{}"),
    ],
)  # fmt: skip
def test_the_setting_is_added_without_touching_the_rest(check: Check, name: str, before: str, after: str) -> None:
    Path("miglint.toml").unlink()
    Path(name).write_text(before)
    check("--write-baseline", "--configure", "m", status=0)
    assert Path(name).read_text() == after.format(f'baseline = "{FILE}"\n')
    assert check("m")[0] == []


def test_without_a_configuration_one_is_made(check: Check) -> None:
    Path("miglint.toml").unlink()
    check("--write-baseline", "--configure", "m", status=0)
    assert Path("miglint.toml").read_text() == f'baseline = "{FILE}"\n'
    Path("miglint.toml").unlink()
    Path("pyproject.toml").write_text('tool.miglint.paths = ["m"]\n')
    _, said = check("--write-baseline", "--configure", status=2)
    assert "by hand" in said
