"""A run with the steps of earlier runs says what a run without them says, whatever has changed in between.

`make increments` tries more, and edits copies of real histories.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys

import pytest
from msgspec.msgpack import encode
from tests.linter.increments import edits

from miglint.cache import store
from miglint.cache.steps import StepCache
from miglint.cli.main import main as cli_main
from miglint.linter import migration_reports
from miglint.linter.incremental.known_findings import KnownFindings
from miglint.linter.incremental.step_trace import Tracer, encoded_label, encoded_user
from miglint.replay import steps
from miglint.schema.encoding import encode_key


@pytest.mark.parametrize("seed", range(4))
def test_every_edit_gives_what_a_fresh_run_gives(project, seed):
    chance = random.Random(seed)
    project.generate(chance, 12)
    project.compare()
    for name in edits(chance, 14):
        project.edit(name, chance)
        assert project.compare() == "", name


@pytest.mark.parametrize(
    ("direction", "number", "text"),
    [
        ("up", 0, "-- longer than it was\n{}"),
        ("down", 5, "{}DROP TABLE IF EXISTS elsewhere;\n"),
        ("up", 9, "{}CREATE TABLE one_more (id int);\n"),
    ],
    ids=["comment", "rollback", "new table"],
)
def test_a_change_that_concerns_no_other_replays_one_migration(project, direction, number, text):
    project.generate(random.Random(number), 12)
    project.check()
    path = sorted(project.folder.rglob(f"*.{direction}.sql"))[number]
    path.write_text(text.format(path.read_text()))
    assert project.replayed() == 1


def test_a_changed_table_replays_what_looks_at_it(project):
    for number, text in enumerate(("TABLE a (id int)", "TABLE b (id int)", "INDEX i ON a (id)", "INDEX j ON b (id)")):
        project.write(f"{number}_x.up.sql", f"CREATE {text};\n")
    project.check()
    project.write("0_x.up.sql", "CREATE TABLE a (id int, n int);\n")
    assert project.replayed() == 2
    assert project.replayed() == 0
    assert project.compare() == ""


def test_a_name_that_is_taken_now_replays_who_gives_it(project):
    for number, text in enumerate(("TABLE a (id int)", "TABLE b (n int)", "INDEX taken ON b (n)")):
        project.write(f"{number}_x.up.sql", f"CREATE {text};\n")
    project.check()
    project.write("0_x.up.sql", "CREATE TABLE a (id int);\nCREATE INDEX taken ON a (id);\n")
    assert project.compare() == ""


def test_what_sqlite_makes_of_scripts_is_asked_once_where_somebody_reads_it(project, monkeypatch):
    project.generate(random.Random(4), 12)
    asked = []
    ask = steps.sqlite_accepts

    def counted(*given):
        asked.append(given)
        return ask(*given)

    for module in (steps, migration_reports):
        monkeypatch.setattr(module, "sqlite_accepts", counted)
    project.check(verdicts=False)
    assert asked == []
    fresh = project.check(cached=False)
    number = len(asked)
    assert number >= 12
    assert project.replayed() == 0
    assert len(asked) == 2 * number
    assert project.check() == fresh
    assert len(asked) == 2 * number


def test_another_severity_replays_nothing(project):
    project.generate(random.Random(4), 12)
    project.check()
    project.settings('[severity]\nLCK = "error"\n')
    assert project.replayed() == 0


def test_findings_of_other_migrations_are_not_made_again(project, monkeypatch):
    project.generate(random.Random(7), 12)
    project.check()
    last = sorted(project.folder.rglob("*.up.sql"))[-1]
    last.write_text(f"-- changed\n{last.read_text()}")
    taken = []
    take = KnownFindings.take
    monkeypatch.setattr(KnownFindings, "take", lambda self, *given: (take(self, *given), taken.append(len(self.taken))))
    assert project.compare() == ""
    assert taken[0] >= 8


@pytest.mark.parametrize("options", [(), ("--color", "always"), ("--verbose",), ("--quiet", "--sort", "severity")])
def test_the_text_of_other_migrations_is_what_it_is_without_cache(project, capfd, options):
    def text(*more):
        cli_main(["check", "migrations", "--exit-zero", *options, *more])
        return re.sub(r"\d+ ms", "ms", capfd.readouterr().out)

    project.generate(random.Random(8), 12)
    text()
    chance = random.Random(9)
    for name in ("comment", "alter", "suppress", "empty", "statement"):
        project.edit(name, chance)
        assert text() == text("--no-cache"), name


def test_a_fix_in_the_next_migration_is_made_again_where_that_changes(project):
    project.write("1_t.up.sql", "CREATE TABLE t (id int);\n")
    project.write("1_t.down.sql", "DROP TABLE t;\n")
    project.write("2_c.up.sql", "ALTER TABLE t ADD CONSTRAINT above CHECK (id > 0);\nSELECT 1;\n")
    project.write("2_c.down.sql", "ALTER TABLE t DROP CONSTRAINT above;\n")
    project.write("3_n.up.sql", "SELECT 1;\n")
    project.write("3_n.down.sql", "SELECT 1;\n")
    assert project.compare() == ""
    project.write("3_n.up.sql", "ALTER TABLE t DROP CONSTRAINT above;\n")
    assert project.compare() == ""
    project.write("3_n.up.sql", "SELECT 2;\n")
    assert project.compare() == ""
    project.write("4_m.up.sql", "SELECT 1;\n")
    project.write("4_m.down.sql", "SELECT 1;\n")
    assert project.compare() == ""


def test_a_file_of_settings_that_appears_beside_a_script_is_not_offered_again(project):
    project.settings('layout = "diesel"\n')
    for number, text in enumerate(("CREATE TABLE t (id int);", "CREATE INDEX i ON t (id);"), start=1):
        project.write(f"2024-01-0{number}-000000_m/up.sql", f"{text}\n")
    assert project.compare() == ""
    assert "metadata.toml" in project.check()
    project.write("2024-01-02-000000_m/metadata.toml", "# as usual\n")
    assert project.compare() == ""
    assert "metadata.toml" not in project.check()


def test_the_missing_rollback_of_the_first_migration_is_one_of_many_as_soon_as_most_have_none(project):
    names = [f"{number}_t.down.sql" for number in range(2, 7)]
    for number in range(1, 7):
        project.write(f"{number}_t.up.sql", f"CREATE TABLE IF NOT EXISTS t{number} (id int);\n")
    for name in names:
        project.write(name, f"DROP TABLE IF EXISTS t{name[0]};\n")
    assert project.compare() == ""
    for name in names:
        (project.folder / name).unlink()
        assert project.compare() == "", name


def test_what_most_scripts_lack_is_merged_as_soon_as_it_is_most(project):
    names = [project.folder / f"{number}.sql" for number in range(1, 10)]
    guard = "CREATE TABLE IF NOT EXISTS t{0} (id int);\n"
    for number, path in enumerate(names):
        project.write(path.name, guard.format(number))
    assert project.compare() == ""
    for number, path in enumerate(names):
        project.write(path.name, guard.replace("IF NOT EXISTS ", "").format(number))
        assert project.compare() == "", number


_OWN = """
from miglint.api import Hit, Severity, Step, ops, rule


