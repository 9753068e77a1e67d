"""Publications: the tables that they publish, which columns and rows of them, and their options."""

from __future__ import annotations

from miglint.sql.operations import AlterOther, CreateOther, Member, Name, Operation
from miglint.sql.postgres.expressions import expression
from miglint.sql.postgres.names import Node, options, relation_name, strings
from miglint.sql.postgres.place import Place

_ACTIONS = {"AP_AddObjects": "add", "AP_SetObjects": "set", "AP_DropObjects": "drop"}


def create(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE PUBLICATION`."""
    members, schemas = _objects(node)
    parts = ["for all tables"] if node.get("for_all_tables") else []
    parts += [f"tables in schema {schema}" for schema in schemas]
    parts += options(node.get("options"))
    return [
        CreateOther(
            span=place.whole(),
            source=place.source(),
            kind="publication",
            name=Name(None, node["pubname"]),
            definition=", ".join(parts),
            members=members,
        )
    ]


def alter(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER PUBLICATION`: its tables, its schemas, or its options."""
    members, schemas = _objects(node)
    action = _ACTIONS.get(node.get("action", ""), "add")
    texts = [f"{action} tables in schema {schema}" for schema in schemas] + list(options(node.get("options")))
    return [
        AlterOther(
            span=place.whole(),
            source=place.source(),
            kind="publication",
            name=Name(None, node["pubname"]),
            definition=", ".join(texts),
            action=action if members else None,
            members=members,
        )
    ]


def _objects(node: Node) -> tuple[tuple[Member, ...], list[str]]:
    """Return the tables and the schemas that a statement lists."""
    members: list[Member] = []
    schemas: list[str] = []
    for item in node.get("pubobjects", ()):
        spec = item["PublicationObjSpec"]
        table = spec.get("pubtable")
        if table is None:
            schemas.append(spec.get("name", "current schema"))
            continue
        name = relation_name(table["relation"])
        where = table.get("whereClause")
        members.append(
            Member(
                name,
                tuple(sorted(strings(table["columns"]))) if "columns" in table else None,
                expression(where, "", name.name) if where is not None else None,
            )
        )
    return tuple(members), sorted(schemas)
