"""The suite finds nothing wrong with a right implementation, and sees every fault that there is."""

import asyncio

import pytest
import pytest_asyncio

from renkou_partner.conformance.implementation import DriverError, Implementation
from renkou_partner.conformance.suite import run, select
from renkou_partner.contract import Json
from renkou_partner.driver import Driver
from renkou_partner.faults import HARMLESS, Fault

pytestmark = pytest.mark.endurance  # each fault is an implementation of its own

SEEN_BY = {
    Fault.NO_RECEIPTS: "IN-duplicate",
    Fault.WRONG_DIGEST: "IN-arrival-notice",
    Fault.RECEIPTS_RECEIPTS: "IN-receipt-silence",
    Fault.SILENT_REFUSALS: "NO-expired",
    Fault.NO_HOLDING: "IN-reordered",
    Fault.FORGETS_HELD: "IN-held-back",
    Fault.TWICE: "IN-duplicate",
    Fault.NO_CONFLICTS: "NO-number-twice",
    Fault.NO_WINDOW: "NO-too-far",
    Fault.BELIEVES_ANYBODY: "BAD-forged",
    Fault.BELIEVES_THE_SUBJECT: "BAD-from-the-future",
    Fault.IGNORES_EXPIRY: "NO-expired",
    Fault.IGNORES_AGREEMENTS: "NO-kind-not-agreed",
    Fault.IGNORES_CONTRACTS: "NO-member-too-many",
    Fault.IGNORES_KEY_WINDOWS: "BAD-key-of-the-past",
    Fault.INFLATES: "BAD-compressed",
    Fault.STOPS_AT_GARBAGE: "BAD-truncated",
    Fault.ACCEPTS_ANY_REPLY: "NO-reply-unexpected",
    Fault.NO_RESENDING: "OUT-resent",
    Fault.RESEALS: "OUT-resent",
    Fault.SAME_MESSAGE_ID: "OUT-resent",
    Fault.NEVER_SILENT: "OUT-silent-when-read",
    Fault.ANY_RECEIPT: "OUT-receipt-of-another-text",
    Fault.SKIPS_NUMBERS: "OUT-numbers",
    Fault.STARTS_AT_ZERO: "OUT-numbers",
    Fault.NO_THREADS: "OUT-answer",
    Fault.NO_DIGESTS: "DIG-replay",
    Fault.EXTRA_MEMBERS: "OUT-envelope",
    Fault.FORGETS: "ALL-restart",
    Fault.TRUNCATES_FIRST: "ALL-genuine",
}


class InProcess(Implementation):
    """The kit's own driver without a process of its own."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self._faults = faults
        self._driver = Driver(faults)

    async def start(self, configure: Json) -> None:
        self._driver = Driver(self._faults)
        self.about = await self.ask("configure", **configure)

    async def stop(self) -> None:
        await self.ask("stop")

    async def ask(self, do: str, **members: object) -> Json:
        answer = await self._driver.answer({"do": do, **members})
        if not answer["ok"]:
            raise DriverError(answer["error"])
        return answer


def test_every_fault_is_either_harmless_or_seen_by_a_check() -> None:
    assert set(Fault) == set(SEEN_BY) | HARMLESS
    assert {check.id for check in select()} >= set(SEEN_BY.values())


async def test_nothing_is_wrong_with_the_kits_own_partner() -> None:
    report = await run(InProcess(), patience=30)
    assert [(one.id, one.detail) for one in report.checks if one.verdict == "failed"] == []
    assert report.count("passed") == len(select())


@pytest_asyncio.fixture(scope="module")
async def found() -> dict[Fault, set[str]]:
    """Which checks fail under each fault, with a few hubs side by side."""
    places = asyncio.Semaphore(6)

    async def under(fault: Fault) -> set[str]:
        only = (
            ["OUT-", "IN-duplicate", "NO-expired"] if fault in HARMLESS else [SEEN_BY[fault], "IN-second-key"]
        )
        if fault is Fault.TRUNCATES_FIRST:
            only.append("OUT-numbers")
        async with places:
            report = await run(InProcess(fault), only=only, patience=30 if fault in HARMLESS else 5)
        return {one.id for one in report.checks if one.verdict == "failed"}

    failed = await asyncio.gather(*map(under, Fault))
    return dict(zip(Fault, failed, strict=True))


@pytest.mark.parametrize("fault", sorted(SEEN_BY))
def test_a_fault_is_seen(fault: Fault, found: dict[Fault, set[str]]) -> None:
    assert SEEN_BY[fault] in found[fault]


@pytest.mark.parametrize("fault", sorted(HARMLESS))
def test_what_a_network_does_too_is_nobodys_fault(fault: Fault, found: dict[Fault, set[str]]) -> None:
    assert found[fault] == set()
