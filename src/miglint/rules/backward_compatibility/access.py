"""BWC040 to BWC053: access rights, triggers and settings that change for running code; opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.backward_compatibility.running_application import dropped, dropped_others
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import effective, undoes
from miglint.schema.objects import Index
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
_RELEASE = "Deploy code that works with both first."


@hazard(
    "BWC040",
    "index-dropped",
    INFO,
    "An index is dropped that queries of the running application may use",
    on=(ops.Drop,),
    default=False,
    aliases=("squawk:ban-drop-index",),
)
def index_dropped(step: Step) -> Iterator[Hit]:
    """Report dropped indexes, with the uniqueness that a unique one enforced."""
    for applied, operation in dropped(step, "index"):
        index = applied.before.find(applied.key(operation.name))
        table = index.table if isinstance(index, Index) else None
        if table is not None and applied.fresh(table):
            continue
        unique = isinstance(index, Index) and index.unique
        also = ", and its columns are no longer unique" if unique else ""
        yield applied.hit(
            f'index "{operation.name.name}" is dropped{also}', "Check pg_stat_user_indexes for its use first."
        )


@hazard(
    "BWC041",
    "trigger-dropped",
    INFO,
    "A trigger is dropped that running code may rely on",
    on=(ops.Drop,),
    default=False,
    aliases=("squawk:ban-drop-trigger", "pgls:banDropTrigger"),
)
def trigger_dropped(step: Step) -> Iterator[Hit]:
    """Report triggers that are dropped and not created again."""
    for applied, operation in dropped_others(step, ("trigger",), "trigger"):
        if operation.table is None or not applied.fresh(operation.table):
            yield applied.hit(f'trigger "{operation.name.name}" is dropped and no longer fires', _RELEASE)


@hazard(
    "BWC042",
    "policy-dropped",
    INFO,
    "A policy or rule is dropped: running code may see other rows",
    on=(ops.Drop,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-drop-policy",),
)
def policy_dropped(step: Step) -> Iterator[Hit]:
    """Report policies and rules that are dropped and not created again."""
    for kind in ("policy", "rule"):
        for applied, operation in dropped_others(step, (kind,), kind):
            if operation.table is None or not applied.fresh(operation.table):
                yield applied.hit(f'{kind} "{operation.name.name}" is dropped', _RELEASE)


_SWITCHED = {
    "enable": "enabled",
    "enable always": "enabled always",
    "enable replica": "enabled on replicas only",
    "disable": "disabled",
}


@hazard(
    "BWC043",
    "trigger-switched",
    INFO,
    "A trigger or rule is enabled or disabled",
    on=(ops.EnableTrigger,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-disable-trigger", "pg-migration-lint:PGM020"),
)
def trigger_switched(step: Step) -> Iterator[Hit]:
    """Report triggers and rules that are enabled or disabled; foreign keys are triggers too."""
    for applied, operation in effective(step, ops.EnableTrigger):
        if applied.fresh(operation.table) or undoes(step, applied):
            continue
        everything = operation.trigger == "*all*" and operation.state == "disable"
        also = ": foreign keys of the table are no longer checked" if everything else ""
        every = {"*all*": "all triggers", "*user*": "all own triggers"}.get(operation.trigger)
        name, verb = (f'"{operation.trigger}"', "is") if every is None else (every, "are")
        yield applied.hit(
            f'{name} of "{operation.table.name}" {verb} {_SWITCHED[operation.state]}{also}',
            "Switch it back in the same transaction.",
        )


@hazard(
    "BWC044",
    "replica-identity-changed",
    INFO,
    "The replica identity changes what subscribers receive for updates and deletes",
    on=(ops.SetTableOption,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-replica-identity",),
)
def replica_identity_changed(step: Step) -> Iterator[Hit]:
    """Report `REPLICA IDENTITY`."""
    for applied, operation in effective(step, ops.SetTableOption):
        if operation.option == "replica identity" and not applied.fresh(operation.table) and not undoes(step, applied):
            yield applied.hit(f'subscribers of "{operation.table.name}" receive another key for changed rows', _RELEASE)


@hazard(
    "BWC045",
    "privileges-revoked",
    INFO,
    "A role that the running application may use loses privileges",
    on=(ops.Drop, ops.Opaque, ops.SetPrivileges),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-revoke",),
)
def privileges_revoked(step: Step) -> Iterator[Hit]:
    """Report `REVOKE`, `DROP OWNED` and `DROP ROLE`."""
    for applied, operation in effective(step, ops.SetPrivileges):
        if not operation.grant and not undoes(step, applied):
            roles = ", ".join(operation.roles) or "a role"
            yield applied.hit(f"{roles} loses privileges", "Check first that nothing uses them.")
    for applied, role in dropped_others(step, ("role",), "role"):
        yield applied.hit(f'role "{role.name.name}" is dropped', "Check first that nothing logs in with it.")
    for applied, other in effective(step, ops.Opaque):
        if applied.moment.statement.kind == "drop owned":
            yield applied.hit(other.reason, "Drop the objects by name instead.")


def _table_rule(step: Step, kind: str) -> Iterator[Hit]:
    """Report policies that are created, or whose condition or roles change."""
    if kind == "created":
        for applied, operation in effective(step, ops.CreatePolicy):
            if not applied.fresh(operation.table) and not undoes(step, applied):
                yield applied.hit(
                    f'policy "{operation.name}" restricts which rows of "{operation.table.name}" are visible',
                    _RELEASE,
                )
        return
    for applied, change in effective(step, ops.AlterPolicy):
        roles = change.roles is not None
        condition = change.using is not None or change.check is not None
        if (roles if kind == "roles" else condition) and not applied.fresh(change.table) and not undoes(step, applied):
            what = "applies to other roles" if kind == "roles" else "has another condition"
            yield applied.hit(f'policy "{change.name}" of "{change.table.name}" {what}', _RELEASE)


@hazard(
    "BWC046",
    "policy-created",
    INFO,
    "A policy is created: running code may see fewer rows",
    on=(ops.AlterPolicy, ops.CreatePolicy),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-create-policy",),
)
def policy_created(step: Step) -> Iterator[Hit]:
    """Report new policies on existing tables."""
    return _table_rule(step, "created")


@hazard(
    "BWC047",
    "policy-condition-changed",
    INFO,
    "The condition of a policy changes: running code may see other rows",
    on=(ops.AlterPolicy, ops.CreatePolicy),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-policy-condition",),
)
def policy_condition_changed(step: Step) -> Iterator[Hit]:
    """Report `ALTER POLICY ... USING` and `WITH CHECK`."""
    return _table_rule(step, "condition")


@hazard(
    "BWC048",
    "policy-roles-changed",
    INFO,
    "A policy applies to other roles",
    on=(ops.AlterPolicy, ops.CreatePolicy),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-policy-roles",),
)
def policy_roles_changed(step: Step) -> Iterator[Hit]:
    """Report `ALTER POLICY ... TO`."""
    return _table_rule(step, "roles")


@hazard(
    "BWC049",
    "row-level-security-switched",
    INFO,
    "Row-level security is enabled or disabled: running code may see no rows, or all of them",
    on=(ops.SetTableOption,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-row-level-security",),
)
def row_level_security_switched(step: Step) -> Iterator[Hit]:
    """Report `ENABLE`, `DISABLE`, `FORCE` and `NO FORCE ROW LEVEL SECURITY`."""
    for applied, operation in effective(step, ops.SetTableOption):
        if (
            operation.option.endswith("row security")
            and not applied.fresh(operation.table)
            and not undoes(step, applied)
        ):
            rows = (
                "only the rows that policies allow"
                if operation.value == "on"
                else "all rows, whatever the policies say"
            )
            yield applied.hit(f'roles see {rows} of "{operation.table.name}"', _RELEASE)


def _options(step: Step, kind: str, effect: str = "gets other settings") -> Iterator[Hit]:
    for applied, operation in effective(step, ops.AlterOther):
        if operation.kind == kind and not undoes(step, applied):
            yield applied.hit(f'the {kind} "{operation.name.name}" {effect}', _RELEASE)


@hazard(
    "BWC050",
    "role-options-changed",
    INFO,
    "Options of a role change what the running application may do",
    on=(ops.AlterOther,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-role-options",),
)
def role_options_changed(step: Step) -> Iterator[Hit]:
    """Report `ALTER ROLE`."""
    return _options(step, "role")


@hazard(
    "BWC051",
    "database-options-changed",
    INFO,
    "Settings of the database change for every connection",
    on=(ops.AlterOther,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-database-options",),
)
def database_options_changed(step: Step) -> Iterator[Hit]:
    """Report `ALTER DATABASE`."""
    return _options(step, "database")


@hazard(
    "BWC052",
    "system-options-changed",
    INFO,
    "Settings of the server change for all databases",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-system-options",),
)
def system_options_changed(step: Step) -> Iterator[Hit]:
    """Report `ALTER SYSTEM`."""
    for applied, operation in effective(step, ops.Maintenance):
        if operation.kind == "alter system":
            yield applied.hit(
                "a setting of the whole server changes, for all of its databases",
                "Keep it in the configuration of the server.",
            )


@hazard(
    "BWC053",
    "extension-updated",
    INFO,
    "An extension is updated: its functions may behave differently",
    on=(ops.AlterOther,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-extension",),
)
def extension_updated(step: Step) -> Iterator[Hit]:
    """Report `ALTER EXTENSION`."""
    return _options(step, "extension", "is altered: its functions may behave differently")
