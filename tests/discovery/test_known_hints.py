"""What is known of texts leads to what looking at all of them leads to."""

from __future__ import annotations

import itertools
import os

import pytest

from miglint.base.input_files import content_hash
from miglint.base.model import SourceFile
from miglint.cache.hints import HintCache
from miglint.cache.store import Store
from miglint.discovery.evidence import has_sections, of_files
from miglint.discovery.known_hints import KnownHints

TEXTS = (
    "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);",
    "CREATE TABLE b (id bigserial);",
    "CREATE TABLE c (id int AUTO_INCREMENT) ENGINE=InnoDB;",
    "CREATE TABLE d (at datetime, x blob);",
    "{{ if .sqlite }} PRAGMA foreign_keys = ON; {{ end }}",
    "-- miglint: section=sqlite\nSELECT 1;",
    "-- SQLite version\nSELECT autoincrement;",
    "CREATE TABLE e (t nvarchar(10));",
    "SELECT 1;" + " " * 100_000 + "-- auto_increment",
    "",
)


def files(*texts: str) -> list[SourceFile]:
    """Return files with their digests."""
    return [SourceFile(f"{n}.sql", text, digest=content_hash(text.encode())) for n, text in enumerate(texts)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_hints_change_no_evidence(number):
    hints = KnownHints({})
    for texts in itertools.combinations(TEXTS, number):
        listed = files(*texts)
        fresh = of_files(listed), [has_sections(file) for file in listed]
        with hints:
            assert (of_files(listed), [has_sections(file) for file in listed]) == fresh
    # Each text was looked at once.
    assert len(hints.found) == len(TEXTS)
    with KnownHints(hints.found) as again:
        of_files(files(*TEXTS))
    assert again.found == {}


def test_files_that_were_not_read_have_hints_of_their_own_text():
    with KnownHints({}) as hints:
        assert of_files([SourceFile("a.sql", TEXTS[0])]) is not None
        assert of_files([SourceFile("a.sql", TEXTS[1])]) is None
    assert hints.found == {}


@pytest.mark.parametrize("damage", [b"", b"\x93", b"[]"])
def test_damaged_hints_are_as_none(tmp_path, damage):
    store = Store(str(tmp_path), os.urandom(32), own=True)
    cache = HintCache(store, "here")
    found = {bytes((number,)) * 32: number for number in range(20)}
    cache.save({}, found)
    assert cache.load() == found
    assert HintCache(store, "there").load() == {}
    for path in tmp_path.glob("steps-*"):
        path.write_bytes(path.read_bytes()[:40] + damage)
    assert cache.load() == {}
