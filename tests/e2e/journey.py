"""The whole journey through public APIs: import, departures, certificates, arrivals, notices, births, a year.

Runs against any two nodes; who starts them (the local stack, Compose) and how their clock is moved is given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random

import httpx

from tests.e2e.answers import Answers
from tests.e2e.api import Json
from tests.e2e.compare import Compared, compare
from tests.e2e.crossing import Crossing, Traveller
from tests.e2e.desk import Desk, in_parallel
from tests.e2e.forgery import altered, forged
from tests.e2e.ledger import Ledger
from tests.e2e.office import Office, agree, open_office, trust_each_other
from tests.e2e.plan import Birth, Death, Departure, Month, plan_home, plan_partner
from tests.e2e.progress import Progress, until
from tests.e2e.roster_import import Imported, import_roster

HOME, RESIDENCE = "340103", "310115"
SHANGHAI = timezone(timedelta(hours=8))
STOCK_DATE = date(2021, 12, 31)
FIRST_DAY = date(2022, 1, 10)
EARLY = 12
EARLY_LEAVING = date(2022, 1, 6)
EARLY_ARRIVAL = date(2025, 2, 4)
SURNAMES = "王李张刘陈杨赵黄周吴"
GIVEN = ["子涵", "欣怡", "浩宇", "梓萱", "一诺", "思远", "若汐", "明轩", "语桐", "嘉树"]


@dataclass
class Size:
    """How large a journey is: people in the rosters, people who leave, and months that are told."""

    home: int = 20_000
    residence: int = 6_000
    leaving: int = 300
    months: int = 15


@dataclass
class Nodes:
    """Two running nodes: URLs by service, one-time secrets, and how to move their clock to an instant."""

    urls: dict[str, dict[str, str]]
    secrets: dict[str, str]
    anchor: Path
    move_clock: Callable[[datetime], None]


async def _at_once(_: float) -> None:
    """No pause before a month."""


class Journey:
    """Walks the journey once. After it, ``ledgers`` holds what was told and ``figures`` what came out."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        nodes: Nodes,
        folder: Path,
        seed: int,
        size: Size,
        *,
        patience: float = 0.0,
        pace: Callable[[float], Awaitable[None]] = _at_once,
    ) -> None:
        self.http = http
        self.nodes = nodes
        self.folder = folder
        self.seed = seed
        self.size = size
        self.patience = patience
        self.pace = pace
        self.progress = Progress()
        self.random = Random(f"journey {seed}")
        self.ledgers = {code: Ledger(code) for code in (HOME, RESIDENCE)}
        self.imported: dict[str, Imported] = {}
        self.offices: dict[str, Office]
        self.crossing: Crossing
        self.home: Desk
        self.residence: Desk
        self.today = FIRST_DAY
        self.open_for_work = asyncio.Event()
        self.people_are_in = asyncio.Event()
        self.mended: list[Callable[[], Awaitable[None]]] = []

    async def walk(self) -> None:
        """Do everything up to the end of December 2025."""
        await self._open()
        await self._import()
        await self._first_departures()
        months = list(zip(*self._plan(), strict=True))[: self.size.months]
        for number, (home, residence) in enumerate(months):
            await self.pace(number / len(months))
            await self._month(home, residence)
        await in_parallel(self.mended)
        await self._set_day(date(2026, 2, 20))
        await self._bad_certificates()
        await self.answers.work()
        await self.answers.delivered()
        await self.answers.settled()

    async def _set_day(self, day: date) -> None:
        """Move the clock; every process looks at it again after 50 ms at most."""
        self.today = day
        self.nodes.move_clock(datetime.combine(day, time(10), SHANGHAI))
        await asyncio.sleep(0.1)

    async def _open(self) -> None:
        await self._set_day(FIRST_DAY)
        opened = [
            await open_office(self.http, code, self.nodes.urls[code], self.nodes.secrets[code], self.patience)
            for code in (HOME, RESIDENCE)
        ]
        self.offices = {office.district: office for office in opened}
        now = datetime.combine(FIRST_DAY, time(10), SHANGHAI)
        await trust_each_other(opened, self.nodes.anchor, self.folder, 1, now)
        await agree(opened, FIRST_DAY, date(2027, 12, 31))
        self.home = Desk(self.offices[HOME].clerk, self.offices[HOME].approver, self.ledgers[HOME])
        self.residence = Desk(
            self.offices[RESIDENCE].clerk, self.offices[RESIDENCE].approver, self.ledgers[RESIDENCE]
        )
        self.progress.done("open", "offices open: accounts, trust list, two-way agreement")
        self.open_for_work.set()

    async def _import(self) -> None:
        for code, count in ((HOME, self.size.home), (RESIDENCE, self.size.residence)):
            clerk = self.offices[code].clerk
            self.imported[code] = await import_roster(
                clerk, self.ledgers[code], self.folder, self.seed, count, STOCK_DATE, self.progress
            )
            done = self.imported[code]
            self.progress.done(
                "import",
                f"{code}: {done.rows_applied} rows imported, {done.rows_refused} refused as expected",
            )
        self.people_are_in.set()

    async def _first_departures(self) -> None:
        """A dozen leave three years early, so that their certificates have expired when they are shown."""
        roster = self.imported[HOME].roster
        self.crossing = Crossing(self.home, self.residence, roster)
        self.answers = Answers(self.crossing, self.seed)
        community = self._destinations()[0]
        fits = [
            index
            for index in self.imported[HOME].accepted
            if roster.people[index].registered_area[:6] == roster.people[index].present_area[:6] == HOME
            and 20 <= roster.people[index].age_on(FIRST_DAY) <= 40
        ]
        self.early = self.random.sample(fits, EARLY)
        for index in self.early:
            planned = Departure(index, EARLY_LEAVING, EARLY_ARRIVAL, community, certified=True, shown=True)
            await self.crossing.leave(planned)
            await self.crossing.certify(self.crossing.travellers[index])
        self.progress.done("early", f"{EARLY} early departures with certificates that expire in January 2025")

    def _destinations(self) -> list[str]:
        people = self.imported[RESIDENCE].roster.people
        return sorted({p.present_area for p in people if p.present_area.startswith(RESIDENCE)})

    def _plan(self) -> tuple[list[Month], list[Month]]:
        home, residence = self.imported[HOME], self.imported[RESIDENCE]
        usable = [index for index in home.accepted if index not in self.early]
        leaving = self.size.leaving - EARLY
        return (
            plan_home(self.seed, home.roster, _grown_up(home, usable), self._destinations(), leaving),
            plan_partner(self.seed, residence.roster, _grown_up(residence, residence.accepted)),
        )

    async def _month(self, home: Month, residence: Month) -> None:
        await self._set_day(home.acted_on)
        mended, self.mended = self.mended, []
        await in_parallel(mended)
        await self._departures(home)
        await self._local_events(self.home, home, HOME)
        await self._local_events(self.residence, residence, RESIDENCE)
        await self._arrivals(home)
        await self._migrant_life(home)
        await self.answers.delivered()
        await self.answers.work()
        await self.answers.settled()
        notices = len(self.ledgers[RESIDENCE].notices)
        self.progress.done("year", f"{home.first:%Y-%m} told: {notices} notices so far")

    async def _departures(self, month: Month) -> None:
        await in_parallel([partial(self.crossing.leave, planned) for planned in month.departures])
        travellers = [self.crossing.travellers[planned.person] for planned in month.departures]
        await in_parallel([partial(self.crossing.certify, t) for t in travellers if t.planned.certified])

    async def _arrivals(self, month: Month) -> None:
        arriving = [
            t for t in self.crossing.travellers.values() if not t.arrival and self._reached(t.planned.arrives)
        ]
        await in_parallel([partial(self.crossing.arrive, t) for t in arriving])
        await self._status_lists_are_fresh()
        showing = [t for t in arriving if t.presentation and t.planned.shown]
        await in_parallel([partial(self.crossing.check, t, self.today) for t in showing])

    def _with_certificates(self) -> list[Traveller]:
        """Return those whose certificate has not expired before the year."""
        travellers = self.crossing.travellers.values()
        return [t for t in travellers if t.presentation and t.planned.person not in self.early]

    def _reached(self, day: date) -> bool:
        return day <= self.today

    async def _status_lists_are_fresh(self) -> None:
        """The clock has jumped: wait until home has signed its list anew and the residence holds it."""
        sample = self._with_certificates()[-1]
        api = self.residence.api

        async def known() -> bool:
            answer = await api.post(
                "migrant", "/certificate-verifications", {"text": sample.presentation}, key=None
            )
            return bool(answer["result"] != "unknown")

        await until("a fresh status list at the residence", known, 240)

    async def _local_events(self, desk: Desk, month: Month, district: str) -> None:
        people = self.imported[district].roster.people
        involved = chain(
            (b.mother for b in month.births),
            (d.person for d in month.deaths),
            (m.person for m in month.moves),
            *((a, b) for a, b, _ in month.marriages),
        )
        await in_parallel([partial(desk.find, f"p{i}", people[i].document_number) for i in set(involved)])
        await in_parallel([partial(self._birth, desk, district, planned) for planned in month.births])
        await in_parallel([partial(self._death, desk, planned.person, planned) for planned in month.deaths])
        await in_parallel([partial(desk.move, f"p{m.person}", m) for m in month.moves])
        await in_parallel([partial(desk.marriage, f"p{a}", f"p{b}", on) for a, b, on in month.marriages])

    async def _birth(self, desk: Desk, district: str, planned: Birth) -> None:
        mother = self.imported[district].roster.people[planned.mother]
        parity = (mother.children_born or 0) + 1
        child = f"b{planned.mother}"
        await desk.birth(child, f"p{planned.mother}", planned, self._name(), parity)
        if planned.correction:
            self.mended.append(partial(desk.correct_birth, child, planned, parity))

    async def _death(self, desk: Desk, person: int, planned: Death) -> None:
        await desk.death(f"p{person}", planned)
        if planned.correction:
            self.mended.append(partial(desk.mend_death, f"p{person}", planned))

    def _name(self) -> str:
        return self.random.choice(SURNAMES) + self.random.choice(GIVEN)

    async def _migrant_life(self, month: Month) -> None:
        here = [t for t in self.crossing.travellers.values() if t.arrival]
        in_month = partial(_same_month, month.first)
        served = [
            (t, day) for t in here for day in t.planned.services if in_month(day) and self._reached(day)
        ]
        await in_parallel([partial(self.crossing.serve, t, day) for t, day in served])
        await in_parallel([partial(self._migrant_birth, b) for b in month.migrant_births])
        leaving = [t for t in here if t.planned.returns and in_month(t.planned.returns)]
        await in_parallel([partial(self.crossing.go_home, t) for t in leaving if self._reached_return(t)])

    def _reached_return(self, traveller: Traveller) -> bool:
        return traveller.planned.returns is not None and self._reached(traveller.planned.returns)

    async def _migrant_birth(self, planned: Birth) -> None:
        traveller = self.crossing.travellers[planned.mother]
        mother = self.imported[HOME].roster.people[planned.mother]
        if traveller.arrival:
            parity = (mother.children_born or 0) + 1
            await self.crossing.migrant_birth(traveller, planned, self._name(), parity)

    async def _bad_certificates(self) -> None:
        """Twenty bad certificates: five each forged, altered and revoked; five have expired already."""
        standing = {
            each["id"]
            for each in await self.home.api.pages("migrant", "/certificates", valid="true", limit=200)
        }
        good = [
            t
            for t in sorted(self.crossing.travellers.values(), key=lambda each: each.planned.person)
            if t.presentation and t.planned.person not in self.early and t.certificate in standing
        ]
        chosen = self.random.sample(good, 15)
        await self._status_lists_are_fresh()
        for traveller in chosen[10:]:
            await self._revoke(traveller)
        shown = chain(
            (forged(t.presentation) for t in chosen[:5]),
            (altered(t.presentation) for t in chosen[5:10]),
            (t.presentation for t in chosen[10:]),
            (self.crossing.travellers[index].presentation for index in self.early[:5]),
        )
        for presentation in shown:
            self.crossing.count(await self._show(presentation))
        self.progress.done("bad", f"bad certificates refused: {self.crossing.refused}")

    async def _show(self, presentation: str) -> Json:
        body = {"text": presentation}
        return await self.residence.api.post("migrant", "/certificate-verifications", body, key=None)

    async def _revoke(self, traveller: Traveller) -> None:
        path = f"/certificates/{traveller.certificate}"
        current = await self.home.api.get("migrant", path)
        body = {"reason": "holder_request"}
        await self.home.api.post("migrant", f"{path}/revocation", body, version=current["version"])
        self.ledgers[HOME].certificates[traveller.certificate].revoked = self.today

        async def known_at_the_residence() -> bool:
            return bool((await self._show(traveller.presentation))["code"] == "revoked")

        await until("the revocation at the residence", known_at_the_residence, 240)

    async def figures(self, seconds: float = 120) -> dict[str, list[Compared]]:
        """Read both districts' figures once the feeds have been taken in, and compare each."""
        for office in self.offices.values():
            await until(f"figures of {office.district} caught up", partial(self._caught_up, office), seconds)
        return {
            code: await compare(office.statistician, self.ledgers[code])
            for code, office in self.offices.items()
        }

    async def _caught_up(self, office: Office) -> bool:
        status = await office.statistician.get("reporting", "/feeds/status")
        return all(feed["high_water"] == feed["head"] for feed in status["items"])


def _same_month(first: date, day: date) -> bool:
    return (first.year, first.month) == (day.year, day.month)


def _grown_up(imported: Imported, indexes: Iterable[int]) -> list[int]:
    """Return the people who can be looked up by a resident ID."""
    return [index for index in indexes if imported.roster.people[index].document_kind == "resident_id"]
