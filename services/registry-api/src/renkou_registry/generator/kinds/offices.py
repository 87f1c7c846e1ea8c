"""Employers, rented houses and petitions with people of each chunk; activities, surveys and budget with the first."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from renkou_common.codes.area import AreaCode
from renkou_common.codes.credit_code import check_character, organisation_check_character
from renkou_common.codes.offices import (
    ActivityKind,
    BudgetKind,
    PetitionChannel,
    PetitionState,
    PetitionTopic,
    YearlyState,
)
from renkou_common.contracts.lines import Measure, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import (
    ActivityChanged,
    BudgetChanged,
    EmployerChanged,
    OfficeEvent,
    PetitionChanged,
    RentalChanged,
    SurveyChanged,
)
from renkou_registry.activities.domain import activity_lines
from renkou_registry.budget.domain import budget_lines
from renkou_registry.employers.service import PHONE as EMPLOYER_PHONE
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Lived, together
from renkou_registry.generator.places import places_of
from renkou_registry.petitions.domain import Course, clocks, petition_lines
from renkou_registry.petitions.domain import Rules as PetitionRules
from renkou_registry.petitions.service import CONTENT, REPLY
from renkou_registry.rentals.service import NAME as LANDLORD_NAME
from renkou_registry.rentals.service import PHONE as LANDLORD_PHONE
from renkou_registry.surveys.domain import answer_lines, parse_questions
from renkou_registry.yearly.domain import Measures, due_on, yearly_lines

_PEOPLE_PER_EMPLOYER, _PEOPLE_PER_PETITION, _EMPLOYEES = 350, 1_500, 25
_RENTED, _ANSWERS = 0.5, 300
_STATEMENT = Measures(Measure.EMPLOYER_STATEMENT_DUE, Measure.EMPLOYER_STATEMENT_SIGNED)
_AGREEMENT = Measures(Measure.RENTAL_AGREEMENT_DUE, Measure.RENTAL_AGREEMENT_SIGNED)
_PAPERS = (*[YearlyState.SIGNED] * 8, YearlyState.DUE, YearlyState.DECLINED)
_QUESTIONS: list[dict[str, Any]] = [
    {
        "code": "service",
        "kind": "satisfaction",
        "title": "您对社区的服务满意吗?",
        "options": [
            {"code": "yes", "title": "满意", "positive": True},
            {"code": "no", "title": "不满意", "positive": False},
            {"code": "unsure", "title": "说不清", "positive": None},
        ],
    },
    {
        "code": "free",
        "kind": "awareness",
        "title": "孕前优生健康检查是否免费?",
        "options": [
            {"code": "free", "title": "免费", "positive": True},
            {"code": "paid", "title": "收费", "positive": False},
        ],
    },
]


def _draw(drawn: Drawn, context: Context) -> None:
    office = _Office(drawn, context)
    office.employers()
    office.rentals()
    office.petitions()
    if drawn.chunk.number == 0:
        office.activities()
        office.survey()
        office.budget()


class _Office:
    def __init__(self, drawn: Drawn, context: Context) -> None:
        self._drawn, self._context, self._random = drawn, context, drawn.chunk.random
        self._stock_date, self._opened = drawn.chunk.plan.stock_date, drawn.chunk.plan.opened_on
        self._known = context.now, RECORDED_BY
        self._low, self._high = context.district.interval()
        self._communities = places_of(drawn.chunk.plan.district, drawn.chunk.plan.seed).communities
        self._living = [
            each
            for each in drawn.people
            if each.state.alive and self._low <= each.entry.present_area <= self._high
        ]

    def _day(self, first: date, last: date) -> date:
        return first + timedelta(days=self._random.randrange((last - first).days + 1))

    def _age(self, each: Lived) -> int:
        return self._stock_date.year - each.entry.birth_date.year

    def employers(self) -> None:
        """Draw employers with some of those who work there, and the statements of two years."""
        at_work = [each for each in self._living if each.entry.employer and 20 <= self._age(each) < 60]
        for number in range(len(self._living) // _PEOPLE_PER_EMPLOYER):
            staff = self._random.sample(at_work, min(_EMPLOYEES, len(at_work)))
            if not staff:
                return
            area, since = staff[0].entry.present_area, self._day(self._opened, self._stock_date)
            employer, phone = self._drawn.chunk.new_id(), f"0551{self._random.randrange(10**8):08d}"
            sealed = self._context.cipher.encrypt(phone, EMPLOYER_PHONE)
            named = staff[0].entry.employer, self._credit_code(number), staff[0].entry.name
            self._drawn.rows["employer"].append((employer, area, *named, sealed, since, 1, *self._known))
            for each in staff:
                begun = max(since, each.state.present_since)
                link = self._drawn.chunk.new_id(), employer, each.entry.id, begun
                self._drawn.rows["employer_employee"].append((*link, *self._known))
            self._tell(RegistryEventType.EMPLOYER_CHANGED, EmployerChanged, employer, area, since)
            self._papers("employer_statement", employer, area, since, _STATEMENT)

    def _credit_code(self, number: int) -> str:
        first_8 = f"MA{self._drawn.chunk.number:03d}{number % 1000:03d}"
        first_17 = f"91{self._drawn.chunk.plan.district}{first_8}{organisation_check_character(first_8)}"
        return first_17 + check_character(first_17)

    def _papers(self, table: str, parent: UUID, area: int, since: date, measures: Measures) -> None:
        for year in range(max(self._stock_date.year - 1, since.year), self._stock_date.year + 1):
            state, due = self._random.choice(_PAPERS), due_on(year, since)
            signed = min(due + timedelta(days=40), self._stock_date) if state is YearlyState.SIGNED else None
            paper = self._drawn.chunk.new_id()
            version = 1 if state is YearlyState.DUE else 2
            self._drawn.rows[table].append(
                (paper, parent, area, year, due, state, signed, version, *self._known)
            )
            counted = difference(yearly_lines(measures, area, due, state), Counter())
            employer = table == "employer_statement"
            event = RegistryEventType.EMPLOYER_CHANGED if employer else RegistryEventType.RENTAL_CHANGED
            model = EmployerChanged if employer else RentalChanged
            self._tell(event, model, parent, area, due, counted, f"{table.partition('_')[2]}_{state}")

    def rentals(self) -> None:
        """Draw the houses that families from elsewhere rent; landlords are known here or not."""
        houses: dict[tuple[int, str], list[Lived]] = {}
        for each in self._living:
            if not self._low <= each.entry.registered_area <= self._high and each.entry.present_street:
                houses.setdefault((each.entry.present_area, each.entry.present_street), []).append(each)
        owners = [each for each in self._living if self._age(each) > 35]
        for (area, street), tenants in houses.items():
            if self._random.random() > _RENTED:
                continue
            rental, since = self._drawn.chunk.new_id(), min(each.state.present_since for each in tenants)
            owner = self._random.choice(owners) if self._random.random() < 0.5 else None
            name = phone = None
            if owner is None:
                name = self._context.cipher.encrypt("王房东", LANDLORD_NAME)
                digits = f"139{self._random.randrange(10**8):08d}"
                phone = self._context.cipher.encrypt(digits, LANDLORD_PHONE)
            landlord = owner.entry.id if owner else None, name, phone
            rooms = self._random.randint(1, 4)
            self._drawn.rows["rental"].append(
                (rental, area, street, rooms, *landlord, since, 1, *self._known)
            )
            for each in tenants:
                link = self._drawn.chunk.new_id(), rental, each.entry.id, each.state.present_since
                self._drawn.rows["rental_tenant"].append((*link, *self._known))
            self._tell(RegistryEventType.RENTAL_CHANGED, RentalChanged, rental, area, since)
            self._papers("rental_agreement", rental, area, since, _AGREEMENT)

    def petitions(self) -> None:
        """Draw petitions on their clocks: most are closed in time, some late, the newest still open."""
        rules, cipher = PetitionRules(), self._context.cipher
        for _ in range(len(self._living) // _PEOPLE_PER_PETITION + 1):
            received = self._day(self._stock_date - timedelta(days=730), self._stock_date)
            first = received + timedelta(days=self._random.randrange(2, 18))
            last = first + timedelta(days=self._random.randrange(5, 50))
            state = PetitionState.CLOSED
            if last > self._stock_date:
                state = PetitionState.RECEIVED if first > self._stock_date else PetitionState.REPLIED
            replied = first if state is not PetitionState.RECEIVED else None
            closed = last if state is PetitionState.CLOSED else None
            course = Course(received, state, replied, closed)
            due = clocks(course, rules)
            petition, area = self._drawn.chunk.new_id(), self._random.choice(self._communities)
            about = self._random.choice(list(PetitionChannel)), self._random.choice(list(PetitionTopic))
            told = cipher.encrypt("希望增加周末的免费检查时间", CONTENT)
            ended = state, replied, closed, due.first_due, due.close_due, due.next_due
            self._drawn.rows["petition"].append(
                (petition, area, received, *about, "街道办事处", True, told, *ended, 1, *self._known)
            )
            for day, closing in ((replied, False), (closed, True)):
                if day is not None:
                    reply = self._drawn.chunk.new_id(), petition, area, day, closing
                    self._drawn.rows["petition_reply"].append(
                        (*reply, cipher.encrypt("已答复", REPLY), *self._known)
                    )
            lines = difference(petition_lines(area, course, rules), Counter())
            self._tell(
                RegistryEventType.PETITION_CHANGED,
                PetitionChanged,
                petition,
                area,
                received,
                lines,
                "received",
            )

    def activities(self) -> None:
        """Draw what each community held in a year."""
        for area in self._communities:
            for kind in ActivityKind:
                held = self._day(self._stock_date - timedelta(days=365), self._stock_date)
                people, leaflets = self._random.randint(15, 120), self._random.randint(20, 200)
                title = {"publicity": "宣传日", "training": "培训班", "free_clinic": "义诊"}[kind]
                materials = orjson.dumps([{"name": "优生优育手册", "quantity": leaflets}]).decode()
                activity = self._drawn.chunk.new_id()
                told = kind, f"社区{title}", "社区活动室", held, people, materials
                self._drawn.rows["activity"].append((activity, area, *told, 1, *self._known))
                lines = difference(
                    activity_lines(area, kind, held, people, [leaflets], cancelled=False), Counter()
                )
                self._tell(RegistryEventType.ACTIVITY_CHANGED, ActivityChanged, activity, area, held, lines)

    def survey(self) -> None:
        """Draw an open survey of the district with its answers."""
        survey, opened = self._drawn.chunk.new_id(), self._stock_date - timedelta(days=60)
        interval = self._low, self._high
        head = f"{self._stock_date.year} 年群众满意度调查", "open", 1, opened
        self._drawn.rows["survey"].append((survey, *interval, *head, 2, *self._known))
        self._drawn.rows["survey_questions"].append((survey, 1, orjson.dumps(_QUESTIONS).decode()))
        questions = parse_questions(_QUESTIONS)
        self._tell(
            RegistryEventType.SURVEY_CHANGED, SurveyChanged, survey, self._low, opened, action="opened"
        )
        for _ in range(_ANSWERS):
            chosen = {
                "service": self._random.choice(("yes", "yes", "yes", "yes", "no", "unsure")),
                "free": self._random.choice(("free", "free", "free", "paid")),
            }
            answer, area = self._drawn.chunk.new_id(), self._random.choice(self._communities)
            on = self._day(opened, self._stock_date).replace(day=1)
            told = orjson.dumps(chosen).decode()
            self._drawn.rows["survey_answer"].append((answer, survey, 1, area, on, told))
            lines = difference(answer_lines(questions, chosen, area, on), Counter())
            self._tell(RegistryEventType.SURVEY_CHANGED, SurveyChanged, survey, area, on, lines, "answered")

    def budget(self) -> None:
        """Draw the district's lines of two years with what was spent each month."""
        area, people = AreaCode(self._drawn.chunk.plan.district).key, self._drawn.chunk.plan.persons
        for year in (self._stock_date.year - 1, self._stock_date.year):
            for kind in BudgetKind:
                planned = Decimal(people * self._random.randint(2, 9)).quantize(Decimal("0.01"))
                line, spendings = self._drawn.chunk.new_id(), []
                for month in range(1, 13):
                    share = Decimal(self._random.randint(50, 80)) / 1000
                    spendings.append((date(year, month, 20), (planned * share).quantize(Decimal("0.01"))))
                spent = sum((amount for _, amount in spendings), Decimal("0.00"))
                self._drawn.rows["budget_line"].append(
                    (line, area, year, kind, planned, spent, 1 + len(spendings), *self._known)
                )
                self._drawn.rows["budget_plan"].append((line, 1, planned, *self._known))
                for on, amount in spendings:
                    its = self._drawn.chunk.new_id(), line, amount, on, "月度支出"
                    self._drawn.rows["budget_spending"].append((*its, *self._known))
                lines = difference(budget_lines(area, year, kind, planned, spendings), Counter())
                self._tell(
                    RegistryEventType.BUDGET_CHANGED, BudgetChanged, line, area, date(year, 1, 1), lines
                )

    def _tell(
        self,
        event_type: str,
        model: type[OfficeEvent],
        record_id: UUID,
        area: int,
        on: date,
        lines: list[Any] | None = None,
        action: str = "entered",
    ) -> None:
        self._drawn.tell(event_type, model, record_id, area, on, lines or [], action)


