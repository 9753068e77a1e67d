"""Transactions, maintenance, and other statements that do not change the schema."""

from __future__ import annotations

from collections.abc import Callable

from miglint.sql.operations import (
    Maintenance,
    Name,
    Opaque,
    Operation,
    OtherData,
    Transaction,
)
from miglint.sql.postgres.attached import read_only, setting_text
from miglint.sql.postgres.names import Node, constant_text, options, relation_name
from miglint.sql.postgres.place import Place
from miglint.sql.type_input import truth_of

Reader = Callable[[Place, Node], list[Operation]]

ACTIONS = {
    "TRANS_STMT_BEGIN": "begin",
    "TRANS_STMT_START": "begin",
    "TRANS_STMT_COMMIT": "commit",
    "TRANS_STMT_ROLLBACK": "rollback",
    "TRANS_STMT_SAVEPOINT": "savepoint",
    "TRANS_STMT_RELEASE": "release",
    "TRANS_STMT_ROLLBACK_TO": "rollback to",
    "TRANS_STMT_PREPARE": "prepare transaction",
    "TRANS_STMT_COMMIT_PREPARED": "commit prepared",
    "TRANS_STMT_ROLLBACK_PREPARED": "rollback prepared",
}
_LOCKS = (
    "",
    "access share",
    "row share",
    "row exclusive",
    "share update exclusive",
    "share",
    "share row exclusive",
    "exclusive",
    "access exclusive",
)


def transaction(place: Place, node: Node) -> list[Operation]:
    """Read `BEGIN`, `COMMIT`, `SAVEPOINT` and the like."""
    name = node.get("savepoint_name") or node.get("gid")
    read: list[Operation] = [Transaction(span=place.whole(), action=ACTIONS[node["kind"]], name=name)]
    if node.get("chain"):
        read.append(Transaction(span=place.whole(), action="begin"))
    return [*read, *read_only(place, node.get("options", ()))]


def fixed(kind: str, key: str = "") -> Reader:
    """Return a reader for a statement that does not change the schema; `key` is the field with its target."""

    def read(place: Place, node: Node) -> list[Operation]:
        value = node.get(key) if key else None
        target = Name(None, value) if isinstance(value, str) else None
        return [Maintenance(span=place.whole(), kind=kind, target=target)]

    return read


def discard(place: Place, node: Node) -> list[Operation]:
    """Read `DISCARD`: what it discards is in the options."""
    what = node.get("target", "DISCARD_ALL").removeprefix("DISCARD_").lower()
    return [Maintenance(span=place.whole(), kind="discard", options=(what,))]


def vacuum(place: Place, node: Node) -> list[Operation]:
    """Read `VACUUM` and `ANALYZE`: one operation per table."""
    kind = "vacuum" if node.get("is_vacuumcmd") else "analyze"
    texts = _switched_on(options(node.get("options")))
    targets: list[Name | None] = [relation_name(item["VacuumRelation"]["relation"]) for item in node.get("rels", ())]
    return [Maintenance(span=place.whole(), kind=kind, target=target, options=texts) for target in targets or [None]]


def _switched_on(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return options without those that are off, and without the value of those that are on."""
    found = []
    for text in texts:
        name, _, value = text.partition("=")
        truth = truth_of(value)
        if truth is not False:
            found.append(name if truth else text)
    return tuple(found)


def reindex(place: Place, node: Node) -> list[Operation]:
    """Read `REINDEX`."""
    texts = _switched_on(options(node.get("params")))
    target = relation_name(node["relation"]) if "relation" in node else None
    if target is None and "name" in node:
        target = Name(None, node["name"])
    kind = "reindex " + node["kind"][15:].lower()
    return [
        Maintenance(span=place.whole(), kind=kind, target=target, concurrently="concurrently" in texts, options=texts)
    ]


def cluster(place: Place, node: Node) -> list[Operation]:
    """Read `CLUSTER`."""
    target = relation_name(node["relation"]) if "relation" in node else None
    texts = (node["indexname"],) if "indexname" in node else ()
    return [Maintenance(span=place.whole(), kind="cluster", target=target, options=texts)]


def refresh(place: Place, node: Node) -> list[Operation]:
    """Read `REFRESH MATERIALIZED VIEW`."""
    return [
        Maintenance(
            span=place.whole(),
            kind="refresh materialized view",
            target=relation_name(node["relation"]),
            concurrently=node.get("concurrent", False),
            options=("with no data",) if node.get("skipData") else (),
        )
    ]


def lock(place: Place, node: Node) -> list[Operation]:
    """Read `LOCK TABLE`: one operation per table."""
    mode = node.get("mode", 8)
    name = _LOCKS[mode] if 0 <= mode < len(_LOCKS) else str(mode)
    words = (name, "nowait") if node.get("nowait") else (name,)
    return [
        Maintenance(span=place.whole(), kind="lock table", target=relation_name(item["RangeVar"]), options=words)
        for item in node["relations"]
    ]


def alter_system(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER SYSTEM`."""
    return [Maintenance(span=place.whole(), kind="alter system", options=(setting_text(node["setstmt"]),))]


def set_constraints(place: Place, node: Node) -> list[Operation]:
    """Read `SET CONSTRAINTS`."""
    names = tuple(str(relation_name(item["RangeVar"])) for item in node.get("constraints", ())) or ("all",)
    word = "deferred" if node.get("deferred") else "immediate"
    return [Maintenance(span=place.whole(), kind="set constraints", options=(*names, word))]


def notify(place: Place, node: Node) -> list[Operation]:
    """Read `NOTIFY`."""
    return [Maintenance(span=place.whole(), kind="notify", target=Name(None, node.get("conditionname", "")))]


def explain(read: Callable[[Place, Node], list[Operation]]) -> Reader:
    """Return the reader of `EXPLAIN`, which executes its statement only with `ANALYZE`."""

    def read_explain(place: Place, node: Node) -> list[Operation]:
        analyze = any(
            item["DefElem"]["defname"] == "analyze"
            and truth_of(constant_text(item["DefElem"].get("arg", {"Boolean": {"boolval": True}})))
            for item in node.get("options", ())
        )
        if analyze:
            return read(place, node["query"])
        return [Maintenance(span=place.whole(), kind="explain")]

    return read_explain


def execute(place: Place, node: Node) -> list[Operation]:
    """Read `EXECUTE` of a prepared statement: it changes only rows, of unknown tables."""
    return [
        Opaque(
            span=place.whole(),
            reason=f"it runs the prepared statement {node.get('name', '')}",
            schema_effect=False,
        )
    ]


def owned(kind: str) -> Reader:
    """Return a reader for `DROP OWNED` and `REASSIGN OWNED`: the affected objects are not in the text."""

    def read(place: Place, node: Node) -> list[Operation]:
        names = ", ".join(constant_text(item) for item in node.get("roles", ()))
        if kind == "reassign owned":
            return [Maintenance(span=place.whole(), kind=kind, options=(names,))]
        return [Opaque(span=place.whole(), reason=f"it drops whatever {names} owns")]

    return read


def fetch(place: Place, node: Node) -> list[Operation]:
    """Read `FETCH` and `MOVE`."""
    kind = "move" if node.get("ismove") else "fetch"
    return [OtherData(span=place.whole(), kind=kind)]
