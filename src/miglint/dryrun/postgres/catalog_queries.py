"""Queries for a PostgreSQL schema, returning one JSON text per object.

A text describes its object completely, so that known texts need not be parsed again. Objects of the system and of
extensions are excluded. All names are schema-qualified, since only `pg_catalog` is on the search path.
"""

# ruff: noqa: E501 - a clause of SQL stays on its line

from __future__ import annotations

from miglint.dryrun.postgres.acl import acl_of
from miglint.dryrun.postgres.catalog_versions import PARTS
from miglint.dryrun.postgres.other_objects import DEPENDENT, OTHERS, OURS, comment_on, no_member

# Limits on the length of descriptions, of one and of all that a query returns: scripts can create a comment of a
# gigabyte, or a thousand of a megabyte. In bytes.
_LONGEST = 500_000
_MOST = 32_000_000


def _unless(long: str) -> str:
    """Return the expression for a text `q.t`, or for its beginning and a digest if it is long."""
    return f"CASE WHEN {long} THEN json_build_array('huge', left(q.t, 120), md5(q.t))::text ELSE q.t END"


_UNLESS_TOO_MUCH = _unless(
    f"sum(octet_length(q.t)) OVER () > {_MOST} AND octet_length(q.t) > {_MOST} / count(*) OVER ()"
)


def _bounded(query: str) -> str:
    """Replace overlong texts by their beginning and a digest, and if all are too long together, the longer ones."""
    # Without `OFFSET`, the planner computes a text anew at each of its uses.
    shortened = f"SELECT {_unless(f'octet_length(q.t) > {_LONGEST}')} FROM ({query} OFFSET 0) q(t)"
    return f"SELECT {_UNLESS_TOO_MUCH} FROM ({shortened} OFFSET 0) q(t)"


_NAMESPACES = f"""
SELECT json_build_array('namespace', n.nspname, {acl_of("n.nspacl", "n", "n.nspowner")},
  {comment_on("pg_namespace", "n.oid")})::text FROM pg_namespace n WHERE {OURS} AND {no_member("pg_namespace", "n.oid", "n.nspowner")}"""


# Besides options set by scripts, PostgreSQL 17.12 stores a number here, which pg_dump omits as well.
_OPTIONS = "(SELECT array_agg(o) FROM unnest(a.attoptions) AS o WHERE left(o, 10) <> 'pg_attver=')"


# The name of the collation `co`, with a schema unless it is the system's.
_FULL_COLLATION = """CASE WHEN co.collnamespace = 'pg_catalog'::regnamespace THEN co.collname ELSE
    co.collnamespace::regnamespace::text || '.' || quote_ident(co.collname) END FROM pg_collation co"""
# What is unusual about a NOT NULL constraint, which has a row of its own from PostgreSQL 18 on.
_NOT_NULL = """CASE WHEN a.attnotnull THEN (SELECT concat_ws(' ', CASE WHEN NOT nn.convalidated THEN 'NOT VALID' END,
    CASE WHEN nn.connoinherit THEN 'NO INHERIT' END)
  FROM pg_constraint nn WHERE nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey[1] = a.attnum) END"""


def _columns(which: str) -> str:
    return f"""
SELECT a.attrelid, json_agg(json_build_array(a.attname, tn.nspname, t.typname, et.typname, en.nspname,
  format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
  CASE WHEN a.attcollation <> t.typcollation THEN
    (SELECT {_FULL_COLLATION} WHERE co.oid = a.attcollation) END,
  {acl_of("a.attacl", "c", "r.relowner")}, {comment_on("pg_class", "a.attrelid", "a.attnum")}, a.attstattarget,
  CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END, a.attcompression, {_OPTIONS},
  a.attnum, {_NOT_NULL}, t.typtype = 'd') ORDER BY a.attnum) AS list,
  json_object_agg(a.attnum, a.attname)::text AS names
FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid
JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_type et ON et.oid = t.typelem AND t.typsubscript = 'array_subscript_handler'::regproc
LEFT JOIN pg_namespace en ON en.oid = et.typnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND r.oid {which} AND r.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
GROUP BY a.attrelid"""


# On which tables the triggers of a foreign key are disabled.
_DISABLED = """CASE WHEN k.contype = 'f' THEN (SELECT string_agg(DISTINCT CASE WHEN g.tgrelid <> k.confrelid THEN 'own'
    WHEN k.confrelid <> k.conrelid THEN 'referenced' ELSE 'both' END, ' ')
  FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled = 'D') END"""


