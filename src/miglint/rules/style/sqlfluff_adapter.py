"""What sqlfluff reports about the style of a script, as values.

sqlfluff is imported here and nowhere else. That takes half a second, and linting a script about a tenth of one, so this
module is imported when the first script is to be linted. sqlfluff's own configuration holds: the files `.sqlfluff`,
`setup.cfg`, `tox.ini` and `pyproject.toml` from the home folder down to the script's, `.sqlfluffignore`, and what
comments in the script say. What sqlfluff prints and logs is dropped.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from configparser import Error as IniError
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from io import StringIO
from itertools import pairwise
from pathlib import Path
from warnings import catch_warnings, simplefilter

from sqlfluff.core import FluffConfig, Linter, SQLBaseError, SQLLintError
from sqlfluff.core.config.loader import load_config_up_to_path
from sqlfluff.core.dialects import load_raw_dialect
from sqlfluff.core.linter.discovery import paths_from_path
from sqlfluff.core.types import ConfigMappingType

from miglint.base.errors import UsageError
from miglint.base.findings import Edit
from miglint.base.input_files import MAX_CONFIGURATION, refuse_unreadable
from miglint.base.model import Dialect, Script, Span
from miglint.base.structs import Struct
from miglint.rules.style.outside_settings import CONFIGURATION_FILES

# What sqlfluff raises for a configuration that it cannot use.
_UNUSABLE = (ValueError, KeyError, AssertionError, OSError, IniError)
# The rules that change the case of words which mean the same in any case: keywords, functions, literals, types.
_CASE = frozenset({"CP01", "CP03", "CP04", "CP05"})
# White space beside these can be removed without joining two words or operators.
_APART = frozenset("(),;[] \t\n")
# The prefix of a violation by which sqlfluff reports that one of its rules raised an exception.
_CRASH = "Unexpected exception: "
_PLEA = "; Could you open an issue"


class StyleViolation(Struct, frozen=True):
    """What one rule of sqlfluff reports about a script.

    `span` is its place in the file. `code` is sqlfluff's, empty where a comment with settings for sqlfluff cannot be
    used. `edits` fix it and change nothing but white space, or the case of words that mean the same in any case; there
    are none where the fix takes more than that.
    """

    span: Span
    code: str
    message: str
    edits: tuple[Edit, ...] = ()


class SqlfluffError(Exception):
    """A rule of sqlfluff crashed."""


def remarks(script: Script, *, configured: bool = True, noqa: bool = True) -> Iterator[StyleViolation]:
    """Yield what sqlfluff reports about a script, in order of place; nothing about what it cannot parse or leaves out.

    The path decides which configuration holds; it need not exist. Unless `configured`, no file of sqlfluff's is read:
    such a file can name macros and modules of Python, which then run. Unless `noqa`, comments hide nothing. Raises
    `UsageError` for a configuration that sqlfluff cannot use, and at the end `SqlfluffError` for rules of sqlfluff that
    crashed.
    """
    with _silence():
        found = _linted(script, configured, noqa)
    crashed: list[str] = []
    for remark in found:
        rule, _, description = remark.message.partition(": ")
        if description.startswith(_CRASH):
            crashed.append(f"{rule} raised: {description.removeprefix(_CRASH).partition(_PLEA)[0]}")
        else:
            yield remark
    if crashed:
        raise SqlfluffError(crashed[0])


@contextmanager
def _silence() -> Iterator[None]:
    """Drop what is printed, logged (without handlers the log goes to standard error) and warned of."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()), catch_warnings():
        simplefilter("ignore")
        yield


def _linted(script: Script, configured: bool, noqa: bool) -> list[StyleViolation]:
    path, text = script.path, script.text
    folder = _folder(path)
    try:
        linter, limit = _linter(folder if configured else None, script.dialect)
        if 0 < limit < len(text.encode("utf-8", "surrogatepass")) or (configured and _is_ignored(path)):
            return []
    except _UNUSABLE as error:
        shown = Path(os.path.relpath(folder)).as_posix()
        raise UsageError(f"sqlfluff cannot use its configuration for the folder {shown}: {_words(error)}") from error
    config = linter.config.copy()
    try:
        # Settings are at the head of a file, before the parts that are scripts.
        config.process_raw_file_for_config(script.file.text, path)
        if not _is_of(config.get("dialect"), script.dialect):
            config.process_inline_config(f"-- sqlfluff:dialect:{script.dialect}", path)
        if not noqa:
            config.process_inline_config("-- sqlfluff:disable_noqa:True", path)
        rules = linter.get_rulepack(config)
    except _UNUSABLE as error:
        return [StyleViolation(_first_setting(script.file.text), "", f"sqlfluff cannot use this: {_words(error)}")]
    linted = linter.lint_rendered(linter.render_string(text, path, config, "utf-8"), rules)
    origins = _Origins(text, script.span.start)
    raw = linter.config.get("templater") == "raw"
    # Violations that the configuration makes warnings do not fail sqlfluff, and its hits do not fail us.
    return [
        StyleViolation(span, item.rule_code(), _message(item), _edits(item, script.file.text, origins) if raw else ())
        for item in linted.get_violations(filter_warning=False)
        if isinstance(item, SQLLintError) and (span := _span(item, origins)) is not None
    ]


