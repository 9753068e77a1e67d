"""Tables and columns of PostgreSQL, and constraints, as SQL."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.schema.objects import Key, Sequence, Table
from miglint.schema.repeated_keys import is_repeated
from miglint.schema.storage import default_storage
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Name
from miglint.writer.inheritance import RestatedColumn, inherited_columns, is_inherited, restated
from miglint.writer.sequences import options_of
from miglint.writer.words import UnprintableError, identifier, identifiers, literal, name, type_name

_DRAWS = pattern(r"nextval\('[^']*'(?:::(?:text::)?regclass)?\)")


def create_table(schema: Schema, key: Key, table: Table) -> str:
    """Return the statement that creates a table, without its foreign keys on PostgreSQL. Raises `UnprintableError`."""
    if table.kind != "table":
        if not table.source:
            raise UnprintableError(f"how the {table.kind} was created is not known")
        return f"{table.source};"
    words = {"unlogged": "UNLOGGED ", "temporary": "TEMPORARY "}.get(table.persistence, "")
    head = f"CREATE {words}TABLE {name(table.name)}"
    tail = f" PARTITION BY {partition_key(table.partition_by)}" if table.partition_by else ""
    if table.partition_of is not None:
        return f"{head} PARTITION OF {_as_partition(schema, table, table.partition_of)}{tail}{_storage(table)};"
    inherited = inherited_columns(schema, table)
    lines = _own_columns(schema, key, table, inherited)
    lines += [
        constraint(item)
        for item in constraints_of(table)
        if not (inherited and item.kind == "check" and is_inherited(schema, table, item))
    ]
    inherits = f" INHERITS ({', '.join(map(name, table.inherits))})" if table.inherits else ""
    body = "(\n    " + ",\n    ".join(lines) + "\n)" if lines else "()"
    return f"{head} {body}{inherits}{tail}{_storage(table)};"


def _own_columns(schema: Schema, key: Key, table: Table, inherited: Container[str]) -> list[str]:
    """Return the definitions of the columns that are not inherited, or declared again with another default."""
    again = {found.column.name: found for found in restated(schema, table)}
    return [
        column(schema, key, table, item) + (" DEFAULT NULL" if item.name in again and again[item.name].shadows else "")
        for item in table.columns.values()
        if item.name not in inherited or item.name in again
    ]


def _as_partition(schema: Schema, table: Table, parent: Name) -> str:
    own = [part for part in constraints_of(table) if not is_inherited(schema, table, part)]
    columns = [_as_of_heir(found, schema.dialect) for found in restated(schema, table)]
    inside = ", ".join((*columns, *map(constraint, own)))
    body = f" ({inside})" if inside else ""
    return f"{name(parent)}{body} {partition_bound(table.partition_bound)}"


def _as_of_heir(found: RestatedColumn, dialect: Dialect) -> str:
    text = identifier(found.column.name)
    if found.shadows:
        text += " DEFAULT NULL"
    elif found.column.default is not None:
        text += f" DEFAULT {default(found.column, dialect)}"
    return text + (" NOT NULL" if found.stricter else "")


def constraints_of(table: Table) -> list[Constraint]:
    """Return the constraints that are written inside of `CREATE TABLE`."""
    return [item for item in table.constraints.values() if not (item.kind == "not_null" or is_separate(table, item))]


def is_separate(table: Table, item: Constraint) -> bool:
    """Return whether a constraint is added when all tables are there.

    `CREATE TABLE` knows no NOT VALID, and makes one key of two over the same columns.
    """
    if item.kind == "check":
        return not item.validated and item.enforced
    return item.kind == "foreign" or is_repeated(table, item)


def partition_key(text: str | None) -> str:
    """Return a partition key: its strategy in upper case."""
    strategy, _, rest = (text or "").partition(" ")
    return f"{strategy.upper()} {rest}"


def partition_bound(text: str | None) -> str:
    """Return a partition's bound as it is written."""
    if text is None:
        raise UnprintableError("the bound of the partition is not known")
    if text.lower() == "default":
        return "DEFAULT"
    if text.upper().startswith("FOR VALUES"):
        return text
    word, _, rest = text.partition(" ")
    if word == "from":
        low, _, high = rest.partition(") to (")
        return f"FOR VALUES FROM {low}) TO ({high}"
    return f"FOR VALUES {word.upper()} {rest}"


