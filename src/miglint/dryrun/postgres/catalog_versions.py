"""Queries that detect what has changed in the catalog of a PostgreSQL database since it was read last.

The version of rows is their number with a hash over the transactions that have inserted them. All names resolve as in
`catalog_queries`.
"""

# ruff: noqa: E501 - a clause of SQL stays on its line

from __future__ import annotations

from collections.abc import Iterable

from miglint.dryrun.postgres.other_objects import OURS, no_member

# The version of a row: its oid and the inserting transaction, which differ between databases of a server and are equal
# in a copy.
_ROW_VERSION = "sum(pg_catalog.hashint8extended({0}.xmin::text::int8, {1}))"


def _version(catalog: str, owner: str, seed: str) -> str:
    """Return the expression for the version of the rows of a catalog that belong to the relation `c`."""
    version = _ROW_VERSION.format("x", seed)
    return f"(SELECT count(*) || ':' || {version} FROM {catalog} x WHERE x.{owner} = c.oid)"


_FINGERPRINTS = f"""
SELECT c.oid, c.relname, n.nspname, concat_ws(' ', n.xmin, c.xmin, toast.xmin,
  {_version("(SELECT xmin, * FROM pg_attribute WHERE attnum > 0 OR attacl IS NOT NULL)", "attrelid", "x.attnum")},
  {_version("pg_attrdef", "adrelid", "x.oid::int8")}, {_version("pg_constraint", "conrelid", "x.oid::int8")},
  (SELECT count(*) || ':' || sum(hashint8extended(i.xmin::text::int8, k.xmin::text::int8))
    FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid WHERE i.indrelid = c.oid),
  g.v, {_version("pg_inherits", "inhrelid", "x.inhseqno::int8")}, s.v,
  CASE WHEN c.relhasrules THEN {_version("pg_rewrite", "ev_class", "x.oid::int8")} END,
  CASE WHEN c.relkind = 'p' THEN {_version("pg_partitioned_table", "partrelid", "x.partrelid::int8")} END)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
LEFT JOIN (SELECT k.conrelid AS of, string_agg(g.oid::text, ' ' ORDER BY g.oid) AS v FROM pg_trigger g
  JOIN pg_constraint k ON k.oid = g.tgconstraint WHERE g.tgisinternal AND g.tgenabled = 'D' GROUP BY 1) g ON g.of = c.oid
LEFT JOIN (SELECT coalesce(CASE x.classoid
    WHEN 'pg_constraint'::regclass THEN (SELECT k.conrelid FROM pg_constraint k WHERE k.oid = x.objoid)
    WHEN 'pg_class'::regclass THEN (SELECT i.indrelid FROM pg_index i WHERE i.indexrelid = x.objoid) END, x.objoid) AS of,
  count(*) || ':' || sum(hashint8extended(x.xmin::text::int8, x.objoid::int8 + x.objsubid)) AS v
  FROM pg_description x WHERE x.objoid >= 16384 GROUP BY 1) s ON s.of = c.oid
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {OURS} AND {no_member("pg_class", "c.oid", "c.relowner")}"""

# Names that occur in the texts of other objects, besides those of relations and columns: a changed label, attribute or
# schema of one leaves the rows of those that mention it as they were.
_NAMES_SHOWN = """
SELECT n.oid::text, n.nspname::text FROM pg_namespace n WHERE n.oid >= 16384 OR n.nspname = 'public'
UNION ALL SELECT t.oid::text, t.typnamespace || '.' || t.typname FROM pg_type t WHERE t.oid >= 16384 AND t.typrelid = 0
  AND t.typsubscript <> 'array_subscript_handler'::regproc
UNION ALL SELECT e.oid::text, e.enumlabel::text FROM pg_enum e WHERE e.oid >= 16384
UNION ALL SELECT a.attrelid || '.' || a.attnum, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.oid >= 16384 AND c.relkind = 'c'
UNION ALL SELECT s.oid::text, s.srvname::text FROM pg_foreign_server s
""" + " ".join(
    f"UNION ALL SELECT x.oid::text, x.{prefix}namespace || '.' || x.{prefix}name FROM pg_{catalog} x"
    f" WHERE x.oid >= 16384{condition}"
    for catalog, prefix, condition in (
        ("class", "rel", " AND x.relkind IN ('S', 'c')"),
        ("proc", "pro", ""),
        ("operator", "opr", ""),
        ("opclass", "opc", ""),
        ("collation", "coll", ""),
        ("ts_config", "cfg", ""),
        ("ts_dict", "dict", ""),
    )
)