def _constraints(which: str) -> str:
    return f"""
SELECT k.conrelid, k.contypid, json_agg(json_build_array(k.conname, k.contype,
  k.conkey, fn.nspname, f.relname,
  k.confupdtype, k.confdeltype, k.confmatchtype, k.condeferrable, k.condeferred, k.convalidated, k.connoinherit,
  CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END, pg_get_constraintdef(k.oid),
  {comment_on("pg_constraint", "k.oid")}, {_DISABLED}) ORDER BY k.oid) AS list
FROM pg_constraint k LEFT JOIN pg_class f ON f.oid = k.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype IN ('p', 'u', 'c', 'f', 'x') AND {which} GROUP BY k.conrelid, k.contypid"""


def _indexes(which: str) -> str:
    return f"""
SELECT i.indrelid, json_agg(json_build_array(n.nspname, c.relname, i.indisunique, i.indisvalid, am.amname, i.indnkeyatts,
  i.indkey::text, i.indoption::text,
  CASE WHEN i.indexprs IS NOT NULL THEN
    (SELECT json_agg(CASE WHEN i.indkey[g - 1] = 0 THEN pg_get_indexdef(i.indexrelid, g, false) END ORDER BY g)
      FROM generate_series(1, i.indnatts) g) END,
  (SELECT json_agg(CASE WHEN NOT o.opcdefault THEN o.opcname END ORDER BY u.o)
    FROM unnest(i.indclass) WITH ORDINALITY u(n, o) JOIN pg_opclass o ON o.oid = u.n),
  (SELECT json_object_agg(a.attnum, a.attoptions) FROM pg_attribute a
    WHERE a.attrelid = i.indexrelid AND a.attoptions IS NOT NULL),
  CASE WHEN array_remove(array_remove(i.indcollation::oid[], 0::oid), 100::oid) <> '{{}}' THEN
    (SELECT json_agg((SELECT {_FULL_COLLATION} WHERE co.oid = u.n) ORDER BY u.o)
      FROM unnest(i.indcollation) WITH ORDINALITY u(n, o)) END,
  pg_get_expr(i.indpred, i.indrelid), k.conname, c.reloptions, sp.spcname, {comment_on("pg_class", "c.oid")},
  i.indisunique AND (to_jsonb(i) ->> 'indnullsnotdistinct')::bool, i.indisclustered, i.indisreplident,
  CASE WHEN c.relispartition THEN (SELECT json_build_array(pn.nspname, p.relname) FROM pg_inherits h
    JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE h.inhrelid = c.oid) END) ORDER BY c.relname) AS list
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am am ON am.oid = c.relam LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace sp ON sp.oid = c.reltablespace
WHERE i.indrelid {which} GROUP BY i.indrelid"""


_WANTED = "= ANY ($1)"
# Of the relations with these oids: oid, number and name of each column, and the text.
RELATIONS = f"""
SELECT q.oid, q.names, {_UNLESS_TOO_MUCH} FROM (
SELECT q.oid, q.names, {_unless(f"octet_length(q.t) > {_LONGEST}")} AS t FROM (
SELECT c.oid, cols.names, json_build_array('relation', n.nspname, c.relname, c.relkind, c.relpersistence,
  c.reloptions || (SELECT array_agg('toast.' || o) FROM pg_class w, unnest(w.reloptions) o WHERE w.oid = c.reltoastrelid),
  pg_get_expr(c.relpartbound, c.oid), CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
  CASE WHEN c.relhassubclass OR c.relispartition OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) THEN
   (SELECT json_agg(json_build_array(pn.nspname, p.relname) ORDER BY i.inhseqno) FROM pg_inherits i
    JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid) END,
  c.relrowsecurity, c.relforcerowsecurity, c.relreplident, t.spcname, am.amname,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, c.relispopulated, {acl_of("c.relacl", "r", "c.relowner")},
  {comment_on("pg_class", "c.oid")}, c.relispartition, cols.list, cons.list, idx.list,
  (SELECT json_agg(json_build_array(a.attname, {acl_of("a.attacl", "c", "c.relowner")}) ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum < 0 AND a.attacl IS NOT NULL))::text AS t
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN ({_columns(_WANTED)}) cols ON cols.attrelid = c.oid
LEFT JOIN ({_constraints(f"k.conrelid {_WANTED}")}) cons ON cons.conrelid = c.oid LEFT JOIN ({_indexes(_WANTED)}) idx ON idx.indrelid = c.oid
WHERE c.oid {_WANTED} OFFSET 0) q OFFSET 0) q"""


