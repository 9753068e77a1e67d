"""Adding a key to a configuration file, without changing the rest of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from miglint.base.atomic_write import write_file
from miglint.base.edits import line_break_of
from miglint.base.errors import UsageError
from miglint.base.input_files import MAX_CONFIGURATION, read_in_checkout
from miglint.base.lazy_regex import pattern
from miglint.base.toml_text import TomlError, toml_values
from miglint.config.settings import FILE, PYPROJECT, Settings

_OURS = pattern(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*miglint[ \t]*\][^\n]*(?:\n|\Z)", re.MULTILINE)
# A comment at the top, followed by an empty line, is about the whole file.
_COMMENT = pattern(r"(?:#[^\n]*\n)+\r?\n")


def set_key(settings: Settings, key: str, value: str) -> str:
    """Add a key with a string value to the configuration in use, or to a new miglint.toml; return the file's path.

    Raises `UsageError` if the file cannot be written, or has no place where the key can be added.
    """
    path = Path(settings.root) / (Path(settings.file).name if settings.file is not None else FILE)
    shown = settings.file or os.path.relpath(path)
    try:
        text = read_in_checkout(str(path), MAX_CONFIGURATION).decode("utf-8") if settings.file is not None else ""
        changed = with_key(text, f"{key} = {json.dumps(value, ensure_ascii=False)}", table=path.name == PYPROJECT)
        if changed is None or not _holds(changed, key, value, table=path.name == PYPROJECT):
            raise UsageError(
                f"{shown}: add `{key} = {json.dumps(value)}` by hand: its form does not allow to add a key"
            )
        write_file(path, changed.encode())
    except OSError as error:
        raise UsageError(f"{shown}: cannot be written: {error.strerror or error}") from None
    return shown


def with_key(text: str, line: str, *, table: bool) -> str | None:
    """Return TOML text with a line for a key added: at its top level, or in `[tool.miglint]` if `table`.

    None if there is no such table.
    """
    end = line_break_of(text)
    # A key at the top belongs to no table, and stands in no value of several lines.
    header = _OURS.search(text) if table else _COMMENT.match(text)
    if table and header is None:
        return None
    place = header.end() if header is not None else 0
    before = text[:place]
    return f"{before}{'' if not before or before.endswith(chr(10)) else end}{line}{end}{text[place:]}"


def _holds(text: str, key: str, value: str, *, table: bool) -> bool:
    try:
        values = toml_values(text)
    except TomlError:
        return False
    inner: object = values
    for name in ("tool", "miglint") if table else ():
        inner = inner.get(name) if isinstance(inner, dict) else None
    return isinstance(inner, dict) and inner.get(key) == value