_NAMED = f"SELECT json_agg(json_build_array(q.identity, q.name))::text FROM ({_NAMES_SHOWN}) q(identity, name)"

# With the column that identifies the described object.
_CATALOGS = {
    "pg_namespace": "2200", "pg_type": "oid", "pg_enum": "oid", "pg_range": "rngtypid", "pg_proc": "oid",
    "pg_aggregate": "aggfnoid", "pg_sequence": "seqrelid", "pg_trigger": "oid", "pg_policy": "oid",
    "pg_rewrite": "oid", "pg_extension": "oid", "pg_collation": "oid", "pg_operator": "oid", "pg_opclass": "oid",
    "pg_cast": "oid", "pg_statistic_ext": "oid", "pg_ts_config": "oid", "pg_ts_config_map": "mapcfg",
    "pg_ts_dict": "oid", "pg_event_trigger": "oid", "pg_publication": "oid", "pg_publication_rel": "oid",
    "pg_foreign_data_wrapper": "oid", "pg_foreign_server": "oid", "pg_language": "oid", "pg_default_acl": "oid",
    "pg_description": "objoid", "pg_conversion": "oid", "pg_opfamily": "oid", "pg_amop": "oid", "pg_amproc": "oid",
    "pg_am": "oid", "pg_transform": "oid", "pg_ts_parser": "oid", "pg_ts_template": "oid", "pg_foreign_table": "ftrelid",
    "pg_seclabel": "objoid",
}  # fmt: skip
# Types of tables and triggers of foreign keys are part of their owners, and composite types are read with their class.
_LEFT_OUT = {
    "pg_type": "x.typrelid = 0 AND x.typsubscript <> 'array_subscript_handler'::regproc",
    "pg_trigger": "NOT x.tgisinternal",
    "pg_rewrite": "x.rulename <> '_RETURN'",
}
# One pass over the classes of scripts, and one over their attributes, for all that is counted of them.
_CLASSES = """(SELECT count(*) FILTER (WHERE c.relkind = 'S') || ':'
    || sum(hashint8extended(c.xmin::text::int8, c.oid::int8)) FILTER (WHERE c.relkind = 'S') AS sequences,
  count(*) FILTER (WHERE c.relkind = 'c') || ':'
    || sum(hashtextextended(concat_ws(' ', c.xmin, c.type), c.oid::int8)) FILTER (WHERE c.relkind = 'c') AS composites,
  coalesce(sum(c.attributes), 0) || ':' || sum(c.versions) AS parts
FROM (SELECT c.oid, c.xmin, c.relkind, CASE WHEN c.relkind = 'c' THEN
    (SELECT concat_ws(' ', x.ctid, x.xmin) FROM pg_type x WHERE x.oid = c.reltype) END AS type,
  CASE WHEN c.relkind = 'c' THEN (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid) END AS attributes,
  CASE WHEN c.relkind = 'c' THEN (SELECT sum(hashint8extended(a.xmin::text::int8, a.attnum)) FROM pg_attribute a
    WHERE a.attrelid = c.oid) END AS versions
  FROM pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('S', 'c') OFFSET 0) c) classes"""
_ATTRIBUTES = """(SELECT count(*) FILTER (WHERE NOT a.attisdropped) AS number,
  count(*) FILTER (WHERE a.granted) || ':'
    || sum(hashint8extended(a.xmin::text::int8, a.attnum)) FILTER (WHERE a.granted) AS granted,
  count(*) FILTER (WHERE a.optional) || ':'
    || sum(hashint8extended(a.xmin::text::int8, a.class::text::int8 * 10000 + a.attnum)) FILTER (WHERE a.optional) AS optional
FROM (SELECT a.xmin, a.attnum, a.attisdropped, CASE WHEN a.attacl IS NOT NULL THEN
    (SELECT c.relkind = 'S' FROM pg_class c WHERE c.oid = a.attrelid) END AS granted,
  a.attstattarget >= 0 OR a.attfdwoptions IS NOT NULL AS optional,
  CASE WHEN a.attstattarget >= 0 OR a.attfdwoptions IS NOT NULL THEN
    (SELECT c.xmin FROM pg_class c WHERE c.oid = a.attrelid) END AS class
  FROM pg_attribute a WHERE a.attrelid >= 16384 OFFSET 0) a) attributes"""
