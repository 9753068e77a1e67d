"""One analysis: what is known around an expression, what may stand in it, and what has been seen of it so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from miglint.sql.operations import ColumnUse, Name
from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Environment, Invalid, Result
from miglint.sql.postgres.analysis.kinds import ASSIGNMENT, TypeKinds, is_array, spelled, worst
from miglint.sql.postgres.analysis.overloads import Overloads
from miglint.sql.postgres.analysis.places import ColumnPlaces
from miglint.sql.postgres.analysis.scope import ColumnReference, QueryLevel
from miglint.sql.postgres.analysis.texts import refuse_unreadable
from miglint.sql.postgres.names import Node

_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_OF_ARRAYS = frozenset({"@>", "<@", "&&"})


class Rules:
    """What may stand in an expression; `name` is how messages call it (`DEFAULT expression`)."""

    __slots__ = ("aggregates", "columns", "name", "queries")

    def __init__(self, name: str = "", *, columns: bool = True, queries: bool = True, aggregates: bool = True) -> None:
        self.name = name
        self.columns = columns
        self.queries = queries
        self.aggregates = aggregates


ANYTHING = Rules()


class ExpressionAnalysis:
    """The analysis of one statement or expression.

    `volatility` is the worst of what it calls. `aggregated` counts the aggregates of the level that is being read,
    `inside` says how deep in what may be one the reading is, and `plain` are the columns of the level outside of them.
    `refusal` is the error for an aggregate where none is allowed. `used` are all columns that were found. `stars` are
    the columns that each `*` of a list of results stands for, as SQL, by its place; None where they are not known.
    `reads` are the columns of relations that are named. `constants` are the texts of constants, each with the type that
    it is read as. `keyed` are the relations that are grouped by their primary key, on which the other columns depend.
    `places` records the places of names, if a column is to be renamed.
    """

    __slots__ = (
        "aggregated",
        "constants",
        "environment",
        "inside",
        "keyed",
        "kinds",
        "overloads",
        "places",
        "plain",
        "reads",
        "refusal",
        "rules",
        "stars",
        "used",
        "volatility",
    )

    def __init__(self, environment: Environment, rules: Rules = ANYTHING, places: ColumnPlaces | None = None) -> None:
        self.environment = environment
        self.kinds = TypeKinds(environment)
        self.overloads = Overloads(self.kinds)
        self.rules = rules
        self.volatility = "i"
        self.aggregated = 0
        self.inside = 0
        self.refusal = "" if rules.aggregates else f"aggregate functions are not allowed in {rules.name}"
        self.plain: list[ColumnReference] = []
        self.used: list[ColumnReference] = []
        self.stars: dict[int, str | None] = {}
        self.reads: dict[ColumnUse, None] = {}
        self.constants: list[tuple[str, str]] = []
        self.keyed: dict[Name, None] = {}
        self.places = places

    def read(self, node: Node, scope: QueryLevel) -> Result:
        """Return the type of an expression, with the text of a constant."""
        ((kind, body),) = node.items()
        reader = READERS.get(kind)
        if reader is not None:
            return reader(self, body, scope)
        if self.places is not None:
            for part in _parts_of(body):
                self.read(part, scope)
        return Result(UNKNOWN)

    def truth(self, node: Node, scope: QueryLevel, where: str) -> None:
        """Raise `Invalid` for a condition that is not of type boolean; `where` is the word for its place."""
        found = self.read(node, scope)
        if found.type == LITERAL:
            self.constant(found, "bool")
        elif not self.kinds.coerces(found.type, "bool", ASSIGNMENT):
            message = f"argument of {where} must be type boolean, not type {spelled(found.type)}"
            raise Invalid("datatype_mismatch", message)

    def constant(self, found: Result, target: str) -> None:
        """Raise `Invalid` for a constant whose text a type cannot read."""
        if found.literal is not None and found.type == LITERAL:
            self.constants.append((found.literal, target))
            refuse_unreadable(self.kinds, target, found.literal)

    def assigned(self, node: Node, scope: QueryLevel, target: str) -> str | None:
        """Return the type of an expression that a column of a type cannot take; None where it can."""
        found = self.read(node, scope)
        if found.type == LITERAL:
            self.constant(found, target)
            return None
        self.note(self.kinds.cast_volatility(found.type, target))
        return None if self.kinds.coerces(found.type, target, ASSIGNMENT) else found.type

    def note(self, volatility: str) -> None:
        """Record the worst volatility of what is called."""
        self.volatility = worst(self.volatility, volatility)

    def apply(self, name: str, given: Sequence[Result], schema: str | None = None) -> Result:
        """Return the result of an operator."""
        result, volatility = self.overloads.operator(name, [item.type for item in given], schema)
        self.note(volatility)
        if len(given) == 2 and (name in _COMPARISONS or name in _OF_ARRAYS):
            for one, two in ((given[0], given[1]), (given[1], given[0])):
                if one.type == LITERAL and one.literal is not None and self._takes_type(name, two.type):
                    self.constant(one, two.type)
        return Result(result)

    def _takes_type(self, name: str, other: str) -> bool:
        """Whether a constant beside a value of a type is read as that type."""
        if other in (LITERAL, UNKNOWN):
            return False
        base = self.kinds.base(other)
        if is_array(base):
            return True
        return name in _COMPARISONS and self._compares(name, base)

    def _compares(self, name: str, base: str) -> bool:
        return self.kinds.is_kind(base, "enum") or any(
            item.arguments == (base, base) for item in catalogs.operators(name)
        )

    def common(self, nodes: Sequence[Node], scope: QueryLevel, context: str) -> Result:
        """Return the type that several expressions become where one is wanted."""
        items = [self.read(node, scope) for node in nodes]
        kind = self.overloads.common([item.type for item in items], context)
        for item in items:
            if item.type == LITERAL:
                self.constant(item, kind)
            else:
                self.note(self.kinds.cast_volatility(item.type, kind))
        return Result(kind)


def _parts_of(node: object) -> Iterator[Node]:
    """Yield the outermost expressions in a node of another kind."""
    if isinstance(node, list):
        for item in node:
            yield from _parts_of(item)
    elif isinstance(node, dict):
        if len(node) == 1 and next(iter(node)) in READERS:
            yield node
            return
        for item in node.values():
            yield from _parts_of(item)


Columns = list[tuple[str, str]]
"""The result columns of a query: name and type; `*` for any number of columns that are not known."""

Reader = Callable[[ExpressionAnalysis, Node, QueryLevel], Result]
READERS: dict[str, Reader] = {}
"""What reads each kind of node; the modules beside this one enter their own. Others have a type that is not known."""

STATEMENTS: dict[str, Callable[[ExpressionAnalysis, Node, QueryLevel], Columns]] = {}
"""What reads each kind of statement on rows, WITH aside, and says what it returns; a module of its own enters them."""
