"""What every regular expression of the project keeps to, so that all versions of Python read it alike and in time."""

from __future__ import annotations

import ast
import gc
import importlib
import pkgutil
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]  # private
from re import _parser  # type: ignore[attr-defined]  # private
from typing import Any

import pytest

import miglint
from miglint.base import lazy_regex
from miglint.base.lazy_regex import many
from miglint.linter.foreign_suppressions import _START as COMMENT_START
from miglint.sql.sqlite.features import FEATURES

SOURCES = Path(miglint.__path__[0])
USES = {"match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"}
# One character, which is what a possessive quantifier counts rightly in every version.
UNITS = {codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN}


def lazy() -> list[tuple[str, Any, int]]:
    """Every pattern that a module holds, however deep in its tables: where it is named, its text and flags."""
    names = {}
    for module in pkgutil.walk_packages(miglint.__path__, "miglint."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                names.setdefault(id(value), f"{module.name}.{name}")
    found = [item for item in gc.get_objects() if isinstance(item, lazy_regex._Pattern)]
    return [(names.get(id(item), "miglint"), item._text, item._flags) for item in found]


def of_features() -> list[tuple[str, Any, int]]:
    """The patterns by which features of SQLite are known, which are compiled where they are."""
    return [(feature.key, feature.pattern, 0) for feature in FEATURES]


def direct() -> Iterator[tuple[str, Any, int]]:
    """Every call of `re` in the sources; what is filled in when it runs stands as a letter."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Attribute(ast.Name("re"), method), [text, *_]) if method in USES | {"compile"}:
                    if isinstance(text, ast.JoinedStr):
                        parts = [part.value if isinstance(part, ast.Constant) else "x" for part in text.values]
                        yield f"{path.name}:{node.lineno}", "".join(map(str, parts)), 0
                    elif isinstance(text, ast.Constant):
                        yield f"{path.name}:{node.lineno}", text.value, 0


def wrong(tree: Any, *, atomic: bool = False) -> Iterator[str]:
    """What Python 3.11.4 and older match wrongly in a parsed pattern (gh-100061, gh-106052), and all do (gh-101955)."""
    for operation, argument in tree:
        if operation is codes.POSSESSIVE_REPEAT:
            _, _, body = argument
            if len(body) != 1 or body[0][0] not in UNITS:
                yield "a possessive quantifier over more than one character"
            yield from wrong(body, atomic=True)
        elif operation is codes.ATOMIC_GROUP:
            yield from wrong(argument, atomic=True)
        elif operation is codes.SUBPATTERN:
            if atomic and argument[0] is not None:
                yield "a group that captures inside an atomic one"
            yield from wrong(argument[3], atomic=atomic)
        elif operation is codes.BRANCH:
            for branch in argument[1]:
                yield from wrong(branch, atomic=atomic)
        elif operation in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            yield from wrong(argument[2], atomic=atomic)
        elif operation in (codes.ASSERT, codes.ASSERT_NOT):
            yield from wrong(argument[1], atomic=atomic)
        elif operation is codes.GROUPREF_EXISTS:
            yield from wrong(argument[1], atomic=atomic)
            yield from wrong(argument[2] or (), atomic=atomic)


def test_no_pattern_needs_what_some_versions_of_python_match_wrongly():
    patterns = [*lazy(), *of_features(), *direct()]
    assert len(patterns) > 280
    found = [(name, said) for name, text, flags in patterns for said in wrong(_parser.parse(text, flags))]
    assert found == []


@pytest.mark.parametrize(
    "text", ["(?:ab)*+", "(?:a|bc)++", "(?:a?)?+", "x(?:(?:a|bc){2,3}+)y", "(?=(?:ab)++)", "(?>(a))"]
)
def test_what_is_matched_wrongly_is_seen(text):
    assert list(wrong(_parser.parse(text, 0)))


@pytest.mark.parametrize("text", ["a*+", "[ab]++", "(?>(?:ab)*)", ".{2,3}+", "(?>a|b)(c)"])
def test_what_is_matched_rightly_is_let_through(text):
    assert not list(wrong(_parser.parse(text, 0)))


PARTS = ["'[^']*'", "--[^\n]*(?:\n|\\Z)", "ab?c", "a(?!b)", r"\*(?!/)", "[ab]b|a"]


@pytest.mark.parametrize("part", PARTS)
def test_many_is_a_loop_that_gives_nothing_back(part):
    one, all_ = re.compile(part), re.compile(many(part))
    chance = random.Random(part)
    texts = ["".join(chance.choices("ab'c*/-\n", k=chance.randrange(12))) for _ in range(2_000)]
    texts += [unit * 1_000 + end for unit in ("''", "--\n", "ab", "abc", "*") for end in ("", "'", "a", "/")]
    for text in texts:
        at = 0
        while (found := one.match(text, at)) and found.end() > at:
            at = found.end()
        match = all_.match(text)
        assert match is not None
        assert match.end() == at, (part, text)


# What is opened and never closed, and what could begin anywhere: of the kinds that make a search start again and again.
ATTACKS = (
    "'", '"', "`", "''", "'a'", "/*", "/*/", "*/", "--", "--\n", "-", "$", "$a$", "$$", "(", "[", "{{", "{{ ", "{%",
    "${", "{{'", "{{/*", " ", "\n", "\r", "\t\n", "a", "a ", "0", "1.", "1_", "a.", '"a".', "\\", "E'\\", "x'0", "'a",
    ";", "é", "= ", "array[", "index ", "copy ", "with ", "declare ", "create ", "gin (", "in (", "[[ ", "near ",
)  # fmt: skip
# A text that is matched to its end is not tried in other ways; one that has something else there is.
ENDS = ("", "\n\0")
SIZE = 4_000
# Patterns for the names of files, which the system keeps short.
SHORT = re.compile(
    r"miglint\.discovery\.(?:layouts\..*NAME|layouts\.plain\.\w+|layouts\.folders\._\w+|versions\._HEAD)"
)


def methods() -> dict[tuple[str, str], set[str]]:
    """By which methods each pattern is used: by module and name, and in all modules by name alone."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in SOURCES.rglob("*.py"):
        module = ".".join(path.with_suffix("").relative_to(SOURCES.parent).parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(ast.Name(name) | ast.Attribute(attr=name), method) if method in USES:
                    found.setdefault((module, name), set()).add(method)
                    found.setdefault(("", name), set()).add(method)
    return found


def seconds(compiled: re.Pattern[Any], method: str, text: Any) -> float:
    before = time.thread_time()
    if method in {"sub", "subn"}:
        compiled.sub(text[:0], text)
    elif method in {"findall", "finditer", "split"}:
        for _ in compiled.finditer(text):
            pass
    else:
        getattr(compiled, method)(text)
    return time.thread_time() - before


def grows(compiled: re.Pattern[Any], method: str, attack: str, start: str = "", end: str = "") -> bool:
    """Whether twice the text takes much more than twice the time; what is quick is not asked twice."""

    def cut(size: int) -> Any:
        text = (start + attack * (SIZE // len(attack)))[:size] + end
        return text.encode() if isinstance(compiled.pattern, bytes) else text

    # What doubles with each character is seen here, and would not end with hundreds of them.
    if any(seconds(compiled, method, cut(size)) > 0.05 for size in (16, 24, 32, 48, 64, 96, 128)):
        return True
    size = 500
    while size < SIZE and seconds(compiled, method, cut(size)) < 0.002:
        size *= 2
    if size >= SIZE:
        return False
    # What reads a limited number of characters ahead grows like this too, but only up to there.
    for whole in (size, min(SIZE, 4 * size)):
        half, all_ = (min(seconds(compiled, method, cut(part)) for _ in range(4)) for part in (whole // 2, whole))
        if all_ <= 3 * half:
            return False
    return True


def test_no_pattern_takes_more_than_linear_time():
    """A search that begins anew at each character, and each time reads to the end, takes minutes for a megabyte."""
    known = methods()
    slow = []
    for name, text, flags in lazy():
        if SHORT.match(name):
            continue
        compiled = re.compile(text, flags)
        module, _, own = name.rpartition(".")
        used = known.get((module, own) if own.startswith("_") else ("", own), {"search"})
        if isinstance(text, str) and text.startswith(COMMENT_START):
            used = {"match"}
        slow += [
            (name, method, it, end)
            for method in sorted(used)
            for it in ATTACKS
            for end in ENDS
            if grows(compiled, method, it, end=end)
        ]
    assert slow == []


@pytest.mark.parametrize("text", ["(?:a|-*)*b", r"(?:\s|--[^\n]*)*", "(?:-|--)*;"])
def test_a_pattern_that_splits_a_text_in_many_ways_is_seen(text):
    assert any(grows(re.compile(text), "fullmatch", it, end=end) for it in ATTACKS for end in ENDS)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.key)
def test_no_feature_of_sqlite_takes_more_than_linear_time_to_find(feature):
    """Words of its example again and again, without the last that makes it one."""
    words = [each.upper() for each in re.findall(r"\w+|[^\w\s]", feature.example)]
    attacks = {
        *ATTACKS,
        *(" ".join(words[:end]) + " " for end in range(1, len(words))),
        *(f"{each} " for each in words),
    }
    # What such a statement begins with.
    starts = ("", "CREATE ", "ALTER TABLE T ", "CREATE INDEX I ( ", "ALTER TABLE T ADD C ")
    compiled = re.compile(feature.pattern)
    assert [(start, attack) for start in starts for attack in attacks if grows(compiled, "search", attack, start)] == []
