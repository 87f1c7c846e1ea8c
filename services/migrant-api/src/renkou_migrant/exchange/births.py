"""Entering a birth that a partner reported, under the home register's own rules and in the clerk's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound, VersionMismatch
from renkou_common.scope import AreaScope
from renkou_migrant.exchange import errors, service
from renkou_migrant.exchange.carried import BirthNotice
from renkou_migrant.exchange.contents import decrypt
from renkou_migrant.exchange.repository import StoredMessage
from renkou_migrant.exchange.service import BirthToRegister
from renkou_migrant.runtime import Runtime

PURPOSE = "birth_notice"
_CORRECTION_KEYS = UUID("0197a1f0-b117-7000-8000-000000000002")
_REASON = "流入地已更正或撤回其出生通报"


async def register(runtime: Runtime, birth: BirthToRegister, token: str) -> UUID:
    """Find the mother by number and name and register the birth; returns the life event's id.

    The key is the notice's, so that confirming again after a crash makes no second birth. Raises Conflict
    where the register has no such mother: the notice is then to be disputed or answered by other means.
    """
    subject, child = birth.notice.subject, birth.notice.child
    if subject.resident_id is None:
        raise _mother_unknown()
    try:
        mother = await runtime.registry.match(subject.resident_id, subject.name, PURPOSE, token=token)
    except NotFound as error:
        raise _mother_unknown() from error
    body = {
        "mother_id": str(mother.person_id),
        "happened_on": child.birth_date.isoformat(),
        "parity": child.parity,
        "child": {"name": child.name, "sex": child.sex},
    }
    return await runtime.registry.register_birth(body, token=token, key=birth.key)


def _mother_unknown() -> Conflict:
    return Conflict(
        "mother_unknown",
        "本区登记中没有这位母亲, 请提出异议",
        "The register has no such mother; dispute the notice instead",
    )


@dataclass(frozen=True, slots=True)
class BirthToCorrect:
    """A birth entered on a notice that its sender changed afterwards; ``changes`` None: it never was."""

    life_event_id: UUID
    changes: Mapping[str, Any] | None
    details: Mapping[str, str]
    key: str


async def to_correct(
    tx: Transaction, runtime: Runtime, areas: AreaScope, notice_id: UUID, version: int
) -> BirthToCorrect:
    """Return what to ask for in the register after a changed birth notice, without changing anything.

    Raises NotFound, VersionMismatch, and Conflict where no birth was entered on it or none of that is wrong.
    """
    stored = await service.get(tx, areas, notice_id)
    if stored.message.revision != version:
        raise VersionMismatch(stored.message.revision)
    if stored.attention is None or stored.life_event_id is None:
        raise errors.nothing_to_correct()
    key = str(uuid5(_CORRECTION_KEYS, f"{notice_id} {version}"))
    if stored.message.withdrawn:
        return BirthToCorrect(stored.life_event_id, None, {}, key)
    now = BirthNotice.model_validate(decrypt(runtime, stored.content)).child
    entered = BirthNotice.model_validate(decrypt(runtime, await _confirmed(tx, stored))).child
    changes: dict[str, Any] = {}
    if now.birth_date != entered.birth_date:
        changes["happened_on"] = now.birth_date.isoformat()
    changes |= {
        name: getattr(now, name) for name in ("sex", "parity") if getattr(now, name) != getattr(entered, name)
    }
    details = {"name": now.name} if now.name != entered.name else {}
    if not changes and not details:
        raise errors.nothing_to_correct()
    return BirthToCorrect(stored.life_event_id, changes, details, key)


async def _confirmed(tx: Transaction, stored: StoredMessage) -> bytes | None:
    """Return what the notice said when it was confirmed."""
    for former in await service.history(tx, stored.message.id):
        if stored.closed_at is not None and former["replaced_at"] > stored.closed_at:
            content: bytes = former["content"]
            return content
    return stored.content


async def request_correction(runtime: Runtime, birth: BirthToCorrect, token: str) -> UUID:
    """Ask for the correction or retraction in the clerk's name, once per change; returns the request's id."""
    body: dict[str, Any] = {"event_id": str(birth.life_event_id), "reason": _REASON}
    if birth.changes is None:
        body["retract"] = True
    else:
        body |= {"changes": dict(birth.changes)} if birth.changes else {}
        body |= {"details": dict(birth.details)} if birth.details else {}
    return await runtime.registry.request_correction(body, token=token, key=birth.key)
