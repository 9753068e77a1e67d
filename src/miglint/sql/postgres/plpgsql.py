"""PL/pgSQL as control flow around operations: `DO` blocks and function bodies.

libpg_query gives the block as a tree of PL/pgSQL statements that contain SQL as texts. Each text is searched in the
block from the end of the previous one, so that its operations have positions in the file.
"""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.model import Span
from miglint.base.structs import replace
from miglint.sql.operations import (
    Condition,
    If,
    Opaque,
    Operation,
    Raise,
    Risk,
    Select,
    Transaction,
    Try,
    Unknown,
    flat,
    is_shallow,
)
from miglint.sql.postgres.calls import calls_of
from miglint.sql.postgres.conditions import condition
from miglint.sql.postgres.constants import NotConstantError, evaluate
from miglint.sql.postgres.embedded import (
    ASSIGN,
    bound,
    byte_map,
    hull,
    only_rows,
    row_names,
    short,
    statements,
    targets,
)
from miglint.sql.postgres.expressions import literal_of, query
from miglint.sql.postgres.names import Node, qualified, uncast
from miglint.sql.postgres.place import Place, place_of
from miglint.sql.postgres.plpgsql_loops import loop_text, repeated
from miglint.sql.postgres.plpgsql_risks import division_by_zero, risks_of
from miglint.sql.postgres.plpgsql_variables import BlockVariables, expression_of

ReadStatement = Callable[[Place, Node], list[Operation]]
# The operations of a list of statements, and whether the block surely ends with them.
BlockResult = tuple[list[Operation], bool]

_ERROR_LEVEL = 21
# What an option of RAISE sets.
_ERRCODE, _MESSAGE = 0, 1
# Deeper than handwritten code; consumers of operations recurse into them.
_DEEPEST = 60


