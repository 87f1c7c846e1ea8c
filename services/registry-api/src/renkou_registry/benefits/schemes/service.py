"""Schemes: propose, activate, read. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_benefits import SchemeActivated
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_registry.benefits.schemes import repository
from renkou_registry.benefits.schemes.domain import Version
from renkou_registry.benefits.schemes.parsing import parse_definition
from renkou_registry.persons.domain import new_id
from renkou_registry.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a version says, as it was sent."""

    name_zh: str
    name_en: str
    legal_basis: str
    source: str | None
    valid_from: date
    valid_to: date | None
    definition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme with its versions in force."""

    id: UUID
    code: str
    versions: tuple[Version, ...]


async def propose(runtime: Runtime, tx: Transaction, code: str, proposal: Proposal, by: UUID) -> UUID:
    """Enter a scheme with its first draft; returns its id. Raises InvalidInput, Conflict ``code_taken``."""
    _check(proposal)
    scheme_id, now = new_id(), runtime.clock.now()
    if not await repository.insert(tx, scheme_id, code, now, by):
        raise Conflict("code_taken", f"项目代码 {code} 已存在", f"the scheme {code} exists already")
    await _insert_version(runtime, tx, scheme_id, 1, proposal, by)
    return scheme_id


async def propose_version(
    runtime: Runtime, tx: Transaction, scheme_id: UUID, proposal: Proposal, by: UUID
) -> UUID:
    """Add a draft to a scheme; returns the version's id. What is paid for and how often stays as it was."""
    _check(proposal)
    await _lock(tx, scheme_id)
    earlier = await repository.versions(tx, scheme_id)
    first, new = (parse_definition(each).amount for each in (earlier[0]["definition"], proposal.definition))
    for name, changed in (("unit", first.unit != new.unit), ("every", first.every != new.every)):
        if changed:
            raise InvalidInput.field(
                f"/definition/amount/{name}",
                "changes_periods",
                "同一项目的新版本不能改变发放对象和周期, 请另立项目",
                "a new version keeps unit and every; propose another scheme instead",
            )
    return await _insert_version(runtime, tx, scheme_id, earlier[-1]["number"] + 1, proposal, by)


def _check(proposal: Proposal) -> None:
    if proposal.valid_to is not None and proposal.valid_to < proposal.valid_from:
        raise InvalidInput.field("/valid_to", "empty_range", "止日早于起日", "must not be before valid_from")
    parse_definition(proposal.definition)


async def _insert_version(
    runtime: Runtime, tx: Transaction, scheme_id: UUID, number: int, proposal: Proposal, by: UUID
) -> UUID:
    version_id = new_id()
    texts = {
        "name_zh": proposal.name_zh,
        "name_en": proposal.name_en,
        "legal_basis": proposal.legal_basis,
        "source": proposal.source,
    }
    validity = (proposal.valid_from, proposal.valid_to)
    await repository.insert_version(
        tx, version_id, scheme_id, number, texts, validity, proposal.definition, runtime.clock.now(), by
    )
    return version_id


async def activate(
    runtime: Runtime, tx: Transaction, scheme_id: UUID, number: int, expected: int, by: UUID
) -> None:
    """Put a draft into force; an open-ended version before it ends the day before.

    Raises NotFound, VersionMismatch, Conflict: ``active_already``, ``same_person``, ``overlaps``.
    """
    scheme = await _lock(tx, scheme_id)
    rows = await repository.versions(tx, scheme_id)
    draft = next((row for row in rows if row["number"] == number), None)
    if draft is None:
        raise NotFound.of("项目版本", "version of the scheme")
    await check_current(tx, draft["id"], expected, draft["version"])
    if draft["state"] == "active":
        raise Conflict("active_already", "该版本已生效", "this version is in force already")
    if draft["proposed_by"] == by:
        raise Conflict(
            "same_person", "须由提出者以外的人启用", "somebody other than the proposer must activate"
        )
    for row in rows:
        if row["state"] == "active":
            await _make_room(tx, row, draft)
    await repository.activate(tx, draft["id"], runtime.clock.now(), by)
    payload = SchemeActivated(
        scheme=scheme["code"],
        number=number,
        valid_from=draft["valid_from"],
        valid_to=draft["valid_to"],
    )
    await runtime.outbox.append(tx, RegistryEventType.SCHEME_ACTIVATED, scheme_id, payload)


async def _make_room(tx: Transaction, earlier: asyncpg.Record, draft: asyncpg.Record) -> None:
    if earlier["valid_to"] is not None and earlier["valid_to"] < draft["valid_from"]:
        return
    if earlier["valid_from"] < draft["valid_from"] and earlier["valid_to"] is None:
        await repository.end(tx, earlier["id"], draft["valid_from"] - timedelta(days=1))
        return
    if draft["valid_to"] is not None and draft["valid_to"] < earlier["valid_from"]:
        return
    raise Conflict(
        "overlaps",
        f"与第 {earlier['number']} 版有效期重叠",
        f"overlaps the validity of version {earlier['number']}",
    )


async def _lock(tx: Transaction, scheme_id: UUID) -> asyncpg.Record:
    row = await repository.lock(tx, scheme_id)
    if row is None:
        raise NotFound.of("奖扶项目", "scheme")
    return row


async def read(tx: Transaction, scheme_id: UUID) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """Return a scheme's row with those of its versions; raises NotFound."""
    row = await repository.find(tx, scheme_id)
    if row is None:
        raise NotFound.of("奖扶项目", "scheme")
    return row, await repository.versions(tx, scheme_id)


async def find(tx: Transaction, scheme_id: UUID) -> Scheme:
    """Return a scheme with its versions in force; raises NotFound."""
    row, versions = await read(tx, scheme_id)
    return Scheme(row["id"], row["code"], _in_force(versions))


def _in_force(rows: Sequence[asyncpg.Record]) -> tuple[Version, ...]:
    return tuple(
        Version(row["number"], row["valid_from"], row["valid_to"], parse_definition(row["definition"]))
        for row in rows
        if row["state"] == "active"
    )


def version_needed(scheme: Scheme, day: date) -> Version:
    """Return the version in force on a day; raises Conflict ``not_in_force``."""
    for version in reversed(scheme.versions):
        if version.holds_on(day):
            return version
    raise Conflict(
        "not_in_force", f"{day} 该项目没有生效的版本", f"no version of the scheme is in force on {day}"
    )


async def id_of_code(tx: Transaction, code: str) -> UUID:
    """Return the id of the scheme of a code; raises InvalidInput."""
    found = await repository.id_of_code(tx, code)
    if found is None:
        raise InvalidInput.field("/scheme", "scheme_unknown", "没有此代码的项目", "no scheme has this code")
    return found


async def page(tx: Transaction, after: str, limit: int) -> list[asyncpg.Record]:
    """Return a page of schemes by code."""
    return await repository.page(tx, after, limit)
