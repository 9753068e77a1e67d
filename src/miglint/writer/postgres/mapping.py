"""Values that a forward wrote as labels of an enum, `USING CASE a WHEN 0 THEN 'x' ... END`, and how they come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Type
from miglint.sql.postgres.names import Node, strings, uncast
from miglint.sql.postgres.statement_trees import tree_of
from miglint.writer.words import literal

_BOOLEANS = frozenset(
    word[:size] for word in ("true", "false", "yes", "no", "on", "off") for size in range(1, len(word) + 1)
) - {"o"} | {"0", "1"}  # fmt: skip
_WHOLE = pattern(r"\s*[+-]?\d{1,18}\s*\Z")
_NUMBER = pattern(r"\s*+[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?\s*+\Z")
_INTEGERS = frozenset({"int2", "int4", "int8"})
_NUMBERS = frozenset({"numeric", "float4", "float8"})


def are_readable(labels: Sequence[str], kind: Type) -> bool:
    """Return whether a type reads each label as a value; True for types of which that is not known."""
    if kind.schema is not None:
        return True
    if kind.name == "bool":
        return all(label.strip().lower() in _BOOLEANS for label in labels)
    if kind.name in _INTEGERS:
        return all(_WHOLE.match(label) is not None for label in labels)
    if kind.name in _NUMBERS:
        return all(_NUMBER.match(label) is not None for label in labels)
    return True


def values_of_labels(using: str, column: str, kind: Type) -> Mapping[str, str]:
    """Return the value that a conversion gives each label for, as SQL; empty for one that is no plain `CASE`.

    Of two values with the same label, the first one is taken.
    """
    tree = tree_of(f"SELECT ({using}\n)")
    targets = [] if tree is None else [*tree.get("SelectStmt", {}).get("targetList", ())]
    node = uncast(targets[0]["ResTarget"]["val"]) if len(targets) == 1 else {}
    body = node.get("CaseExpr")
    if body is None or ("arg" in body and not _is_column(body["arg"], column)):
        return {}
    found: dict[str, str] = {}
    given: set[str] = set()
    for value, result in _branches(body, column):
        if value is None or result is None:
            return {}
        given.add(value)
        found.setdefault(result, value)
    rest = _label(body["defresult"]) if "defresult" in body else None
    left = [value for value in ("true", "false") if value not in given] if kind.name == "bool" else []
    if rest is not None and left:
        found.setdefault(rest, left[0])
    return found


def _branches(body: Node, column: str) -> Iterator[tuple[str | None, str | None]]:
    """Yield the value that each branch is about, and its label; None for what is no constant."""
    for item in body.get("args", ()):
        branch = item["CaseWhen"]
        condition = branch["expr"]
        if "arg" in body:
            value = _constant(condition)
        elif _is_column(condition, column):
            value = "true"
        else:
            value = _compared(condition, column)
        yield value, _label(branch["result"])


def _compared(node: Node, column: str) -> str | None:
    """Return the constant that a condition compares a column with."""
    equal = node.get("A_Expr", {})
    if equal.get("kind") == "AEXPR_OP" and strings(equal.get("name")) == ("=",):
        for one, two in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
            if one in equal and _is_column(equal[one], column):
                return _constant(equal[two])
    test = node.get("BooleanTest", {})
    if test.get("booltesttype") in ("IS_TRUE", "IS_FALSE") and _is_column(test["arg"], column):
        return "true" if test["booltesttype"] == "IS_TRUE" else "false"
    negated = node.get("BoolExpr", {})
    if negated.get("boolop") == "NOT_EXPR" and _is_column(negated["args"][0], column):
        return "false"
    return None


def _is_column(node: Node, column: str) -> bool:
    fields = uncast(node).get("ColumnRef", {}).get("fields", ())
    return bool(fields) and "String" in fields[-1] and fields[-1]["String"]["sval"] == column


def _constant(node: Node) -> str | None:
    """Return a constant as SQL."""
    constant = uncast(node).get("A_Const")
    if constant is None or constant.get("isnull"):
        return None
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0))
    if "boolval" in constant:
        return "true" if constant["boolval"].get("boolval") else "false"
    if "fval" in constant:
        return str(constant["fval"]["fval"])
    text = constant.get("sval", {}).get("sval")
    return literal(text) if isinstance(text, str) else None


def _label(node: Node) -> str | None:
    text = uncast(node).get("A_Const", {}).get("sval", {}).get("sval")
    return text if isinstance(text, str) else None
