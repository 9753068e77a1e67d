"""Convert PostgreSQL catalog rows to the schema type of the replay.

Expressions and definitions are the catalog's texts, which are comparable within one server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from miglint.base.lazy_regex import many, pattern
from miglint.base.structs import replace
from miglint.dryrun.postgres.acl import read_acl
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Enum,
    Extension,
    Index,
    Key,
    Namespace,
    Other,
    OtherType,
    Part,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.remarks import comment_key, privilege_key
from miglint.schema.sequences import chosen, unusual
from miglint.sql.operations import Column, Constraint, Expression, IndexElement, Name, Query, Type
from miglint.sql.postgres.statements import read_call

Row = list[Any]
Found = Iterator[tuple[Key, SchemaObject]]

# PostgreSQL generates default names from the table, the columns and one of these suffixes.
_BY_ENGINE = pattern(r"_(?:pkey|key|fkey|check|excl|idx|seq|not_null)\d*$")
_QUOTED = '"[^"]*+' + many('""[^"]*+') + '"'
_REFERENCED = pattern(many(f'{_QUOTED}|[^"(]++') + rf'\((?:PERIOD )?({many(_QUOTED + """|[^")]++""")})\)')
_DELETED = pattern(r" ON DELETE SET (?:NULL|DEFAULT) \(([^)]*)\)")
_NAMES = pattern(r'"([^"]*(?:""[^"]*)*)"|([^\s,"()]+)')
_NULL = pattern(r"""\(?NULL::[\w ."\[\](),:]+""")
_DRAWS = pattern(r"""nextval\('(?:(?:"[^"]*"|[^.'"]*)\.)?"?([^'"]*)"?'::regclass\)""")
_MODIFIER = pattern(r"\(([^()]*)\)")
_PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}
_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_MATCH = {"s": "simple", "f": "full", "p": "partial"}
_STATES = {"O": "enabled", "D": "disabled", "R": "replica", "A": "always"}
_KINDS = {"p": "primary", "u": "unique", "c": "check", "f": "foreign", "x": "exclude"}
_ROUTINES = {"f": "function", "p": "procedure", "a": "aggregate", "w": "function"}
_RELATIONS = {"v": "view", "m": "materialized view", "f": "foreign table"}
_COMMANDS = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}


def _namespace(row: Row) -> Found:
    name, _, acl, comment = row
    yield Key("schema", "", name), Namespace(name)
    if name == "public":
        acl, comment = None, None if comment == "standard public schema" else comment
    yield from _remarks(Key("schema", "", name), acl, comment)


def _remarks(
    about: Key,
    acl: str | None,
    comment: str | None,
    *,
    part: Part | None = None,
    kind: str = "",
    words: str | None = None,
) -> Found:
    """Yield the comment on an object, or on a part of it, and its privileges; `words` are those for what it is."""
    if comment is not None:
        yield comment_key(about, part, words), Comment(comment, about, part)
    if acl is not None:
        for privileges in read_acl(acl, kind or about.space, about, part):
            yield privilege_key(about, part, privileges.role, words), privileges


def _list(value: list[Any] | None) -> list[Any]:
    return value or []


def _type(
    schema: str | None, name: str | None, element: str | None, its_schema: str | None, shown: str | None = None
) -> Type:
    """Build a type from its catalog name, its element's name for arrays, and the text with modifiers."""
    found = _MODIFIER.search(shown or "")
    arguments = tuple(part.strip() for part in found[1].split(",")) if found else ()
    base, home = (element, its_schema) if element is not None else (name, schema)
    return Type(base or "", arguments, int(element is not None), None if home == "pg_catalog" else home)


def _expression(text: str | None) -> Expression | None:
    return None if text is None else Expression(text, text)


def _column(row: Row) -> Column:
    # The server keeps a NULL default cast to the type's length; it is equivalent to no default.
    default = None if _NULL.fullmatch(row[7] or "") else _expression(row[7])
    return Column(
        row[0],
        _type(*row[1:6]),
        nullable=not row[6],
        default=default,
        identity={"a": "always", "d": "by default"}.get(row[8]),
        generated={"s": "stored", "v": "virtual"}.get(row[9]),
        collation=row[10],
    )


