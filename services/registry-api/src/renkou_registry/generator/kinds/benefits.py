"""The yearly reward of those who hold an honour certificate: cases of a chunk, from application to payment.

Every step is taken by somebody else; what is due follows from the scheme as the program reckons it.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID, uuid5

import orjson

from renkou_common.codes.masking import mask_name, mask_resident_id_public
from renkou_common.contracts.lines import Population, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_benefits import EnrolmentChanged
from renkou_registry.benefits.enrolments.domain import Action, State, next_state
from renkou_registry.benefits.enrolments.service import ACCOUNT, DECLARED
from renkou_registry.benefits.payments.domain import Account, Due, Span, Subject, dues, figure_lines
from renkou_registry.benefits.schemes.domain import Version
from renkou_registry.benefits.schemes.parsing import parse_definition
from renkou_registry.benefits.schemes.samples import sample
from renkou_registry.generator.drawn import CHECKED_BY, RECORDED_BY, Context, Drawn, Lived, Row, together
from renkou_registry.persons.events import area_text

_SAMPLE, _SHARE = "dusheng_jiangli", 0.5
_WAY = (
    *(Action.COMMUNITY_PASS, Action.SUBDISTRICT_PASS, Action.DISTRICT_PASS),
    *(Action.PUBLICATION, Action.ACTIVATION),
)
_NOTICE_DAYS = 7


def _draw(drawn: Drawn, context: Context) -> None:
    low, high = context.district.interval()
    here = [
        each
        for each in {each.entry.id: each for each in drawn.honoured}.values()
        if each.state.alive and low <= each.entry.registered_area <= high
    ]
    cases = _Cases(drawn, context)
    if drawn.chunk.number == 0:
        cases.scheme()
    chosen = [each for each in here if drawn.chunk.random.random() < _SHARE]
    if chosen:
        cases.write(chosen)


class _Cases:
    def __init__(self, drawn: Drawn, context: Context) -> None:
        self._drawn, self._context, self._random = drawn, context, drawn.chunk.random
        self._now, self._year = context.now, drawn.chunk.plan.stock_date.year
        self._scheme = drawn.shared_id("scheme", _SAMPLE)
        self._proposal = sample(_SAMPLE)[1]
        definition = parse_definition(self._proposal.definition)
        self._versions = [Version(1, self._proposal.valid_from, self._proposal.valid_to, definition)]
        self._notice, self._batch = drawn.chunk.new_id(), drawn.chunk.new_id()
        self._from_on = date(self._year, 3, 1)
        self._paid: list[Decimal] = []

    def scheme(self) -> None:
        """Enter the scheme, proposed by one and activated by another."""
        its, told = self._drawn.shared_id("scheme version", _SAMPLE), self._proposal
        self._drawn.rows["benefit_scheme"].append((self._scheme, _SAMPLE, self._now, RECORDED_BY))
        named = told.name_zh, told.name_en, told.legal_basis, told.source, told.valid_from, told.valid_to
        signed = RECORDED_BY, self._now, CHECKED_BY, self._now, 2
        definition = orjson.dumps(told.definition).decode()
        self._drawn.rows["benefit_scheme_version"].append(
            (its, self._scheme, 1, "active", *named, definition, *signed)
        )

    def write(self, people: list[Lived]) -> None:
        """Enter the cases with their notice, and the batch that paid for the year of the stock date."""
        for place, each in enumerate(people, 1):
            self._case(each, place)
        area = self._context.district.interval()[0]
        until = self._from_on + timedelta(days=_NOTICE_DAYS)
        self._drawn.rows["benefit_notice"].append(
            (self._notice, self._scheme, area, self._from_on, until, CHECKED_BY, self._now, self._now, 2)
        )
        checksum = sha256(self._batch.bytes).hexdigest()
        made = RECORDED_BY, self._now, CHECKED_BY, self._now, checksum, RECORDED_BY, self._now, 5
        self._drawn.rows["benefit_batch"].append(
            (self._batch, self._scheme, str(self._year), area, "closed", *made)
        )
        total = sum(self._paid, Decimal("0.00"))
        exported = "xlsx", checksum, len(self._paid), total, CHECKED_BY, self._now
        self._drawn.rows["benefit_export"].append((self._batch, *exported))

    def _case(self, holder: Lived, place: int) -> None:
        entry, cipher, case = holder.entry, self._context.cipher, self._drawn.chunk.new_id()
        applied = date(self._year, 1, 1) + timedelta(days=self._random.randrange(31))
        number = f"62170000{self._random.randrange(10**11):011d}"
        account = {"bank": "徽商银行", "number": number, "holder": entry.name}
        sealed = cipher.seal(orjson.dumps({}), DECLARED), cipher.seal(orjson.dumps(account), ACCOUNT)
        area, active = entry.registered_area, self._from_on + timedelta(days=_NOTICE_DAYS + 1)
        self._drawn.rows["benefit_enrolment"].append(
            (
                *(case, self._scheme, entry.id, area, State.ACTIVE, "worker", applied, sealed[0], []),
                *(sealed[1], self._notice, active, 1 + len(_WAY), self._now, RECORDED_BY),
            )
        )
        self._steps(case)
        masked = mask_resident_id_public(entry.resident_id) if entry.resident_id else None
        self._drawn.rows["benefit_notice_entry"].append(
            (self._notice, place, case, area, mask_name(entry.name), masked)
        )
        subject, today = Subject(entry.id), self._now.date()
        accounts = [self._due(case, area, due) for due in dues(self._versions, subject, Span(applied), today)]
        data = EnrolmentChanged(
            person_ref=entry.ref,
            enrolment_id=case,
            scheme=_SAMPLE,
            state=State.ACTIVE,
            area=area_text(area),
            changed_on=active,
            lines=difference(figure_lines(accounts, _SAMPLE, Population.REGISTERED), Counter()),
        )
        self._drawn.told.append((RegistryEventType.ENROLMENT_CHANGED, entry.ref, data))

    def _steps(self, case: UUID) -> None:
        state = State.APPLIED
        steps: list[Row] = [(case, Action.APPLICATION, state, RECORDED_BY, self._now)]
        for action in _WAY:
            state = next_state(state, action)
            steps.append((case, action, state, uuid5(RECORDED_BY, action), self._now))
        self._drawn.rows["benefit_step"].extend(steps)

    def _due(self, case: UUID, area: int, due: Due) -> Account:
        """Enter what is due for a period; that of the year of the stock date was paid."""
        its = self._drawn.chunk.new_id()
        days = due.period, due.starts_on, due.due_on, due.months, due.amount
        self._drawn.rows["benefit_due"].append((its, self._scheme, case, due.subject_id, *days, area))
        if due.period != str(self._year):
            return Account(area, due.due_on, due.amount)
        whose = self._batch, its, case, self._scheme, due.subject_id, due.period, 0
        self._drawn.rows["benefit_line"].append(
            (self._drawn.chunk.new_id(), *whose, due.amount, area, "paid", True)
        )
        self._paid.append(due.amount)
        return Account(area, due.due_on, due.amount, paid=due.amount)


KINDS = together(
    {
        "benefit_scheme": ("id", "code", "created_at", "created_by"),
        "benefit_scheme_version": (
            *("id", "scheme_id", "number", "state", "name_zh", "name_en", "legal_basis", "source"),
            *("valid_from", "valid_to", "definition", "proposed_by", "proposed_at", "activated_by"),
            *("activated_at", "version"),
        ),
        "benefit_enrolment": (
            *("id", "scheme_id", "person_id", "area", "state", "origin", "applied_on", "declared_sealed"),
            *("confirmed", "account_sealed", "notice_id", "active_on", "version", "recorded_at"),
            "recorded_by",
        ),
        "benefit_step": ("enrolment_id", "action", "state", "taken_by", "taken_at"),
        "benefit_notice": (
            *("id", "scheme_id", "area", "from_on", "to_on", "published_by", "published_at", "closed_at"),
            "version",
        ),
        "benefit_notice_entry": (
            *("notice_id", "place", "enrolment_id", "area", "masked_name", "masked_number"),
        ),
        "benefit_due": (
            *("id", "scheme_id", "enrolment_id", "subject_id", "period", "starts_on", "due_on", "months"),
            *("amount", "area"),
        ),
        "benefit_batch": (
            *("id", "scheme_id", "period", "area", "state", "drafted_by", "drafted_at", "approved_by"),
            *("approved_at", "result_checksum", "settled_by", "settled_at", "version"),
        ),
        "benefit_line": (
            *("id", "batch_id", "due_id", "enrolment_id", "scheme_id", "subject_id", "period", "part"),
            *("amount", "area", "state", "holds"),
        ),
        "benefit_export": (
            *("batch_id", "format", "checksum", "line_count", "total", "exported_by", "exported_at"),
        ),
    },
    _draw,
)
