"""Import of another tool's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from miglint.base.errors import UsageError
from miglint.base.input_files import MAX_CONFIGURATION, read_in_checkout
from miglint.base.toml_text import TomlError, toml_values
from miglint.rules.selection import load_rules

SQUAWK = ".squawk.toml"
_KNOWN = {"excluded_rules", "included_rules", "excluded_paths", "pg_version", "assume_in_transaction"}
_UNUSED = {"upload_to_github": "--format github", "fail_on_violations": "--fail-on"}


def from_squawk(path: Path) -> list[str]:
    """Return miglint.toml lines equivalent to a `.squawk.toml`; unsupported settings become comments."""
    try:
        values = toml_values(read_in_checkout(path, MAX_CONFIGURATION).decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except TomlError as error:
        where = path if error.line is None else f"{path}:{error.line}"
        raise UsageError(f"{where}: {error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}:1: byte {error.start} is not UTF-8") from None
    lines = [f"# Imported from {path.name}. Rules keep their squawk names, as squawk:NAME."]
    lines += _rules(values, "excluded_rules", "ignore")
    lines += _rules(values, "included_rules", "extend-select")
    if paths := _texts(values, "excluded_paths"):
        lines += ["", f"exclude = {_list(paths)}"]
    if isinstance(values.get("pg_version"), str):
        lines += ["", f'targets = ["postgres>={values["pg_version"]}"]']
    if values.get("assume_in_transaction") is True:
        lines += ["", "# squawk assumed a transaction around each file.", 'transaction = "per-file"']
    for key in values:
        if key not in _KNOWN:
            instead = f": see `{_UNUSED[key]}` of miglint check" if key in _UNUSED else ""
            lines += ["", f"# `{key}` has no equivalent{instead}."]
    return lines


def _rules(values: dict[str, Any], key: str, ours: str) -> list[str]:
    registry = load_rules()
    listed = [f"squawk:{name}" for name in _texts(values, key)]
    known = [name for name in listed if registry.resolve(name) is not None]
    lines = ["", f"{ours} = {_list(known)}"] if known else []
    unknown = [name for name in listed if name not in known]
    return lines + [f"# `{name}` in `{key}` has no equivalent." for name in unknown]


def _texts(values: dict[str, Any], key: str) -> list[str]:
    value = values.get(key, [])
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _list(items: list[str]) -> str:
    quoted = ", ".join('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items)
    return f"[{quoted}]"
