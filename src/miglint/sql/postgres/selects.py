"""Queries: their scopes, and the relations they read.

Writes `SELECT` and its clauses in canonical form, as part of the traversal in `canonical`.
"""

from __future__ import annotations

from miglint.sql.operations import ColumnUse
from miglint.sql.postgres.canonical import BARE, NODES, field, generic, note_relation, walk, walk_list
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.scopes import VisibleRelations, Walk

_SET_WORDS = {"SETOP_UNION": "union", "SETOP_INTERSECT": "intersect", "SETOP_EXCEPT": "except"}


_LISTS = (("targetList", "select"), ("valuesLists", "values"))


def select(state: Walk, body: Node) -> str:
    """Write a `SelectStmt`."""
    scope = VisibleRelations()
    # A set operation names no relations of its own: a chain of them must not make every look-up longer.
    own = "larg" not in body or "withClause" in body or not state.scopes
    if own:
        state.scopes.append(scope)
    parts = [*_sources(state, body, scope), *_results(state, body)]
    if own:
        state.scopes.pop()
    return "(" + " ".join(parts) + ")"


def _sources(state: Walk, body: Node, scope: VisibleRelations) -> list[str]:
    """Write what a query reads: common table expressions, the sides of a set operation, and FROM."""
    parts = []
    if "withClause" in body:
        parts.append(with_clause(state, body["withClause"], scope))
    if "larg" in body:
        word = _SET_WORDS[body["op"]] + (" all" if body.get("all") else "")
        parts.append(f"({select(state, body['larg'])} {word} {select(state, body['rarg'])})")
    if "fromClause" in body:
        tables = ", ".join([from_item(state, node, scope) for node in body["fromClause"]])
        parts.append(f"from {tables}")
    return parts


def _results(state: Walk, body: Node) -> list[str]:
    parts = []
    if "distinctClause" in body:
        expressions = [node for node in body["distinctClause"] if node]
        parts.append(f"distinct ({_by_result(state, body, expressions)})")
    for key, word in _LISTS:
        if key in body:
            parts.append(f"{word} {walk_list(state, body[key])}")
    if "whereClause" in body:
        parts.append("where " + walk(state, body["whereClause"]))
    if "sortClause" in body:
        parts.append("order by " + _sort(state, body))
    if "groupClause" in body:
        parts.append(f"group by {_by_result(state, body, body['groupClause'])}")
    parts += [f"{key} {field(state, key, body[key])}" for key in _REST if key in body]
    return parts


_REST = ("groupDistinct", "havingClause", "windowClause", "limitOffset", "limitCount", "lockingClause")


def _result_names(body: Node) -> set[str | None]:
    return {node["ResTarget"].get("name") for node in body.get("targetList", ())}


def _plain_name(node: Node) -> str | None:
    fields = node.get("ColumnRef", {}).get("fields", ())
    name: str | None = fields[0].get("String", {}).get("sval") if len(fields) == 1 else None
    return name


def _sort(state: Walk, body: Node) -> str:
    """Write ORDER BY; a plain name of a result column is that column, not one of a table."""
    names = _result_names(body)
    texts = []
    for node in body["sortClause"]:
        item = node["SortBy"]
        inner = item["node"]
        name = _plain_name(inner)
        text = name if name is not None and name in names else walk(state, inner)
        texts.append(text + _sort_words(state, item))
    return ", ".join(texts)


def _by_result(state: Walk, body: Node, nodes: list[Node]) -> str:
    """Write GROUP BY or DISTINCT ON; a plain name of a result column may be that column or one of a table."""
    names = _result_names(body)
    texts = []
    for node in nodes:
        name = _plain_name(node)
        if "GroupingSet" in node:
            inner = node["GroupingSet"]
            texts.append(f"{inner['kind'][13:].lower()} ({_by_result(state, body, inner.get('content', []))})")
        elif name is not None and name in names:
            state.uses[ColumnUse(None, name)] = None
            texts.append(name)
        else:
            texts.append(walk(state, node))
    return ", ".join(texts)


def _sort_words(state: Walk, item: Node) -> str:
    words = ""
    direction = item.get("sortby_dir", "SORTBY_DEFAULT")
    if direction == "SORTBY_DESC":
        words = " desc"
    elif direction == "SORTBY_USING":
        words = f" using {walk_list(state, item.get('useOp'))}"
    nulls = item.get("sortby_nulls", "SORTBY_NULLS_DEFAULT")
    if nulls != "SORTBY_NULLS_DEFAULT":
        words += " nulls first" if nulls == "SORTBY_NULLS_FIRST" else " nulls last"
    return words


def _locking(state: Walk, body: Node) -> str:
    """Write FOR UPDATE and its like: what stands behind OF are names of the sources, and read no relations."""
    names = ", ".join(node["RangeVar"]["relname"] for node in body.get("lockedRels", ()))
    return f"{body['strength']} {body['waitPolicy']} of ({names})"


def _sort_by(state: Walk, body: Node) -> str:
    return walk(state, body["node"]) + _sort_words(state, body)


def with_clause(state: Walk, body: Node, scope: VisibleRelations) -> str:
    """Write a WITH list; its names hide relations from here on."""
    texts = []
    recursive = body.get("recursive", False)
    if recursive:
        scope.ctes.update(node["CommonTableExpr"]["ctename"] for node in body["ctes"])
    for node in body["ctes"]:
        element = node["CommonTableExpr"]
        columns = walk_list(state, element.get("aliascolnames"))
        texts.append(f"{element['ctename']}({columns}) as {walk(state, element['ctequery'])}")
        scope.ctes.add(element["ctename"])
    return f"with {'recursive ' if recursive else ''}{', '.join(texts)}"