# Whether the default of the column that a sequence belongs to draws from it.
_DRAWN = """EXISTS (SELECT FROM pg_attrdef own JOIN pg_depend draws ON draws.classid = 'pg_attrdef'::regclass
  AND draws.objid = own.oid AND draws.refclassid = 'pg_class'::regclass AND draws.refobjid = c.oid
  WHERE own.adrelid = d.refobjid AND own.adnum = d.refobjsubid)"""
_SEQUENCES = f"""
SELECT json_build_array('sequence', n.nspname, c.relname, c.relpersistence, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmax,
  s.seqmin, s.seqcache, s.seqcycle, tn.nspname, t.relname, a.attname,
  CASE WHEN d.deptype = 'a' AND NOT {_DRAWN} THEN 'apart' ELSE d.deptype::text END, {acl_of("c.relacl", "s", "c.relowner")},
  {comment_on("pg_class", "c.oid")},
  (SELECT json_agg(json_build_array(sa.attname, {acl_of("sa.attacl", "c", "c.relowner")}) ORDER BY sa.attnum)
    FROM pg_attribute sa WHERE sa.attrelid = c.oid AND sa.attacl IS NOT NULL))::text
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
  AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.oid >= 16384 AND {OURS} AND {no_member("pg_class", "c.oid", "c.relowner")}"""

_TYPES = f"""
SELECT json_build_array('type', n.nspname, t.typname, t.typtype,
  (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
  bn.nspname, b.typname, eb.typname, ebn.nspname, format_type(t.typbasetype, t.typtypmod), t.typnotnull,
  coalesce(pg_get_expr(t.typdefaultbin, 'pg_type'::regclass), t.typdefault),
  CASE WHEN t.typcollation <> b.typcollation THEN
    (SELECT {_FULL_COLLATION} WHERE co.oid = t.typcollation) END,
  CASE WHEN t.typtype = 'c' THEN (SELECT of_it.list FROM ({_columns(">= 16384")}) of_it WHERE of_it.attrelid = t.typrelid) END,
  (SELECT concat_ws(', ', 'subtype = ' || format_type(r.rngsubtype, NULL),
    'multirange_type_name = ' || format_type(r.rngmultitypid, NULL),
    'subtype_opclass = ' || (SELECT quote_ident(cn.nspname) || '.' || quote_ident(o.opcname) FROM pg_opclass o
      JOIN pg_namespace cn ON cn.oid = o.opcnamespace WHERE o.oid = r.rngsubopc AND NOT o.opcdefault),
    'collation = ' || (SELECT {_FULL_COLLATION} WHERE co.oid = r.rngcollation AND co.collname <> 'default'),
    'subtype_diff = ' || nullif(r.rngsubdiff, 0)::regproc, 'canonical = ' || nullif(r.rngcanonical, 0)::regproc)
    FROM pg_range r WHERE r.rngtypid = t.oid),
  {acl_of("t.typacl", "T", "t.typowner")}, {comment_on("pg_type", "t.oid")},
  CASE WHEN t.typtype = 'd' THEN (SELECT of_it.list FROM ({_constraints("k.contypid >= 16384")}) of_it WHERE of_it.contypid = t.oid) END)::text
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type b ON b.oid = t.typbasetype LEFT JOIN pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_type eb ON eb.oid = b.typelem AND b.typsubscript = 'array_subscript_handler'::regproc
LEFT JOIN pg_namespace ebn ON ebn.oid = eb.typnamespace
LEFT JOIN pg_class tc ON tc.oid = t.typrelid
WHERE t.oid >= 16384 AND {OURS} AND {no_member("pg_type", "t.oid", "t.typowner")} AND t.typsubscript <> 'array_subscript_handler'::regproc
  AND t.typtype IN ('e', 'd', 'c', 'r', 'b', 'p') AND (t.typrelid = 0 OR tc.relkind = 'c')"""

