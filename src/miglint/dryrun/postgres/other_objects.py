"""The query for all objects of a PostgreSQL database that have no type of their own in a schema.

Every kind that pg_dump writes is among these queries, except the content of large objects, subscriptions, and comments on
and privileges of members of extensions. Columns that differ between versions of PostgreSQL are read as JSON.
"""

# ruff: noqa: E501 - a clause of SQL stays on its line

from __future__ import annotations

from miglint.dryrun.postgres.acl import acl_of

OURS = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"


def no_member(catalog: str, oid: str, owner: str | None = None) -> str:
    """Return the condition that an object is no member of an extension.

    Extensions make their objects as a superuser. What others own, with the expression for the `owner`, a script has
    added to the extension (`ALTER EXTENSION ADD`): it stays an object of its own.
    """
    made = "" if owner is None else f" AND {_is_superuser(owner)}"
    # Members of extensions are few, and are found by the extension.
    return f"NOT ({oid} IN ({_MEMBERS} AND ext.classid = '{catalog}'::regclass){made})"


_MEMBERS = "SELECT ext.objid FROM pg_depend ext WHERE ext.refclassid = 'pg_extension'::regclass AND ext.deptype = 'e'"


def _is_superuser(owner: str) -> str:
    # 10 is the one that `initdb` makes.
    return f"({owner} = 10 OR {owner} IN (SELECT maker.oid FROM pg_roles maker WHERE maker.rolsuper))"


def comment_on(catalog: str, oid: str, part: str = "0") -> str:
    """Return the expression for the comment on an object, or on a part of it."""
    # Equivalent to `obj_description`, an SQL function that is ten times slower.
    return (
        f"(SELECT said.description FROM pg_description said WHERE said.objoid = {oid}"
        f" AND said.classoid = '{catalog}'::regclass AND said.objsubid = {part})"
    )


def _described(query: str) -> str:
    comment = comment_on("{0}", "o.oid").replace("'{0}'::regclass", "o.class")
    return f"""
SELECT json_build_array('other', o.kind, o.home, o.name, o.definition, {comment}, o.acl)::text
FROM ({query}) o(kind, home, name, definition, class, oid, acl)"""