def _storage(table: Table) -> str:
    parameters = []
    rest = ""
    for option, value in table.options.items():
        if option.startswith("storage parameter "):
            parameters.append(f"{option.removeprefix('storage parameter ')}={setting_value(value)}")
        elif option == "tablespace":
            rest += f" TABLESPACE {identifier(value)}"
        elif option.partition("=")[0] in ("tablespace", "access method", "on commit") or option == "access method":
            continue
        elif "=" in option and not value:
            parameters.append(f"{option.partition('=')[0]}={setting_value(option.partition('=')[2])}")
    return (f" WITH ({', '.join(parameters)})" if parameters else "") + rest


def setting_value(value: str) -> str:
    """Return the value of a storage parameter."""
    plain = value.replace(".", "").replace("-", "").isalnum() and value.isascii()
    return value if plain and value else literal(value)


def settings_of(table: Table) -> Iterator[str]:
    """Yield the statements that set what `CREATE TABLE` cannot say."""
    own = name(table.name)
    for option, value in table.options.items():
        text = setting(option, value)
        if text is not None:
            yield f"ALTER TABLE {own} {text};"


def setting(option: str, value: str | None, table: Table | None = None) -> str | None:
    """Return the action of ALTER TABLE that gives an option a value (None: the usual one); None for other options."""
    off = value in (None, "off")
    if option == "row security":
        return f"{'DISABLE' if off else 'ENABLE'} ROW LEVEL SECURITY"
    if option == "force row security":
        return "NO FORCE ROW LEVEL SECURITY" if off else "FORCE ROW LEVEL SECURITY"
    if option == "replica identity":
        given = value or "default"
        if given.startswith("using index "):
            return f"REPLICA IDENTITY USING INDEX {identifier(given.removeprefix('using index '))}"
        return None if given == "index" else f"REPLICA IDENTITY {given.upper()}"
    if option == "cluster":
        return "SET WITHOUT CLUSTER" if value is None else f"CLUSTER ON {identifier(value)}"
    return _column_setting(option, value, table)


_STORAGES = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}
_COMPRESSIONS = {"p": "pglz", "l": "lz4"}


def _column_setting(option: str, value: str | None, table: Table | None) -> str | None:
    # The catalog says `column a storage`, the files say `a: storage`.
    own = option.removeprefix("column ")
    for mark in (": options ", " options "):
        column, found, parameter = own.rpartition(mark)
        if found:
            given = f"RESET ({parameter})" if value is None else f"SET ({parameter} = {setting_value(value)})"
            return f"ALTER COLUMN {identifier(column)} {given}"
    column, _, what = option.rpartition(": ")
    if option.startswith("column "):
        column, _, what = option.removeprefix("column ").rpartition(" ")
    if not column or what not in ("statistics", "storage", "compression"):
        return None
    usual = {"statistics": "-1", "storage": "DEFAULT", "compression": "DEFAULT"}[what]
    known = None if table is None else table.columns.get(column)
    if what == "storage" and known is not None:
        usual = default_storage(known.type) or usual  # The word DEFAULT came with PostgreSQL 16.
    given = usual if value is None else value
    if what == "storage":
        given = _STORAGES.get(given, given.upper())
    elif what == "compression":
        given = _COMPRESSIONS.get(given, given)
    return f"ALTER COLUMN {identifier(column)} SET {what.upper()} {given}"


def column(schema: Schema, key: Key, table: Table, item: Column) -> str:
    """Return the definition of a column, with its own sequence. Raises `UnprintableError`."""
    parts = [identifier(item.name)]
    serial = _serial(schema, key, item)
    if serial is not None:
        parts.append(serial)
    elif item.type is not None and str(item.type):
        parts.append(type_name(item.type, schema.dialect))
    else:
        raise UnprintableError(f'the type of column "{item.name}" is not known')
    if item.collation:
        parts.append(f"COLLATE {collation(item.collation)}")
    if item.generated and item.default is not None:
        parts.append(f"GENERATED ALWAYS AS ({item.default.text}) {item.generated.upper()}")
    elif item.identity:
        parts.append(f"GENERATED {item.identity.upper()} AS IDENTITY{identity_options(schema, key, item)}")
    elif item.default is not None and serial is None:
        parts.append(f"DEFAULT {default(item, schema.dialect)}")
    if item.nullable is False and serial is None and item.identity is None:
        parts.append("NOT NULL")
    elif item.nullable and serial is not None:
        raise UnprintableError(f'column "{item.name}" is a serial without NOT NULL')
    return " ".join(parts)


