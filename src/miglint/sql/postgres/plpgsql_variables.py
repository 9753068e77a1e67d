"""What is known of the variables of a PL/pgSQL block, while its statements are read one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from miglint.sql.postgres.catalog_rows import KnownVariables
from miglint.sql.postgres.constants import NotConstantError, evaluate
from miglint.sql.postgres.embedded import statements, targets
from miglint.sql.postgres.names import Node


class BlockVariables:
    """The values of variables: constant `texts`, and the `nodes` of the expressions or queries that they come from.

    `names` are the variables by the number of their datum, `folded` the lower-case forms.
    """

    def __init__(self, function: Node) -> None:
        self.texts: dict[str, str] = {}
        self.nodes: dict[str, Node] = {}
        self._assigned = Counter(targets(function["action"]))
        self.names: dict[int, str] = {}
        for number, datum in enumerate(function.get("datums", ())):
            variable: Node = next(iter(datum.values()), {})
            self.names[number] = variable.get("refname", "")
            if "default_val" in variable:
                self._default(variable["refname"], variable["default_val"]["PLpgSQL_expr"]["query"])
        self.folded = {name: name.lower() for name in self.names.values() if name}

    def _default(self, name: str, text: str) -> None:
        self._assigned[name] += 1
        if self._assigned[name] == 1:
            self._remember(name, expression_of(text))

    def _remember(self, name: str, node: Node | None) -> None:
        if node is None:
            return
        self.nodes[name] = node
        try:
            self.texts[name] = evaluate(node, self.texts)
        except NotConstantError:
            self.texts.pop(name, None)

    @property
    def known(self) -> KnownVariables:
        """Return what is known here."""
        return KnownVariables(self.texts, self.nodes)

    def given(self, arguments: Mapping[str, str]) -> None:
        """Assume these values for parameters, except for those that are assigned to."""
        self.texts |= {name: text for name, text in arguments.items() if not self._assigned[name] + self._assigned["*"]}

    def is_settled(self, name: str, *, in_branch: bool) -> bool:
        """Return whether an assignment here holds for all that follows it up to the next one."""
        return not self._assigned["*"] and (self._assigned[name] == 1 or not in_branch)

    def assign(self, name: str, node: Node | None) -> None:
        """Record an assignment; without an expression, nothing is known of the variable any more."""
        self.nodes.pop(name, None)
        self.texts.pop(name, None)
        self._remember(name, node)

    def assign_row(self, names: Sequence[str], query: Node | None, *, in_branch: bool) -> None:
        """Record that variables get their values from the row of a query; None: from RETURNING."""
        for name in names:
            self.assign(name, None)
        if len(names) == 1 and query is not None and self.is_settled(names[0], in_branch=in_branch):
            self.nodes[names[0]] = query


def expression_of(text: str) -> Node | None:
    """Return the tree of an expression; of one with a `FROM`, the query. None where it cannot be parsed."""
    nodes = statements(f"SELECT {text}")
    if not nodes:
        return None
    statement: Node = nodes[0]["stmt"]
    body = statement.get("SelectStmt", {})
    if "fromClause" in body:
        return statement
    targets: list[Node] = body.get("targetList", [])
    if len(targets) != 1:
        return None
    value: Node = targets[0]["ResTarget"]["val"]
    return value