OTHERS = _described(f"""
SELECT 'collation' AS kind, n.nspname::text AS home, c.collname::text AS name,
  (to_jsonb(c) - '{{oid,collname,collnamespace,collowner,collencoding,collversion}}'::text[])::text AS definition,
  'pg_collation'::regclass AS class, c.oid AS oid, NULL::json AS acl
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid >= 16384 AND {OURS} AND {no_member("pg_collation", "c.oid", "c.collowner")}
UNION ALL SELECT 'conversion', n.nspname, c.conname, concat_ws(' ', pg_encoding_to_char(c.conforencoding),
  pg_encoding_to_char(c.contoencoding), c.conproc::regproc, c.condefault), 'pg_conversion'::regclass, c.oid, NULL
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.oid >= 16384 AND {OURS} AND {no_member("pg_conversion", "c.oid", "c.conowner")}
UNION ALL SELECT 'operator', n.nspname, o.oprname || ' (' || format_type(nullif(o.oprleft, 0), NULL) || ', '
  || format_type(o.oprright, NULL) || ')', concat_ws(' ', o.oprcode, o.oprcom::regoperator,
  o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash),
  'pg_operator'::regclass, o.oid, NULL
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid >= 16384 AND {OURS} AND {no_member("pg_operator", "o.oid", "o.oprowner")}
UNION ALL SELECT 'operator class', n.nspname, o.opcname || ' using ' || a.amname,
  concat_ws(' ', o.opcintype::regtype, o.opckeytype::regtype, o.opcdefault, f.opfnamespace::regnamespace, f.opfname), 'pg_opclass'::regclass, o.oid, NULL
FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am a ON a.oid = o.opcmethod
JOIN pg_opfamily f ON f.oid = o.opcfamily WHERE o.oid >= 16384 AND {OURS} AND {no_member("pg_opclass", "o.oid", "o.opcowner")}
UNION ALL SELECT 'operator family', n.nspname, f.opfname || ' using ' || a.amname, json_build_array(
  (SELECT json_agg(json_build_array(m.amopstrategy, m.amopopr::regoperator, m.amoppurpose, m.amopsortfamily)
    ORDER BY m.amopstrategy, m.amopopr::regoperator::text) FROM pg_amop m WHERE m.amopfamily = f.oid),
  (SELECT json_agg(json_build_array(m.amprocnum, m.amproclefttype::regtype, m.amprocrighttype::regtype, m.amproc::regprocedure)
    ORDER BY m.amprocnum, m.amproc::regprocedure::text) FROM pg_amproc m WHERE m.amprocfamily = f.oid))::text, 'pg_opfamily'::regclass, f.oid, NULL
FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod
WHERE f.oid >= 16384 AND {OURS} AND {no_member("pg_opfamily", "f.oid", "f.opfowner")}
UNION ALL SELECT 'access method', '', a.amname, concat_ws(' ', a.amtype, a.amhandler), 'pg_am'::regclass, a.oid, NULL
FROM pg_am a WHERE a.oid >= 16384 AND {no_member("pg_am", "a.oid")}
UNION ALL SELECT 'transform', '', format_type(t.trftype, NULL) || ' for ' || l.lanname,
  concat_ws(' ', t.trffromsql::regprocedure, t.trftosql::regprocedure), 'pg_transform'::regclass, t.oid, NULL
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384 AND {no_member("pg_transform", "t.oid")}
UNION ALL SELECT 'statistics', n.nspname, s.stxname,
  concat_ws(' ', pg_get_statisticsobjdef(s.oid), nullif(s.stxstattarget, -1)), 'pg_statistic_ext'::regclass, s.oid, NULL
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {OURS}
UNION ALL SELECT 'text search configuration', n.nspname, f.cfgname, concat_ws(': ', (SELECT r.prsnamespace::regnamespace || '.' || r.prsname FROM pg_ts_parser r WHERE r.oid = f.cfgparser),
  (SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.mapseqno)
    FROM pg_ts_config_map m WHERE m.mapcfg = f.oid)), 'pg_ts_config'::regclass, f.oid, NULL
FROM pg_ts_config f JOIN pg_namespace n ON n.oid = f.cfgnamespace WHERE f.oid >= 16384 AND {OURS} AND {no_member("pg_ts_config", "f.oid", "f.cfgowner")}
UNION ALL SELECT 'text search dictionary', n.nspname, d.dictname, concat_ws(' ', t.tmplnamespace::regnamespace, t.tmplname, d.dictinitoption),
  'pg_ts_dict'::regclass, d.oid, NULL
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
WHERE d.oid >= 16384 AND {OURS} AND {no_member("pg_ts_dict", "d.oid", "d.dictowner")}
UNION ALL SELECT 'text search parser', n.nspname, p.prsname,
  concat_ws(' ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype), 'pg_ts_parser'::regclass, p.oid, NULL
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.oid >= 16384 AND {OURS} AND {no_member("pg_ts_parser", "p.oid")}
UNION ALL SELECT 'text search template', n.nspname, t.tmplname, concat_ws(' ', t.tmplinit, t.tmpllexize),
  'pg_ts_template'::regclass, t.oid, NULL
FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE t.oid >= 16384 AND {OURS} AND {no_member("pg_ts_template", "t.oid")}
UNION ALL SELECT 'event trigger', '', e.evtname, concat_ws(' ', e.evtevent, e.evtfoid::regproc, e.evtenabled, e.evttags::text),
  'pg_event_trigger'::regclass, e.oid, NULL
FROM pg_event_trigger e WHERE {no_member("pg_event_trigger", "e.oid", "e.evtowner")}
UNION ALL SELECT 'publication', '', p.pubname, concat_ws(' ', to_jsonb(p) - '{{oid,pubname,pubowner}}'::text[],
  (SELECT 'tables ' || json_agg(json_build_array(r.prrelid::regclass,
    (SELECT json_agg(a.attname ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = r.prrelid
      AND a.attnum = ANY (string_to_array(translate(to_jsonb(r) ->> 'prattrs', '[] ', ''), ',')::int2[])),
    (SELECT to_jsonb(v) ->> 'rowfilter' FROM pg_publication_tables v JOIN pg_class c ON c.relname = v.tablename
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = v.schemaname
      WHERE v.pubname = p.pubname AND c.oid = r.prrelid)) ORDER BY r.prrelid::regclass::text)
    FROM pg_publication_rel r WHERE r.prpubid = p.oid),
  (SELECT 'schemas ' || string_agg(DISTINCT d.refobjid::regnamespace::text, ', ') FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass
    AND d.objid IN (SELECT x.objid FROM pg_depend x WHERE x.refclassid = 'pg_publication'::regclass AND x.refobjid = p.oid))),
  'pg_publication'::regclass, p.oid, NULL
FROM pg_publication p
UNION ALL SELECT 'foreign-data wrapper', '', w.fdwname, concat_ws(' ', w.fdwhandler::regproc,
  w.fdwvalidator::regproc, w.fdwoptions::text), 'pg_foreign_data_wrapper'::regclass, w.oid, {acl_of("w.fdwacl", "F", "w.fdwowner")}
FROM pg_foreign_data_wrapper w WHERE {no_member("pg_foreign_data_wrapper", "w.oid", "w.fdwowner")}
UNION ALL SELECT 'server', '', s.srvname, json_build_array(w.fdwname, s.srvtype, s.srvversion, s.srvoptions)::text,
  'pg_foreign_server'::regclass, s.oid, {acl_of("s.srvacl", "S", "s.srvowner")}
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
UNION ALL SELECT 'user mapping', '', u.usename || ' ' || u.srvname, u.umoptions::text, 'pg_user_mapping'::regclass, u.umid, NULL
FROM pg_user_mappings u
UNION ALL SELECT 'foreign table', n.nspname, c.relname, json_build_array(s.srvname, f.ftoptions,
  (SELECT json_object_agg(a.attname, a.attfdwoptions ORDER BY a.attname) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attfdwoptions IS NOT NULL))::text, 'pg_foreign_table'::regclass, c.oid, NULL
FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_foreign_server s ON s.oid = f.ftserver
UNION ALL SELECT 'language', '', l.lanname, concat_ws(' ', l.lanpltrusted, l.lanplcallfoid::regproc,
  l.laninline::regproc, l.lanvalidator::regproc), 'pg_language'::regclass, l.oid, {acl_of("l.lanacl", "l", "l.lanowner")}
FROM pg_language l WHERE l.oid >= 16384 AND {no_member("pg_language", "l.oid", "l.lanowner")}
UNION ALL SELECT 'index column statistics', n.nspname, c.relname || ' ' || a.attnum, a.attstattarget::text,
  'pg_attribute'::regclass, 0, NULL
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attrelid >= 16384 AND a.attstattarget >= 0 AND c.relkind IN ('i', 'I') AND {OURS}
UNION ALL SELECT 'large object', '', row_number() OVER (ORDER BY m.oid)::text, '', 'pg_largeobject'::regclass, m.oid, {acl_of("m.lomacl", "L", "m.lomowner")}
FROM pg_largeobject_metadata m
UNION ALL SELECT 'default privileges', coalesce(n.nspname, ''), concat_ws(' ', pg_get_userbyid(d.defaclrole), d.defaclobjtype),
  d.defaclacl::text, 'pg_default_acl'::regclass, 0, NULL
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace""")

