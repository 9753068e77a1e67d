"""The modifiers of a query's result columns: `varchar(20)` of a column stays that, and of `lower(a)` nothing is left.

Mirrors `exprTypmod`: columns, casts, and what chooses between values of one type and one modifier keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from miglint.sql.operations import Name, Type
from miglint.sql.postgres.names import Node, type_of
from miglint.sql.postgres.statement_trees import tree_of

Columns = Mapping[str, Type | None]
# The columns of a relation with their types, None for a relation that is not known.
Look = Callable[[Name], Columns | None]
_DEEPEST = 30


class _UnknownColumnsError(Exception):
    """The columns of a query are not known."""


class _FromClause:
    """What the `FROM` of a query offers: columns by the name of their source, and whether `*` is all of them."""

    def __init__(self, outer: _FromClause | None) -> None:
        self.outer = outer
        self.sources: list[tuple[str, Columns | None]] = []
        self.merged = False

    def find(self, path: Sequence[str]) -> Type | None:
        column = path[-1]
        found = [
            columns[column]
            for alias, columns in self.sources
            if columns is not None and column in columns and (len(path) == 1 or path[-2] == alias)
        ]
        if found:
            return found[0] if all(one == found[0] for one in found) else None
        return None if self.outer is None else self.outer.find(path)

    def all(self, alias: str | None) -> Iterator[tuple[str, Type | None]]:
        for name, columns in self.sources:
            if alias is None or alias == name:
                if columns is None or self.merged:
                    raise _UnknownColumnsError
                yield from columns.items()


def output_types(text: str, look: Look) -> tuple[Type | None, ...] | None:
    """Return for each result column of a query the type that it keeps with its modifiers, None where it keeps none.

    None as a whole if it is not known which columns there are.
    """
    tree = tree_of(text) or {}
    try:
        return tuple(kind for _, kind in _ModifierReader(look).select(tree.get("SelectStmt", {}), None, {}, 0))
    except _UnknownColumnsError:
        return None


class _ModifierReader:
    def __init__(self, look: Look) -> None:
        self._look = look

    def select(
        self, body: Node, outer: _FromClause | None, known: Mapping[str, Columns], depth: int
    ) -> list[tuple[str, Type | None]]:
        if depth > _DEEPEST or not body:
            raise _UnknownColumnsError
        known = self._with(body, outer, known, depth)
        if "larg" in body:
            left, right = (self.select(body[side], outer, known, depth + 1) for side in ("larg", "rarg"))
            if len(left) != len(right):
                raise _UnknownColumnsError
            return [(name, one if one == two else None) for (name, one), (_, two) in zip(left, right, strict=True)]
        if "targetList" not in body:
            width = len(body["valuesLists"][0]["List"]["items"]) if "valuesLists" in body else 0
            return [(f"column{number}", None) for number in range(1, width + 1)]
        scope = _FromClause(outer)
        for node in body.get("fromClause", ()):
            self._source(node, scope, known, depth)
        found: list[tuple[str, Type | None]] = []
        for node in body["targetList"]:
            target = node["ResTarget"]
            value = target["val"]
            fields = value.get("ColumnRef", {}).get("fields", ())
            if fields and "A_Star" in fields[-1]:
                found += scope.all(fields[-2]["String"]["sval"] if len(fields) > 1 else None)
                continue
            name = target.get("name") or (fields[-1]["String"]["sval"] if fields else "?column?")
            found.append((name, self._type(value, scope, known, depth)))
        return found

    def _with(
        self, body: Node, outer: _FromClause | None, known: Mapping[str, Columns], depth: int
    ) -> Mapping[str, Columns]:
        clause = body.get("withClause")
        if clause is None:
            return known
        if clause.get("recursive"):
            raise _UnknownColumnsError
        found = dict(known)
        for node in clause["ctes"]:
            cte = node["CommonTableExpr"]
            query = cte["ctequery"].get("SelectStmt", {})
            found[cte["ctename"]] = _named(self.select(query, outer, found, depth + 1), cte.get("aliascolnames"))
        return found

    def _source(self, node: Node, scope: _FromClause, known: Mapping[str, Columns], depth: int) -> None:
        ((kind, body),) = node.items()
        alias = body.get("alias", {})
        label, names = alias.get("aliasname"), alias.get("colnames")
        if kind == "RangeVar":
            name = Name(body.get("schemaname"), body["relname"])
            columns = known.get(name.name) if name.schema is None else None
            columns = self._look(name) if columns is None else columns
            columns = None if columns is None else _named(list(columns.items()), names)
            scope.sources.append((label or name.name, columns))
        elif kind == "RangeSubselect":
            found = self.select(body["subquery"].get("SelectStmt", {}), scope, known, depth + 1)
            scope.sources.append((label or "", _named(found, names)))
        elif kind == "JoinExpr":
            scope.merged = scope.merged or "usingClause" in body or body.get("isNatural", False) or bool(alias)
            self._source(body["larg"], scope, known, depth + 1)
            self._source(body["rarg"], scope, known, depth + 1)
        else:
            scope.sources.append((label or "", None))

    def _type(self, node: Node, scope: _FromClause, known: Mapping[str, Columns], depth: int) -> Type | None:
        if depth > _DEEPEST:
            return None
        ((kind, body),) = node.items()
        match kind:
            case "ColumnRef":
                path = [field["String"]["sval"] for field in body["fields"] if "String" in field]
                return scope.find(path) if len(path) == len(body["fields"]) else None
            case "TypeCast":
                return type_of(body["typeName"])
            case "CollateClause":
                return self._type(body["arg"], scope, known, depth + 1)
            case "CoalesceExpr" | "MinMaxExpr":
                return self._same(body["args"], scope, known, depth)
            case "CaseExpr":
                if "defresult" not in body:
                    return None
                results = [item["CaseWhen"]["result"] for item in body["args"]]
                return self._same([*results, body["defresult"]], scope, known, depth)
            case "A_Expr" if body["kind"] == "AEXPR_NULLIF":
                return self._type(body["lexpr"], scope, known, depth + 1)
            case "SubLink" if body["subLinkType"] == "EXPR_SUBLINK":
                found = self.select(body["subselect"].get("SelectStmt", {}), scope, known, depth + 1)
                return found[0][1] if len(found) == 1 else None
        return None

    def _same(self, nodes: Sequence[Node], scope: _FromClause, known: Mapping[str, Columns], depth: int) -> Type | None:
        kinds = [self._type(node, scope, known, depth + 1) for node in nodes]
        return kinds[0] if all(kind == kinds[0] for kind in kinds) else None


def _named(columns: Sequence[tuple[str, Type | None]], names: Sequence[Node] | None) -> Columns:
    """Return columns under the names of an alias, of which there may be fewer."""
    labels = [node["String"]["sval"] for node in names or ()]
    labels += [name for name, _ in columns[len(labels) :]]
    return dict(zip(labels, (kind for _, kind in columns), strict=False))
