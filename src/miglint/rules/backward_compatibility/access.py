"""BWC040 to BWC053: who may do what, and what happens by itself, changes for old code: all of it opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.backward_compatibility.running_application import dropped, dropped_others
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.support.applied_operations import done, tell, undoes
from miglint.schema.objects import Index
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
_RELEASE = "First release code that copes with both."


@rule(
    "BWC040",
    "index-dropped",
    INFO,
    "An index is dropped that queries of the running application may need",
    on=(ops.Drop,),
    default=False,
    aliases=("squawk:ban-drop-index",),
)
def index_dropped(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of indexes that go, and of the guarantee that goes with a unique one."""
    for act, operation in dropped(step, "index"):
        index = act.before.find(act.key(operation.name))
        table = index.table if isinstance(index, Index) else None
        if table is not None and act.fresh(table):
            continue
        unique = isinstance(index, Index) and index.unique
        also = ", and with it the guarantee that its values are unique" if unique else ""
        yield tell(act, INFO, f'"{operation.name.name}" goes{also}', "See in pg_stat_user_indexes that nobody uses it.")


@rule(
    "BWC041",
    "trigger-dropped",
    INFO,
    "A trigger is dropped: old code relies on what it does",
    on=(ops.Drop,),
    default=False,
    aliases=("squawk:ban-drop-trigger", "pgls:banDropTrigger"),
)
def trigger_dropped(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of triggers that are dropped and not made again."""
    for act, operation in dropped_others(step, ("trigger",), "trigger"):
        if operation.table is None or not act.fresh(operation.table):
            yield tell(act, INFO, f'what the trigger "{operation.name.name}" does is not done any more', _RELEASE)


@rule(
    "BWC042",
    "policy-dropped",
    INFO,
    "A policy or rule is dropped: old code may see other rows",
    on=(ops.Drop,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-drop-policy",),
)
def policy_dropped(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of policies and rules that are dropped and not made again."""
    for kind in ("policy", "rule"):
        for act, operation in dropped_others(step, (kind,), kind):
            if operation.table is None or not act.fresh(operation.table):
                yield tell(act, INFO, f'the {kind} "{operation.name.name}" goes', _RELEASE)


@rule(
    "BWC043",
    "trigger-switched",
    INFO,
    "A trigger or rule fires at other times from now on",
    on=(ops.EnableTrigger,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-disable-trigger", "pg-migration-lint:PGM020"),
)
def trigger_switched(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of triggers and rules that are switched; the foreign keys are triggers too."""
    for act, operation in done(step, ops.EnableTrigger):
        if act.fresh(operation.table) or undoes(step, act):
            continue
        everything = operation.trigger == "*all*" and operation.state == "disable"
        also = ": no foreign key of the table is checked any more" if everything else ""
        name = {"*all*": "all triggers", "*user*": "the triggers"}.get(operation.trigger, f'"{operation.trigger}"')
        yield tell(
            act,
            INFO,
            f'{operation.state} {name} of "{operation.table.name}"{also}',
            "Switch it back on in the same transaction.",
        )


@rule(
    "BWC044",
    "replica-identity-changed",
    INFO,
    "The replica identity changes what subscribers get of updates and deletes",
    on=(ops.SetTableOption,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-replica-identity",),
)
def replica_identity_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `REPLICA IDENTITY`."""
    for act, operation in done(step, ops.SetTableOption):
        if operation.option == "replica identity" and not act.fresh(operation.table) and not undoes(step, act):
            yield tell(act, INFO, f'subscribers of "{operation.table.name}" get another key of changed rows', _RELEASE)


@rule(
    "BWC045",
    "privileges-revoked",
    INFO,
    "Rights are taken from a role that the running application may use",
    on=(ops.Drop, ops.Opaque, ops.SetPrivileges),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-revoke",),
)
def privileges_revoked(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `REVOKE`, `DROP OWNED` and `DROP ROLE`."""
    for act, operation in done(step, ops.SetPrivileges):
        if not operation.grant and not undoes(step, act):
            who = ", ".join(operation.roles) or "a role"
            yield tell(act, INFO, f"{who} may do less from now on", "See first that nobody uses these rights.")
    for act, role in dropped_others(step, ("role",), "role"):
        yield tell(act, INFO, f'the role "{role.name.name}" goes', "See first that nobody logs in as it.")
    for act, other in done(step, ops.Opaque):
        if act.moment.statement.kind == "drop owned":
            yield tell(act, INFO, other.reason, "Name what is dropped, one by one.")


def _table_rule(step: Step, kind: str) -> Iterator[Hit]:
    """Tell of policies that are created, or whose condition or roles change."""
    if kind == "created":
        for act, operation in done(step, ops.CreatePolicy):
            if not act.fresh(operation.table) and not undoes(step, act):
                yield tell(
                    act,
                    INFO,
                    f'the policy "{operation.name}" decides which rows of "{operation.table.name}" are seen',
                    _RELEASE,
                )
        return
    for act, change in done(step, ops.AlterPolicy):
        roles = change.roles is not None
        condition = change.using is not None or change.check is not None
        if (roles if kind == "roles" else condition) and not act.fresh(change.table) and not undoes(step, act):
            what = "for other roles" if kind == "roles" else "by another condition"
            yield tell(act, INFO, f'the policy "{change.name}" of "{change.table.name}" decides {what}', _RELEASE)


@rule(
    "BWC046",
    "policy-created",
    INFO,
    "A policy is created: old code may see fewer rows",
    on=(ops.AlterPolicy, ops.CreatePolicy),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-create-policy",),
)
def policy_created(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of new policies on tables that were there before."""
    return _table_rule(step, "created")


@rule(
    "BWC047",
    "policy-condition-changed",
    INFO,
    "The condition of a policy changes: old code may see other rows",
    on=(ops.AlterPolicy, ops.CreatePolicy),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-policy-condition",),
)
def policy_condition_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `ALTER POLICY ... USING` and `WITH CHECK`."""
    return _table_rule(step, "condition")


@rule(
    "BWC048",
    "policy-roles-changed",
    INFO,
    "A policy is for other roles from now on",
    on=(ops.AlterPolicy, ops.CreatePolicy),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-policy-roles",),
)
def policy_roles_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `ALTER POLICY ... TO`."""
    return _table_rule(step, "roles")


@rule(
    "BWC049",
    "row-level-security-switched",
    INFO,
    "Row-level security is switched: old code may see no rows, or all of them",
    on=(ops.SetTableOption,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-row-level-security",),
)
def row_level_security_switched(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `ENABLE`, `DISABLE`, `FORCE` and `NO FORCE ROW LEVEL SECURITY`."""
    for act, operation in done(step, ops.SetTableOption):
        if operation.option.endswith("row security") and not act.fresh(operation.table) and not undoes(step, act):
            rows = "only what policies allow" if operation.value == "on" else "all rows, whatever the policies say"
            yield tell(act, INFO, f'roles see of "{operation.table.name}" {rows}', _RELEASE)


def _options(step: Step, kind: str, what: str) -> Iterator[Hit]:
    for act, operation in done(step, ops.AlterOther):
        if operation.kind == kind and not undoes(step, act):
            yield tell(act, INFO, f'{what} "{operation.name.name}" is set otherwise from now on', _RELEASE)


@rule(
    "BWC050",
    "role-options-changed",
    INFO,
    "Options of a role change what the running application may do",
    on=(ops.AlterOther,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-role-options",),
)
def role_options_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `ALTER ROLE`."""
    return _options(step, "role", "the role")


@rule(
    "BWC051",
    "database-options-changed",
    INFO,
    "Settings of the database change for everybody who connects",
    on=(ops.AlterOther,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-database-options",),
)
def database_options_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `ALTER DATABASE`."""
    return _options(step, "database", "the database")


@rule(
    "BWC052",
    "system-options-changed",
    INFO,
    "Settings of the server change for everybody",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-system-options",),
)
def system_options_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `ALTER SYSTEM`."""
    for act, operation in done(step, ops.Maintenance):
        if operation.kind == "alter system":
            yield tell(
                act,
                INFO,
                "a setting of the whole server changes, for all of its databases",
                "Keep it with the configuration of the server.",
            )


@rule(
    "BWC053",
    "extension-updated",
    INFO,
    "An extension is updated: its functions may behave otherwise",
    on=(ops.AlterOther,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-extension",),
)
def extension_updated(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `ALTER EXTENSION`."""
    return _options(step, "extension", "the extension")