class Block:
    """Reads the statements of one block; tracks the known values of variables and the position in the text."""

    def __init__(self, place: Place, read: ReadStatement, at: int | None, function: Node) -> None:
        self.place = place
        self.read = read
        self.at = at
        self.depth = 0
        # How many branches are open, which may not be taken.
        self.branches = 0
        # What may fail in the block with handlers that is being read.
        self.risks: list[Risk] = []
        self.values = BlockVariables(function)

    def many(self, nodes: list[Node] | None) -> BlockResult:
        """Read a list of statements; statements nested too deep are `Opaque`."""
        if self.depth >= _DEEPEST:
            if not nodes:
                return [], False
            reason = f"statements nested more than {_DEEPEST} deep"
            return [Opaque(span=self.place.whole(), reason=reason)], False
        self.depth += 1
        try:
            return self._many(nodes)
        finally:
            self.depth -= 1

    def _many(self, nodes: list[Node] | None) -> BlockResult:
        # Statements after a branch that returns belong to the other branch.
        operations: list[Operation] = []
        for index, node in enumerate(nodes or ()):
            if "PLpgSQL_stmt_if" in node:
                found, then_ends, else_ends = self.branch(node["PLpgSQL_stmt_if"])
                if then_ends or else_ends:
                    rest, ends = self.many((nodes or [])[index + 1 :])
                    operations.append(
                        If(
                            span=found.span,
                            condition=found.condition,
                            then=found.then if then_ends else (*found.then, *rest),
                            otherwise=found.otherwise if else_ends else (*found.otherwise, *rest),
                        )
                    )
                    return operations, ends or (then_ends and else_ends)
                if found.then or found.otherwise:
                    operations.append(found)
                continue
            more, ends = self.one(node)
            operations += more
            if ends:
                return operations, True
        return operations, False

    def one(self, node: Node) -> BlockResult:
        """Read one statement."""
        ((kind, body),) = node.items()
        kind = kind.removeprefix("PLpgSQL_stmt_")
        if kind == "block":
            return self.block(body)
        if kind == "return":
            return [], True
        if kind in {"execsql", "perform", "call"}:
            return self.static(kind, body), False
        if kind == "dynexecute":
            return self.dynamic(body), False
        if kind == "assign":
            self.assign(body)
            return [], False
        if kind == "raise":
            return self.raised(body)
        if kind == "assert":
            return self.asserted(body)
        if kind == "case":
            return self.case(body), False
        if kind in {"loop", "while", "fori", "fors", "forc", "foreach_a", "dynfors"}:
            return self.loop(kind, body), False
        if kind in {"commit", "rollback"}:
            return [Transaction(span=self.span(""), action=kind)], False
        return [], False

    def block(self, body: Node) -> BlockResult:
        """Read `BEGIN ... END`; with EXCEPTION it becomes a `Try` per handler, the first handler innermost."""
        start = self.at
        handlers = body.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", ())
        # An error may end the block before what it assigns.
        self.branches += bool(handlers)
        around, self.risks = self.risks, []
        operations, ends = self.many(body.get("body"))
        self.branches -= bool(handlers)
        # What no handler catches fails where the block stands.
        own, self.risks = tuple(self.risks), around if handlers else [*around, *self.risks]
        for item in handlers:
            handler = item["PLpgSQL_exception"]
            caught = tuple(part["PLpgSQL_condition"]["condname"] for part in handler.get("conditions", ()))
            self.branches += 1
            action, _ = self.many(handler.get("action"))
            self.branches -= 1
            span = self.place.whole() if start is None or self.at is None else self.place.span(start, self.at)
            if operations:
                whole = hull(operations) or span
                operations = [Try(span=whole, body=tuple(operations), caught=caught, handler=tuple(action), risks=own)]
        return operations, ends and not handlers

    def branch(self, body: Node) -> tuple[If, bool, bool]:
        """Read `IF`; ELSIF becomes an `If` in `otherwise`."""
        self.branches += 1
        try:
            return self._branch(body)
        finally:
            self.branches -= 1

    def _branch(self, body: Node) -> tuple[If, bool, bool]:
        span, test = self.test(body["cond"])
        then, then_ends = self.many(body.get("then_body"))
        rest = body.get("elsif_list", ())
        if rest:
            first = rest[0]["PLpgSQL_if_elsif"]
            inner = {
                "cond": first["cond"],
                "then_body": first.get("stmts"),
                "elsif_list": rest[1:],
                "else_body": body.get("else_body"),
            }
            otherwise, else_ends = self.many([{"PLpgSQL_stmt_if": inner}])
        else:
            otherwise, else_ends = self.many(body.get("else_body"))
        operations = [*then, *otherwise]
        span = hull([], span, *(operation.span for operation in operations)) or span
        return If(span=span, condition=test, then=tuple(then), otherwise=tuple(otherwise)), then_ends, else_ends

    def test(self, expression: Node) -> tuple[Span, Condition]:
        """Read a condition; a query in it sets no FOUND."""
        text = expression["PLpgSQL_expr"]["query"]
        span = self.span(text)
        node = expression_of(text)
        self.risks += risks_of(node, short(text))
        found = condition(node, self.values.known) if node is not None else Unknown(text)
        return span, found if is_shallow(found, _DEEPEST) else Unknown(short(text))

    def case(self, body: Node) -> list[Operation]:
        """Read `CASE`: which branch is taken is unknown."""
        self.branches += 1
        operations, _ = self.many(body.get("else_stmts"))
        for item in reversed(body.get("case_when_list", ())):
            when = item["PLpgSQL_case_when"]
            text = when["expr"]["PLpgSQL_expr"]["query"]
            then, _ = self.many(when.get("stmts"))
            operations = [
                If(span=self.place.whole(), condition=Unknown(text), then=tuple(then), otherwise=tuple(operations))
            ]
        self.branches -= 1
        return operations

    def raised(self, body: Node) -> BlockResult:
        """Read `RAISE`: only an error changes what happens."""
        if body.get("elog_level", _ERROR_LEVEL) < _ERROR_LEVEL:
            return [], False
        condition, text = body.get("condname"), None
        for option in (item["PLpgSQL_raise_option"] for item in body.get("options", ())):
            value = expression_of(option["expr"]["PLpgSQL_expr"]["query"])
            constant = None if value is None else literal_of(value)
            if option.get("opt_type", 0) == _ERRCODE:
                condition = constant or ""
            elif option["opt_type"] == _MESSAGE:
                text = constant
        message = body.get("message") or text or condition or "the error that was caught"
        condition = "raise_exception" if condition is None else condition
        return [Raise(span=self.span(f"'{message}'"), message=message, condition=condition)], True

    def asserted(self, body: Node) -> BlockResult:
        """Read `ASSERT`; where its condition is not known, it is taken to hold."""
        text = body["cond"]["PLpgSQL_expr"]["query"]
        node = expression_of(text)
        constant = None if node is None else literal_of(node)
        if constant == "false":
            return [Raise(span=self.span(text), message="assertion failed", condition="assert_failure")], True
        if constant != "true":
            self.risks.append(Risk(f"ASSERT {short(text)}", ("assert_failure",)))
        return [], False

    def assign(self, body: Node) -> None:
        """Read an assignment: the value of the variable is known from here on."""
        text = body["expr"]["PLpgSQL_expr"]["query"]
        target = ASSIGN.match(text)
        if target is None:
            return
        name = target.group(1)
        settled = self.values.is_settled(name, in_branch=bool(self.branches))
        value = expression_of(text[target.end() :])
        self.risks += risks_of(value, short(text))
        self.values.assign(name, value if settled else None)

    def _place_of(self, kind: str, text: str, shown: str, start: int | None, node: Node) -> Place:
        if start is None or kind == "perform":
            span = self.place.whole() if start is None else self.place.span(start, start + len(shown))
            return Place(text, 0, 0, len(text), byte_map(text), fixed=span)
        end, known = start + len(text), byte_map(text)
        return place_of(self.place.text, self.place.offset, start, end, known, node, fixed=self.place.fixed)

    def static(self, kind: str, body: Node) -> list[Operation]:
        """Read a static SQL statement."""
        key = "sqlstmt" if kind == "execsql" else "expr"
        text = body[key]["PLpgSQL_expr"]["query"]
        shown = text[len("SELECT ") :] if kind == "perform" else text
        nodes = statements(text)
        if nodes is None:
            return [Opaque(span=self.span(shown), reason="a statement in the block cannot be parsed")]
        if not nodes:
            return []
        start = self.find(shown)
        select = nodes[0]["stmt"].get("SelectStmt")
        self.values.nodes.pop("found", None)
        if select is not None:
            self.values.nodes["found"] = {"Found": select}
            self.risks += risks_of(select, short(shown), strict=body.get("strict", False))
            if division_by_zero(select):
                return [Raise(span=self.span(shown), message="division by zero", condition="division_by_zero")]
        if body.get("into") and "target" in body:
            row = nodes[0]["stmt"] if select is not None else None
            self.values.assign_row(row_names(body["target"]), row, in_branch=bool(self.branches))
        place = self._place_of(kind, text, shown, start, nodes[0])
        found = self.read(place, self._bound(nodes[0]["stmt"], text))
        if select is None or not self.values.texts:
            return found
        return [
            replace(item, called=calls_of(select, self.values.texts))
            if isinstance(item, Select) and item.called
            else item
            for item in found
        ]

    def _bound(self, node: Node, text: str) -> Node:
        folded = text.lower()
        # Each block with a handler has two variables more, of the same names.
        mentioned = frozenset(name for name, lower in self.values.folded.items() if lower in folded)
        changed: Node = bound(node, mentioned) if mentioned else node
        return changed

    def dynamic(self, body: Node) -> list[Operation]:
        """Read `EXECUTE`: SQL built from constants is treated like static SQL."""
        text = body["query"]["PLpgSQL_expr"]["query"]
        span = self.span(text)
        self.values.nodes.pop("found", None)
        node = expression_of(text)
        if node is None:
            return [Opaque(span=span, reason=f"dynamic SQL: {short(text)}")]
        try:
            sql = evaluate(node, self.values.texts)
        except NotConstantError:
            if "FuncCall" in node:
                return self.called(text, node, span)
            return [
                Opaque(
                    span=span,
                    reason=f"dynamic SQL: {short(text)}",
                    schema_effect=not only_rows(node, self.values.texts),
                )
            ]
        nodes = statements(sql)
        if nodes is None:
            return [Opaque(span=span, reason=f"dynamic SQL that cannot be parsed: {short(sql)}")]
        operations: list[Operation] = []
        for item in nodes:
            place = place_of(sql, 0, 0, len(sql), byte_map(sql), item, fixed=span)
            operations += self.read(place, item["stmt"])
        return operations

    def called(self, text: str, node: Node, span: Span) -> list[Operation]:
        """Read `EXECUTE f(...)`: the function is called, and what it returns is run."""
        select = {"targetList": [{"ResTarget": {"val": node}}]}
        changed = not only_rows(node, self.values.texts)
        own = Select(span=span, query=query({"SelectStmt": select}, text), called=calls_of(select, self.values.texts))
        name = qualified(node["FuncCall"]["funcname"])
        return [own, Opaque(span=span, reason=f"dynamic SQL: {short(text)}", schema_effect=changed, result_of=name)]

    def loop(self, kind: str, body: Node) -> list[Operation]:
        """Read a loop. Over an array of constants it is unrolled; otherwise only the kind of its effect is known."""
        text = loop_text(body)
        span = self.span(text) if text else self.place.whole()
        unrolled = self.unrolled(body, text) if kind == "foreach_a" else None
        if unrolled is not None:
            return unrolled
        known, self.values.texts = self.values.texts, {}
        nodes, self.values.nodes = self.values.nodes, {}
        self.branches += 1
        operations, _ = self.many(body.get("body"))
        self.branches -= 1
        changed = set(targets(body.get("body")))
        self.values.texts = {name: text for name, text in known.items() if name not in changed}
        self.values.nodes = {name: node for name, node in nodes.items() if name not in changed}
        effects = [item for item in flat(operations) if not isinstance(item, (Select, Raise))]
        if not effects:
            # The functions in it are called any number of times.
            return [replace(item, called=()) for item in operations if isinstance(item, Select)]
        return [repeated(effects, text, hull(operations, span) or span)]

    def unrolled(self, body: Node, text: str) -> list[Operation] | None:
        """Unroll `FOREACH v IN ARRAY ARRAY['a', 'b']`, also over a variable with such an array."""
        node = uncast(expression_of(text) or {})
        if "ColumnRef" in node:
            node = uncast(self.values.nodes.get(text.strip().lower(), {}))
        if "A_ArrayExpr" not in node:
            return None
        try:
            values = [evaluate(item, self.values.texts) for item in node["A_ArrayExpr"].get("elements", ())]
        except NotConstantError:
            return None
        number = body.get("varno", -1)
        name = self.values.names.get(number)
        if name is None or len(values) > 100:
            return None
        operations: list[Operation] = []
        start = self.at
        self.branches += 1
        for value in values:
            self.at = start
            self.values.texts[name] = value
            operations += self.many(body.get("body"))[0]
        self.branches -= 1
        self.values.texts.pop(name, None)
        return operations

    def find(self, text: str) -> int | None:
        """Return the position of a text in the block, after the previous one found."""
        if self.at is None or not text:
            return None
        found = self.place.text.find(text, self.at, self.place.end)
        if found >= 0:
            self.at = found + len(text)
            return found
        return None

    def span(self, text: str) -> Span:
        """Return the span of a text in the block, or of the statement."""
        start = self.find(text)
        return self.place.whole() if start is None else self.place.span(start, start + len(text))
