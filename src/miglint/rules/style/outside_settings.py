"""What sqlfluff's findings depend on besides the script, by which a cache knows whether they are the same.

This is asked without importing sqlfluff, which takes longer than what the cache saves.
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

from miglint.base.input_files import MAX_CONFIGURATION, read_bytes
from miglint.base.model import Script
from miglint.base.toml_text import TomlError, toml_values
from miglint.rules.definition import Context

# The files that sqlfluff reads its configuration from, and what it leaves out.
CONFIGURATION_FILES = ("setup.cfg", "tox.ini", "pep8.ini", ".sqlfluff", "pyproject.toml", ".sqlfluffignore")
_OWN = frozenset({".sqlfluff", ".sqlfluffignore"})
# Settings that name other files, or code that is run: what these hold is not known.
_ELSEWHERE = (b"templater", b"macros", b"_path", b"_dir", b"library")


def outside_settings(script: Script, context: Context) -> str | None:
    """Return sqlfluff's version and plugins and all of its settings for a script; None if these name other files."""
    text = script.file.text
    if "sqlfluff:" in text and any(word.decode() in text.lower() for word in _ELSEWHERE):
        return None
    found: tuple[tuple[str, bytes], ...] | None = ()
    if context.settings["configuration"]:
        found = _settings_of(str(Path(script.path).absolute().parent), str(Path.cwd()))
    return None if found is None else repr((_versions(), found))


@lru_cache(maxsize=1)
def _versions() -> list[tuple[str, ...]]:
    """Return what takes part in sqlfluff: itself and its plugins, each with the version of what it comes with."""
    return sorted(
        (item.name, item.value, "" if item.dist is None else f"{item.dist.name} {item.dist.version}")
        for item in entry_points(group="sqlfluff")
    )


@lru_cache(maxsize=256)
def _settings_of(folder: str, working: str) -> tuple[tuple[str, bytes], ...] | None:
    """Return the files with settings for scripts in a folder, by path; None if these name other files."""
    home = Path.home()
    places = {Path(folder), *Path(folder).parents, Path(working), home, home / ".config" / "sqlfluff"}
    places |= {place.resolve() for place in tuple(places)}
    places |= {Path(base) / "sqlfluff" for name in ("XDG_CONFIG_HOME", "APPDATA") if (base := os.environ.get(name))}
    places.add(home / "Library" / "Application Support" / "sqlfluff")
    found = []
    for path in sorted(str(place / name) for place in places for name in CONFIGURATION_FILES):
        own = _settings_in(path)
        if own is None:
            return None
        if own:
            found.append((path, own))
    return tuple(found)


@lru_cache(maxsize=4_096)
def _settings_in(path: str) -> bytes | None:
    """Return sqlfluff's settings in a file, empty if there are none; None if they name other files."""
    try:
        content = read_bytes(path, MAX_CONFIGURATION)
    except FileNotFoundError:
        return b""
    except OSError:
        return None
    own = _own_settings(Path(path).name, content)
    return None if own is None or any(word in own.lower() for word in _ELSEWHERE) else own


def _own_settings(name: str, content: bytes) -> bytes | None:
    """Return the settings for sqlfluff in a file, empty if there are none; None if the file cannot be read."""
    if name != "pyproject.toml":
        return content if name in _OWN or b"sqlfluff" in content else b""
    # Its keys may be written with escapes.
    try:
        tool = toml_values(content.decode()).get("tool")
    except (UnicodeDecodeError, TomlError):
        return None
    own = tool.get("sqlfluff") if isinstance(tool, dict) else None
    return b"" if own is None else repr(own).encode("utf-8", "surrogatepass")
