"""Texts in which each name has its schema, so that they mean the same under another search path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from miglint.base.identifiers import quote_name
from miglint.base.structs import replace
from miglint.sql.operations import CreateRoutine, CreateRule, CreateTrigger, Expression, Name, Query
from miglint.sql.postgres.expressions import expression, query
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.statement_trees import parsed

_Defined = TypeVar("_Defined", CreateRoutine, CreateRule, CreateTrigger)
# Return a name with its schema; without one where it is not known.
Resolve = Callable[[Name], Name]

# Where trees have types that say nothing of being one.
_TYPES = frozenset({"typeName", "returnType", "argType"})
_HEAD = "SELECT ("
_OF_SEQUENCES = frozenset({"nextval", "currval", "setval"})


class SchemaNames:
    """What relations, functions and types are called in full; only schemas that are not `reached` are written."""

    def __init__(self, relation: Resolve, function: Resolve, type_: Resolve, reached: frozenset[str]) -> None:
        self._relation, self._function, self._type = relation, function, type_
        self._reached = reached

    def statement(self, text: str) -> str:
        """Return a statement with the schemas of its names; as it is if it cannot be read."""
        tree = parsed(text)
        return text if tree is None else self._applied(text, tree, 0)

    def query(self, written: Query) -> Query:
        """Return a query with the schemas of its names."""
        text = self.statement(written.text)
        tree = None if text == written.text else parsed(text)
        return written if tree is None else replace(written, key=query(tree, text).key, text=text)

    def definition(self, written: _Defined) -> _Defined:
        """Return a statement that defines a trigger, a rule or a routine with the schemas of its names."""
        text = self.statement(written.source)
        if text == written.source:
            return written
        from miglint.sql.postgres import parse

        operations = [operation for statement in parse(text) for operation in statement.operations]
        again = operations[0] if len(operations) == 1 else None
        return replace(again, span=written.span, name=written.name) if isinstance(again, type(written)) else written

    def expression(self, written: Expression) -> Expression:
        """Return an expression with the schemas of its names."""
        found = self.condition(written.text)
        return written if found is None else replace(written, key=found.key, text=found.text)

    def condition(self, text: str) -> Expression | None:
        """Return the text of an expression with the schemas of its names, read again; None if it stays as it is."""
        tree = parsed(f"{_HEAD}{text}\n)")
        full = text if tree is None else self._applied(text, tree, len(_HEAD))
        again = None if full == text else parsed(f"{_HEAD}{full}\n)")
        if again is None:
            return None
        (target,) = again["SelectStmt"]["targetList"]
        return expression(target["ResTarget"]["val"], full)

    def _applied(self, text: str, tree: Node, offset: int) -> str:
        content = text.encode("utf-8")
        own = frozenset(_names_of_ctes(tree))
        parts: list[bytes] = []
        done = 0
        for place, schema in sorted(self._places(tree, own)):
            parts += content[done : place - offset], f"{quote_name(schema)}.".encode()
            done = place - offset
        return b"".join((*parts, content[done:])).decode("utf-8")

    def _places(self, tree: Node, own: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Yield where a schema is missing, in bytes; `own` are the names of CTEs."""
        for kind, body in _nodes(tree):
            place = body.get("location", 0)
            if kind == "RangeVar" and "schemaname" not in body and body["relname"] not in own:
                yield from self._missing(place, self._relation(Name(None, body["relname"])))
            elif kind == "FuncCall":
                names = body["funcname"]
                if len(names) == 1:
                    yield from self._missing(place, self._function(Name(None, names[0]["String"]["sval"])))
                if names[-1]["String"]["sval"] in _OF_SEQUENCES:
                    yield from self._sequence(body.get("args", ()))
            elif kind == "TypeName" and len(body.get("names", ())) == 1:
                yield from self._missing(place, self._type(Name(None, body["names"][0]["String"]["sval"])))

    def _sequence(self, arguments: Any) -> Iterator[tuple[int, str]]:
        constant = arguments[0] if arguments else {}
        constant = constant.get("TypeCast", {}).get("arg", constant)
        body = constant.get("A_Const", {})
        written = body.get("sval", {}).get("sval", "")
        if written and "." not in written:
            # Behind the quote.
            name = written[1:-1] if written.startswith('"') else written.lower()
            yield from self._missing(body.get("location", 0) + 1, self._relation(Name(None, name)))

    def _missing(self, place: int, name: Name) -> Iterator[tuple[int, str]]:
        if name.schema is not None and name.schema not in self._reached:
            yield place, name.schema


def _nodes(tree: Any) -> Iterator[tuple[str, Node]]:
    """Yield all nodes with their kinds, those that are only known by where they are as well."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list | tuple):
            waiting += found
        elif isinstance(found, dict):
            for key, value in found.items():
                if isinstance(value, dict):
                    if key[0].isupper():
                        yield key, value
                    elif key in _TYPES:
                        yield "TypeName", value
                    elif "relname" in value:
                        yield "RangeVar", value
                if isinstance(value, dict | list | tuple):
                    waiting.append(value)


def _names_of_ctes(tree: Node) -> Iterator[str]:
    return (body["ctename"] for kind, body in _nodes(tree) if kind == "CommonTableExpr")
