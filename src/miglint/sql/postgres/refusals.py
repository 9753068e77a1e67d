"""Statements that PostgreSQL's grammar takes and that fail on every schema, by what stands in them alone."""

from __future__ import annotations

from collections.abc import Callable

from miglint.sql.postgres import native
from miglint.sql.postgres.blocks import parse_block, routine_text
from miglint.sql.postgres.messages import brief
from miglint.sql.postgres.names import Node, constant_text

_INPUT = frozenset({"FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_VARIADIC", "FUNC_PARAM_DEFAULT"})
_OUTPUT = frozenset({"FUNC_PARAM_OUT", "FUNC_PARAM_INOUT", "FUNC_PARAM_TABLE"})
# What PL/pgSQL's own reader finds wrong with a text, whatever there is beside it.
WRONG = (
    "syntax error",
    "mismatched parentheses",
    "missing ",
    "cannot use RETURN",
    "RETURN cannot have",
    "RETURN NEXT cannot have",
    "loop variable of loop",
    "too many parameters specified for RAISE",
    "too few parameters specified for RAISE",
    "unterminated ",
    "unrecognized exception condition",
)


def is_wrong(message: str) -> bool:
    """Return whether an error of PL/pgSQL's parser does not depend on anything outside of the text."""
    if message.startswith(WRONG):
        return True
    # The body is read as that of a function of another name, which may stand before a variable's.
    return message.endswith("is not a known variable") and "." not in message


def refused(tree: Node) -> str | None:
    """Return the error that a statement raises on every schema, None where it may run."""
    ((kind, body),) = tree.items()
    look = _LOOKS.get(kind)
    return None if look is None else look(body)


def _routine(node: Node) -> str | None:
    names: set[str] = set()
    outputs = 0
    has_default = False
    for item in node.get("parameters", ()):
        parameter = item["FunctionParameter"]
        name, mode = parameter.get("name", ""), parameter["mode"]
        if name and name in names:
            return f'parameter name "{name}" used more than once'
        names.add(name)
        if mode in _INPUT:
            if "defexpr" in parameter:
                has_default = True
            elif has_default and mode != "FUNC_PARAM_VARIADIC":
                return "input parameters after one with a default value must also have defaults"
        outputs += mode in _OUTPUT
    returns = node.get("returnType")
    if outputs > 1 and returns is not None and not node.get("is_procedure"):
        word = constant_text(returns["names"][-1])
        if word != "record" and not any(_is_table(item) for item in node["parameters"]):
            return "function result type must be record because of OUT parameters"
    return _body(node)


def _is_table(item: Node) -> bool:
    return bool(item["FunctionParameter"]["mode"] == "FUNC_PARAM_TABLE")


def _body(node: Node) -> str | None:
    """Return what is wrong with the text of a PL/pgSQL body."""
    language, body = "sql", None
    for item in node.get("options", ()):
        element = item["DefElem"]
        if element["defname"] == "language":
            language = constant_text(element["arg"]).lower()
        elif element["defname"] == "as":
            body = constant_text(element["arg"]["List"]["items"][0])
    if body is None:
        return None if "sql_body" in node else "no function body specified"
    if language != "plpgsql":
        return None
    return _wrong(routine_text(node, body))


def _wrong(text: str) -> str | None:
    try:
        found = parse_block(text)
    except RecursionError:
        return None
    if isinstance(found, native.NativeError) and is_wrong(found.message):
        return brief(found.message)
    return None


def wrong_options(node: Node) -> str | None:
    """Return the error for a `DO` that has no text, or two texts or languages."""
    named = [item["DefElem"]["defname"] for item in node.get("args", ())]
    if len(named) > len(set(named)):
        return "conflicting or redundant options"
    return None if "as" in named else "no inline code specified"


def _policy(node: Node) -> str | None:
    command = node.get("cmd_name")
    if command == "insert" and "qual" in node:
        return "only WITH CHECK expression allowed for INSERT"
    if command in ("select", "delete") and "with_check" in node:
        return "WITH CHECK cannot be applied to SELECT or DELETE"
    return None


def _refresh(node: Node) -> str | None:
    if node.get("concurrent") and node.get("skipData"):
        return "CONCURRENTLY and WITH NO DATA options cannot be used together"
    return None


def _drop(node: Node) -> str | None:
    if not node.get("concurrent"):
        return None
    if len(node["objects"]) > 1:
        return "DROP INDEX CONCURRENTLY does not support dropping multiple objects"
    if node.get("behavior") == "DROP_CASCADE":
        return "DROP INDEX CONCURRENTLY does not support CASCADE"
    return None


def _table(node: Node) -> str | None:
    table = node["relation"]["relname"]
    return next(
        (
            why
            for item in node.get("tableElts", ())
            if "ColumnDef" in item and (why := _column(item["ColumnDef"], table)) is not None
        ),
        None,
    )


def _alter(node: Node) -> str | None:
    for item in node.get("cmds", ()):
        command = item["AlterTableCmd"]
        definition = command.get("def", {}).get("ColumnDef")
        if command["subtype"] == "AT_AddColumn" and definition is not None:
            why = _column(definition, node["relation"]["relname"])
            if why is not None:
                return why
    return None


def _column(node: Node, table: str) -> str | None:
    """Return the error for a column with two of a default, an identity and a generation expression."""
    kinds = [item["Constraint"]["contype"] for item in node.get("constraints", ()) if "Constraint" in item]
    name = node.get("colname", "")
    named = [word for kind, word in _VALUES.items() if kind in kinds]
    for word in named:
        if kinds.count(next(kind for kind, other in _VALUES.items() if other == word)) > 1:
            return f'multiple {word} specified for column "{name}" of table "{table}"'
    if len(named) > 1:
        one, two = (word.removesuffix("s").replace("default value", "default") for word in named[:2])
        return f'both {one} and {two} specified for column "{name}" of table "{table}"'
    return None


_VALUES = {
    "CONSTR_DEFAULT": "default values",
    "CONSTR_IDENTITY": "identity",
    "CONSTR_GENERATED": "generation expressions",
}
_LOOKS: dict[str, Callable[[Node], str | None]] = {
    "CreateFunctionStmt": _routine,
    "DoStmt": wrong_options,
    "CreatePolicyStmt": _policy,
    "RefreshMatViewStmt": _refresh,
    "DropStmt": _drop,
    "CreateStmt": _table,
    "AlterTableStmt": _alter,
}
