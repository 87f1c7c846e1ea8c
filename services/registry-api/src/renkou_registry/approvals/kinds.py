"""What is done once a request of each kind is approved: one function per kind, in the decision's own transaction."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.identity.rights import known_scopes
from renkou_registry.approvals.domain import Approval, ApprovalKind
from renkou_registry.oidc import service as oidc
from renkou_registry.roles import service as roles
from renkou_registry.roles.domain import RoleChange
from renkou_registry.runtime import Runtime
from renkou_registry.second_factor import service as second_factor
from renkou_registry.staff import service as staff
from renkou_registry.staff.domain import RoleInArea

type Executor = Callable[[Transaction, Runtime, Approval], Awaitable[None]]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


async def _assign(tx: Transaction, runtime: Runtime, one: Approval) -> None:
    given = [
        RoleInArea(
            each["role"], AreaCode(each["area"]), _moment(each["valid_from"]), _moment(each["valid_to"])
        )
        for each in one.wanted["assignments"]
    ]
    await staff.add_assignments(tx, runtime.outbox, one.subject_id, given, runtime.clock.now())


async def _change_role(tx: Transaction, runtime: Runtime, one: Approval) -> None:
    now, code = runtime.clock.now(), one.wanted["code"]
    await staff.lock_administrators(tx, now)
    scopes = one.wanted["scopes"]
    wanted = RoleChange(
        label_zh=one.wanted["label_zh"],
        label_en=one.wanted["label_en"],
        active=one.wanted["active"],
        scopes=None if scopes is None else known_scopes(scopes),
    )
    await roles.change(tx, code, one.wanted["version"], wanted)
    await staff.follow_role(tx, runtime.outbox, code, now)


async def _link(tx: Transaction, runtime: Runtime, one: Approval) -> None:
    member = await staff.locked(tx, one.subject_id)
    await oidc.link(tx, member, one.wanted["issuer"], one.wanted["subject"], one.asked_by)


async def _lift(tx: Transaction, runtime: Runtime, one: Approval) -> None:
    member = await staff.locked(tx, one.subject_id)
    await second_factor.lift(tx, runtime, member.id, member.username, one.asked_by)


EXECUTORS: dict[ApprovalKind, Executor] = {
    ApprovalKind.ASSIGNMENT: _assign,
    ApprovalKind.IDENTITY: _link,
    ApprovalKind.SECOND_FACTOR: _lift,
    ApprovalKind.ROLE: _change_role,
}
