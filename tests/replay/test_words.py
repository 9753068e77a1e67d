"""Names in the texts that a rename carries along."""

from __future__ import annotations

import pytest

from miglint.replay.apply.words import swap_anywhere, swap_word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select t.a from t where b = 't'", "select u.a from u where b = 't'"),
        ("select 'it''s t' || t.a from t -- of t\n, t", "select 'it''s t' || u.a from u -- of t\n, u"),
        ("t /* t * t */ = t /* and t", "u /* t * t */ = u /* and t"),
        ('select "t"."my t" from "t"', 'select "u"."my t" from "u"'),
        ("tt t_ t1 _t", "tt t_ t1 _t"),
    ],
)
def test_a_word_in_a_constant_or_a_comment_is_no_name(text: str, expected: str) -> None:
    assert swap_word(text, "t", "u") == expected
    assert swap_word(expected, "u", "t") == text


def test_a_sequence_is_named_in_a_constant() -> None:
    assert swap_anywhere("nextval('s'::regclass)", "s", "r") == "nextval('r'::regclass)"
