"""What happens in a district, from a seed: counts as the services publish them, in the order in which they come.

An *occurrence* is one event with its lines, of one feed. Most tell of the day on which they come; some come late, some
correct or take back what was told before, exactly as the services do it: with the lines of before reversed. Where a
community ends, everybody in it is led over to its successor. The same size, place and seed give the same history.
Nobody is in it: ages and places are drawn, and what belongs together is told together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import NamedTuple

from tests.facts.places import Change, Place, days_from

LIVING = ("registered", "resident")
SERVED = ("registered", "registered", "migrant_in")
BALANCE = frozenset(("opening", "birth", "in", "death", "out"))
LEAVING = frozenset(("death", "out"))
METHODS = ("method_supplies", "method_iud", "method_sterilisation", "method_implant", "method_other")
STOCKS = BALANCE | {"card_due", "card_open", "married_women", "method_users_married", *METHODS}
SCHEMES = ("jiangli_fuzhu", "tebie_fuzhu", "yuer_butie")
BUDGETS = ("services", "benefits", "publicity", "staff")
ACTIVITIES = ("publicity", "training", "clinic")
LOSSES = ("stillbirth", "early_neonatal")
DEFECTS = ("heart", "cleft", "other")
_REMEMBERED = 4_096
_OPENING_SHARE, _LATE, _CORRECTED = 0.2, 0.08, 0.06


class Count(NamedTuple):
    """A line: ``on`` is the number of the day in the history, ``birth_month`` yyyymm or 0 where not told."""

    area: int
    on: int
    population: str
    measure: str
    sex: int = 0
    birth_month: int = 0
    parity: int = 0
    detail: str = ""
    value: int = 1


class Occurrence(NamedTuple):
    """Lines that one event of a feed brings (``return``: an aggregate return); or a change of divisions."""

    feed: str
    counts: list[Count]
    change: Change | None = None
    day: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """From when on, and how long, a history runs."""

    first: date = date(2020, 1, 1)
    years: float = 2.5


class History:
    """Occurrences until there are ``facts`` lines."""

    def __init__(self, facts: int, seed: int, place: Place, span: Span | None = None) -> None:
        self.facts = facts
        self.place = place
        self.days = days_from((span or Span()).first, (span or Span()).years)
        self._random = Random(f"{facts} {seed} {place}")
        self._months = [day.year * 12 + day.month - 1 for day in self.days]
        self._yyyymm = [day.year * 100 + day.month for day in self.days]
        self._areas = list(place.communities)
        self._before: list[tuple[int, list[int]]] = []
        self._changes = [(int(at * len(self.days)), change) for at, change in place.changes]
        self._moving = {area for _, change in self._changes for area in change.heirs}
        self._stock: defaultdict[tuple[int, str, str, int, int], int] = defaultdict(int)
        self._known: list[Occurrence] = []
        kinds: list[tuple[Callable[[int, int], Occurrence], int]] = [
            (self._birth, 12), (self._death, 7), (self._move, 8), (self._arrival, 14), (self._departure, 8),
            (self._marriage, 4), (self._service, 12), (self._examination, 8), (self._visit, 8),
            (self._couple, 3), (self._benefit, 8), (self._supplies, 6), (self._card, 10), (self._office, 10),
            (self._return, 2),
        ]  # fmt: skip
        self._kinds = [kind for kind, weight in kinds for _ in range(weight)]

    def occurrences(self) -> Iterator[Occurrence]:
        """Yield everything in the order in which it comes."""
        told, last = 0, len(self.days) - 1
        opening = self.facts * _OPENING_SHARE
        coming = list(self._changes)
        while told < self.facts:
            if told < opening:
                found = self._opening(self._area(0), 0)
            else:
                now = 1 + int((told - opening) / (self.facts - opening) * last)
                if coming and coming[0][0] <= now:
                    found = self._changed(*coming.pop(0))
                elif self._random.random() < _CORRECTED:
                    found = self._corrected(now)
                else:
                    late = self._random.random() < _LATE
                    day = self._random.randint(max(1, now - 500), now) if late else now
                    found = self._random.choice(self._kinds)(self._area(day), day)
                    self._remember(found)
            counts = self._followed(found.counts) if found.change is None and self._before else found.counts
            if self._moving:
                self._keep(counts)
            told += len(counts)
            yield found._replace(counts=counts)

    # Where and who

    def _area(self, day: int) -> int:
        areas = self._areas
        for until, before in self._before:
            if day < until:
                areas = before
                break
        # a square of a uniform number: communities of very different sizes, as they are
        return areas[int(self._random.random() * self._random.random() * len(areas))]

    def _sex(self) -> int:
        drawn = self._random.random()
        return 1 if drawn < 0.507 else 2 if drawn < 0.99 else 0 if drawn < 0.995 else 9

    def _born(self, day: int, low: int = 0, high: int = 91) -> int:
        if self._random.random() < 0.01:
            return 0
        month = self._months[day] - self._random.randint(low * 12, high * 12 - 1)
        return month // 12 * 100 + month % 12 + 1

    # What happens; each returns what one event tells

    def _opening(self, area: int, day: int) -> Occurrence:
        sex, born = self._sex(), self._born(day)
        drawn = self._random.random()
        if drawn < 0.85:
            found = [Count(area, day, who, "opening", sex, born) for who in LIVING]
            if sex == 2 and drawn < 0.2:
                found += self._card(area, day).counts
            return Occurrence("registry", found)
        if drawn < 0.93:
            found = [Count(area, day, "migrant_out", "opening", sex, born)]
            if drawn < 0.90:
                found.append(Count(area, day, "migrant_out_certified", "opening", sex, born))
            return Occurrence("migrant", found)
        return Occurrence(
            "migrant", [Count(area, day, who, "opening", sex, born) for who in ("migrant_in", "resident")]
        )

    def _birth(self, area: int, day: int) -> Occurrence:
        parity = self._random.choice((1, 1, 1, 1, 2, 2, 2, 3, 4, 0))
        sex = self._sex()
        found = []
        for who in LIVING if self._random.random() < 0.9 else ("migrant_in", "resident"):
            found.append(Count(area, day, who, "birth", sex, self._yyyymm[day], parity))
            if parity == 1 and who != "migrant_in":
                found.append(Count(area, day, who, "first_birth", 2))
                if self._random.random() < 0.6:
                    found.append(Count(area, day, who, "late_first_birth", 2))
        return Occurrence("registry", found)

    def _death(self, area: int, day: int) -> Occurrence:
        sex, born = self._sex(), self._born(day, 40)
        return Occurrence("registry", [Count(area, day, who, "death", sex, born) for who in LIVING])

    def _move(self, area: int, day: int) -> Occurrence:
        sex, born = self._sex(), self._born(day, 0, 70)
        other = self._area(day)
        found = [Count(area, day, who, "out", sex, born) for who in LIVING]
        return Occurrence("registry", found + [Count(other, day, who, "in", sex, born) for who in LIVING])

    def _arrival(self, area: int, day: int) -> Occurrence:
        sex, born, drawn = self._sex(), self._born(day, 16, 60), self._random.random()
        found = [Count(area, day, "migrant_in", "in" if drawn < 0.6 else "out", sex, born)]
        if drawn < 0.6:
            found.append(Count(area, day, "resident", "in", sex, born))
            found.append(Count(area, day, "migrant_in", "check_due"))
            found += [Count(area, day, "migrant_in", "check_made")] * (drawn < 0.57)
            chain = ("notice_due", "notice_sent", "notice_confirmable", "notice_confirmed")
            found += [Count(area, day, "migrant_in", name) for name in chain[: int(drawn * 8)]]
        return Occurrence("migrant", found)

    def _departure(self, area: int, day: int) -> Occurrence:
        sex, born, drawn = self._sex(), self._born(day, 15, 55), self._random.random()
        which = "in" if drawn < 0.7 else "out"
        found = [Count(area, day, "migrant_out", which, sex, born)]
        if drawn < 0.6 or drawn > 0.8:
            found.append(Count(area, day, "migrant_out_certified", which, sex, born))
        return Occurrence("migrant", found)

    def _marriage(self, area: int, day: int) -> Occurrence:
        found = [Count(area, day, who, "first_marriage", 2) for who in LIVING]
        if self._random.random() < 0.7:
            found += [Count(area, day, who, "late_first_marriage", 2) for who in LIVING]
        return Occurrence("registry", found)

    def _offered(
        self,
        area: int,
        day: int,
        names: tuple[str, ...],
        *,
        sexed: bool = False,
        among: tuple[str, ...] = SERVED,
    ) -> Occurrence:
        """Return an offer that is declined, accepted, or accepted and carried out."""
        who, sex = self._random.choice(among), self._sex() if sexed else 0
        reached = self._random.choice((1, 2, 3, 3, 3, 3))
        return Occurrence("registry", [Count(area, day, who, name, sex) for name in names[:reached]])

    def _service(self, area: int, day: int) -> Occurrence:
        return self._offered(
            area, day, ("service_entitled", "service_accepted", "service_received"), sexed=True
        )

    def _examination(self, area: int, day: int) -> Occurrence:
        names = ("examination_entitled", "examination_accepted", "examination_received")
        return self._offered(area, day, names, sexed=True)

    def _visit(self, area: int, day: int) -> Occurrence:
        return self._offered(area, day, ("visit_offered", "visit_accepted", "visit_kept"))

    def _couple(self, area: int, day: int) -> Occurrence:
        found = self._offered(area, day, ("couple_target", "couple_accepted", "couple_examined"))
        if len(found.counts) == 3:
            who = found.counts[0].population
            found.counts.append(Count(area, day, who, "prepregnancy_examined", value=2))
            if self._random.random() < 0.2:
                found.counts.append(Count(area, day, who, "prepregnancy_high_risk"))
        return found

    def _benefit(self, area: int, day: int) -> Occurrence:
        who, scheme = self._random.choice(LIVING), self._random.choice(SCHEMES)
        fen = self._random.randint(1, 720_000)
        found = [
            Count(area, day, who, "benefit_due", detail=scheme),
            Count(area, day, who, "benefit_due_fen", detail=scheme, value=fen),
        ]
        if self._random.random() < 0.8:
            found.append(Count(area, day, who, "benefit_paid", detail=scheme))
            found.append(Count(area, day, who, "benefit_paid_fen", detail=scheme, value=fen))
        elif self._random.random() < 0.5:  # a part of it: amounts are paid, the benefit not in full
            found.append(Count(area, day, who, "benefit_paid_fen", detail=scheme, value=fen // 2))
        return Occurrence("registry", found)

    def _supplies(self, area: int, day: int) -> Occurrence:
        names = ("supply_user_registered", "supply_user_confirmed", "supply_user_reached")
        found = self._offered(area, day, names, among=("resident", "resident", "migrant_in"))
        found.counts.append(Count(area, day, "office", "supply_issued"))
        return found

    def _card(self, area: int, day: int) -> Occurrence:
        """Return a card that is due, opened, and what it says; or one that ends."""
        who = self._random.choice(SERVED)
        drawn = self._random.random()
        found = [Count(area, day, who, "card_due")]
        if drawn < 0.9:
            found.append(Count(area, day, who, "card_open"))
            if drawn < 0.7:
                found.append(Count(area, day, who, "married_women"))
            if drawn < 0.5:
                found.append(Count(area, day, who, "method_users_married"))
            if drawn < 0.6:
                found.append(Count(area, day, who, self._random.choice(METHODS)))
        if day and self._random.random() < 0.4:
            found = [one._replace(value=-1) for one in found]
        return Occurrence("registry", found)

    def _office(self, area: int, day: int) -> Occurrence:
        draw = self._random
        due, done = draw.choice(
            (
                ("petition_received", "petition_on_time"), ("satisfaction_valid", "satisfaction_satisfied"),
                ("awareness_valid", "awareness_correct"), ("reply_due", "reply_on_time"),
                ("employer_statement_due", "employer_statement_signed"),
                ("rental_agreement_due", "rental_agreement_signed"), ("activity_held", ""), ("budget_spent", ""),
            )
        )  # fmt: skip
        if due == "budget_spent":
            fen = draw.randint(1, 3_000_000)
            return Occurrence(
                "registry", [Count(area, day, "office", due, detail=draw.choice(BUDGETS), value=fen)]
            )
        if due == "activity_held":
            kind = draw.choice(ACTIVITIES)
            return Occurrence(
                "registry",
                [
                    Count(area, day, "office", due, detail=kind),
                    Count(area, day, "office", "activity_reached", detail=kind, value=draw.randint(0, 300)),
                    Count(area, day, "office", "activity_material", detail=kind, value=draw.randint(0, 900)),
                ],
            )
        found = [Count(area, day, "office", due)]
        found += [Count(area, day, "office", done)] * (draw.random() < 0.85)
        return Occurrence("migrant" if due == "reply_due" else "registry", found)

    def _return(self, area: int, day: int) -> Occurrence:
        """Return an aggregate return: of a hospital, of finance, of the police, or the historic one."""
        kinds = (self._of_hospital, self._of_finance, self._of_police, self._historic)
        return Occurrence("return", self._random.choice(kinds)(area, day))

    def _of_hospital(self, area: int, day: int) -> list[Count]:
        draw = self._random
        found = [Count(area, day, "office", "abortion", 2, value=draw.randint(0, 4), detail="surgical")]
        for sex in (1, 2):
            found.append(Count(area, day, "office", "perinatal_birth", sex, value=draw.randint(1, 60)))
            found += [
                Count(
                    area, day, "office", "hospital_live_birth", sex, parity=parity, value=draw.randint(0, 30)
                )
                for parity in (1, 2, 3)
            ]
            found.append(Count(area, day, "office", "perinatal_death", sex, detail=draw.choice(LOSSES)))
        found.append(Count(area, day, "office", "birth_defect", detail=draw.choice(DEFECTS)))
        return found

    def _of_finance(self, area: int, day: int) -> list[Count]:
        planned = self._random.randint(1, 300) * 1_000_000
        return [
            Count(area, day, "office", measure, detail=self._random.choice(BUDGETS), value=value)
            for measure, value in (("finance_planned", planned), ("finance_spent", planned // 7 * 6))
        ]

    def _of_police(self, area: int, day: int) -> list[Count]:
        return [
            Count(area, day, "registered", f"police_{name}", sex, value=self._random.randint(0, 5))
            for name in ("birth", "death", "in", "out")
            for sex in (1, 2)
        ]

    def _historic(self, area: int, day: int) -> list[Count]:
        births = self._random.randint(1, 40)
        return [
            Count(area, day, who, measure, value=value)
            for who in LIVING
            for measure, value in (("policy_birth", births), ("policy_birth_within", births * 9 // 10))
        ]

    # What is told otherwise later

    def _remember(self, one: Occurrence) -> None:
        if len(self._known) < _REMEMBERED:
            self._known.append(one)
        else:
            self._known[self._random.randrange(_REMEMBERED)] = one

    def _corrected(self, now: int) -> Occurrence:
        """Return an event that takes back what one told before, or says it with another day, place or sex."""
        draw = self._random
        if not self._known:
            return self._birth(self._area(now), now)
        at = draw.randrange(len(self._known))
        feed, old, *_ = self._known[at]
        reversal = [one._replace(value=-one.value) for one in old]
        kind = draw.randrange(4)
        if kind == 0:
            self._known[at] = self._known[-1]
            self._known.pop()
            return Occurrence(feed, reversal)
        if kind == 1:
            day = max(1, min(now, old[0].on + draw.randint(-90, 90)))
            # the day may lie on the other side of a change: then it is told of a community of that day
            area = self._area(day)
            born = self._yyyymm[day]
            new = [
                one._replace(
                    on=day, area=area, birth_month=born if one.measure == "birth" else one.birth_month
                )
                for one in old
            ]
        elif kind == 2:
            area = self._area(old[0].on)
            new = [one._replace(area=area) for one in old]
        else:
            new = [one._replace(sex=3 - one.sex) if one.sex in (1, 2) else one for one in old]
        self._known[at] = Occurrence(feed, new)
        net: defaultdict[Count, int] = defaultdict(int)
        for one in (*reversal, *new):
            net[one._replace(value=0)] += one.value
        return Occurrence(feed, [one._replace(value=value) for one, value in net.items() if value])

    # Communities that end

    def _keep(self, counts: list[Count]) -> None:
        for one in counts:
            if one.area in self._moving and one.measure in STOCKS:
                sign = -1 if one.measure in LEAVING else 1
                measure = "" if one.measure in BALANCE else one.measure
                self._stock[one.area, one.population, measure, one.sex, one.birth_month] += sign * one.value

    def _changed(self, day: int, change: Change) -> Occurrence:
        """Return a change: everybody counted in a community that ends is led over to one that succeeds it."""
        self._before.append((day, list(self._areas)))
        self._areas = sorted({*self._areas} - {*change.ended} | {*change.successors})
        self._moving |= {*change.successors}
        found: list[Count] = []
        for (area, who, measure, sex, born), number in sorted(self._stock.items()):
            if area in change.ended and number:
                heir = self._random.choice(change.heirs[area])
                found += _led_over(area, heir, day, who, measure, sex, born, number)
        return Occurrence("registry", found, change, day)

    def _followed(self, counts: list[Count]) -> list[Count]:
        """Return lines, and for those of communities that have ended since what leads them over."""
        found = list(counts)
        for one in counts:
            if one.measure not in STOCKS:
                continue
            area, measure = one.area, "" if one.measure in BALANCE else one.measure
            number = -one.value if one.measure in LEAVING else one.value
            for (day, _), (_, change) in zip(self._before, self._changes, strict=False):
                if one.on < day and area in change.ended:
                    heir = change.heirs[area][0]
                    found += _led_over(
                        area, heir, day, one.population, measure, one.sex, one.birth_month, number
                    )
                    area = heir
        return found


def _led_over(
    area: int, heir: int, day: int, who: str, measure: str, sex: int, born: int, number: int
) -> list[Count]:
    if measure:
        return [
            Count(area, day, who, measure, sex, value=-number),
            Count(heir, day, who, measure, sex, value=number),
        ]
    return [
        Count(area, day, who, "out", sex, born, detail="area_change", value=number),
        Count(heir, day, who, "in", sex, born, detail="area_change", value=number),
    ]
