"""What a column of CREATE TABLE and ADD COLUMN becomes: its type, default and sequence, and the errors of these."""

from __future__ import annotations

from miglint.base.digits import whole_number
from miglint.base.structs import replace
from miglint.replay.apply.default_privileges import endow
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose_relation
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.constants import quoted, stored
from miglint.schema.objects import ABSENT, Domain, Key, Sequence
from miglint.schema.sequences import unusual
from miglint.sql.operations import Column, Expression, Name, Type


def refuse_unknown_type(machine: Machine, written: Type | None) -> None:
    """Raise the error for a type that was dropped, or has another name now."""
    if written is None or not machine.postgres:
        return
    _refuse_length(machine, written)
    places = machine.path if written.schema is None else (written.schema,)
    found = [machine.schema.objects.get(Key("type", schema, written.name)) for schema in places]
    if ABSENT in found and all(value is ABSENT or value is None for value in found):
        spelled = written.name if written.schema is None else f"{written.schema}.{written.name}"
        key = Key("type", places[0], written.name)
        raise machine.refuse("undefined_object", f'type "{spelled}" does not exist', key)


_CHARACTERS = {"varchar": ("varchar", 10_485_760), "bpchar": ("char", 10_485_760), "bit": ("bit", 83_886_080)}


def _refuse_length(machine: Machine, written: Type) -> None:
    """Raise the errors for a length that a type of the system cannot have."""
    length = written.args[0] if written.args else ""
    if written.schema is not None or not length.isdecimal():
        return
    if written.name == "numeric":
        if not 1 <= whole_number(length) <= 1000:
            message = f"NUMERIC precision {length} must be between 1 and 1000"
            raise machine.refuse("invalid_parameter_value", message)
    elif written.name in _CHARACTERS:
        word, most = _CHARACTERS[written.name]
        if not 1 <= whole_number(length) <= most:
            bound = "at least 1" if whole_number(length) < 1 else f"cannot exceed {most}"
            message = f"length for type {word} {'must be ' if whole_number(length) < 1 else ''}{bound}"
            raise machine.refuse("invalid_parameter_value", message)


def define_quietly(machine: Machine, column: Column) -> Column:
    """Resolve a column's type without creating anything."""
    return replace(column, type=machine.type(column.type), span=machine.in_statement(column.span))


def define(machine: Machine, table: Name, column: Column) -> Column:
    """Resolve a column as written: its type, and the sequence behind `serial` and identity columns."""
    if not machine.postgres:
        return replace(column, span=machine.in_statement(column.span))
    refuse_unknown_type(machine, column.type)
    default, kind = column.default, machine.type(column.type)
    if "default null" in column.clauses and is_domain(machine, kind):
        # It stands instead of the default that the domain may have.
        default = Expression("null", "NULL")
    resolved = Column(
        column.name,
        kind,
        column.nullable,
        stored_default(machine.expression(default), column),
        column.identity,
        column.generated,
        column.collation,
        column.serial,
        column.autoincrement,
        False,
        machine.in_statement(column.span),
    )
    if column.identity is not None:
        refuse_identity_type(machine, machine.key(table), resolved)
    if column.serial or column.identity is not None:
        sequence = implied_sequence(machine, table, column.name, resolved.type, column.identity_options)
        if column.serial:
            text = f"nextval('{sequence.name}'::regclass)"
            resolved = replace(resolved, default=Expression(f"nextval {sequence}", text, sequence=sequence))
    return resolved


def is_domain(machine: Machine, kind: Type | None) -> bool:
    """Return whether a type is a domain of the schema."""
    if kind is None or kind.schema is None or kind.dimensions:
        return False
    return isinstance(machine.schema.find(Key("type", kind.schema, kind.name)), Domain)


_RANGES = {"int2": 1 << 15, "int4": 1 << 31, "int8": 1 << 63}
# Numbers with more digits than a float has room for are not compared.
_MOST_DIGITS = 300