def collation(text: str) -> str:
    """Return a collation's name, which the reader keeps with dots."""
    return (
        ".".join(map(_always_quoted, text.split(".", 1))) if "." in text and "-" not in text else _always_quoted(text)
    )


def _always_quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def default(item: Column, dialect: Dialect) -> str:
    """Return a column's default as it is written behind `DEFAULT`."""
    text = item.default.text if item.default is not None else "NULL"
    drawn = None if item.default is None else item.default.sequence
    if drawn is not None and drawn.schema is not None and _DRAWS.fullmatch(text):
        # The sequence may have been renamed or moved since.
        return f"nextval({literal(name(drawn))}::regclass)"
    # SQLite requires parentheses around anything but a constant, and allows them around one.
    plain = item.default is not None and item.default.literal is not None
    if dialect is Dialect.SQLITE and not plain and not _enclosed(text) and not _is_constant(text):
        return f"({text})"
    return text


def _is_constant(text: str) -> bool:
    return text.upper() in ("NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP") or (
        text[:1] in "'\"" and text.endswith(text[0]) and text.count(text[0]) % 2 == 0
    ) or text.lstrip("+-").replace(".", "", 1).isalnum()  # fmt: skip


def _enclosed(text: str) -> bool:
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for place, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return place == len(text) - 1
    return False


_SERIALS = {"int2": "smallserial", "int4": "serial", "int8": "bigserial"}


def own_sequence(schema: Schema, key: Key, column: str) -> tuple[Key, Sequence] | None:
    """Return the sequence that belongs to a column."""
    for user, value in schema.sequences_of(key, column):
        if value.owned_by == (Name(key.schema, key.name), column):
            return user, value
    return None


def _serial(schema: Schema, key: Key, item: Column) -> str | None:
    """Return `serial`, or one of its sizes, for a column that has just the sequence which that makes."""
    if not item.serial or item.type is None or item.type.name not in _SERIALS or item.nullable is not False:
        return None
    found = own_sequence(schema, key, item.name)
    if found is None:
        return None
    options = () if item.type.name == "int8" else (f"as={item.type.name}",)
    usual = Name(key.schema, f"{key.name}_{item.name}_seq")
    if found[1].name != usual or len(usual.name.encode()) > 63 or not set(found[1].options) <= set(options):
        return None
    sequence = None if item.default is None else item.default.sequence
    if sequence is not None and sequence not in (usual, Name(None, usual.name)):
        return None
    return _SERIALS[item.type.name]


def is_implied(schema: Schema, sequence: Sequence) -> bool:
    """Return whether a sequence is created with its column: that of `serial`, or of an identity column."""
    if sequence.owned_by is None:
        return False
    table_name, column_name = sequence.owned_by
    table_key = Key("relation", table_name.schema or "public", table_name.name)
    table = schema.table(table_key)
    item = table.columns.get(column_name) if table is not None else None
    if item is None or item.assumed:
        return False
    return item.identity is not None or _serial(schema, table_key, item) is not None


def identity_options(schema: Schema, key: Key, item: Column) -> str:
    """Return the options of an identity column's sequence as they are written, or nothing."""
    found = own_sequence(schema, key, item.name)
    if found is None:
        return ""
    sequence = found[1]
    usual = f"as={item.type.name}" if item.type is not None else ""
    options = tuple(part for part in sequence.options if part != usual)
    words = options_of(options)
    if sequence.name != Name(key.schema, f"{key.name}_{item.name}_seq"):
        words = [f"SEQUENCE NAME {name(sequence.name)}", *words]
    return f" ({' '.join(words)})" if words else ""


