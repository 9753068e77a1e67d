"""Functions, procedures and aggregates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from msgspec.json import decode

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.sql.operations import AlterRoutine, CallReader, CreateRoutine, Name, Operation, Type
from miglint.sql.postgres import native
from miglint.sql.postgres.attached import setting_text
from miglint.sql.postgres.blocks import parse_block, routine_text
from miglint.sql.postgres.canonical import walk
from miglint.sql.postgres.expressions import expression
from miglint.sql.postgres.names import (
    Node,
    argument_types,
    constant_text,
    kind_of,
    option_text,
    options,
    qualified,
    type_of,
)
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.relations import nodes_of, relations_in
from miglint.sql.postgres.scopes import Walk, mentions_of

_MODES = {
    "FUNC_PARAM_OUT": "out",
    "FUNC_PARAM_INOUT": "inout",
    "FUNC_PARAM_VARIADIC": "variadic",
    "FUNC_PARAM_TABLE": "table",
}


def _outputs(names: list[str], types: list[Type]) -> tuple[tuple[str, Type], ...]:
    """Return the columns of the result; a single output is the result itself."""
    return tuple(zip(names, map(_plain, types), strict=True)) if len(types) > 1 else ()


def create_routine(place: Place, node: Node, read_call: CallReader) -> list[Operation]:
    """Read `CREATE FUNCTION` and `CREATE PROCEDURE`; `read_call` reads the body when it is called."""
    procedure = node.get("is_procedure", False)
    arguments: list[Type] = []
    types: dict[Name, None] = {}
    texts: list[str] = []
    input_names: list[str] = []
    output_names: list[str] = []
    output_types: list[Type] = []
    defaults = 0
    for item in node.get("parameters", ()):
        parameter = item["FunctionParameter"]
        spelled = type_of(parameter["argType"])
        types[Name(spelled.schema, spelled.name)] = None
        mode = _MODES.get(parameter["mode"], "in")
        name = parameter.get("name", "")
        if mode in {"in", "inout", "variadic"} or (mode == "out" and procedure):
            arguments.append(_plain(spelled))
        if mode in {"in", "inout", "variadic"}:
            input_names.append(name)
        if mode in {"out", "inout", "table"}:
            output_names.append(name)
            output_types.append(spelled)
        # The server drops lengths and precisions.
        text = f"{mode} {name} {_plain(spelled)}" if name else f"{mode} {_plain(spelled)}"
        if "defexpr" in parameter:
            defaults += 1
            text += f" default {expression(parameter['defexpr'], '').key}"
        texts.append(text)
    returns = _returns(node, procedure, output_types)
    if returns is not None:
        returns = replace(returns, args=())
        types[Name(returns.schema, returns.name)] = None
    language, body, options_ = _options(node)
    definition = [] if returns is None else [f"returns {'setof ' if returns.setof else ''}{returns}"]
    relations: tuple[Name, ...] = ()
    state = Walk()
    if "sql_body" in node:
        language = "sql"
        relations = relations_in(node["sql_body"])
        body = walk(state, node["sql_body"])
        definition.append("sql body")
    elif body is not None:
        relations = _body_relations(node, language, body)
    return [
        CreateRoutine(
            span=place.whole(),
            name=qualified(node["funcname"]),
            kind="procedure" if procedure else "function",
            arguments=tuple(arguments),
            returns=returns,
            language=language,
            definition=" ".join([f"({', '.join(texts)})", *definition, f"language {language}"]),
            body=body,
            options=options_,
            or_replace=node.get("replace", False),
            types=tuple(types),
            relations=relations,
            defaults=defaults,
            output_names=tuple(output_names),
            input_names=tuple(input_names),
            mentions=mentions_of(state),
            outputs=_outputs(output_names, output_types),
            source=place.source(),
            read_call=read_call,
        )
    ]


def _plain(spelled: Type) -> Type:
    """Return a type as an argument type, without modifiers."""
    return Type(spelled.name, (), spelled.dimensions, spelled.schema) if spelled.args else spelled


def _returns(node: Node, procedure: bool, output_types: list[Type]) -> Type | None:
    if procedure:
        return None
    if "returnType" in node:
        spelled = type_of(node["returnType"])
        if spelled.name == "record" and len(output_types) == 1:
            only = output_types[0]
            return Type(only.name, (), only.dimensions, only.schema, spelled.setof)
        return spelled
    if len(output_types) == 1:
        return _plain(output_types[0])
    return Type("record") if output_types else Type("void")


def _options(node: Node) -> tuple[str, str | None, tuple[str, ...]]:
    """Return the language, the body, and the other options."""
    language, body = "sql", None
    texts: list[str] = []
    for item in node.get("options", ()):
        element = item["DefElem"]
        name = element["defname"]
        if name == "language":
            language = constant_text(element["arg"]).lower()
        elif name == "as":
            body = "\n".join(constant_text(part) for part in element["arg"]["List"]["items"])
        elif name == "set":
            texts.append(setting_text(element["arg"]["VariableSetStmt"]))
        else:
            texts.append(option_text(element))
    return language, body, tuple(sorted(texts))


def _body_relations(node: Node, language: str, body: str) -> tuple[Name, ...]:
    if language == "sql":
        return relations_of_sql([body])
    if language == "plpgsql":
        return relations_of_plpgsql(routine_text(node, body))
    return ()


@lru_cache(maxsize=1024)  # a rollback often restates what the forward script replaced
def relations_of_plpgsql(statement: str) -> tuple[Name, ...]:
    """Return the relations used in the static SQL of a PL/pgSQL routine."""
    try:
        tree = parse_block(statement)
    except RecursionError:
        return ()
    return () if isinstance(tree, native.NativeError) else relations_of_sql(_queries(tree))


_ASSIGN = 3


def _queries(tree: Any) -> list[str]:
    """Return the SQL texts of a PL/pgSQL tree, except those that certainly use no relation."""
    found = []
    for kind, body in nodes_of(tree):
        if kind != "PLpgSQL_expr":
            continue
        text, mode = body["query"], body.get("parseMode")
        if mode == 0:
            found.append(text)
        elif "select" in text.lower():
            _, assigned, right = text.partition(":=") if mode == _ASSIGN else ("", "", text)
            found.append(f"SELECT {right if assigned or right else text}")
    return found


_RELATION = pattern(r'(?:"schemaname":"((?:[^"\\]|\\.)*)",)?"relname":"((?:[^"\\]|\\.)*)"')
_CTE = pattern(r'"ctename":"((?:[^"\\]|\\.)*)"')


def relations_of_sql(texts: list[str]) -> tuple[Name, ...]:
    """Return the relations used in SQL texts, as far as these can be parsed.

    The tree is searched as text: only relations have the field `relname`, and building the tree takes most of the time.
    """
    trees = [native.parse_text("\n;".join(texts).encode("utf-8", "replace"))]
    if isinstance(trees[0], native.NativeError):
        trees = [native.parse_text(text.encode("utf-8", "replace")) for text in texts]
    found: dict[Name, None] = {}
    hidden: set[str] = set()
    for tree in trees:
        if isinstance(tree, str):
            hidden.update(_CTE.findall(tree))
            for schema, name in _RELATION.findall(tree):
                found[Name(_unescaped(schema) if schema not in {"", "pg_catalog"} else None, _unescaped(name))] = None
    return tuple(name for name in found if name.schema is not None or name.name not in hidden)


def _unescaped(text: str) -> str:
    return str(decode(f'"{text}"')) if "\\" in text else text


def alter_routine(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER FUNCTION`, `PROCEDURE` and `ROUTINE` with options."""
    texts = []
    for item in node.get("actions", ()):
        element = item["DefElem"]
        setting = element.get("arg", {}).get("VariableSetStmt")
        texts.append(setting_text(setting) if setting is not None else option_text(element))
    function = node["func"]
    return [
        AlterRoutine(
            span=place.whole(),
            name=qualified(function["objname"]),
            kind=kind_of(node.get("objtype", "OBJECT_FUNCTION")),
            arguments=argument_types(function),
            options=tuple(sorted(texts)),
        )
    ]


