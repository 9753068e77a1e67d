"""Detection of the engine from syntax that only one engine has, for scripts without any other information."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from miglint.base.lazy_regex import many, pattern
from miglint.base.model import SourceFile
from miglint.discovery.dialects import POSTGRES, SQLITE, Mark, named

# Number of characters examined per script: the rest is usually data.
_LOOKED_AT = 100_000
# Unterminated tokens extend to the end, so that a text is scanned once.
_NOISE = pattern(
    r"--[^\n]*+|/\*[^*]*+" + many(r"\*(?!/)[^*]*+") + r"(?:\*/|\Z)|'[^']*+" + many("''[^']*+") + r"(?:'|\Z)"
)


class _EngineWords(NamedTuple):
    """Engine-specific syntax, in lower case; a text without any of `hints` has none of it."""

    mark: Mark
    hints: tuple[str, ...]
    words: re.Pattern[str]


_OTHERS = (
    _EngineWords(
        SQLITE,
        (
            *("autoincrement", "pragma", "rowid", "sqlite_", "virtual table", "strftime", "julianday", "unixepoch"),
            *("randomblob", "insert or replace", "insert or ignore", "update or replace", "update or ignore"),
        ),
        pattern(
            r"\bautoincrement\b|\bpragma\s+\w+|\bwithout\s+rowid\b|\bsqlite_(?:master|schema|sequence|version)\b"
            r"|\bcreate\s+virtual\s+table\b|\b(?:insert|update) or (?:replace|ignore)\b"
            r"|\b(?:strftime|julianday|unixepoch|randomblob)\s*\("
        ),
    ),
    _EngineWords(
        named("mysql"),
        (
            *("auto_increment", "innodb", "myisam", "unsigned", "modify column", "change column", "character set"),
            *("charset", "on update current_timestamp"),
        ),
        pattern(
            r"\bauto_increment\b|\bengine\s*=\s*(?:innodb|myisam)\b|int(?:eger)?(?:\(\d+\))?\s+unsigned\b"
            r"|\b(?:modify|change) column\b|\bcharacter set\b|\bcharset\s*=|\bon update current_timestamp\b"
        ),
    ),
    _EngineWords(
        named("clickhouse"),
        ("mergetree", "lowcardinality"),
        pattern(r"\bengine\s*=\s*\w*mergetree\b|\blowcardinality\s*\("),
    ),
    _EngineWords(
        named("sqlserver"),
        ("nvarchar", "[dbo]", "identity(1", "identity (1"),
        pattern(r"\bnvarchar\b|\[dbo\]|\bidentity ?\(1,\s*1\)"),
    ),
)
# Syntax or types that PostgreSQL lacks and SQLite accepts.
_NOT_POSTGRES = _EngineWords(
    SQLITE,
    ("`", '""', "blob", "datetime", "longtext"),
    pattern(
        r"`\w+`|\bdefault\s+\"\"(?!\")|\b(?!(?:add|and|as|by|column|distinct|on|or|select|set|to)\b)\w+[\"\]]?\s+"
        r"(?:(?:tiny|medium|long)?blob|datetime|longtext)(?=\s*(?:[,);]|not\b|null\b|default\b|primary\b|unique\b))"
    ),
)
_POSTGRES = pattern(
    r"::|\$\w*\$|\b(?:big|small)?serial\b|\bjsonb\b(?!\s*\()|\btimestamptz\b|\bbytea\b|\bplpgsql\b|\bconcurrently\b"
    r"|\busing\s+(?:gin|gist|btree|hash|brin)\b|\bcreate\s+(?:extension|type|sequence|schema|domain|role|function)\b"
    r"|\bor\s+replace\s+function\b|\bnextval\s*\(|\bowner\s+to\b|\bcomment\s+on\b|\bwith\s+time\s+zone\b|\w\[\]"
    r"|\b(?:gen_random_uuid|uuid_generate_v[14])\s*\(|\bset\s+data\s+type\b|\binclude\s*\("
)


class Evidence(NamedTuple):
    """The engine that scripts are written for, with the matching text and the path of the file."""

    mark: Mark
    words: str
    path: str


def of_files(files: Sequence[SourceFile]) -> Evidence | None:
    """Return the engine that most of these scripts indicate; None if nothing indicates other than PostgreSQL.

    Templates are ignored: they often contain text for several engines.
    """
    texts = [(file.path, file.text[:_LOOKED_AT].lower()) for file in files if "{{" not in file.text]
    whole = "\n".join(text for _, text in texts)
    # Patterns of several engines are applied to the same script.
    code = cache(lambda text: _NOISE.sub(" ", text))
    strong = [(each.mark, places) for each in _OTHERS if (places := _found(texts, each, whole, code))]
    weak = _found(texts, _NOT_POSTGRES, whole, code)
    if not strong and not weak:
        return None
    ours = sum(_POSTGRES.search(code(text)) is not None for _, text in texts)
    if not strong:
        return None if ours else Evidence(SQLITE, *weak[0])
    mark, places = max(strong, key=lambda item: len(item[1]))
    theirs = {path for _, path in (*places, *weak)}
    return Evidence(mark, *places[0]) if len(theirs) > ours else None


def of_postgres(files: Sequence[SourceFile]) -> Evidence | None:
    """Return the first syntax in these scripts that only PostgreSQL has; None if there is none."""
    for file in files:
        found = _POSTGRES.search(_NOISE.sub(" ", file.text[:_LOOKED_AT].lower()))
        if found is not None:
            return Evidence(POSTGRES, " ".join(found[0].split()), file.path)
    return None


def _found(
    texts: Sequence[tuple[str, str]], each: _EngineWords, whole: str, code: Callable[[str], str]
) -> list[tuple[str, str]]:
    """Return the first match in each script that has one, with the script's path."""
    hints = [hint for hint in each.hints if hint in whole]
    hinted = ((path, text) for path, text in texts if any(hint in text for hint in hints)) if hints else ()
    found = ((each.words.search(code(text)), path) for path, text in hinted)
    return [(" ".join(match[0].split()), path) for match, path in found if match is not None]