@rule("OWN001", "step-rule", Severity.WARNING, "s", on=(ops.CreateTable, ops.AddColumn))
def of_step(step: Step):
    for statement in step.forward_statements:
        yield Hit(step.migration.forward.file, statement.span, f"{len(list(step.before.objects))} WORD")


@rule("OWN002", "history-rule", Severity.WARNING, "h", scope="history")
def of_history(passages):
    last = passages[-1].migration.forward
    if last is not None:
        yield Hit(last.file, last.span, f"{len(passages)} of {len(list(passages[-1].after.objects))}")
"""


def test_own_rules_are_asked_again_only_where_something_changed(project):
    project.generate(random.Random(10), 12)
    project.settings('own-rules = ["own.py"]\n')
    (project.root / "own.py").write_text(_OWN.replace("len(list(step.before.objects))", "1"))
    assert project.compare() == ""
    assert "OWN002" in project.check()
    last = sorted(project.folder.rglob("*.up.sql"))[-1]
    last.write_text(f"-- changed\n{last.read_text()}")
    assert project.replayed() == 1
    chance = random.Random(11)
    for name in ("comment", "alter", "remove", "statement"):
        project.edit(name, chance)
        assert project.compare() == "", name
    (project.root / "own.py").write_text(_OWN)
    assert project.compare() == ""


def test_files_asked_for_alone_use_the_steps_before_them(project):
    project.generate(random.Random(5), 12)
    project.check()
    last = sorted(project.folder.rglob("*.up.sql"))[-1]
    last.write_text(f"-- changed\n{last.read_text()}")
    assert project.replayed(last) == 1
    assert project.compare(last) == ""


def test_steps_that_were_only_passed_have_no_findings_yet(project):
    project.generate(random.Random(6), 12)
    last = sorted(project.folder.rglob("*.up.sql"))[-1]
    assert project.compare(last) == ""
    # Their forwards are known now, and their findings are not.
    assert project.replayed() == 11
    assert project.compare() == ""


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_damaged_steps_are_as_none(project, damage):
    project.generate(random.Random(7), 6)
    project.check()
    project.damage(damage)
    project.edit("comment", random.Random(8))
    assert project.compare() == ""


def test_steps_of_another_user_are_as_none(project, monkeypatch, tmp_path):
    project.generate(random.Random(9), 6)
    project.check()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    project.edit("comment", random.Random(8))
    assert project.replayed() == 6


def test_a_full_disk_changes_nothing(project, monkeypatch):
    project.generate(random.Random(10), 6)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.Store, "_put", full)
    assert project.compare() == ""
    assert project.replayed() == project.replayed() > 0


def test_files_asked_for_alone_have_left_out_no_others(project):
    project.write("1_x.up.sql", "CREATE TABLE a (id int);\n")
    project.write("1_x.mysql.up.sql", "CREATE TABLE a (id int) ENGINE=InnoDB;\n")
    project.check()
    assert project.compare(project.folder / "1_x.up.sql") == ""


def test_a_new_program_between_migrations_may_have_made_what_they_use(project):
    project.settings('baseline-schema = "schema.sql"\n')
    for number in (1, 3):
        text = f"-- +goose Up\nALTER TABLE unknown ADD COLUMN c{number} int;\n-- +goose Down\nSELECT 1;\n"
        project.write(f"2020010100000{number}_x.sql", text)
    before = project.check()
    project.write("20200101000002_x.go", "package migrations\n")
    assert project.compare() == ""
    assert project.check() != before


def test_files_asked_for_alone_say_the_same_after_a_run_over_all(project):
    project.write("1_x.up.sql", "CREATE TABLE a (id int);\n")
    project.write("1_x.down.sql", "SELECT 1;\n")
    project.write("2_x.up.sql", "ALTER TABLE a ADD COLUMN c int;\n")
    # It makes up for the rollback before it.
    project.write("2_x.down.sql", "DROP TABLE a;\n")
    project.write("copy_1_x.up.sql", "SELECT 1;\n")
    project.check()
    for path in project.files():
        assert project.compare(path) == "", path


def test_a_finding_has_the_same_fingerprint_if_one_file_is_asked_for(project):
    project.write("postgres/1_x.up.sql", "-- both\nSELECT 1; SELECT 2;\n")
    project.write("sqlite/1_x.up.sql", "-- both\nSELECT 1; CREATE VIEW v AS SELECT 1 AS one;\n")
    reports = [
        json.loads(project.check(*paths, cached=False))[0]["findings"]
        for paths in ((), (project.folder / "postgres" / "1_x.up.sql",))
    ]
    whole, one = ({(item["code"], item["path"]): item["fingerprint"] for item in found} for found in reports)
    view = ("PAR009", "migrations/sqlite/1_x.up.sql")
    assert whole[view] == one[view]


def test_another_run_at_the_same_time_changes_nothing(project, monkeypatch):
    project.generate(random.Random(11), 12)
    project.check()
    one, two = (project.files()[number] for number in (2, 20))
    texts = one.read_text(), two.read_text()
    real = StepCache.save

    def save(self, *given):
        """Let a run over other texts end between the reads and the writes of this one."""
        monkeypatch.setattr(StepCache, "save", real)
        one.write_text(texts[0])
        two.write_text(f"{texts[1]}\nDROP TABLE IF EXISTS another;\n")
        project.check()
        real(self, *given)

    monkeypatch.setattr(StepCache, "save", save)
    one.write_text(f"{texts[0]}\nCREATE TABLE another (id int);\n")
    project.check()
    assert project.compare() == ""
    two.write_text(texts[1])
    assert project.compare() == ""


KILLED = """
import os, signal, sys
from miglint.cli.main import main

