"""The rule book's examples on real engines: what it calls bad goes wrong there, and what it calls good does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.rules.registry import built_in

from .book import Claim, Example, pages
from .engines import Database, Postgres, Refusal, database, differs
from .test_rulebook import apply_fixes, findings_of

PAGES = pages()
RUNNABLE = [example for page in PAGES for example in page.examples if example.runs]
CLAIMS = [claim for page in PAGES for claim in page.claims]
# A second run that changes rows, or a guard that does nothing: neither an error nor a schema shows it.
SILENT = frozenset({"IDM055", "IDM056", "IDM057", "IDM058", "IDM061"})
# Information: a pair is symmetric with these all the same.
REMARKS = frozenset({"SYM021", "SYM022", "SYM023", "SYM024"})


def start(example: Example, lent: Database) -> None:
    said = lent.run(example.text("baseline") or "")
    assert said is None, f"the baseline of {example} fails: {said}"


def second_runs(example: Example, lent: Database) -> list[str]:
    """Run forward twice, then rollback twice; return what went wrong the second time."""
    wrong: list[str] = []
    for part in ("up", "down"):
        script = example.text(part)
        if script is None:
            continue
        said = lent.run(script)
        assert said is None, f"the first run of {part} fails: {said}"
        once = lent.schema()
        said = lent.run(script)
        if said is not None:
            wrong.append(f"{part}: {said.message}")
        elif change := differs(once, lent.schema()):
            wrong.append(f"{part}: {change}")
    return wrong


@pytest.mark.parametrize(
    "example", [one for one in RUNNABLE if one.code.startswith("IDM") and one.code not in SILENT], ids=str
)
def test_idempotency_is_as_the_page_says(example: Example, postgres: PostgresEngine) -> None:
    with database(example.engine, postgres) as lent:
        start(example, lent)
        wrong = second_runs(example, lent)
    assert bool(wrong) == (example.side == "Bad"), wrong


@pytest.mark.parametrize(
    "example",
    [
        one
        for one in RUNNABLE
        if one.side == "Bad" and one.code.startswith("IDM") and built_in().rules[one.code].fixable
    ],
    ids=str,
)
def test_a_fix_leaves_the_first_run_as_it_was_and_lets_the_script_run_twice(
    example: Example, postgres: PostgresEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = [item for item in findings_of(example, tmp_path, monkeypatch) if item.code == example.code and item.fix]
    apply_fixes(offered, tmp_path)
    with database(example.engine, postgres) as lent, database(example.engine, postgres) as other:
        start(example, lent)
        start(example, other)
        for part in ("up", "down"):
            script = example.text(part)
            if script is None:
                continue
            (place,) = tmp_path.rglob(f"*.{part}.sql")
            fixed = place.read_text(encoding="utf-8")
            assert lent.run(script) is None
            assert other.run(fixed) is None
            assert not differs(lent.schema(), other.schema())
            if fixed != script:
                assert other.run(fixed) is None
                assert not differs(lent.schema(), other.schema())


@pytest.mark.parametrize(
    "example",
    [
        one
        for one in RUNNABLE
        if one.side == "Bad"
        and one.code.startswith("SYM")
        and one.code not in REMARKS
        and built_in().rules[one.code].fixable
    ],
    ids=str,
)
def test_a_fixed_rollback_restores_the_schema(
    example: Example, postgres: PostgresEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_fixes([item for item in findings_of(example, tmp_path, monkeypatch) if item.code == example.code], tmp_path)
    (place,) = tmp_path.rglob("*.down.sql")
    with database(example.engine, postgres) as lent:
        start(example, lent)
        before = lent.schema()
        assert lent.run(example.text("up") or "") is None
        said = lent.run(place.read_text(encoding="utf-8"))
        assert said is None
        assert not differs(before, lent.schema())


@pytest.mark.parametrize(
    "example", [one for one in RUNNABLE if one.code.startswith("SYM") and one.code not in REMARKS], ids=str
)
def test_symmetry_is_as_the_page_says(example: Example, postgres: PostgresEngine) -> None:
    with database(example.engine, postgres) as lent:
        start(example, lent)
        before = lent.schema()
        assert lent.run(example.text("up") or "") is None
        said = lent.run(example.text("down") or "")
        change = "" if said is not None else differs(before, lent.schema())
    assert (said is not None or bool(change)) == (example.side == "Bad"), (said, change)
    assert (said is not None) == (example.code == "SYM013" and example.side == "Bad"), said


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_an_engine_does_what_a_page_claims(claim: Claim, postgres: PostgresEngine) -> None:
    mine = [
        one
        for one in RUNNABLE
        if (one.code, one.side) == (claim.code, claim.side.title()) and claim.engine in engines_of(one)
    ]
    assert mine, "the page has no such example"
    for example in mine:
        with database(claim.engine, postgres) as lent:
            start(example, lent)
            prove(claim, example, lent)


def engines_of(example: Example) -> set[str]:
    """Return the engines that an example is about: these pages are about scripts that SQLite runs as well."""
    return {example.engine, "SQLite"} if example.code.startswith("LIT") else {example.engine}


def prove(claim: Claim, example: Example, lent: Database) -> None:
    initial = lent.schema()
    steps = ["up"] if claim.script == "forward" else ["up", "down"]
    steps += steps[-1:] if claim.second else []
    for step in steps[:-1]:
        assert lent.run(example.text(step) or "") is None
    before = lent.schema()
    said = lent.run(example.text(steps[-1]) or "")
    after = lent.schema()
    match claim.says:
        case "succeeds":
            assert said is None
        case "fails":
            assert isinstance(said, Refusal)
        case "leaves the schema as it was":
            assert said is None
            assert not differs(before, after)
        case "changes the schema again":
            assert said is None
            assert differs(before, after)
        case "restores the schema":
            assert said is None
            assert not differs(initial, after)
        case "leaves another schema than before the forward":
            assert said is None
            assert differs(initial, after)
        case text if text.startswith("fails with "):
            assert said is not None
            assert said.is_about(text.removeprefix("fails with ")), said
        case _:
            pytest.fail(f"no test understands `{claim.says}`")


def test_every_idempotency_and_symmetry_page_is_put_to_the_proof() -> None:
    # Pages without an example that an engine can run, and why.
    unproved = {
        "IDM056": "an interrupted build: see below",
        "IDM062": "reads a file of the server",
    }
    judged = {code for code in built_in().rules if code.startswith(("IDM", "SYM"))}
    assert judged - {example.code for example in RUNNABLE if example.side == "Bad"} == set(unproved)


def test_if_not_exists_keeps_the_invalid_index_of_an_interrupted_build(postgres: PostgresEngine) -> None:
    build = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_email_idx ON users (email);\n"
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_email_idx'::regclass"
    with database("PostgreSQL", postgres) as lent:
        assert isinstance(lent, Postgres)
        assert lent.run("CREATE TABLE users (email text); INSERT INTO users VALUES ('a'), ('a');") is None
        assert lent.run(build) is not None
        assert lent.run("TRUNCATE users;") is None
        assert lent.run(build) is None
        assert lent.query(valid) == [(False,)]
        assert lent.run("DROP INDEX CONCURRENTLY IF EXISTS users_email_idx;\n" + build) is None
        assert lent.query(valid) == [(True,)]


ADVICE = "Add to the rollback: `"
# The order of an enum's labels or of columns cannot be put right by adding a statement; a comment is no statement.
ADVISED = [
    one for one in RUNNABLE if one.code.startswith("SYM") and one.side == "Bad" and one.code not in REMARKS | {"SYM013"}
]


@pytest.mark.parametrize("example", ADVISED, ids=str)
def test_what_the_help_says_to_add_to_a_rollback_makes_it_whole(
    example: Example, postgres: PostgresEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [item for item in findings_of(example, tmp_path, monkeypatch) if item.code == example.code]
    advice = [item.help.removeprefix(ADVICE).split("`")[0] for item in told if item.help.startswith(ADVICE)]
    if len(advice) < len(told):
        # What cannot be said in one statement is described in words.
        assert example.code in {"SYM007", "SYM008", "SYM009", "SYM010", "SYM012", "SYM014", "SYM016", "SYM020"}
        return
    with database(example.engine, postgres) as lent:
        start(example, lent)
        before = lent.schema()
        assert lent.run(example.text("up") or "") is None
        assert lent.run((example.text("down") or "") + "\n".join(advice)) is None
        assert not differs(before, lent.schema())