def _serial(table: str, column: Column) -> Column:
    """Mark a column with a sequence created by `serial`, whose name was generated."""
    found = _DRAWS.fullmatch(column.default.text) if column.default is not None else None
    return column if found is None or not chosen(found[1], table, column.name) else replace(column, serial=True)


def _constraint(row: Row, columns: dict[int, str]) -> Constraint:
    name, contype, places, home, table, on_update, on_delete, match = row[:8]
    deferrable, deferred, validated, no_inherit, expression, definition = row[8:14]
    kind = _KINDS[contype]
    _, included, rest = definition.partition(" INCLUDE (")
    return Constraint(
        kind,
        name,
        tuple(columns[place] for place in _list(places) if place in columns),
        expression=_expression(expression),
        table=Name(home, table) if table is not None else None,
        referenced=_referenced(definition) if table is not None else (),
        on_delete=_ACTIONS.get(on_delete, "no action") + _deleted_columns(definition),
        on_update=_ACTIONS.get(on_update, "no action"),
        match=_MATCH.get(match, "simple"),
        deferrable=deferrable,
        deferred=deferred,
        validated=validated,
        no_inherit=no_inherit and kind == "check",
        nulls_not_distinct="NULLS NOT DISTINCT" in definition,
        include=tuple(part.strip().strip('"') for part in rest.partition(")")[0].split(",")) if included else (),
        elements=definition if kind == "exclude" else None,
        without_overlaps="WITHOUT OVERLAPS" in definition,
        enforced="NOT ENFORCED" not in definition,
        generated=_BY_ENGINE.search(name) is not None,
    )


def _deleted_columns(definition: str) -> str:
    """Return the columns that `ON DELETE SET NULL (a, b)` lists."""
    found = _DELETED.search(definition)
    return f" ({found[1]})" if found else ""


def _referenced(definition: str) -> tuple[str, ...]:
    """Return the referenced columns from a foreign key's definition."""
    _, _, rest = definition.partition(" REFERENCES ")
    found = _REFERENCED.match(rest)
    names = _NAMES.findall(found[1]) if found else []
    return tuple(quoted.replace('""', '"') or plain for quoted, plain in names)


def _relation(row: Row) -> Found:
    schema, name, kind = row[:3]
    columns_read, constraints_read, indexes_read = _list(row[18]), _list(row[19]), _list(row[20])
    numbers = {column[17]: column[0] for column in columns_read}
    columns = {column.name: _serial(name, column) for column in map(_column, columns_read)}
    relation: View | Table
    if kind in ("v", "m"):
        relation = _view(row, columns)
    else:
        constraints = {constraint[0]: _constraint(constraint, numbers) for constraint in constraints_read}
        relation = _table(row, columns, constraints, _table_options(row, columns_read, indexes_read))
    key = Key("relation", schema, name)
    yield key, relation
    acl, comment = row[15:17]
    yield from _remarks(key, acl, comment, words=_RELATIONS.get(kind))
    for column in columns_read:
        part = Part("column", column[0])
        yield from _remarks(key, column[11], column[12], part=part, kind="column")
    for constraint in constraints_read:
        yield from _remarks(key, None, constraint[14], part=Part("constraint", constraint[0]))
    for index in indexes_read:
        yield from _index(index, Name(schema, name), numbers, columns)


def _settings(row: Row) -> dict[str, str]:
    """Return the storage parameters of a relation."""
    return {option.partition("=")[0]: option.partition("=")[2] for option in _list(row[4])}


def _view(row: Row, columns: dict[str, Column]) -> View:
    schema, name, kind, persistence = row[:4]
    definition, populated = row[13:15]
    return View(
        Name(schema, name),
        Query(definition, definition),
        tuple(columns),
        materialized=kind == "m",
        populated=populated if kind == "m" else True,
        options=tuple(sorted(f"{option}={value}" for option, value in _settings(row).items())),
        persistence=_PERSISTENCE[persistence],
    )


