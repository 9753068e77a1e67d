"""Functions, procedures and aggregates as SQL."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.schema.objects import Routine
from miglint.writer import sources
from miglint.writer.words import UnprintableError, identifier, literal, name, type_name

_LISTS = frozenset({"search_path", "temp_tablespaces", "session_preload_libraries"})


def signature(routine: Routine) -> str:
    """Return the name of a routine with its argument types."""
    if routine.arguments is None:
        raise UnprintableError("which arguments the routine has is not known")
    arguments = ", ".join(type_name(argument, Dialect.POSTGRES) for argument in routine.arguments)
    return f"{name(routine.name)}({arguments or ('*' if routine.kind == 'aggregate' else '')})"


def create_routine(routine: Routine, *, replacing: bool = True) -> Iterator[str]:
    """Yield the statements that create a routine, or replace it."""
    if not routine.source:
        raise UnprintableError(f"how the {routine.kind} was created is not known")
    yield sources.routine(routine.source, routine.name, replacing=replacing) + ";"
    # The text of the catalog is complete.
    written = None if routine.definition == routine.source else _written_options(routine)
    if written is not None and written != routine.options:
        yield from changed_options(routine, written, routine.options)


def _written_options(routine: Routine) -> tuple[str, ...] | None:
    """Return the options that the statement says; None where they come from the engine and are complete."""
    from miglint.sql.operations import CreateRoutine
    from miglint.sql.postgres import parse

    for statement in parse(routine.source):
        for operation in statement.operations:
            if isinstance(operation, CreateRoutine):
                return operation.options
    return None


_USUAL = {
    "volatility": "VOLATILE",
    "strict": "CALLED ON NULL INPUT",
    "security": "SECURITY INVOKER",
    "leakproof": "NOT LEAKPROOF",
    "parallel": "PARALLEL UNSAFE",
    "cost": "COST 100",
    "rows": "ROWS 1000",
}


def changed_options(routine: Routine, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    """Yield the statements that give a routine its options; `before` are those that it has."""
    if routine.kind == "aggregate":
        return
    texts = [text for option in after if option not in before and (text := _option(option)) is not None]
    given = {_subject(option) for option in after}
    for option in before:
        subject = _subject(option)
        if subject in given:
            continue
        if subject.startswith("set "):
            texts.append(f"RESET {subject.removeprefix('set ')}")
        elif subject in _USUAL and _option(option) != _USUAL[subject]:
            texts.append(_USUAL[subject])
    for text in texts:
        yield f"ALTER {routine.kind.upper()} {signature(routine)} {text};"


def _subject(option: str) -> str:
    return option.partition(" to ")[0] if option.startswith("set ") else option.partition("=")[0]


def _option(option: str) -> str | None:
    """Return an option as ALTER FUNCTION writes it."""
    if option.startswith("set "):
        subject, _, value = option.removeprefix("set ").partition(" to ")
        parts = [part.strip() for part in value.split(",")] if subject in _LISTS else [value]
        return f"SET {subject} TO {', '.join(_value(part, subject in _LISTS) for part in parts)}"
    word, _, value = option.partition("=")
    on = value not in ("false", "off", "0")
    return {
        "volatility": value.upper(),
        "strict": "STRICT" if on else "CALLED ON NULL INPUT",
        "security": "SECURITY DEFINER" if on else "SECURITY INVOKER",
        "leakproof": "LEAKPROOF" if on else "NOT LEAKPROOF",
        "parallel": f"PARALLEL {value.upper()}",
        "cost": f"COST {value}",
        "rows": f"ROWS {value}",
    }.get(word)


def _value(text: str, is_name: bool) -> str:
    if text == "default":
        return "DEFAULT"
    if is_name:
        return identifier(text) if text else "''"
    return literal(text)