_KNOWN = ("recorded_at", "recorded_by")
_PAPER = ("area", "year", "due_on", "state", "signed_on", "version", *_KNOWN)
KINDS = together(
    {
        "employer": (
            *("id", "area", "name", "credit_code", "representative", "phone_sealed", "since", "version"),
            *_KNOWN,
        ),
        "employer_employee": ("id", "employer_id", "person_id", "since", *_KNOWN),
        "employer_statement": ("id", "employer_id", *_PAPER),
        "rental": (
            *("id", "area", "street", "rooms", "landlord_id", "landlord_sealed", "phone_sealed", "since"),
            *("version", *_KNOWN),
        ),
        "rental_tenant": ("id", "rental_id", "person_id", "since", *_KNOWN),
        "rental_agreement": ("id", "rental_id", *_PAPER),
        "petition": (
            *("id", "area", "received_on", "channel", "topic", "office", "anonymous", "content_sealed"),
            *("state", "first_replied_on", "ended_on", "first_due", "close_due", "next_due", "version"),
            *_KNOWN,
        ),
        "petition_reply": (
            *("id", "petition_id", "area", "replied_on", "closing", "content_sealed"),
            *_KNOWN,
        ),
        "activity": (
            *("id", "area", "kind", "title", "place", "held_on", "people_reached", "materials", "version"),
            *_KNOWN,
        ),
        "survey": ("id", "area", "area_high", "title", "state", "edition", "opened_on", "version", *_KNOWN),
        "survey_questions": ("survey_id", "edition", "questions"),
        "survey_answer": ("id", "survey_id", "edition", "area", "answered_on", "options"),
        "budget_line": ("id", "area", "year", "kind", "planned", "spent", "version", *_KNOWN),
        "budget_plan": ("line_id", "version", "planned", *_KNOWN),
        "budget_spending": ("id", "line_id", "amount", "spent_on", "purpose", *_KNOWN),
    },
    _draw,
)