def _table(row: Row, columns: dict[str, Column], constraints: dict[str, Constraint], options: dict[str, str]) -> Table:
    schema, name, kind, persistence = row[:4]
    bound, partition_by, partition = row[5], row[6], row[17]
    parents = tuple(Name(*pair) for pair in _list(row[7]))
    return Table(
        Name(schema, name),
        columns,
        constraints,
        kind="foreign table" if kind == "f" else "table",
        persistence=_PERSISTENCE[persistence],
        partition_by=partition_by,
        partition_of=parents[0] if partition and parents else None,
        partition_bound=bound,
        inherits=() if partition else parents,
        options=options,
    )


_IDENTITIES = {"n": "nothing", "f": "full", "i": "index"}


def _table_options(row: Row, columns: list[Row], indexes: list[Row]) -> dict[str, str]:
    """Return what is set for a table: storage parameters, row security, replica identity, its place and columns."""
    kind = row[2]
    secured, forced, identity, tablespace, method = row[8:13]
    options = {f"storage parameter {option}": value for option, value in _settings(row).items()}
    if secured:
        options["row security"] = "on"
    if forced:
        options["force row security"] = "on"
    if identity in _IDENTITIES and kind != "f":
        options["replica identity"] = _IDENTITIES[identity]
    if tablespace is not None:
        options["tablespace"] = tablespace
    if method not in (None, "heap"):
        options["access method"] = method
    for index in indexes:
        if index[17]:
            options["cluster"] = index[1]
        if index[18]:
            options["replica identity"] = f"using index {index[1]}"
    return options | _column_settings(columns)


