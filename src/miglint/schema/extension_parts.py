"""What PostgreSQL's extensions provide: functions, types and operator classes by name, each with its extension."""

from __future__ import annotations

_FUNCTIONS = {
    "uuid-ossp": "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil "
    "uuid_ns_dns uuid_ns_url uuid_ns_oid uuid_ns_x500",
    "pgcrypto": "gen_random_bytes crypt gen_salt digest hmac encrypt decrypt encrypt_iv decrypt_iv pgp_sym_encrypt "
    "pgp_sym_decrypt pgp_sym_encrypt_bytea pgp_sym_decrypt_bytea pgp_pub_encrypt pgp_pub_decrypt "
    "pgp_pub_encrypt_bytea pgp_pub_decrypt_bytea pgp_key_id armor dearmor",
    "pg_trgm": "similarity show_trgm word_similarity strict_word_similarity show_limit set_limit",
    "unaccent": "unaccent",
    "fuzzystrmatch": "levenshtein levenshtein_less_equal metaphone dmetaphone dmetaphone_alt soundex difference "
    "daitch_mokotoff",
    "hstore": "hstore hstore_to_json hstore_to_jsonb hstore_to_array akeys avals skeys svals",
    "ltree": "nlevel subltree subpath lca text2ltree ltree2text",
    "cube": "cube cube_distance cube_dim cube_enlarge",
    "earthdistance": "earth_distance earth_box ll_to_earth earth sec_to_gc gc_to_sec",
    "tablefunc": "crosstab crosstab2 crosstab3 crosstab4 connectby normal_rand",
    "dblink": "dblink dblink_connect dblink_exec dblink_disconnect dblink_open dblink_fetch",
    "intarray": "idx uniq icount sort_asc sort_desc intset",
    "pgstattuple": "pgstattuple pgstatindex",
    "pg_stat_statements": "pg_stat_statements_reset",
    "postgis": "st_makepoint st_setsrid st_distance st_dwithin st_intersects st_contains st_within st_geomfromtext "
    "st_geogfromtext st_astext st_asgeojson st_geomfromgeojson st_buffer st_transform st_point st_x st_y "
    "st_makeenvelope st_area st_length st_centroid st_union st_srid addgeometrycolumn",
    "vector": "l2_distance cosine_distance inner_product vector_dims vector_norm l2_normalize",
    "timescaledb": "create_hypertable add_retention_policy add_compression_policy add_continuous_aggregate_policy "
    "time_bucket",
    "pg_cron": "cron.schedule cron.unschedule",
    "pg_partman": "create_parent run_maintenance",
    "moddatetime": "moddatetime",
    "citext": "citext",
}
_TYPES = {
    "citext": "citext",
    "ltree": "ltree lquery ltxtquery",
    "hstore": "hstore",
    "cube": "cube",
    "isn": "ean13 isbn13 ismn13 issn13 isbn ismn issn upc",
    "seg": "seg",
    "postgis": "geometry geography box2d box3d",
    "postgis_raster": "raster",
    "vector": "vector halfvec sparsevec",
    "earthdistance": "earth",
    "intarray": "query_int",
}
_CLASSES = {
    "pg_trgm": "gin_trgm_ops gist_trgm_ops",
    "intarray": "gin__int_ops gist__int_ops gist__intbig_ops",
    "hstore": "gin_hstore_ops gist_hstore_ops btree_hstore_ops hash_hstore_ops",
    "ltree": "gist_ltree_ops gist__ltree_ops ltree_ops",
    "citext": "citext_ops citext_pattern_ops",
    "postgis": "gist_geometry_ops_2d gist_geometry_ops_nd gist_geography_ops brin_geometry_inclusion_ops_2d",
    "vector": "vector_l2_ops vector_ip_ops vector_cosine_ops vector_l1_ops halfvec_l2_ops halfvec_cosine_ops "
    "bit_hamming_ops",
}


def _by_name(table: dict[str, str]) -> dict[str, str]:
    return {name: extension for extension, names in table.items() for name in names.split()}


FUNCTIONS = _by_name(_FUNCTIONS)
TYPES = _by_name(_TYPES)
CLASSES = _by_name(_CLASSES)

# Former functions of extensions, with the version of PostgreSQL that has them built in.
BUILT_IN = {"gen_random_uuid": ("pgcrypto", (13,))}

# Index methods that an extension provides.
METHODS = {"bloom": "bloom", "rum": "rum", "hnsw": "vector", "ivfflat": "vector"}

# An extension that contains, or with CASCADE creates, what is listed under another.
BRINGS = {
    "postgis": frozenset({"postgis"}),
    "postgis_raster": frozenset({"postgis"}),
    "postgis_topology": frozenset({"postgis"}),
    "postgis_tiger_geocoder": frozenset({"postgis", "fuzzystrmatch"}),
    "earthdistance": frozenset({"cube"}),
    "pgvector": frozenset({"vector"}),
    "vectorscale": frozenset({"vector"}),
}

# What to write instead of a function, where PostgreSQL has its own.
INSTEAD = {
    "uuid_generate_v4": "use gen_random_uuid(), which is built in since PostgreSQL 13",
    "uuid_generate_v1": "use uuidv7(), which is built in since PostgreSQL 18",
}