def constraint(item: Constraint) -> str:
    """Return the definition of a constraint. Raises `UnprintableError`."""
    unnamed = item.name is None or item.name.startswith("#")
    head = "" if unnamed else f"CONSTRAINT {identifier(item.name or '')} "
    return head + constraint_body(item)


def constraint_body(item: Constraint) -> str:
    """Return the definition of a constraint without its name. Raises `UnprintableError`."""
    body = _BODIES.get(item.kind, _unknown)(item)
    if item.on_conflict and item.kind in ("primary", "unique"):
        body += f" ON CONFLICT {item.on_conflict.upper()}"
    if item.deferrable and not (item.elements or "").startswith("EXCLUDE"):
        body += " DEFERRABLE" + (" INITIALLY DEFERRED" if item.deferred else "")
    if item.no_inherit and item.kind == "check":
        body += " NO INHERIT"
    if not item.enforced:
        return f"{body} NOT ENFORCED"
    return body + ("" if item.validated else " NOT VALID")


def _unknown(item: Constraint) -> str:
    raise UnprintableError(f'how the constraint "{item.name}" is defined is not known')


def _key(item: Constraint) -> str:
    words = "PRIMARY KEY" if item.kind == "primary" else "UNIQUE"
    words += " NULLS NOT DISTINCT" if item.nulls_not_distinct else ""
    columns = identifiers(item.columns) + (" WITHOUT OVERLAPS" if item.without_overlaps else "")
    return f"{words} ({columns})" + _behind_key(item)


def _behind_key(item: Constraint) -> str:
    """Return what stands behind the list of a key or an exclusion: included columns and storage parameters."""
    included = f" INCLUDE ({identifiers(item.include)})" if item.include else ""
    return included + (f" WITH ({', '.join(item.options)})" if item.options else "")


def _check(item: Constraint) -> str:
    if item.expression is None or not item.expression.text:
        raise UnprintableError("the condition of a CHECK is not known")
    return f"CHECK ({item.expression.text})"


def _foreign(item: Constraint) -> str:
    if item.table is None:
        raise UnprintableError("what a foreign key references is not known")
    period = item.without_overlaps
    columns = _with_period(item.columns, period)
    referenced = f" ({_with_period(item.referenced, period)})" if item.referenced else ""
    body = f"FOREIGN KEY ({columns}) REFERENCES {name(item.table)}{referenced}"
    body += "" if item.match == "simple" else f" MATCH {item.match.upper()}"
    body += "" if item.on_update == "no action" else f" ON UPDATE {item.on_update.upper()}"
    return body + ("" if item.on_delete == "no action" else f" ON DELETE {_action(item.on_delete)}")


def _with_period(columns: tuple[str, ...], period: bool) -> str:
    if not period:
        return identifiers(columns)
    return ", ".join((*map(identifier, columns[:-1]), f"PERIOD {identifier(columns[-1])}"))


def _action(text: str) -> str:
    action, _, columns = text.partition(" (")
    names = tuple(part.strip() for part in columns.rstrip(")").split(",")) if columns else ()
    return action.upper() + (f" ({identifiers(names)})" if names else "")


def _exclude(item: Constraint) -> str:
    elements = item.elements or ""
    if elements.startswith("EXCLUDE"):
        return elements
    if not elements:
        raise UnprintableError("what an exclusion constraint excludes is not known")
    method = f"USING {item.method} " if item.method else ""
    where = f" WHERE ({item.where.text})" if item.where is not None else ""
    return f"EXCLUDE {method}({elements}){_behind_key(item)}{where}"


_BODIES: dict[str, Callable[[Constraint], str]] = {
    "primary": _key,
    "unique": _key,
    "check": _check,
    "foreign": _foreign,
    "exclude": _exclude,
}


def separate_constraints(schema: Schema, table: Table) -> Iterator[str]:
    """Yield the statements that add the foreign keys of a table, repeated keys, and what is not validated."""
    if schema.dialect is not Dialect.POSTGRES or table.kind != "table" or table.assumed:
        return
    for item in table.constraints.values():
        if is_separate(table, item) and not (table.partition_of is not None and is_inherited(schema, table, item)):
            yield f"ALTER TABLE {name(table.name)} ADD {constraint(item)};"