PARTS = {
    "sequence classes": "classes.sequences",
    "attributes of sequences": "attributes.granted",
    "composite classes": "classes.composites",
    "composite attributes": "classes.parts",
    "extension members": "(SELECT count(*) || ':' || sum(hashint8extended(d.xmin::text::int8, d.objid::int8))"
    " FROM pg_depend d WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype IN ('e', 'x')"
    " AND (d.objid >= 16384) IS TRUE)",
    "owners of sequences": "(SELECT count(*) || ':' || sum(hashint8extended(d.xmin::text::int8, d.objid::int8))"
    " FROM pg_depend d WHERE d.objid >= 16384 AND d.refclassid = 'pg_class'::regclass"
    " AND (d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass AND d.refobjsubid > 0"
    " OR d.deptype = 'n' AND d.classid = 'pg_attrdef'::regclass))",
    "large objects": "(SELECT count(*) || ':' || coalesce(sum(hashint8extended(m.xmin::text::int8, m.oid::int8)), 0)"
    " || coalesce(sum((SELECT hashint8extended(d.xmin::text::int8, d.objoid::int8) FROM pg_description d WHERE d.objoid = m.oid"
    " AND d.classoid = 'pg_largeobject'::regclass AND d.objsubid = 0)), 0) FROM pg_largeobject_metadata m)",
    "tables of publications": "(SELECT count(*) || ':' || sum(hashint8extended(d.xmin::text::int8, d.objid::int8))"
    " FROM pg_depend d WHERE d.refclassid = 'pg_publication'::regclass)",
    "user mappings": "(SELECT count(*) || ':' || sum(hashtextextended(coalesce(u.umoptions::text, ''), u.umid::int8))"
    " FROM pg_user_mappings u)",
    "other attributes": "attributes.optional",
    "domain constraints": "(SELECT count(*) || ':' || sum(hashint8extended(k.xmin::text::int8, k.oid::int8))"
    " FROM pg_constraint k WHERE k.contypid >= 16384)",
} | {
    catalog: "(SELECT count(*) || ':' || sum(hashtextextended(x.ctid::text, x.xmin::text::int8))"
    f" FROM {catalog} x WHERE ({'' if column == '2200' else 'x.'}{column} >= 16384 OR"
    f" {'' if column == '2200' else 'x.'}{column} = 2200) AND {_LEFT_OUT.get(catalog, 'true')})"
    for catalog, column in _CATALOGS.items()
}  # fmt: skip
_OTHERS_VERSION = f"SELECT {', '.join(PARTS.values())}, attributes.number FROM {_CLASSES}, {_ATTRIBUTES}"
# Three results: whether relations changed, the names of other objects as JSON, and whether these changed.
LOOK = (_FINGERPRINTS, _NAMED, _OTHERS_VERSION)

# Row counts of all catalogs that scripts may add rows to, as far as the versions above do not begin with them; the
# content of large objects is visible nowhere else.
_COUNTED = (
    "class", "constraint", "attrdef", "index", "trigger", "rewrite", "inherits", "depend", "init_privs",
    "partitioned_table",
)  # fmt: skip
COUNTS = "SELECT " + ", ".join(
    (
        *(f"(SELECT count(*) FROM pg_{catalog})" for catalog in _COUNTED),
        "(SELECT count(*) FROM pg_type x WHERE x.oid >= 16384)",
        "(SELECT count(*) FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid WHERE b.datname = current_database())",
    )
)


def counted(versions: Iterable[str | None]) -> dict[str, int]:
    """Return how many rows the versions of other objects are about, by the name of their part.

    Beside them is the number of columns of relations.
    """
    names = (*PARTS, "columns")
    return {name: int((version or "0").partition(":")[0]) for name, version in zip(names, versions, strict=True)}
