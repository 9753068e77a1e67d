"""HDR: the header comment of a script; opt-in, by configuration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

from miglint.base.findings import Severity
from miglint.base.model import Direction, Script, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, rule
from miglint.rules.header.fixes import fields_fix
from miglint.rules.support.reporting import first_text, hit_in

_DATES = frozenset({"created", "date", "updated", "modified"})
_VERSIONS = frozenset({"version"})
_NAMES = {"migration": Direction.FORWARD, "rollback": Direction.ROLLBACK}


class HeaderField(Struct, frozen=True):
    """A line `-- Name: value` of a header. `name` is in lower case; `span` is the value's place in the file."""

    name: str
    value: str
    span: Span


@lru_cache(maxsize=8)
def header(script: Script) -> tuple[HeaderField, ...]:
    """Return the fields in the comments before the first statement of a script, or of the file that holds it."""
    fields: list[HeaderField] = []
    for start in dict.fromkeys((0, script.span.start)):
        fields += _fields(script.file.text, start, script.span.end)
    return tuple(dict.fromkeys(fields))


def _fields(text: str, at: int, last: int) -> Iterator[HeaderField]:
    in_block = False
    while at < last:
        end = text.find("\n", at, last)
        end = last if end < 0 else end
        line = text[at:end]
        bare = line.strip()
        opens = bare.startswith("/*")
        if bare and not (in_block or opens or bare.startswith("--")):
            return
        in_block = (in_block or opens) and "*/" not in bare
        content = bare.strip("-/* \t")
        name, colon, value = content.partition(":")
        value = value.strip()
        if colon and name and all(word.isalpha() for word in name.split()) and not name.startswith("miglint"):
            place = at + line.find(value, line.find(":") + 1) if value else end
            yield HeaderField(name.strip().lower(), value, Span(place, place + len(value)))
        at = end + 1


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _scripts(step: Step) -> Iterator[Script]:
    for script in (step.migration.forward, step.migration.rollback):
        if script is not None:
            yield script


@rule(
    "HDR001",
    "header-field-missing",
    Severity.WARNING,
    "The header of a script lacks a field",
    fixable=True,
    default=False,
    options={
        "fields": ("migration", "description", "created", "version"),
        "rollback-fields": ("rollback", "description", "created", "version"),
    },
)
def header_field_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Report scripts whose header lacks a configured field."""
    for script in _scripts(step):
        key = "fields" if script.direction is Direction.FORWARD else "rollback-fields"
        there = {field.name for field in header(script) if field.value}
        missing = [name for name in _strings(context.settings.get(key)) if name.lower() not in there]
        if missing:
            listed = ", ".join(f"`{name}`" for name in missing)
            yield hit_in(
                script,
                first_text(script),
                f"the header has no {listed}",
                f"Add it to the comments at the head of the file: `-- {missing[0].capitalize()}: ...`.",
                fix=fields_fix(step, script, missing),
            )


@rule(
    "HDR002",
    "header-field-malformed",
    Severity.WARNING,
    "A date or version in a header is malformed",
    default=False,
    options={"dates": tuple(sorted(_DATES)), "versions": tuple(sorted(_VERSIONS))},
)
def header_field_malformed(step: Step, context: Context) -> Iterator[Hit]:
    """Report dates that are not ISO dates, and versions that are not numbers separated by dots."""
    dates = {name.lower() for name in _strings(context.settings.get("dates"))}
    versions = {name.lower() for name in _strings(context.settings.get("versions"))}
    for script in _scripts(step):
        for field in header(script):
            if field.name in dates and field.value and not _is_date(field.value):
                yield hit_in(
                    script,
                    field.span,
                    f"`{field.name}` is {field.value}, which is not a date",
                    "Write it as YYYY-MM-DD.",
                )
            elif field.name in versions and field.value and not _is_version(field.value):
                yield hit_in(
                    script,
                    field.span,
                    f"`{field.name}` is {field.value}, which is not a version",
                    "Write it as numbers separated by dots: 1.0.0.",
                )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return len(text) == 10 or (text[4] == text[7] == "-" and text[10] in "T ")


def _is_version(text: str) -> bool:
    numbers = text.partition("-")[0].partition("+")[0].removeprefix("v").split(".")
    return all(number.isdecimal() for number in numbers)


@rule(
    "HDR003",
    "header-disagrees",
    Severity.WARNING,
    "The header names another file, or the other direction",
    default=False,
)
def header_disagrees(step: Step) -> Iterator[Hit]:
    """Report headers copied from another script that still have its name, or another date within a pair."""
    for script in _scripts(step):
        file = script.path.rsplit("/", 1)[-1]
        fields = [field for field in header(script) if field.name in _NAMES and field.value]
        if any(_means(field.value, file, step) and _NAMES[field.name] is script.direction for field in fields):
            continue
        for field in fields:
            if not _means(field.value, file, step):
                yield hit_in(
                    script,
                    field.span,
                    f"`{field.name}` is {field.value}, but this file is {file}",
                    "The header seems to be copied: write the name of this file.",
                )
            elif _NAMES[field.name] is not script.direction:
                other = "rollback" if script.direction is Direction.ROLLBACK else "migration"
                yield hit_in(
                    script,
                    field.span,
                    f"the header calls this a {field.name}, but it is the {script.direction.value}",
                    f"Write `{other.capitalize()}: {file}`.",
                )


def _means(value: str, file: str, step: Step) -> bool:
    """Return whether a header's name is that of the file, with or without its extension, or of the migration."""
    migration = step.migration
    names = {file, file.removesuffix(".sql"), migration.version, f"{migration.version}_{migration.name}"}
    for ending in (".up.sql", ".down.sql"):
        names |= {file.removesuffix(ending), file.removesuffix(ending) + ".sql"}
    return value.rsplit("/", 1)[-1] in names or value == migration.name
