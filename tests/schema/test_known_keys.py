"""Keys of rows as a persistent value do what a plain dictionary does."""

from __future__ import annotations

from random import Random

import pytest

from miglint.schema.known_keys import KnownKeys, Values


@pytest.mark.parametrize("count", [1, 2])
def test_keys_are_those_of_a_dictionary(count: int) -> None:
    random = Random(count)
    keys, plain = KnownKeys(count), dict[Values, bool]()
    others: list[tuple[KnownKeys, dict[Values, bool]]] = []
    for _ in range(500):
        values = tuple(str(random.randrange(12)) for _ in range(count))
        match random.randrange(6):
            case 0 | 1 | 2:
                keys, plain = keys.adding([values]), plain | {values: True}
            case 3:
                keys, plain = keys.doubted(), dict.fromkeys(plain, False)
            case 4:
                place = random.randrange(count)
                found = keys.with_value(place, values[place])
                assert set(found) == {key for key in plain if key[place] == values[place]}
                keys, plain = keys.without(found), {key: sure for key, sure in plain.items() if key not in found}
            case _:
                others.append((keys, plain))
                other, told = random.choice(others)
                keys = keys.joined(other)
                plain = {key: plain.get(key, False) or told.get(key, False) for key in {**plain, **told}}
        assert dict(keys) == plain
        assert len(keys) == len(plain)
        assert keys.holds(values) == plain.get(values)
