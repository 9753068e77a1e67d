"""`CREATE TABLE` in all its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.identifiers import quote_name
from miglint.base.lazy_regex import pattern
from miglint.sql.operations import (
    Column,
    Constraint,
    CreateTable,
    CreateView,
    IndexElement,
    Like,
    Name,
    Operation,
    Query,
)
from miglint.sql.postgres.constraints import column, column_settings, constraint
from miglint.sql.postgres.expressions import expression, query
from miglint.sql.postgres.lexer import find_word, skip_space, trimmed_end
from miglint.sql.postgres.names import Node, options, qualified, relation_name, type_of
from miglint.sql.postgres.objects import element_text
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.statement_trees import keep_tree

_LIKES = {
    1: "comments",
    2: "compression",
    4: "constraints",
    8: "defaults",
    16: "generated",
    32: "identity",
    64: "indexes",
    128: "statistics",
    256: "storage",
}
_AS = pattern(r"\bAS\b", re.IGNORECASE)
_SUFFIX = pattern(r"\bWITH\s+(?:(?:NO\s+)?DATA|(?:(?:LOCAL|CASCADED)\s+)?CHECK\s+OPTION)\s*\Z", re.IGNORECASE)


def create_table(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE TABLE`."""
    return [_create(place, node, None)]


def create_foreign_table(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE FOREIGN TABLE`."""
    return [_create(place, node["base"] if "base" in node else node["base_stmt"], node.get("servername", ""), node)]


def _create(place: Place, node: Node, server: str | None, outer: Node | None = None) -> CreateTable:
    relation = node["relation"]
    table = relation["relname"]
    columns, constraints, likes = _elements(place, node, table)
    inherits = tuple(relation_name(item["RangeVar"]) for item in node.get("inhRelations", ()))
    bound = node.get("partbound")
    spelled = type_of(node["ofTypename"]) if "ofTypename" in node else None
    return CreateTable(
        span=place.whole(),
        name=relation_name(relation),
        columns=tuple(columns),
        constraints=tuple(constraints),
        if_not_exists=node.get("if_not_exists", False),
        temporary=relation.get("relpersistence") == "t",
        unlogged=relation.get("relpersistence") == "u",
        likes=tuple(likes),
        inherits=() if bound is not None else inherits,
        partition_of=inherits[0] if bound is not None and inherits else None,
        partition_bound=partition_bound(bound) if bound is not None else None,
        partition_by=_partition_by(node["partspec"], table) if "partspec" in node else None,
        partition_key=_partition_key(place, node["partspec"], table) if "partspec" in node else (),
        of_type=Name(spelled.schema, spelled.name) if spelled is not None else None,
        foreign_server=server,
        options=(
            *options(node.get("options")),
            *options((outer or {}).get("options")),
            *_storage(node),
            *_column_options(node),
        ),
        source="" if server is None else place.source(),
        settings=tuple(_settings(node)),
    )


def _elements(place: Place, node: Node, table: str) -> tuple[list[Column], list[Constraint], list[Like]]:
    """Read what stands between the parentheses; a table constraint can make columns NOT NULL."""
    columns: list[Column] = []
    constraints: list[Constraint] = []
    likes: list[Like] = []
    not_null: set[str] = set()
    for element in node.get("tableElts", ()):
        ((kind, body),) = element.items()
        if kind == "ColumnDef":
            found, inline = column(place, body, table)
            columns.append(found)
            constraints += inline
        elif kind == "Constraint":
            constraints.append(constraint(place, body, table))
            if constraints[-1].kind in {"primary", "not_null"}:
                not_null.update(constraints[-1].columns)
        elif kind == "TableLikeClause":
            likes.append(Like(relation_name(body["relation"]), _including(body.get("options", 0))))
    if not_null:
        columns = [_not_null(item) if item.name in not_null else item for item in columns]
    return columns, constraints, likes


def _column_options(node: Node) -> Iterator[str]:
    """Yield the options of the columns of a foreign table, as `ALTER TABLE` names them."""
    for element in node.get("tableElts", ()):
        body = element.get("ColumnDef", {})
        for item in options(body.get("fdwoptions")):
            yield f"{body['colname']}: options {item}"


def _settings(node: Node) -> Iterator[tuple[str, str, str]]:
    for element in node.get("tableElts", ()):
        yield from column_settings(element.get("ColumnDef", {}))


def _storage(node: Node) -> Iterator[str]:
    if "tablespacename" in node:
        yield f"tablespace={node['tablespacename']}"
    if "accessMethod" in node:
        yield f"access method={node['accessMethod']}"
    if node.get("oncommit", "ONCOMMIT_NOOP") != "ONCOMMIT_NOOP":
        yield f"on commit={node['oncommit'][9:].lower().replace('_', ' ')}"


def _not_null(item: Column) -> Column:
    return Column(
        item.name,
        item.type,
        False,
        item.default,
        item.identity,
        item.generated,
        item.collation,
        item.serial,
        span=item.span,
        identity_options=item.identity_options,
    )


def _including(mask: int) -> tuple[str, ...]:
    return tuple(word for bit, word in _LIKES.items() if mask & bit)


def partition_bound(node: Node) -> str:
    """Return the canonical text of `FOR VALUES ...`, without those two words."""
    if node.get("is_default"):
        return "default"
    strategy = node.get("strategy")
    if strategy == "h":
        return f"with (modulus {node.get('modulus', 0)}, remainder {node.get('remainder', 0)})"
    if strategy == "l":
        return f"in ({_values(node.get('listdatums', []))})"
    return f"from ({_values(node.get('lowerdatums', []))}) to ({_values(node.get('upperdatums', []))})"


def _values(nodes: list[Node]) -> str:
    return ", ".join(expression(node, "").key for node in nodes)


def _partition_by(node: Node, table: str) -> str:
    texts = []
    for item in node["partParams"]:
        element = item["PartitionElem"]
        text = element["name"] if "name" in element else expression(element["expr"], "", table).key
        for key in ("collation", "opclass"):
            if key in element:
                text += f" {qualified(element[key])}"
        texts.append(text)
    return f"{node['strategy'][19:].lower()} ({', '.join(texts)})"


def _partition_key(place: Place, node: Node, table: str) -> tuple[IndexElement, ...]:
    opening = place.text.find("(", place.char(node.get("location", 0)), place.end)
    elements = (item["PartitionElem"] for item in node["partParams"])
    return tuple(
        IndexElement(element["name"])
        if "name" in element
        else IndexElement(
            expression=expression(element["expr"], element_text(place, element["expr"], opening + 1), table)
        )
        for element in elements
    )


def create_table_as(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE TABLE AS`, `CREATE MATERIALIZED VIEW`, and `CREATE TABLE ... AS EXECUTE`."""
    into = node["into"]
    relation = into["rel"]
    as_word = find_word(place.text, _AS, place.char(relation.get("location", 0)), place.end)
    text = body_text(place, as_word.end()) if as_word else ""
    found = _restated(node["query"], text)
    names = tuple(item["String"]["sval"] for item in into.get("colNames", ()))
    texts = options(into.get("options"))
    if "tableSpaceName" in into:
        texts += (f"tablespace={into['tableSpaceName']}",)
    if node.get("objtype") == "OBJECT_MATVIEW":
        return [
            CreateView(
                span=place.whole(),
                name=relation_name(relation),
                query=found,
                columns=names,
                materialized=True,
                if_not_exists=node.get("if_not_exists", False),
                with_data=not into.get("skipData", False),
                options=texts,
            )
        ]
    return [
        CreateTable(
            span=place.whole(),
            name=relation_name(relation),
            columns=tuple(Column(name, None, None) for name in names),
            if_not_exists=node.get("if_not_exists", False),
            temporary=relation.get("relpersistence") == "t",
            unlogged=relation.get("relpersistence") == "u",
            query=found,
            with_data=not into.get("skipData", False),
            options=texts,
        )
    ]


def select_into(place: Place, node: Node) -> list[Operation]:
    """Read `SELECT ... INTO table`."""
    relation = node["intoClause"]["rel"]
    return [
        CreateTable(
            span=place.whole(),
            name=relation_name(relation),
            temporary=relation.get("relpersistence") == "t",
            unlogged=relation.get("relpersistence") == "u",
            query=query({"SelectStmt": node}, place.text[place.start : place.end]),
        )
    ]


def body_text(place: Place, at: int) -> str:
    """Return the text of a query from `at` to the end of the statement, without `WITH NO DATA` and the like."""
    start = skip_space(place.text, at, place.end)
    text = place.text[start : trimmed_end(place.text, start, place.end)]
    return _SUFFIX.sub("", text).rstrip()


_MOST_QUERIES = 1024
_RECURSIVE = pattern(r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)?RECURSIVE\s+VIEW\b", re.IGNORECASE)
_queries: dict[str, Query] = {}


def _restated(node: Node, text: str) -> Query:
    """Return the query of a view; a text that was parsed before is reused, since rollbacks restate views."""
    found = _queries.get(text)
    if found is None:
        found = query(node, text)
        if text:
            if len(_queries) >= _MOST_QUERIES:
                _queries.clear()
            _queries[text] = found
            keep_tree(text, node)
    return found


def create_view(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE VIEW`."""
    relation = node["view"]
    as_word = find_word(place.text, _AS, place.char(relation.get("location", 0)), place.end)
    # An option without a value is on.
    texts = tuple(text if "=" in text else f"{text}=true" for text in options(node.get("options")))
    check = node.get("withCheckOption", "NO_CHECK_OPTION")
    if check != "NO_CHECK_OPTION":
        texts = tuple(sorted((*texts, f"check_option={check.split('_')[0].lower()}")))
    columns = tuple(item["String"]["sval"] for item in node.get("aliases", ()))
    text = body_text(place, as_word.end()) if as_word else ""
    if as_word and _RECURSIVE.match(place.text[place.start : as_word.start()]):
        # The grammar makes a query that names itself of it.
        listed, own = ", ".join(map(quote_name, columns)), quote_name(relation["relname"])
        text = f"WITH RECURSIVE {own} ({listed}) AS ({text}) SELECT {listed} FROM {own}"
    return [
        CreateView(
            span=place.whole(),
            name=relation_name(relation),
            query=_restated(node["query"], text),
            columns=columns,
            or_replace=node.get("replace", False),
            temporary=relation.get("relpersistence") == "t",
            options=texts,
        )
    ]