_ROUTINES = f"""
SELECT json_build_array('routine', n.nspname, p.proname, p.prokind,
  (SELECT json_agg(json_build_array(tn.nspname, t.typname, et.typname, en.nspname) ORDER BY u.o)
    FROM unnest(p.proargtypes) WITH ORDINALITY u(o_id, o) JOIN pg_type t ON t.oid = u.o_id
    JOIN pg_namespace tn ON tn.oid = t.typnamespace
    LEFT JOIN pg_type et ON et.oid = t.typelem AND t.typsubscript = 'array_subscript_handler'::regproc
    LEFT JOIN pg_namespace en ON en.oid = et.typnamespace),
  rn.nspname, rt.typname, ret.typname, ren.nspname, p.proretset, l.lanname,
  CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE
    (SELECT concat_ws(' ', to_jsonb(a) - '{{aggfnoid,aggtranstype,aggmtranstype,aggsortop}}'::text[],
      format_type(a.aggtranstype, NULL), format_type(nullif(a.aggmtranstype, 0), NULL), a.aggsortop::regoperator,
      p.proparallel) FROM pg_aggregate a WHERE a.aggfnoid = p.oid) END,
  p.prosrc, p.proargnames, p.pronargdefaults, {acl_of("p.proacl", "f", "p.proowner")}, {comment_on("pg_proc", "p.oid")})::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
JOIN pg_type rt ON rt.oid = p.prorettype JOIN pg_namespace rn ON rn.oid = rt.typnamespace
LEFT JOIN pg_type ret ON ret.oid = rt.typelem AND rt.typsubscript = 'array_subscript_handler'::regproc
LEFT JOIN pg_namespace ren ON ren.oid = ret.typnamespace
WHERE p.oid >= 16384 AND {OURS} AND {no_member("pg_proc", "p.oid", "p.proowner")}
  AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')"""

_TRIGGERS = f"""
SELECT json_build_array('trigger', n.nspname, c.relname, g.tgname, pg_get_triggerdef(g.oid), g.tgenabled, pn.nspname, p.proname,
  (SELECT json_agg(a.attname ORDER BY a.attnum) FROM unnest(g.tgattr) u(n)
    JOIN pg_attribute a ON a.attrelid = g.tgrelid AND a.attnum = u.n), {comment_on("pg_trigger", "g.oid")})::text
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = g.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE g.oid >= 16384 AND NOT g.tgisinternal AND {OURS}"""

_POLICIES = f"""
SELECT json_build_array('policy', n.nspname, c.relname, y.polname, y.polcmd, y.polpermissive,
  (SELECT string_agg(CASE WHEN r = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(r)) END, ',' ORDER BY r) FROM unnest(y.polroles) r),
  pg_get_expr(y.polqual, y.polrelid), pg_get_expr(y.polwithcheck, y.polrelid), {comment_on("pg_policy", "y.oid")})::text
FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}"""

_RULES = f"""
SELECT json_build_array('rule', n.nspname, c.relname, r.rulename, pg_get_ruledef(r.oid), r.ev_enabled, {comment_on("pg_rewrite", "r.oid")})::text
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {OURS}"""

_EXTENSIONS = """
SELECT json_build_array('extension', x.extname, n.nspname, x.extversion)::text
FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql'"""

# Dependencies of every text, and of texts with expressions.
_ANYWHERE = ("pg_namespace", "pg_description", "extension members")
_IN_EXPRESSIONS = (
    "pg_enum", "pg_range", "pg_collation", "pg_operator", "pg_opclass", "pg_cast", "pg_ts_config", "pg_ts_dict",
    "pg_language", "pg_aggregate",
)  # fmt: skip
# What the others show at most the names of, which are compared anyway.
_NAMED_AT_MOST = frozenset(
    (
        "pg_sequence", "sequence classes", "owners of sequences", "pg_trigger", "pg_policy", "pg_rewrite", "pg_enum",
        "pg_proc", "pg_aggregate", "pg_type", "pg_range", "composite classes", "composite attributes",
        "domain constraints",
    )
)  # fmt: skip
# Queries for all objects other than relations, with their sources.
_REST = (
    (_NAMESPACES, ()),
    (_SEQUENCES, ("pg_sequence", "sequence classes", "attributes of sequences", "owners of sequences")),
    (_TYPES, ("pg_type", "composite classes", "composite attributes", "domain constraints", *_IN_EXPRESSIONS)),
    (_ROUTINES, ("pg_proc", "pg_type", "composite classes", *_IN_EXPRESSIONS)),
    (_TRIGGERS, ("pg_trigger", "pg_proc", *_IN_EXPRESSIONS)),
    (_POLICIES, ("pg_policy", *_IN_EXPRESSIONS)),
    (_RULES, ("pg_rewrite", *_IN_EXPRESSIONS)),
    (_EXTENSIONS, ("pg_extension",)),
    (OTHERS, tuple(part for part in PARTS if part not in _NAMED_AT_MOST)),
    (DEPENDENT, tuple(PARTS)),
)
_NAMES = tuple(PARTS)
# The version columns for each of these queries.
REST = tuple(
    (_bounded(query), tuple(sorted({_NAMES.index(part) for part in (*_ANYWHERE, *parts)}))) for query, parts in _REST
)

# All names resolve to system objects: the session's role cannot create others, and temporary objects come last.
# Planning takes longer than execution, so that one plan serves all values.
BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL search_path = pg_catalog, pg_temp;"
    " SET LOCAL plan_cache_mode = force_generic_plan"
)
