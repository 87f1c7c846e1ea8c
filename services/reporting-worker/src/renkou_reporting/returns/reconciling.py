"""What signed returns count beside the facts made of them; for the reconciliation, which puts right what it can.

A return counts by its entries: one when it is signed, its reversal when it is withdrawn or corrected. By form and month
the counts that entries make are compared with the facts, in number and hash. Facts are only to be put right by returns
that are what was signed: their entries make what their state says, and their counts follow from what was entered.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_reporting.facts.domain import Fact
from renkou_reporting.forms import service as forms
from renkou_reporting.returns import reconciling_repository as repository
from renkou_reporting.returns.examining import counts_of
from renkou_reporting.returns.repository import counts
from renkou_reporting.returns.service import place_of

_MOST_TOLD = 1000


class Group(NamedTuple):
    """What the returns of a form count in a month (yyyymm), and the facts that there are: numbers and hashes.

    The form of facts under a number that no entry has is ``''``.
    """

    form: str
    month: int
    counts: int
    facts: int
    hash: str
    facts_hash: str

    @property
    def equal(self) -> bool:
        """Whether every fact is as a return made it."""
        return (self.counts, self.hash) == (self.facts, self.facts_hash)


class Doubtful(NamedTuple):
    """A return (None: a number without one) that is not what was signed; ``seqs`` are the numbers of its entries."""

    return_id: UUID | None
    area: int | None
    seqs: list[int]
    stored: dict[str, Any]
    expected: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Returns and their facts at one moment; ``stored`` and ``expected`` are all facts of groups that differ."""

    position: int
    entries: int
    in_force: dict[str, int]
    groups: list[Group]
    stored: list[Fact]
    expected: list[Fact]
    doubtful: list[Doubtful]


async def compare(tx: Transaction) -> Compared:
    """Compare signed returns with their facts; the transaction is of one moment and keeps the tables."""
    position, entries = await repository.feed_state(tx)
    groups = [Group(*row) for row in await repository.groups(tx)]
    differing = [(one.form, one.month) for one in groups if not one.equal]
    stored = await repository.stored_facts(tx, differing) if differing else []
    expected = await repository.expected_facts(tx, differing) if differing else []
    doubtful = [_miscounted(row) for row in await repository.miscounted(tx)]
    if entries != position:
        doubtful += [_not_entered(seq) for seq in await repository.missing_entries(tx, position, _MOST_TOLD)]
    return Compared(position, entries, await repository.in_force(tx), groups, stored, expected, doubtful)


async def not_as_signed(tx: Transaction, seqs: Collection[int]) -> list[Doubtful]:
    """Return the returns behind entries whose counts are not what follows from what was entered."""
    found = []
    for row in await repository.entered(tx, seqs):
        form = await forms.form(tx, row["form"], row["form_version"])
        signed = sorted(counts_of(form, row["content"], place_of(row)))
        kept = sorted(await counts(tx, row["id"]))
        if kept != signed:
            reason = "what the return counted is not what was signed"
            here, there = (
                _told(row) | {"counts": len(each), "sum": sum(one.value for one in each)}
                for each in (kept, signed)
            )
            found.append(Doubtful(row["id"], row["area"], row["seqs"], here, there, reason))
    return found


def _miscounted(row: asyncpg.Record) -> Doubtful:
    told = _told(row)
    return Doubtful(
        row["id"],
        row["area"],
        row["seqs"],
        told | {"counted": row["counted"]},
        told | {"counted": row["due"]},
        "the entries of the return do not make what its state says",
    )


def _not_entered(seq: int) -> Doubtful:
    return Doubtful(None, None, [seq], {}, {"seq": seq}, "no entry of a return has this number")


def _told(row: asyncpg.Record) -> dict[str, Any]:
    return {"return": str(row["id"]), "form": row["form"], "period": row["period"]}
