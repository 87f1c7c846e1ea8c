"""Protected fields in the clear: each reading has a purpose or a reason and leaves a row in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from uuid import UUID

import asyncpg

from renkou_common.audit.acting import STAFF
from renkou_common.audit.log import SEARCH, UNMASK, Noted, append
from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import UnmaskPurpose
from renkou_common.codes.names import clean_name
from renkou_common.codes.resident_id import normalise_resident_id
from renkou_common.database import Transaction
from renkou_common.errors import TooMany
from renkou_common.identity.principal import Access
from renkou_registry.areas.service import full_names
from renkou_registry.persons import details_repository, service
from renkou_registry.persons.documents import OTHER_DOCUMENT
from renkou_registry.persons.domain import FactsPurpose
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.runtime import Runtime

HOUR = timedelta(hours=1)
_TRIED = "audit_entry.record_id/match"
FACTS_FIELDS = (
    "name",
    "sex",
    "birth_date",
    "resident_id",
    "other_document_number",
    "registered_area",
    "marital_status",
    "children",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """A person in the clear, with what the row does not hold."""

    row: asyncpg.Record
    resident_id: str | None
    children_birth_dates: list[date]
    area_names: dict[AreaCode, str]
    other_document_number: str | None = None


def open_resident_id(runtime: Runtime, row: asyncpg.Record) -> str | None:
    """Return the number of a row in the clear."""
    sealed: bytes | None = row["resident_id_sealed"]
    return runtime.cipher.decrypt(sealed, RESIDENT_ID) if sealed is not None else None


def open_other_document(runtime: Runtime, row: asyncpg.Record) -> str | None:
    """Return the number of a passport or a birth certificate of a row in the clear."""
    sealed: bytes | None = row["other_document_sealed"]
    return runtime.cipher.decrypt(sealed, OTHER_DOCUMENT) if sealed is not None else None


def open_phone(runtime: Runtime, row: asyncpg.Record) -> str | None:
    """Return the phone of a row in the clear."""
    sealed: bytes | None = row["phone_sealed"]
    return runtime.cipher.decrypt(sealed, PHONE) if sealed is not None else None


async def unmask(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    person_id: UUID,
    fields: Sequence[str],
    purpose: UnmaskPurpose,
    reason: str,
) -> dict[str, str | None]:
    """Return protected fields of a person in the clear and log the reading with its purpose and reason.

    Raises NotFound, and TooMany ``unmask_often`` where the caller has read as many in the last hour as one may.
    """
    row = await service.find(tx, person_id, access.areas)
    await _throttle(tx, access.subject, "unmask", runtime.settings.unmask_per_hour)
    await _log(runtime, tx, access.subject, person_id, "unmask", fields, purpose, reason)
    opened = {
        "resident_id": open_resident_id(runtime, row),
        "other_document_number": open_other_document(runtime, row),
        "phone": open_phone(runtime, row),
    }
    return {name: opened[name] for name in fields}


async def _throttle(tx: Transaction, caller: UUID, kind: str, limit: int) -> None:
    wait = await details_repository.use_unmasking(tx, caller, kind, HOUR, limit)
    if wait is not None:
        raise TooMany(
            f"{kind}_often",
            f"每小时最多明文查阅 {limit} 次",
            f"at most {limit} readings in the clear in an hour",
            max(1, ceil(wait.total_seconds())),
        )


async def facts(
    runtime: Runtime, tx: Transaction, access: Access, row: asyncpg.Record, purpose: FactsPurpose
) -> Facts:
    """Return what a certificate or a notice states of a person, and log the reading with its purpose.

    Raises TooMany ``facts_often`` where a member of staff has read as many in the last hour as one may: it is no way
    round the limit of :func:`unmask`. The node's own services read as many as there are.
    """
    limit = runtime.settings.facts_per_hour
    if access.kind == STAFF and limit:
        await _throttle(tx, access.subject, "facts", limit)
    await _log(runtime, tx, access.subject, row["id"], "facts", FACTS_FIELDS, purpose, None)
    codes = [AreaCode.from_key(row["registered_area"]), AreaCode.from_key(row["present_area"])]
    return Facts(
        row,
        open_resident_id(runtime, row),
        await service.children_birth_dates(tx, row["id"], access.areas),
        await full_names(tx, codes),
        open_other_document(runtime, row),
    )


async def match(
    runtime: Runtime, tx: Transaction, access: Access, resident_id: str, name: str, purpose: FactsPurpose
) -> asyncpg.Record | None:
    """Return the person in the caller's area with exactly this number and name, and log the look-up.

    One that finds nobody is logged without the number, under a keyed hash of it: whoever tries one number again and
    again, or many, shows in the log.
    """
    row = await service.find_by_resident_id(runtime, tx, resident_id, access.areas)
    if row is None or row["name"] != clean_name(name):
        tried = runtime.cipher.digest(normalise_resident_id(resident_id), _TRIED).hex()
        failed = Noted.by_who_acts(
            runtime.clock.now(), SEARCH, "match", actor_id=access.subject, purpose=purpose, record_id=tried
        )
        await append(tx, [failed])
        return None
    await _log(runtime, tx, access.subject, row["id"], "match", ["resident_id", "name"], purpose, None)
    return row


async def log_health(
    runtime: Runtime, tx: Transaction, read_by: UUID, person_id: UUID, names: Sequence[str], purpose: str
) -> None:
    """Log that health data of a person, kept by another feature, is read in the clear for a purpose."""
    await _log(runtime, tx, read_by, person_id, "unmask", names, purpose, None)


async def log_accounts(runtime: Runtime, tx: Transaction, read_by: UUID, person_ids: Sequence[UUID]) -> None:
    """Log for each of these persons that the account they named was read to pay them."""
    await append(
        tx,
        [
            _in_the_clear(runtime, read_by, person_id, "unmask", ["account"], "benefit_payment", None)
            for person_id in person_ids
        ],
    )


async def _log(
    runtime: Runtime,
    tx: Transaction,
    read_by: UUID,
    person_id: UUID,
    kind: str,
    names: Sequence[str],
    purpose: str | None,
    reason: str | None,
) -> None:
    await append(tx, [_in_the_clear(runtime, read_by, person_id, kind, names, purpose, reason)])


def _in_the_clear(
    runtime: Runtime,
    read_by: UUID,
    person_id: UUID,
    kind: str,
    names: Sequence[str],
    purpose: str | None,
    reason: str | None,
) -> Noted:
    return Noted.by_who_acts(
        runtime.clock.now(),
        UNMASK,
        kind,
        actor_id=read_by,
        person_ids=(person_id,),
        fields=tuple(names),
        purpose=purpose,
        reason=reason,
    )