def _folder(path: str) -> str:
    """Return the folder of a path, or the nearest one above that exists."""
    folder = Path(path).absolute().parent
    while not folder.is_dir():
        folder = folder.parent
    return str(folder)


@lru_cache(maxsize=64)
def _linter(folder: str | None, dialect: Dialect) -> tuple[Linter, int]:
    """Return sqlfluff with the configuration that holds in a folder (None: no configuration), for scripts of a dialect.

    With it comes the size in bytes above which sqlfluff leaves a file out (0: none is too large). Raises one of
    `_UNUSABLE` for a configuration that cannot be used.
    """
    found: ConfigMappingType = {}
    if folder is not None:
        for place in {Path(folder), *Path(folder).parents, Path.cwd()}:
            for name in CONFIGURATION_FILES:
                refuse_unreadable(place / name, MAX_CONFIGURATION)
        found = load_config_up_to_path(path=folder)
    core = found.get("core")
    given = core if isinstance(core, dict) else {}
    own = given.get("dialect")
    overrides: ConfigMappingType = {} if isinstance(own, str) and _is_of(own, dialect) else {"dialect": dialect.value}
    if "templater" not in given:
        # Braces in a migration are JSON far more often than Jinja.
        overrides["templater"] = "raw"
    linter = Linter(config=FluffConfig(configs=found, overrides=overrides))
    # The options of the rules are checked only here.
    linter.get_rulepack()
    return linter, int(linter.config.get("large_file_skip_byte_limit") or 0)


def _is_of(name: str, dialect: Dialect) -> bool:
    """Return whether sqlfluff's dialect of that name is a dialect of ours, or derived from it."""
    known: str | None = name
    while known is not None and known != dialect.value:
        try:
            known = load_raw_dialect(known).inherits_from
        except KeyError:
            raise ValueError(f"it has no dialect `{name}`") from None
    return known is not None


def _is_ignored(path: str) -> bool:
    """Return whether `.sqlfluffignore` or `ignore_paths` exclude a file."""
    return Path(path).is_file() and not paths_from_path(path, working_path=str(Path.cwd()), target_file_exts=("",))


def _words(error: Exception) -> str:
    # The text of a KeyError has quotation marks around it.
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.path.relpath(error.filename)}: {error.strerror}"
    return " ".join(str(error.args[0] if isinstance(error, KeyError) and error.args else error).split())


def _first_setting(text: str) -> Span:
    """Return the place of the first comment that sqlfluff reads settings from."""
    start = 0
    for line in text.splitlines(keepends=True):
        if line.startswith(("-- sqlfluff", "--sqlfluff")):
            return Span(start, start + len(line.rstrip()))
        start += len(line)
    return Span(0, 0)


def _message(violation: SQLBaseError) -> str:
    name = violation.rule_name()
    return f"{violation.rule_code()}{f' {name}' if name else ''}: {' '.join(violation.desc().splitlines())}"


class _Origins:
    """Turns offsets in what sqlfluff reads, where each line ends in one character, into those in the file."""

    def __init__(self, text: str, start: int) -> None:
        self._start, self._size = start, len(text)
        self.plain = "\r" not in text
        # Where a character is missing in what sqlfluff reads.
        self._gaps: list[int] = []
        at = text.find("\r\n")
        while at >= 0:
            self._gaps.append(at - len(self._gaps))
            at = text.find("\r\n", at + 2)

    def at(self, offset: int) -> int:
        return self._start + min(self._size, offset + bisect_left(self._gaps, offset))


def _span(violation: SQLLintError, origins: _Origins) -> Span | None:
    marker = violation.segment.pos_marker
    if marker is None:
        return None
    return Span(origins.at(marker.source_slice.start), origins.at(marker.source_slice.stop))


def _edits(violation: SQLLintError, text: str, origins: _Origins) -> tuple[Edit, ...]:
    """Return the edits of sqlfluff's fix, or none unless all of them are simple and apart from each other."""
    edits: list[Edit] = []
    for fix in violation.fixes:
        place = fix.to_dict()
        edit = Edit(origins.at(place["start_file_pos"]), origins.at(place["end_file_pos"]), str(place["edit"]))
        if not _is_simple(edit, text, violation.rule_code()) or not (origins.plain or "\n" not in edit.text):
            return ()
        edits.append(edit)
    edits.sort(key=lambda edit: (edit.start, edit.end))
    return () if any(later.start < earlier.end for earlier, later in pairwise(edits)) else tuple(edits)


def _is_simple(edit: Edit, text: str, code: str) -> bool:
    """Return whether an edit cannot change what the script does."""
    old = text[edit.start : edit.end]
    if old.strip() or edit.text.strip():
        return code in _CASE and old.lower() == edit.text.lower()
    if "\n" in old and "\n" not in edit.text:
        # Removing a line end could make what follows part of a comment.
        return not text[edit.end :].strip()
    beside = text[max(0, edit.start - 1) : edit.start], text[edit.end : edit.end + 1]
    return bool(edit.text) or any(not side or side in _APART for side in beside)
