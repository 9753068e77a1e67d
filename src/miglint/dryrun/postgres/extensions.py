"""Extensions that scripts may create, and stand-ins for two that the embedded server lacks."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from miglint.base.identifiers import unquoted
from miglint.base.lazy_regex import pattern

_CREATE = pattern(r'create\s+extension\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w$-]+)', re.IGNORECASE)
_GUARD = pattern(r"create\s+extension\s+if\s+not\s+exists\s", re.IGNORECASE)

# Database owners may create extensions marked as trusted. These are as harmless, but not marked.
ALLOWED = frozenset(("bloom", "moddatetime", "vector"))

# Content of the stand-ins: enough for defaults and digests; other functions are missing and fail by name.
_STAND_INS = {
    "uuid-ossp": (
        "1.1",
        """
CREATE FUNCTION uuid_nil() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT '00000000-0000-0000-0000-000000000000'::uuid $$;
CREATE FUNCTION uuid_generate_v1() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT gen_random_uuid() $$;
CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT gen_random_uuid() $$;
CREATE FUNCTION uuid_generate_v4() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT gen_random_uuid() $$;
CREATE FUNCTION uuid_ns_dns() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid $$;
CREATE FUNCTION uuid_ns_url() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid $$;
CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT md5(uuid_send(namespace)::text || name)::uuid $$;
CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT md5('5' || uuid_send(namespace)::text || name)::uuid $$;
""",
    ),
    "pgcrypto": (
        "1.4",
        """
CREATE FUNCTION digest(data bytea, type text) RETURNS bytea IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE lower(type) WHEN 'md5' THEN decode(md5(data), 'hex') WHEN 'sha224' THEN sha224(data)
    WHEN 'sha384' THEN sha384(data) WHEN 'sha512' THEN sha512(data) ELSE sha256(data) END $$;
CREATE FUNCTION digest(data text, type text) RETURNS bytea IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE lower(type) WHEN 'md5' THEN decode(md5(data), 'hex') WHEN 'sha224' THEN sha224(convert_to(data, 'UTF8'))
    WHEN 'sha384' THEN sha384(convert_to(data, 'UTF8')) WHEN 'sha512' THEN sha512(convert_to(data, 'UTF8'))
    ELSE sha256(convert_to(data, 'UTF8')) END $$;
CREATE FUNCTION gen_random_uuid() RETURNS uuid VOLATILE PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT pg_catalog.gen_random_uuid() $$;
CREATE FUNCTION gen_random_bytes(count integer) RETURNS bytea VOLATILE STRICT PARALLEL SAFE LANGUAGE sql AS $$
  SELECT substring(string_agg(uuid_send(pg_catalog.gen_random_uuid()), ''::bytea) FROM 1 FOR count)
  FROM generate_series(0, count / 16) $$;
CREATE FUNCTION gen_salt(type text) RETURNS text VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT '$' || type || '$' || md5(random()::text) $$;
CREATE FUNCTION crypt(password text, salt text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
  AS $$ SELECT salt || md5(salt || password) $$;
""",
    ),
}
STAND_INS = frozenset(_STAND_INS)


def created_extension(statement: str) -> str | None:
    """Return the extension that a statement creates, or None."""
    found = _CREATE.match(statement)
    return None if found is None else unquoted(found[1])


def is_guarded(statement: str) -> bool:
    """Return whether a `CREATE EXTENSION` has `IF NOT EXISTS`."""
    return _GUARD.match(statement) is not None


def lay_out(folder: Path, share: Path) -> frozenset[str]:
    """Write a folder for `extension_control_path`: allowed extensions marked as trusted, and the stand-ins.

    `share` is the server's own extension folder. Returns the names of the stand-ins used.
    """
    target = folder / "extension"
    target.mkdir(parents=True, exist_ok=True)
    for name in ALLOWED:
        control = share / f"{name}.control"
        if control.is_file():
            lines = [line for line in control.read_text().splitlines() if not line.startswith(("trusted", "superuser"))]
            (target / control.name).write_text("\n".join([*lines, "trusted = true", ""]))
            for script in share.glob(f"{name}--*.sql"):
                shutil.copyfile(script, target / script.name)
    needed = set()
    for name, (version, functions) in _STAND_INS.items():
        if (share / f"{name}.control").is_file():
            continue
        needed.add(name)
        control_text = f"comment = 'stand-in'\ndefault_version = '{version}'\nrelocatable = true\ntrusted = true\n"
        (target / f"{name}.control").write_text(control_text)
        (target / f"{name}--{version}.sql").write_text(functions)
    return frozenset(needed)
