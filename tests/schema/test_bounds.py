"""The bounds of many partitions find the same overlaps as comparing each pair."""

from __future__ import annotations

from random import Random
from time import process_time

from miglint.schema.bounds import Bounds, _Tree, are_mixed_moduli, bounds_overlap
from miglint.schema.objects import Key


def _bound(random: Random) -> str:
    low = random.randrange(60)
    high = low + random.randrange(1, 9)
    modulus = random.choice((2, 3, 8, 12, 999_999_937))
    return random.choice(
        (
            f"from ({low}) to ({high})",
            f"from ('2024-01-{low % 28 + 1:02}') to ('2024-02-{high % 28 + 1:02}')",
            f"in ({low}, {high})",
            "from (minvalue) to (3)",
            f"with (modulus {modulus}, remainder {low % modulus})",
            f"from ({low}, 1) to ({high}, 2)",
            "from ('nan') to ('nan')",
            "default",
        )
    )


def _depth(tree: _Tree | None) -> int:
    return 0 if tree is None else 1 + max(_depth(tree.left), _depth(tree.right))


def test_overlaps_are_those_of_all_pairs() -> None:
    random = Random(7)
    held: dict[Key, str] = {}
    bounds = Bounds()
    for number in range(600):
        if held and random.random() < 0.45:
            key = random.choice(sorted(held))
            bounds = bounds.without(key, held.pop(key))
        else:
            key = Key("relation", "public", f"p{number}")
            held[key] = _bound(random)
            bounds = bounds.adding(key, held[key])
        asked = _bound(random)
        assert bounds.overlapping(asked) == {
            key for key, bound in held.items() if bounds_overlap(bound, asked) or are_mixed_moduli(bound, asked)
        }


def test_a_huge_modulus_takes_no_longer_than_the_partitions_that_there_are() -> None:
    bounds = Bounds().adding(Key("relation", "public", "p"), "with (modulus 999999937, remainder 1)")
    started = process_time()
    assert bounds.overlapping("with (modulus 2, remainder 0)") == {Key("relation", "public", "p")}
    assert process_time() - started < 1


def test_ranges_in_order_make_no_deep_tree() -> None:
    bounds = Bounds()
    for number in range(1000):
        bounds = bounds.adding(Key("relation", "public", f"p{number}"), f"from ({number}) to ({number + 1})")
    assert _depth(bounds.ranges.get(1)) <= 20