def _column_settings(told: list[Row]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for row in told:
        for label, value in zip(("statistics", "storage", "compression", "options"), row[13:17], strict=True):
            if value not in (None, "", -1):
                settings[f"column {row[0]} {label}"] = str(value)
    return settings


def _index(row: Row, table: Name, numbers: dict[int, str], columns: dict[str, Column]) -> Found:
    schema, name, unique, valid, method, keys, places, flags, expressions, opclasses, collations, where = row[:12]
    constraint, options, tablespace, comment, nulls_not_distinct = row[12:17]
    parent = row[19]
    names = [numbers.get(int(place)) for place in places.split()]
    elements = []
    for at, flag in enumerate(flags.split()[:keys]):
        column = names[at]
        collation = _list(collations)[at] if collations else None
        if column is not None and collation == (columns[column].collation or "default"):
            collation = None
        descending, first = bool(int(flag) & 1), bool(int(flag) & 2)
        elements.append(
            IndexElement(
                column,
                _expression(expressions[at]) if column is None and expressions else None,
                collation if collation != "default" else None,
                _list(opclasses)[at] if opclasses else None,
                descending,
                None if first == descending else first,
            )
        )
    yield (
        Key("relation", schema, name),
        Index(
            Name(schema, name),
            table,
            tuple(elements),
            unique=unique,
            method=method,
            where=_expression(where),
            include=tuple(column for column in names[keys:] if column is not None),
            nulls_not_distinct=nulls_not_distinct,
            valid=valid,
            constraint=constraint,
            options=tuple(sorted(_list(options))),
            tablespace=tablespace,
            generated=_BY_ENGINE.search(name) is not None,
            parent=None if parent is None else Name(*parent),
        ),
    )
    yield from _remarks(Key("relation", schema, name), None, comment, words="index")


_SEQUENCE_TYPES = {"smallint": "int2", "integer": "int4", "bigint": "int8"}


def _sequence(row: Row) -> Found:
    schema, name, persistence, kind = row[:4]
    cycle, home, table, column, dependency, acl, comment = row[9:16]
    told = zip(("start", "increment", "maxvalue", "minvalue", "cache"), row[4:9], strict=True)
    options = [*(f"{option}={value}" for option, value in told), f"as={_SEQUENCE_TYPES[kind]}"]
    options += ["cycle=true"] if cycle else []
    owner = (Name(home, table), column or "") if table is not None else None
    implicit = dependency == "i" or (owner is not None and chosen(name, table, column or ""))
    yield (
        Key("relation", schema, name),
        Sequence(Name(schema, name), unusual(options), owner, implicit=implicit, persistence=_PERSISTENCE[persistence]),
    )
    yield from _remarks(Key("relation", schema, name), acl, comment, kind="sequence", words="sequence")


def _user_type(row: Row) -> Found:
    schema, name, kind, labels, home, base, element, element_home, shown, not_null, default, collation = row[:12]
    columns, subtype, acl, comment, constraints = row[12:17]
    full = Name(schema, name)
    key = Key("type", schema, name)
    if kind == "e":
        yield key, Enum(full, tuple(_list(labels)))
    elif kind == "d":
        checks = {constraint[0]: _constraint(constraint, {}) for constraint in _list(constraints)}
        its_base = _type(home, base, element, element_home, shown)
        yield key, Domain(full, its_base, _expression(default), not not_null, collation, checks)
    elif kind == "c":
        yield key, Composite(full, {column.name: column for column in map(_column, _list(columns))})
    else:
        yield key, OtherType(full, {"r": "range", "b": "base", "p": "shell"}.get(kind, ""), subtype or "")
    yield from _remarks(key, acl, comment)
    for column in _list(columns):
        yield from _remarks(key, None, column[12], part=Part("column", column[0]))
    for constraint in _list(constraints):
        yield from _remarks(key, None, constraint[14], part=Part("constraint", constraint[0]))


def _routine(row: Row) -> Found:
    schema, name, told_kind, told_arguments, home, result_name, element, element_home, is_set, language = row[:10]
    definition, body, names, defaults, acl, comment = row[10:16]
    kind = _ROUTINES[told_kind]
    arguments = tuple(_type(*part) for part in _list(told_arguments))
    result = replace(_type(home, result_name, element, element_home, None), setof=bool(is_set))
    full = f"{name}({','.join(str(argument) for argument in arguments)})"
    yield (
        Key("routine", schema, full),
        Routine(
            Name(schema, name),
            kind,
            arguments,
            None if kind == "procedure" else result,
            language,
            definition or "",
            body,
            input_names=tuple(part for part in _list(names) if part),
            defaults=defaults,
            source=(definition or "") if kind != "aggregate" else "",
            read_call=read_call,
        ),
    )
    yield from _remarks(Key("routine", schema, full), acl, comment, words=kind)


def _trigger(row: Row) -> Found:
    schema, table, name, definition, state, home, function, columns, comment = row
    on = Name(schema, table)
    value = Trigger(
        name, on, Name(home, function), definition, _STATES[state], tuple(_list(columns)), source=definition
    )
    yield Key("trigger", schema, name, table), value
    yield from _remarks(Key("trigger", schema, name, table), None, comment)


def _policy(row: Row) -> Found:
    schema, table, name, command, permissive, roles, using, check, comment = row
    head = f"{'permissive' if permissive else 'restrictive'} for {_COMMANDS[command]}"
    value = Policy(name, Name(schema, table), head, roles or "", using, check, using_text=using, check_text=check)
    yield Key("policy", schema, name, table), value
    yield from _remarks(Key("policy", schema, name, table), None, comment)


def _rule(row: Row) -> Found:
    schema, table, name, definition, state, comment = row
    yield (
        Key("rule", schema, name, table),
        RewriteRule(name, Name(schema, table), definition, _STATES[state], source=definition),
    )
    yield from _remarks(Key("rule", schema, name, table), None, comment)


def _extension(row: Row) -> Found:
    name, schema, version = row[:3]
    yield Key("extension", "", name), Extension(name, schema, version)


def _other(row: Row) -> Found:
    kind, schema, name, definition, comment, acl = row
    if kind == "default privileges":
        told = tuple(sorted((definition or "").strip("{}").split(",")))
        yield Key("privilege", schema, f"default privileges of {name}"), Privileges("", told, defaults=name)
        return
    key = Key(f"other {kind}", schema, name)
    sources = (definition or "",) if kind == "statistics" else ()
    yield key, Other(kind, Name(schema or None, name), definition or "", sources=sources)
    yield from _remarks(key, acl, comment)


def _huge(row: Row) -> Found:
    beginning, digest = row
    yield Key("other oversized object", "", beginning), Other("oversized object", Name(None, beginning), digest)


BUILDERS: dict[str, Callable[[Row], Found]] = {
    "huge": _huge,
    "namespace": _namespace,
    "relation": _relation,
    "sequence": _sequence,
    "type": _user_type,
    "routine": _routine,
    "trigger": _trigger,
    "policy": _policy,
    "rule": _rule,
    "extension": _extension,
    "other": _other,
}