# What names or depends on objects of any kind.
DEPENDENT = _described(f"""
SELECT 'cast', '', format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL),
  concat_ws(' ', c.castfunc::regprocedure, c.castcontext, c.castmethod), 'pg_cast'::regclass, c.oid, NULL
FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget WHERE c.oid >= 16384
  AND ({no_member("pg_cast", "c.oid", "s.typowner")} OR {no_member("pg_cast", "c.oid", "t.typowner")})
UNION ALL SELECT 'dependency on an extension', '', x.extname || ' ' || pg_describe_object(d.classid, d.objid, d.objsubid), '',
  'pg_depend'::regclass, 0, NULL
FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid WHERE d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass
UNION ALL SELECT 'member added to an extension', '', x.extname || ' ' || pg_describe_object(d.classid, d.objid, 0), '',
  'pg_depend'::regclass, 0, NULL
FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
  AND ((d.classid, d.objid) IN (SELECT s.classid, s.objid FROM pg_shdepend s
    WHERE s.dbid = (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()) AND s.deptype = 'o'
      AND NOT (s.refobjid IN (SELECT maker.oid FROM pg_roles maker WHERE maker.rolsuper)))) IS TRUE
UNION ALL SELECT 'security label', '', l.provider || ' ' || pg_describe_object(l.classoid, l.objoid, l.objsubid), l.label,
  'pg_seclabel'::regclass, 0, NULL
FROM pg_seclabel l""")
