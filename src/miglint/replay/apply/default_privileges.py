"""What roles may do with a new object by default privileges."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.depends import DEFAULT_PRIVILEGES
from miglint.schema.objects import Key, Privileges
from miglint.schema.remarks import privilege_key


def endow(machine: Machine, key: Key, kind: str, words: str | None = None) -> None:
    """Grant the default privileges for its kind to a new object (`table`, `sequence`, `function`, `type`, `schema`)."""
    for user in machine.schema.on(DEFAULT_PRIVILEGES):
        default = machine.schema.find(user)
        if not isinstance(default, Privileges) or default.defaults != kind or user.schema not in ("", key.schema):
            continue
        if user.owner != default.role:
            continue  # They are for what another role makes, and who runs the scripts is not known.
        own = privilege_key(key, None, default.role, words or kind)
        found = machine.schema.find(own)
        granted, revoked = set(default.granted), set(default.revoked)
        if isinstance(found, Privileges):
            granted, revoked = granted | set(found.granted), (revoked | set(found.revoked)) - granted
        value = Privileges(default.role, tuple(sorted(granted)), tuple(sorted(revoked)), key)
        machine.create(own, value)
