"""The table of features: each row is executed on all SQLite libraries at hand, on both sides of its version."""

from __future__ import annotations

import re

import pytest
from sqlite_libraries import Job, Library, libraries

from miglint.sql.sqlite.features import FEATURES, MISSING, NEWEST, REFUSED, ROWS, SILENT, SYNTAX, Feature, uses
from miglint.sql.sqlite.features.model import ROWS_SEEN_SINCE
from miglint.sql.sqlite.judge import accepts, refusals

_SYNTAX = re.compile(r'near ".*": syntax error|unrecognized token|incomplete input|unknown table option', re.DOTALL)
_ROW = "INSERT INTO t (a, b, c) VALUES (1, 'x', 1)"

every_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.key)
every_library = pytest.mark.parametrize("library", libraries(), ids=lambda library: ".".join(map(str, library.version)))


def fits(feature: Feature, library: Library, error: str | None) -> bool:
    """Tell whether the error of a library is what the row says."""
    if feature.effect == ROWS:
        return (error is not None) == (library.version < ROWS_SEEN_SINCE)
    if feature.taken_by(library.version) or feature.effect == SILENT:
        return error is None
    if feature.effect == SYNTAX:
        return error is not None and _SYNTAX.match(error) is not None
    if feature.effect == REFUSED:
        return error is not None
    return error is not None and _SYNTAX.match(error) is None


@every_library
def test_every_row_is_what_the_library_does(library: Library) -> None:
    jobs: list[Job] = [(feature.setup, feature.example) for feature in FEATURES]
    errors = library.run(jobs)
    wrong = {
        feature.key: error for feature, error in zip(FEATURES, errors, strict=True) if not fits(feature, library, error)
    }
    assert wrong == {}


@every_library
def test_what_fails_on_rows_alone(library: Library) -> None:
    chosen = [feature for feature in FEATURES if feature.effect == ROWS]
    errors = library.run([((*feature.setup, _ROW), feature.example) for feature in chosen])
    assert [feature.key for feature, error in zip(chosen, errors, strict=True) if error is None] == []


@every_feature
def test_a_row_recognizes_its_example(feature: Feature) -> None:
    found = [use for use in uses(f"  {feature.example}", 5) if use.feature is feature]
    assert len(found) == 1
    assert found[0].statement.start == 7
    assert found[0].statement.start <= found[0].span.start < found[0].span.end <= found[0].statement.end


@every_feature
def test_the_judge_agrees_with_the_table(feature: Feature) -> None:
    refusing = feature.effect in {SYNTAX, REFUSED}
    for target in [(3, 20), (3, 40), NEWEST]:
        verdict = accepts(feature.example, target=target)
        if refusing and not feature.taken_by(target):
            assert verdict.accepted is False
            found = refusals(feature.example, target=target)[0].feature
            assert found is not None
        elif target == NEWEST:
            assert verdict.accepted is True


def test_keys_are_unique_and_every_row_has_its_advice() -> None:
    assert len({feature.key for feature in FEATURES}) == len(FEATURES)
    for feature in FEATURES:
        assert feature.advice
        assert feature.effect in {SYNTAX, REFUSED, ROWS, MISSING, SILENT}
        assert feature.since is None or feature.since <= NEWEST


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT (1), c DATETIME DEFAULT CURRENT_TIMESTAMP)",
        "CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES u (a) ON DELETE CASCADE, UNIQUE (a))",
        "ALTER TABLE t ADD COLUMN a TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE t RENAME TO u",
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a, b DESC) WHERE a IS NOT NULL",
        "INSERT INTO t (a, b) SELECT a, max(b) FROM u WHERE c LIKE 'x%' GROUP BY a ORDER BY a LIMIT 3",
        "UPDATE t SET a = (SELECT b FROM u WHERE u.c = t.c) WHERE EXISTS (SELECT 1 FROM u LEFT JOIN v ON u.a = v.a)",
        "DELETE FROM t WHERE a IN (1, 2, 3)",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE u SET a = NEW.a; END",
        "DROP TABLE IF EXISTS t",
        "BEGIN; COMMIT",
        "SELECT 'a :: b', \"interval\", [returning] FROM t -- ILIKE",
    ],
)
def test_plain_sql_uses_no_feature(text: str) -> None:
    assert [use.feature.key for use in uses(text)] == []
    assert accepts(text, target=(3, 20)).accepted is True


def test_the_first_offending_statement_is_named() -> None:
    text = "CREATE TABLE t (a TEXT);\nALTER TABLE t\n  ADD COLUMN b TEXT,\n  ADD COLUMN c TEXT;\nTRUNCATE t;"
    verdict = accepts(text, 10)
    (refusal,) = verdict.refusals
    assert verdict.accepted is False
    assert (refusal.message, refusal.syntax) == ('near ",": syntax error', True)
    assert text[refusal.span.start - 10 : refusal.span.end - 10] == ","
    assert text[refusal.statement.start - 10 :].startswith("ALTER TABLE t")
    found = refusals(text, 10)
    assert [each.feature.key if each.feature else None for each in found] == ["several-actions", "truncate"]


def test_the_target_decides() -> None:
    text = "ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0)"
    assert accepts(text).accepted is True
    assert accepts(text, target=(3, 53)).accepted is True
    assert [each.message for each in refusals(text, target=(3, 40))] == [
        "ALTER TABLE ... ADD CHECK: SQLite 3.53 or later, and the target is 3.40"
    ]
    assert [each.feature.key for each in refusals(text, target=(3, 30)) if each.feature] == ["drop-column", "add-check"]


def test_below_3_32_a_column_without_a_constant_default_is_refused_on_an_empty_table_too() -> None:
    text = "ALTER TABLE t ADD COLUMN d TEXT NOT NULL"
    assert accepts(text, target=(3, 32)).accepted is True
    assert [each.message for each in refusals(text, target=(3, 31))] == [
        "ADD COLUMN with NOT NULL and no default: SQLite 3.31 refuses it even on an empty table"
    ]


def test_what_no_table_could_mend_is_refused_without_being_syntax() -> None:
    for text, feature in [
        ("ALTER TABLE t ADD COLUMN a TEXT UNIQUE", "add-column-unique"),
        ("CREATE INDEX i ON t (a NULLS LAST)", "nulls-in-index"),
    ]:
        (refusal,) = refusals(text)
        assert not refusal.syntax
        assert refusal.feature is not None
        assert refusal.feature.key == feature
    assert accepts("INSERT INTO missing (a) SELECT unheard_of() FROM nowhere").accepted is True