_PARTS = frozenset(
    {"sfunc", "sfunc1", "finalfunc", "combinefunc", "serialfunc", "deserialfunc", "msfunc", "minvfunc", "mfinalfunc"}
)


def create_aggregate(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE AGGREGATE`."""
    arguments: tuple[Type, ...] = ()
    for item in node.get("args", ()):
        parameters = item.get("List", {}).get("items", ())
        arguments += tuple(type_of(part["FunctionParameter"]["argType"]) for part in parameters)
    functions: list[Name] = []
    for item in node.get("definition", ()):
        element = item["DefElem"]
        spelled = element.get("arg", {}).get("TypeName")
        if element["defname"] == "basetype" and spelled is not None:
            # The old syntax for the argument type; ANY means none.
            kind = type_of(spelled)
            arguments = () if kind.name == "any" else (kind,)
        elif element["defname"] in _PARTS and spelled is not None:
            functions.append(qualified(spelled["names"]))
    definition = " ".join(options(node.get("definition")))
    return [
        CreateRoutine(
            span=place.whole(),
            name=qualified(node["defnames"]),
            kind="aggregate",
            arguments=arguments,
            language="internal",
            definition=definition,
            or_replace=node.get("replace", False),
            types=tuple(Name(argument.schema, argument.name) for argument in arguments),
            functions=tuple(functions),
            source=place.source(),
        )
    ]
