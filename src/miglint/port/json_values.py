"""Values in JSON documents: SQLite's `->>` returns numbers for booleans too, and its constructors take no booleans."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from miglint.port.choices import ARRAY
from miglint.port.trees import Node, TranslationError
from miglint.port.truth_values import truth_word
from miglint.port.value_kinds import BOOLEAN, DOCUMENT, NUMBERS

_BUILDERS = frozenset(
    f"{kind}_{word}" for kind in ("json", "jsonb") for word in ("build_object", "build_array", "agg", "object_agg")
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)


def text_of_value(node: Node, kind: Callable[[Node], str | None]) -> Node:
    """Return the text that `->>` of PostgreSQL yields, wherever that of SQLite may be another one."""
    if not _is_text_needed(node):
        return node
    document, path = node.this, node.expression
    if isinstance(node, exp.JSONBExtractScalar):
        path = json_path(path)
    case = exp.Case(this=exp.Anonymous(this="json_type", expressions=[document.copy(), path.copy()]))
    for word in ("true", "false"):
        text = exp.Literal.string(word)
        case = case.when(text, text.copy())
    return case.else_(exp.Cast(this=node.copy(), to=exp.DataType.build("text")))


def json_path(node: Node) -> Node:
    """Return the path of a value in a document, `{a,b}` in PostgreSQL. Raises `TranslationError`."""
    text = node.name if isinstance(node, exp.Literal) and node.is_string else ""
    words = text[1:-1].split(",") if text[:1] == "{" and text[-1:] == "}" else []
    if not words or not all(word.strip().replace("_", "").isalnum() for word in words):
        raise TranslationError("a path that is not a constant has no equivalent")
    steps = (f"[{word.strip()}]" if word.strip().isdecimal() else f".{word.strip()}" for word in words)
    return exp.Literal.string(f"${''.join(steps)}")


def _is_text_needed(node: Node) -> bool:
    if not isinstance(node.expression, (exp.JSONPath, exp.Literal)):
        return False
    at, parent = node, node.parent
    while isinstance(parent, exp.Paren) and parent.parent is not None:
        at, parent = parent, parent.parent
    if parent is None or isinstance(parent, (exp.Paren, exp.Is, exp.Ordered)):
        # The whole expression: of an index, or of a column with its own type.
        return False
    if isinstance(parent, exp.Cast):
        to = parent.args.get("to")
        return isinstance(to, exp.DataType) and to.this in exp.DataType.TEXT_TYPES
    if isinstance(parent, _COMPARISONS):
        other = parent.expression if parent.this is at else parent.this
        return not _is_plain(other)
    if isinstance(parent, exp.In) and parent.this is at and parent.expressions:
        return not all(map(_is_plain, parent.expressions))
    return True


def _is_plain(node: Node) -> bool:
    """Return whether a node is a text that no number or truth value is equal to in either form."""
    if not isinstance(node, exp.Literal) or not node.is_string:
        return False
    text = node.name.strip().lower()
    return text not in ("true", "false") and not text[:1].isdecimal() and text[:1] not in ("-", "+", ".")


def built(node: Node, kind: Callable[[Node], str | None]) -> Node:
    """Return a constructor of documents whose arguments are truth values and documents, too."""
    if not isinstance(node, exp.JSONArray) and node.name.lower() not in _BUILDERS:
        return node
    for item in [*node.expressions]:
        made = _member(item, kind(item))
        if made is not item:
            item.replace(made)
    return node


def member(node: Node, kind: Callable[[Node], str | None]) -> Node:
    """Return a pair of a document whose value is a truth value or a document, too."""
    value = node.expression
    made = _member(value, kind(value))
    if made is not value:
        value.replace(made)
    return node


def _member(item: Node, kind: str | None) -> Node:
    if kind == BOOLEAN:
        return exp.Anonymous(this="json", expressions=[truth_word(item)])
    if kind in (DOCUMENT, ARRAY, NUMBERS) and not isinstance(item, (exp.JSONExtract, exp.Literal)):
        return exp.Anonymous(this="json", expressions=[item.copy()])
    return item


def extracted(node: Node) -> Node:
    """Return the value at a path of a document."""
    return exp.Anonymous(this="json_extract", expressions=[node.this, json_path(node.expression)])


def extracted_text(node: Node) -> Node:
    """Return `a -> 'b' ->> 'c'` as a function: SQLite has the operators from 3.38 on only."""
    path = ""
    document = node
    while isinstance(document, (exp.JSONExtract, exp.JSONExtractScalar)):
        if not isinstance(document.expression, exp.JSONPath):
            return node
        path = document.expression.sql(dialect="sqlite")[2:-1].replace("''", "'") + path
        document = document.this.unnest()
    return exp.Anonymous(this="json_extract", expressions=[document, exp.Literal.string(f"${path}")])
