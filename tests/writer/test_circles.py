"""Objects that need each other, in graphs of any shape."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from miglint.schema.objects import Key
from miglint.writer.postgres.circles import Circles

OBJECTS = [Key("relation", "public", str(number)) for number in range(8)]
EDGES = st.sets(st.tuples(st.sampled_from(OBJECTS), st.sampled_from(OBJECTS)), max_size=24)


def reached(edges: set[tuple[Key, Key]], start: Key, among: set[Key]) -> set[Key]:
    seen, waiting = set(), [start]
    while waiting:
        key = waiting.pop()
        if key in seen or key not in among:
            continue
        seen.add(key)
        waiting += [needed for user, needed in edges if user == key]
    return seen


@given(EDGES, st.sets(st.sampled_from(OBJECTS), min_size=1), st.randoms())
def test_objects_are_together_if_each_reaches_the_other(edges, among, chance):
    circles = Circles(lambda key: [needed for user, needed in edges if user == key], among.__contains__)
    pairs = [(one, other) for one in among for other in among]
    chance.shuffle(pairs)
    for one, other in pairs:
        mutual = other in reached(edges, one, among) and one in reached(edges, other, among)
        assert circles.are_together(one, other) is mutual


def test_a_chain_of_any_length_has_no_circle():
    keys = [Key("relation", "public", str(number)) for number in range(50_000)]
    after = dict(pairwise(keys))
    circles = Circles(lambda key: [after[key]] if key in after else [], lambda key: True)
    assert not circles.are_together(keys[0], keys[-1])
    after[keys[-1]] = keys[0]
    circles = Circles(lambda key: [after[key]], lambda key: True)
    assert circles.are_together(keys[0], keys[-1])
