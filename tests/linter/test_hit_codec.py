"""Hits for other processes and for the cache."""

from __future__ import annotations

from msgspec.msgpack import decode, encode

from miglint.base.findings import Edit, Fix, Severity
from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.discovery.next_migration import NextScripts
from miglint.linter.dispatch import PlacedHit
from miglint.linter.incremental.hit_codec import EncodedHit, HitCodec
from miglint.linter.proposed_fix import ProposedFix
from miglint.replay.runner_guarantees import Guarantee
from miglint.rules.definition import Alike, Hit, PairDifference
from miglint.rules.registry import built_in

FILE = SourceFile("1_a.up.sql", "SELECT 1;\n")
SCRIPT = Script(FILE, Span(0, 10), Direction.FORWARD, Dialect.POSTGRES)
FIX = Fix("do it", (Edit(0, 1, "x"),))
HIT = Hit(
    FILE,
    Span(1, 2),
    "message",
    "help",
    SCRIPT,
    Severity.INFO,
    FIX,
    "executed",
    "2",
    Guarantee(once=("sqlx",)),
    True,
    Alike("{} tables", "t"),
    PairDifference(("t",), "one", "two", True),
)


def test_a_decoded_hit_has_all_that_the_encoded_one_had():
    plain = Hit(FILE, Span(0, 0), "")
    assert [name for name in Hit.__struct_fields__ if getattr(HIT, name) == getattr(plain, name)] == ["file"]
    migration = Migration("1", "a", Dialect.POSTGRES, SCRIPT, None)
    rules = built_in().rules
    placed = PlacedHit(rules["SYM001"], HIT, migration, ProposedFix(FIX, "u", NextScripts("n", ("a",), ("b",)), True))
    codec = HitCodec((migration,), rules)
    assert codec.covers(placed)
    assert codec.decode(decode(encode(codec.encode(placed)), type=EncodedHit)) == placed