real = os.replace

def replace(one, two):
    if "steps-" in two and any(name.startswith("steps-") for name in os.listdir(os.path.dirname(two))):
        os.truncate(one, 100)
        os.kill(os.getpid(), signal.SIGKILL)
    real(one, two)

os.replace = replace
main(["check", "migrations"])
"""


def test_a_run_that_is_killed_while_it_stores_steps_leaves_nothing_wrong(project):
    project.generate(random.Random(12), 12)
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=project.root, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert list(project.cache.glob("steps-*"))
    (left,) = project.cache.glob(".tmp-*")
    os.utime(left, (1, 1))
    assert project.compare() == ""
    project.edit("comment", random.Random(13))
    assert project.compare() == ""
    assert not list(project.cache.glob(".tmp-*"))


def test_what_has_read_no_difference_is_known_without_a_schema(project, monkeypatch):
    project.generate(random.Random(3), 12)
    project.write("000000_other.up.sql", "CREATE TABLE other (id int);\n")
    for number in range(3):
        project.write(f"9{number}0000_other.up.sql", f"CREATE INDEX other_{number} ON other (id);\n")
    project.check()
    compared = []
    fits = Tracer.fits
    monkeypatch.setattr(Tracer, "fits", lambda self, *given, **named: compared.append(fits(self, *given, **named)))
    project.write("000000_other.up.sql", "CREATE TABLE other (id int, n int);\n")
    assert project.replayed() == 4
    # The others are known by the keys that they have read alone.
    assert len(compared) == 3
    assert project.replayed() == 0
    assert project.compare() == ""


def test_a_step_has_the_bytes_of_all_that_it_has_read(project, monkeypatch):
    project.generate(random.Random(5), 8)
    found = []
    trace = Tracer.trace

    def traced(self, reads, schema, *, doubted):
        made = trace(self, reads, schema, doubted=doubted)
        if made is not None:
            wanted = [*map(encode_key, reads.objects), *map(encoded_label, reads.labels)]
            wanted += [encoded_user(encode_key(key)) for key in reads.users]
            found.extend(one in encode(made) for one in wanted)
        return made

    monkeypatch.setattr(Tracer, "trace", traced)
    project.check()
    assert len(found) > 100
    assert all(found)
