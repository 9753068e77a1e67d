"""Detection of the engine from syntax that only one engine has, for scripts without any other information."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from miglint.base.lazy_regex import many, pattern
from miglint.base.model import SourceFile
from miglint.base.structs import Struct
from miglint.discovery.dialects import POSTGRES, SQLITE, Mark, named
from miglint.discovery.known_hints import KnownHints
from miglint.discovery.sections import may_have_sections

# Number of characters examined per script: the rest is usually data.
_LOOKED_AT = 100_000
# Unterminated tokens extend to the end, so that a text is scanned once.
_NOISE = pattern(
    r"--[^\n]*+|/\*[^*]*+" + many(r"\*(?!/)[^*]*+") + r"(?:\*/|\Z)|'[^']*+" + many("''[^']*+") + r"(?:'|\Z)"
)


class _EngineWords(Struct, frozen=True):
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


# What a text may have, as bits: template tags, sections, and from `_ENGINE` on the words of each group.
_TEMPLATE, _SECTIONS, _ENGINE = 1, 2, 4
_GROUPS = (*_OTHERS, _NOT_POSTGRES)


def _hints_in(text: str) -> int:
    found = _TEMPLATE if "{{" in text else 0
    if may_have_sections(text):
        found |= _SECTIONS
    lowered = text[:_LOOKED_AT].lower()
    for number, group in enumerate(_GROUPS):
        for hint in group.hints:
            if hint in lowered:
                found |= _ENGINE << number
                break
    return found


def has_sections(file: SourceFile) -> bool:
    """Return quickly whether a file may have sections."""
    known = KnownHints.current
    return may_have_sections(file.text) if known is None else known.of(file, _hints_in) & _SECTIONS != 0


class Evidence(Struct, frozen=True):
    """The engine that scripts are written for, with the matching text and the path of the file."""

    mark: Mark
    words: str
    path: str


def of_files(files: Sequence[SourceFile]) -> Evidence | None:
    """Return the engine that most of these scripts indicate; None if nothing indicates other than PostgreSQL.

    Templates are ignored: they often contain text for several engines.
    """
    texts = _PlainScripts(files)
    strong = [(each.mark, places) for number, each in enumerate(_OTHERS) if (places := texts.found(number))]
    weak = texts.found(len(_OTHERS))
    if not strong and not weak:
        return None
    ours = texts.number_of_postgres()
    if not strong:
        return None if ours else Evidence(SQLITE, *weak[0])
    mark, places = max(strong, key=lambda item: len(item[1]))
    theirs = {path for _, path in (*places, *weak)}
    return Evidence(mark, *places[0]) if len(theirs) > ours else None


def of_postgres(files: Sequence[SourceFile]) -> Evidence | None:
    """Return the first syntax in these scripts that only PostgreSQL has; None if there is none."""
    for file in files:
        found = _POSTGRES.search(_NOISE.sub(" ", _lowered(file)))
        if found is not None:
            return Evidence(POSTGRES, " ".join(found[0].split()), file.path)
    return None


def _lowered(file: SourceFile) -> str:
    return file.text[:_LOOKED_AT].lower()


class _PlainScripts:
    """The texts of those files that are no templates."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        known = KnownHints.current
        self._hints: list[int] | None = None
        if known is None:
            self._files = [file for file in files if "{{" not in file.text]
        else:
            hinted = [(file, hints) for file in files if not (hints := known.of(file, _hints_in)) & _TEMPLATE]
            self._files = [file for file, _ in hinted]
            self._hints = [hints for _, hints in hinted]
        self._texts = [_lowered(file) for file in self._files] if known is None else []
        self._whole = "\n".join(self._texts)
        # Patterns of several engines are applied to the same script.
        self._code = cache(lambda text: _NOISE.sub(" ", text))

    def found(self, number: int) -> list[tuple[str, str]]:
        """Return the first match of a group in each script that has one, with the script's path."""
        words = _GROUPS[number].words
        hinted = self._by_words(number) if self._hints is None else self._by_known_hints(number, self._hints)
        found = ((words.search(self._code(text)), path) for path, text in hinted)
        return [(" ".join(match[0].split()), path) for match, path in found if match is not None]

    def number_of_postgres(self) -> int:
        """Return the number of scripts with syntax that only PostgreSQL has."""
        return sum(_POSTGRES.search(self._code(_lowered(file))) is not None for file in self._files)

    def _by_known_hints(self, number: int, known: list[int]) -> Iterator[tuple[str, str]]:
        """Yield the paths and texts of those files that may have words of a group."""
        bit = _ENGINE << number
        for file, hints in zip(self._files, known, strict=True):
            if hints & bit:
                yield file.path, _lowered(file)

    def _by_words(self, number: int) -> Iterator[tuple[str, str]]:
        """Yield the same where nothing is known: words that no text has are looked for once."""
        words = [hint for hint in _GROUPS[number].hints if hint in self._whole]
        for file, text in zip(self._files, self._texts, strict=True) if words else ():
            if any(word in text for word in words):
                yield file.path, text