def from_item(state: Walk, node: Node, scope: VisibleRelations) -> str:
    """Write one item of FROM and add its names to the scope."""
    ((kind, body),) = node.items()
    if kind == "RangeVar":
        return _table(state, body, scope)
    if kind == "JoinExpr":
        return _join(state, body, scope)
    alias = alias_of(body)
    if kind == "RangeSubselect":
        text = walk(state, body["subquery"])
        if body.get("lateral"):
            text = "lateral " + text
    elif kind == "RangeTableSample":
        return f"{from_item(state, body['relation'], scope)} {generic(state, 'sample', _without(body, 'relation'))}"
    else:
        text = generic(state, kind, _without(body, "alias"))
        alias = alias or _function_alias(body)
    scope.items.append(None)
    if alias:
        scope.aliases[alias] = None
    return f"{text} as {_alias_text(body)}" if "alias" in body else text


def _table(state: Walk, body: Node, scope: VisibleRelations) -> str:
    name = note_relation(state, body)
    known = name in state.relations
    alias = alias_of(body)
    if body.get("alias", {}).get("colnames"):
        # Its columns have other names here.
        known = False
    scope.aliases[alias or name.name] = name if known else None
    scope.items.append(name if known else None)
    text = str(name) if body.get("inh") else f"only {name}"
    return f"{text} as {_alias_text(body)}" if alias else text


def _join(state: Walk, body: Node, scope: VisibleRelations) -> str:
    left = from_item(state, body["larg"], scope)
    right = from_item(state, body["rarg"], scope)
    text = f"({left} {'natural ' if body.get('isNatural') else ''}{body['jointype'][5:].lower()} join {right}"
    if "usingClause" in body:
        text += f" using ({walk_list(state, body['usingClause'])})"
        for side in (body["larg"], body["rarg"]):
            name = (
                scope.aliases.get(alias_of(side["RangeVar"]) or side["RangeVar"]["relname"])
                if "RangeVar" in side
                else None
            )
            if name is not None:
                state.uses.update((ColumnUse(name, node["String"]["sval"]), None) for node in body["usingClause"])
    if "quals" in body:
        text += f" on {walk(state, body['quals'])}"
    if "alias" in body:
        scope.aliases[body["alias"]["aliasname"]] = None
    return text + ")"


def _without(body: Node, key: str) -> Node:
    return {name: value for name, value in body.items() if name != key}


def alias_of(body: Node) -> str | None:
    """Return the alias of an item of FROM."""
    alias = body.get("alias")
    return alias["aliasname"] if alias else None


def _alias_text(body: Node) -> str:
    alias = body["alias"]
    columns = [node["String"]["sval"] for node in alias.get("colnames", ())]
    return f"{alias['aliasname']}({', '.join(columns)})" if columns else str(alias["aliasname"])


def _function_alias(body: Node) -> str | None:
    """Return the name of a function in FROM without an alias: its own."""
    functions = body.get("functions")
    if not functions:
        return None
    call = functions[0].get("List", {}).get("items", [{}])[0].get("FuncCall")
    return call["funcname"][-1]["String"]["sval"] if call else None


_SUBLINKS = {
    "EXISTS_SUBLINK": "exists ",
    "ARRAY_SUBLINK": "array ",
    "EXPR_SUBLINK": "",
    "ALL_SUBLINK": "all ",
    "ANY_SUBLINK": "any ",
}


def _sublink(state: Walk, body: Node) -> str:
    text = _SUBLINKS.get(body["subLinkType"], "") + walk(state, body["subselect"])
    if "testexpr" in body:
        sign = walk_list(state, body["operName"]) if "operName" in body else "'='"
        return f"({walk(state, body['testexpr'])} {sign} {text})"
    return text


def _target(state: Walk, body: Node) -> str:
    text = walk(state, body["val"]) if "val" in body else ""
    name = body.get("name")
    if "indirection" in body:
        text = f"{walk_list(state, body['indirection'])} {text}"
    # An alias equal to the column's name is redundant.
    fields = body.get("val", {}).get("ColumnRef", {}).get("fields", ({},))
    return f"{text} as {name}" if name and fields[-1].get("String", {}).get("sval") != name else text


def _modification(state: Walk, body: Node, kind: str) -> str:
    """Write a data-modifying statement inside a query; its target and FROM are in scope for the rest."""
    scope = VisibleRelations()
    state.scopes.append(scope)
    parts = [kind]
    if "withClause" in body:
        parts.append(with_clause(state, body["withClause"], scope))
    parts.append(_table(state, body["relation"], scope))
    target = scope.items[0]
    if target is not None:
        # What is set depends on the columns of the target.
        columns = body.get("cols", ()) if kind == "insert" else body.get("targetList", ()) if kind == "update" else ()
        state.uses.update((ColumnUse(target, item["ResTarget"]["name"]), None) for item in columns)
    for key in ("fromClause", "usingClause"):
        for node in body.get(key, ()):
            parts.append(from_item(state, node, scope))
    for key, value in body.items():
        if key not in {"withClause", "relation", "fromClause", "usingClause", "override"}:
            parts.append(f"{key} {field(state, key, value)}")
    state.scopes.pop()
    return "(" + " ".join(parts) + ")"


def _insert(state: Walk, body: Node) -> str:
    return _modification(state, body, "insert")


def _update(state: Walk, body: Node) -> str:
    return _modification(state, body, "update")


def _delete(state: Walk, body: Node) -> str:
    return _modification(state, body, "delete")


NODES.update(
    {
        "SelectStmt": select,
        "SubLink": _sublink,
        "ResTarget": _target,
        "LockingClause": _locking,
        "SortBy": _sort_by,
        "InsertStmt": _insert,
        "UpdateStmt": _update,
        "DeleteStmt": _delete,
    }
)
BARE["larg"] = BARE["rarg"] = select
