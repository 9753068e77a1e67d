"""The last uses of words: looked for one by one, listed all, or known from an earlier run."""

from __future__ import annotations

import os

import pytest

from miglint.base.model import Dialect, Direction, History, Migration, Script, SourceFile, Span
from miglint.cache.store import Store
from miglint.linter.incremental.last_uses import KnownUses, last_uses

TEXTS = ("CREATE TABLE A1 (x int);", "ALTER TABLE a1 ADD y int;", "SELECT é_1, 'x y2';", "DROP TABLE b1;")
WORDS = ("a1", "x", "y", "y2", "é_1", "a", "b1", "table b1", "é")
LAST = (1, 2, 1, 2, 2, -1, 3, -1, -1)


def history(*texts: str) -> History:
    """Return a history of forwards."""
    migrations = []
    for number, text in enumerate(texts):
        script = Script(SourceFile(f"{number}.sql", text), Span(0, len(text)), Direction.FORWARD, Dialect.POSTGRES)
        migrations.append(Migration(str(number), "", Dialect.POSTGRES, script, None))
    return History(".", "plain", Dialect.POSTGRES, tuple(migrations))


def seen(one: History) -> list[list[bool]]:
    """Return for each word whether it is used after each migration."""
    return [[last_uses(one).is_later(word, migration) for migration in one.migrations] for word in WORDS]


EXPECTED = [[place > number for number in range(len(TEXTS))] for place in LAST]


@pytest.mark.parametrize("before", [0, 20])
def test_few_words_are_found_as_many_are(before):
    one = history(*TEXTS)
    for number in range(before):
        assert not last_uses(one).is_later(f"nowhere{number}", one.migrations[0])
    assert seen(one) == EXPECTED


def test_known_places_are_those_of_the_texts_as_they_are_now(tmp_path):
    store, keys = Store(str(tmp_path), os.urandom(32), own=True), [text.encode() for text in TEXTS]
    before = history(*TEXTS)
    assert seen(before) == EXPECTED
    KnownUses(store, ["here"], keys).save(before)

    changed = (TEXTS[0], "SELECT b1, a, nowhere;", *TEXTS[2:], "SELECT x;")
    after = history(*changed)
    KnownUses(store, ["here"], [text.encode() for text in changed]).load(after)
    assert seen(after) == seen(history(*changed)) != EXPECTED

    # A rearranged history has the same keys in another order.
    turned = history(*reversed(TEXTS))
    KnownUses(store, ["here"], keys[::-1]).load(turned)
    assert seen(turned) == seen(history(*reversed(TEXTS)))
