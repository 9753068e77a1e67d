"""Labels of enums with many labels are those that a tuple would have."""

from __future__ import annotations

import pickle
import random

import pytest

from miglint.schema import enum_labels
from miglint.schema.encoding import decode_object, encode_object
from miglint.schema.enum_labels import Labels, labels_as_stored, with_label, with_renamed_label
from miglint.schema.objects import Enum
from miglint.sql.operations import Name


def changed(labels: tuple[str, ...], chance: random.Random, number: int):
    """Return a change of labels as a function, and the tuple that it should make of them."""
    new = f"n{number}"
    place = chance.randrange(len(labels)) if labels else 0
    kind = chance.randrange(4) if labels else 3
    if kind == 0:
        return lambda found: with_label(found, new, labels[place], after=True), (
            *labels[: place + 1],
            new,
            *labels[place + 1 :],
        )
    if kind == 1:
        return lambda found: with_label(found, new, labels[place], after=False), (
            *labels[:place],
            new,
            *labels[place:],
        )
    if kind == 2:
        return lambda found: with_renamed_label(found, labels[place], new), (
            *labels[:place],
            new,
            *labels[place + 1 :],
        )
    return lambda found: with_label(found, new), (*labels, new)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("few", [0, 3, 24])
def test_labels_are_those_of_a_tuple(monkeypatch, seed, few):
    monkeypatch.setattr(enum_labels, "_FEW", few)
    chance = random.Random(seed)
    expected = tuple(f"x{number}" for number in range(seed % 5))
    labels = labels_as_stored(expected)
    for number in range(40):
        change, following = changed(expected, chance, number)
        found = change(labels)
        assert tuple(labels) == expected, "the changed labels are others than those before"
        assert labels != found
        labels, expected = found, following
        assert tuple(labels) == expected
        assert list(reversed(labels)) == list(reversed(expected))
        assert len(labels) == len(expected)
        assert labels == expected
        assert expected == labels
        assert hash(labels) == hash(expected)
        assert labels == labels_as_stored(expected)
        assert labels[0] == expected[0]
        assert labels[-1] == expected[-1]
        assert labels[1:3] == expected[1:3]
        assert labels.index(expected[-1]) == len(expected) - 1
        assert expected[0] in labels
        assert "other" not in labels
        assert labels != (*expected, "other")
    assert type(labels) is Labels


def test_lists_with_the_same_labels_in_another_order_differ():
    labels = Labels.of(("a", "b", "c", "d"))
    assert labels != Labels.of(("a", "c", "b", "d"))
    assert labels != Labels.of(("b", "a", "c", "d"))
    assert labels != ["a", "b", "c", "d"]
    assert labels.renamed("b", "x").renamed("x", "b") == labels
    with pytest.raises(ValueError, match="not in tuple"):
        labels.index("x")


def test_labels_are_stored_as_those_of_a_tuple():
    names = tuple(f"x{number}" for number in range(60))
    many = Enum(Name("public", "e"), Labels.of(names).with_label("y", "x3"))
    data = encode_object(many)
    assert data == encode_object(Enum(Name("public", "e"), tuple(many.labels)))
    found = decode_object(data, lambda *_: None)
    assert found == many
    assert type(found.labels) is Labels
    few = decode_object(encode_object(Enum(Name("public", "e"), ("a", "b"))), lambda *_: None)
    assert few.labels == ("a", "b")
    assert type(few.labels) is tuple
    assert pickle.loads(pickle.dumps(many.labels)) == many.labels
