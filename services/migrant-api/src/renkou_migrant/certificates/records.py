"""A certificate as stored, its steps, and a holder with everything that decides which lines are published.

No I/O.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_migrant.certificates.domain import (
    CertificateHistory,
    CertificateState,
    LimitedBy,
    Outflow,
    Validity,
    certified_lines,
    state_on,
)
from renkou_migrant.outflow.domain import Mark, died_on, times_away


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A certificate without its sealed text. Areas are 12-digit keys; ``valid_to`` is the last day."""

    id: UUID
    position: int
    number: str
    person_id: UUID
    person_ref: UUID
    registered_area: int
    birth_month: str
    sex: int
    valid_from: date
    valid_to: date
    limited_by: LimitedBy
    revoked_on: date | None
    revocation_reason: str | None
    died_on: date | None
    list_number: int
    status_index: int
    kid: str
    issued_at: datetime
    version: int
    groups: Sequence[str]
    holder_key: Mapping[str, Any] | None = None
    revocation_note: str | None = None
    replaced_on: date | None = None
    replaced_as: CertificateState | None = None
    replacement_reason: str | None = None
    successor_id: UUID | None = None
    facts_changed: Sequence[str] = ()
    facts_changed_at: datetime | None = None
    facts_changed_on: date | None = None

    @property
    def validity(self) -> Validity:
        """First and last day."""
        return Validity(self.valid_from, self.valid_to, self.limited_by)

    @property
    def history(self) -> CertificateHistory:
        """What has happened to it."""
        return CertificateHistory(
            self.validity,
            revoked_on=self.revoked_on,
            replaced_on=self.replaced_on,
            died_on=self.died_on,
            replaced_as=self.replaced_as or CertificateState.REPLACED,
        )

    def state(self, day: date) -> CertificateState:
        """Return its state on a day."""
        return state_on(self.history, day)

    @property
    def ended(self) -> bool:
        """Whether something other than time has ended it, so that its bit is set."""
        return any(day is not None for day in (self.revoked_on, self.replaced_on, self.died_on))


class ActorKind(StrEnum):
    """Who did something."""

    PERSON = "person"  # 本人
    STAFF = "staff"  # 工作人员
    REGISTER = "register"  # 人口登记
    SYSTEM = "system"  # 批量换发


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something; ``id`` is the account, None for the register."""

    kind: ActorKind
    id: UUID | None = None


class CertificateStep(StrEnum):
    """What may happen to a certificate."""

    ISSUED = "issued"
    PRINTED = "printed"
    FACTS_CHANGED = "facts_changed"
    REVOKED = "revoked"
    REPLACED = "replaced"
    RENEWED = "renewed"
    DEATH_RECORDED = "death_recorded"
    DEATH_RETRACTED = "death_retracted"
    MERGED = "merged"
    SEPARATED = "separated"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One step in the history of a certificate or an application: what, since when, who, why."""

    step: str
    happened_on: date
    recorded_at: datetime
    actor: Actor
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A person with certificates and the marks of the register; what is published is a function of this."""

    sex: int
    birth_month: str
    marks: Mapping[Mark, int]
    certificates: Sequence[StoredCertificate]

    def lines(self) -> Counter[LineKey]:
        """Return the lines of population ``migrant_out_certified``."""
        outflows = [Outflow(f"{time.area:012d}", time.start, time.end) for time in times_away(self.marks)]
        histories = [certificate.history for certificate in self.certificates]
        lines = certified_lines(outflows, histories, sex=self.sex, birth_month=self.birth_month)
        return Counter(
            {
                LineKey(
                    Population(line.population),
                    line.area,
                    line.on,
                    Measure(line.measure),
                    line.sex,
                    line.birth_month,
                ): count
                for line, count in lines.items()
            }
        )

    def following(self, changes: Mapping[Mark, int], sex: int, birth_month: str) -> "Holder":
        """Return the holder after the register has published changes of the marks."""
        marks = Counter(self.marks)
        marks.update(changes)
        died = died_on(marks)
        certificates = [replace(one, died_on=died) for one in self.certificates]
        return Holder(sex, birth_month, marks, certificates)