def refuse_default_value(machine: Machine, key: Key, column: Column) -> None:
    """Raise the error for a constant that does not fit into its column: `ADD COLUMN` computes it at once."""
    kind = column.type
    value = None if column.default is None or column.generated is not None else column.default.literal
    if not machine.postgres or value is None or kind is None or kind.schema is not None or kind.dimensions:
        return
    name = kind.name
    if _is_too_long(value, kind):
        raise machine.refuse("string_data_right_truncation", f"value too long for type {kind}", key, column.name)
    digits, most = value.lstrip("+-"), _RANGES.get(name)
    if most is not None and digits.isdecimal() and not -most <= whole_number(value) < most:
        raise machine.refuse("numeric_value_out_of_range", f"{kind} out of range", key, column.name)
    if name == "numeric" and _overflows(digits, kind.args):
        raise machine.refuse("numeric_value_out_of_range", "numeric field overflow", key, column.name)


def _is_too_long(value: str, kind: Type) -> bool:
    limit = kind.args[0] if kind.name in ("varchar", "bpchar") and kind.args else ""
    return limit.isdecimal() and len(value.rstrip(" ")) > whole_number(limit)


def _overflows(digits: str, args: tuple[str, ...]) -> bool:
    """Return whether a number without its sign has too many digits for `numeric` with arguments."""
    if not digits.replace(".", "", 1).isdecimal() or len(digits) >= _MOST_DIGITS:
        return False
    if not args or not all(each.lstrip("-").isdecimal() for each in args):
        return False
    whole = whole_number(args[0]) - (whole_number(args[1]) if len(args) > 1 else 0)
    return whole < _MOST_DIGITS and round(float(digits), max(0, whole_number(args[0]) - whole)) >= 10.0**whole


def stored_default(default: Expression | None, column: Column) -> Expression | None:
    """Return a default with a key that distinguishes constants which the server stores differently."""
    if default is None or column.generated is not None or not default.text:
        return default
    form = stored(default.text, column.type)
    if form is None or form[0] == "bool":
        return default
    key = form[1] if form[0] == "number" else quoted(form[1])
    own = form[0] in ("number", column.type.name if column.type is not None else "")
    key = "::".join((key, *(() if own else form[:1]), *form[2:]))
    return default if key == default.key else replace(default, key=key)


def refuse_identity_type(machine: Machine, key: Key, column: Column) -> None:
    """Raise the error for an identity column of a type of the system that is no whole number."""
    kind = column.type
    if kind is None or kind.schema is not None or kind.name not in BUILTIN_TYPES:
        return
    if kind.dimensions or kind.name not in ("int2", "int4", "int8"):
        message = "identity column type must be smallint, integer, or bigint"
        raise machine.refuse("invalid_parameter_value", message, key, column.name)


def implied_sequence(
    machine: Machine, table: Name, column: str, type_: Type | None, given: tuple[str, ...] = ()
) -> Name:
    """Create the sequence that `serial` and identity columns imply, under the name that the server chooses."""
    named = next((text.partition("=")[2] for text in given if text.startswith("sequence_name=")), None)
    written = [text for text in given if not text.startswith(("sequence_name=", "as="))]
    options = unusual(written if type_ is None else [f"as={type_.name}", *written])
    schema = table.schema or machine.creation_schema
    if named is not None:
        own = Name(schema, named.rpartition(".")[2])
        machine.create(Key("relation", schema, own.name), Sequence(own, options, (table, column), implicit=True))
        endow(machine, Key("relation", schema, own.name), "sequence")
        return own
    name, machine.schema = choose_relation(machine.schema, schema, table.name, column, "seq")
    sequence = Name(schema, name)
    machine.create(Key("relation", schema, name), Sequence(sequence, options, (table, column), implicit=True))
    endow(machine, Key("relation", schema, name), "sequence")
    return sequence
