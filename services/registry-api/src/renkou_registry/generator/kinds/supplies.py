"""The supplies ledger: a store, a point in each community, two years of receipts, transfers and issues.

Drawn with the first chunk by the rules of the ledger; the users of a year come with each chunk and are
served by a machine of its own.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.codes.cards import ContraceptiveMethod
from renkou_common.codes.offices import SupplyDocumentKind, SupplyKind, SupplyPointKind
from renkou_common.contracts.lines import difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import SupplyPosted, SupplyUserChanged
from renkou_registry.generator.drawn import CHECKED_BY, RECORDED_BY, Context, Drawn, together
from renkou_registry.generator.places import places_of
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.supplies.domain import (
    Stock,
    Taken,
    UserYear,
    Wanted,
    apply,
    choose,
    issue_lines,
    user_lines,
)
from renkou_registry.supplies.users.service import COLUMN

_PRODUCTS = (
    ("YJ-01", "避孕套", SupplyKind.CONDOM, "10 只装", "盒", 400),
    ("YJ-02", "复方左炔诺孕酮片", SupplyKind.ORAL, "22 片", "板", 90),
    ("YJ-03", "壬苯醇醚栓", SupplyKind.EXTERNAL, "10 粒", "盒", 40),
)
"""Code, name, kind, specification, unit, and how much a point gets in a quarter."""
_QUARTERS = 8
_ISSUES = 3
_SHORT_LIVED = timedelta(days=900)


def _draw(drawn: Drawn, context: Context) -> None:
    book = _Book(drawn, context)
    _Users(drawn, context, book).write()
    if drawn.chunk.number == 0:
        book.write()
    book.close()


class _Users:
    """Who asked for free supplies in the year of the stock date, of those who have told to use them.

    Most are given some, by name, at a machine that each chunk has.
    """

    def __init__(self, drawn: Drawn, context: Context, book: "_Book") -> None:
        self._drawn, self._random, self._context, self._book = drawn, drawn.chunk.random, context, book
        self._stock_date, self._district = drawn.chunk.plan.stock_date, context.district.interval()

    def write(self) -> None:
        """Enter the users of a chunk."""
        asking = sorted(self._asking(), key=lambda each: each[0])
        if not asking:
            return
        machine = self._book.machine(asking[0][1].present_area, date(self._stock_date.year, 1, 1))
        for since, entry in asking:
            given_on = since if self._random.random() < 0.85 else None
            sealed, index = self._sealed(entry), self._index(entry)
            if given_on is not None:
                self._book.hand_out(machine, given_on, sealed, index)
            self._user(entry, since, given_on, sealed, index)

    def _asking(self) -> Iterator[tuple[date, PersonEntry]]:
        low, high = self._district
        for card in self._drawn.cards:
            entry, fact = card.woman.entry, card.fact
            uses = fact is not None and fact.told.method is ContraceptiveMethod.SUPPLIES
            first = max(date(self._stock_date.year, 1, 1), fact.told_on) if uses else date.max
            if (
                first <= self._stock_date
                and low <= entry.present_area <= high
                and self._random.random() < 0.8
            ):
                yield (
                    first + timedelta(days=self._random.randrange((self._stock_date - first).days + 1)),
                    entry,
                )

    def _sealed(self, entry: PersonEntry) -> bytes:
        return self._context.cipher.encrypt(str(entry.id), COLUMN)

    def _index(self, entry: PersonEntry) -> bytes:
        return self._context.cipher.blind_index(str(entry.id), COLUMN)

    def _user(
        self, entry: PersonEntry, since: date, reached_on: date | None, sealed: bytes, index: bytes
    ) -> None:
        confirmed_on = self._stock_date if reached_on and self._random.random() < 0.9 else None
        here = self._district[0] <= entry.registered_area <= self._district[1]
        counted = UserYear(
            entry.present_area,
            "resident" if here else "migrant_in",
            since,
            reached_on is not None,
            confirmed_on is not None,
            False,
        )
        user_id, point = self._drawn.chunk.new_id(), self._drawn.shared_id("point", counted.area)
        self._drawn.rows["supply_user"].append(
            (
                *(user_id, counted.area, point, sealed, index, counted.population),
                *(since.year, since, reached_on, confirmed_on, False),
                *(1 + bool(confirmed_on), self._context.now, RECORDED_BY),
            )
        )
        lines = difference(user_lines(counted), Counter())
        self._drawn.tell(
            RegistryEventType.SUPPLY_USER_CHANGED, SupplyUserChanged, user_id, counted.area, since, lines
        )


class _Book:
    """The ledger of all points; every document goes through the rules and keeps the stock."""

    def __init__(self, drawn: Drawn, context: Context) -> None:
        self._drawn, self._random, self._rows = drawn, drawn.chunk.random, drawn.rows
        self._known = context.now, RECORDED_BY
        self._now = context.now
        plan = drawn.chunk.plan
        self._stock_date, self._district = plan.stock_date, AreaCode(plan.district).interval()[0]
        self._communities = places_of(plan.district, plan.seed).communities
        self._specifications = [drawn.shared_id("specification", each[0]) for each in _PRODUCTS]
        self._stock: dict[UUID, dict[UUID, Stock]] = {}
        self._area: dict[UUID, int] = {}

    def write(self) -> None:
        """Enter catalogue and points, then go through the quarters from store to recipient."""
        self._catalogue()
        store = self._point("store", self._district, "区药具库", SupplyPointKind.STORE)
        points = [
            self._point(area, area, "社区发放点", SupplyPointKind.COMMUNITY) for area in self._communities
        ]
        first = self._stock_date - timedelta(days=91 * _QUARTERS)
        for quarter in range(_QUARTERS):
            on = first + timedelta(days=91 * quarter)
            self._receive(store, on, quarter, len(points))
            for point in points:
                self._transfer(store, point, on + timedelta(days=3))
                for number in range(_ISSUES):
                    self._issue(point, on + timedelta(days=10 + 25 * number))
        for number, point in enumerate(points[:: max(1, len(points) // 12)]):
            self._count(point, self._stock_date - timedelta(days=5), number)

    def machine(self, area: int, on: date) -> UUID:
        """Set up and fill the machine of a chunk."""
        number = self._drawn.chunk.number
        name = f"自助发放机 {number + 1} 号"
        point = self._point(f"machine {number}", area, name, SupplyPointKind.SELF_SERVICE)
        batch, its = self._drawn.chunk.new_id(), self._specifications[0]
        code, expires = _PRODUCTS[0][0], on + _SHORT_LIVED
        self._rows["supply_batch"].append((batch, its, f"{code}-J{number + 1:03d}", expires, self._now))
        filled = Taken(batch, its, expires, 2_000)
        self._post(point, SupplyDocumentKind.RECEIPT, on, [filled], source="区药具库")
        return point

    def hand_out(self, point: UUID, on: date, sealed: bytes, index: bytes) -> None:
        """Give a few to a person, who is named."""
        wanted = [Wanted(self._specifications[0], self._random.randint(1, 3))]
        entries = choose(list(self._stock[point].values()), wanted, on, on)
        document = self._post(point, SupplyDocumentKind.ISSUE, on, entries, people=1, named=True)
        self._rows["supply_recipient"].append((document, self._area[point], sealed, index))

    def close(self) -> None:
        """Write down what is in stock."""
        for point_id, held in self._stock.items():
            for each in held.values():
                whose = point_id, each.batch_id, self._area[point_id], each.specification_id
                self._rows["supply_stock"].append((*whose, each.expires_on, each.quantity, each.last_on))

    def _catalogue(self) -> None:
        for (code, name, kind, pack, unit, _), its in zip(_PRODUCTS, self._specifications, strict=True):
            product, known = self._drawn.shared_id("product", code), (1, *self._known)
            self._rows["supply_product"].append((product, self._district, code, name, kind, *known))
            self._rows["supply_specification"].append((its, self._district, product, pack, unit, *known))

    def _point(self, what: object, area: int, name: str, kind: SupplyPointKind) -> UUID:
        point: UUID = self._drawn.shared_id("point", what)
        self._area[point], self._stock[point] = area, {}
        self._rows["supply_point"].append((point, area, name, kind, 1, *self._known))
        if kind is SupplyPointKind.COMMUNITY:
            for its, (*_, quarterly) in zip(self._specifications, _PRODUCTS, strict=True):
                self._rows["supply_level"].append((point, its, area, quarterly // 8, *self._known))
        return point

    def _receive(self, store: UUID, on: date, quarter: int, points: int) -> None:
        taken = []
        for its, (code, *_, quarterly) in zip(self._specifications, _PRODUCTS, strict=True):
            batch, expires = self._drawn.shared_id("batch", code, quarter), on + _SHORT_LIVED
            self._rows["supply_batch"].append((batch, its, f"{code}{on:%y%m}", expires, self._now))
            taken.append(Taken(batch, its, expires, quarterly * points + quarterly))
        self._post(store, SupplyDocumentKind.RECEIPT, on, taken, source="省药具管理中心")

    def _transfer(self, store: UUID, point: UUID, on: date) -> None:
        wanted = [
            Wanted(its, quarterly)
            for its, (*_, quarterly) in zip(self._specifications, _PRODUCTS, strict=True)
        ]
        sent = choose(list(self._stock[store].values()), wanted, on, on)
        out = self._post(store, SupplyDocumentKind.TRANSFER_OUT, on, sent)
        arrived = [Taken(e.batch_id, e.specification_id, e.expires_on, -e.quantity) for e in sent]
        came = self._post(point, SupplyDocumentKind.TRANSFER_IN, on + timedelta(days=1), arrived)
        transfer, ends = self._drawn.chunk.new_id(), (self._area[store], self._area[point])
        days = "received", on, on + timedelta(days=1)
        self._rows["supply_transfer"].append(
            (transfer, *ends, store, point, *days, out, came, 2, *self._known)
        )
        for each in arrived:
            what = each.specification_id, each.expires_on, each.quantity
            self._rows["supply_transfer_line"].append((transfer, each.batch_id, *ends, *what))

    def _issue(self, point: UUID, on: date) -> None:
        """Draw an anonymous issue to some people: at most a third of what a quarter brings."""
        wanted = [
            Wanted(its, 1 + int(self._random.random() * (quarterly // 4)))
            for its, (*_, quarterly) in zip(self._specifications, _PRODUCTS, strict=True)
        ]
        entries = choose(list(self._stock[point].values()), wanted, on, on)
        people = min(-entry.quantity for entry in entries)
        self._post(point, SupplyDocumentKind.ISSUE, on, entries, people=people)

    def _count(self, point: UUID, on: date, number: int) -> None:
        """Draw a stocktaking; in every third one a few are missing, which another person books."""
        held = sorted((each for each in self._stock[point].values()), key=lambda each: each.batch_id)
        missing = held[-1] if number % 3 == 0 and held[-1].quantity > 2 else None
        document = None
        if missing is not None:
            gone = Taken(missing.batch_id, missing.specification_id, missing.expires_on, -2)
            document = self._post(point, SupplyDocumentKind.STOCKTAKING, on, [gone])
        count, area = self._drawn.chunk.new_id(), self._area[point]
        settled = document, CHECKED_BY, self._now, 2
        self._rows["supply_count"].append((count, area, point, "booked", on, *settled, *self._known))
        for each in held:
            counted = each.quantity - (2 if each is missing else 0)
            self._rows["supply_count_line"].append((count, each.batch_id, area, each.quantity, counted))

    def _post(
        self,
        point: UUID,
        kind: SupplyDocumentKind,
        on: date,
        entries: list[Taken],
        *,
        people: int = 0,
        named: bool = False,
        source: str | None = None,
    ) -> UUID:
        held = self._stock[point]
        held |= {each.batch_id: each for each in apply(list(held.values()), entries, on)}
        document, area = self._drawn.chunk.new_id(), self._area[point]
        details = document, area, point, kind, on, people, named, source
        self._rows["supply_document"].append((*details, *self._known))
        for each in entries:
            what = each.batch_id, each.specification_id, area, kind, on, each.quantity
            self._rows["supply_entry"].append((document, point, *what))
        lines = difference(issue_lines(area, on, people), Counter())
        self._drawn.tell(RegistryEventType.SUPPLY_POSTED, SupplyPosted, document, area, on, lines, kind.value)
        return document


_KNOWN = ("version", "recorded_at", "recorded_by")
KINDS = together(
    {
        "supply_product": ("id", "area", "code", "name", "kind", *_KNOWN),
        "supply_specification": ("id", "area", "product_id", "name", "unit", *_KNOWN),
        "supply_batch": ("id", "specification_id", "number", "expires_on", "recorded_at"),
        "supply_point": ("id", "area", "name", "kind", *_KNOWN),
        "supply_level": ("point_id", "specification_id", "area", "level", "recorded_at", "recorded_by"),
        "supply_stock": (
            *("point_id", "batch_id", "area", "specification_id", "expires_on", "quantity", "last_on"),
        ),
        "supply_document": (
            *("id", "area", "point_id", "kind", "happened_on", "people", "named", "source"),
            *("recorded_at", "recorded_by"),
        ),
        "supply_entry": (
            *("document_id", "point_id", "batch_id", "specification_id", "area", "kind", "happened_on"),
            "quantity",
        ),
        "supply_recipient": ("document_id", "area", "person_sealed", "person_index"),
        "supply_transfer": (
            *("id", "area", "to_area", "from_point", "to_point", "state", "sent_on", "settled_on"),
            *("out_document", "in_document", *_KNOWN),
        ),
        "supply_transfer_line": (
            *("transfer_id", "batch_id", "area", "to_area", "specification_id", "expires_on", "quantity"),
        ),
        "supply_count": (
            *("id", "area", "point_id", "state", "counted_on", "document_id", "settled_by", "settled_at"),
            *_KNOWN,
        ),
        "supply_count_line": ("count_id", "batch_id", "area", "expected", "counted"),
        "supply_user": (
            *("id", "area", "point_id", "person_sealed", "person_index", "population", "year", "since"),
            *("reached_on", "confirmed_on", "withdrawn", *_KNOWN),
        ),
    },
    _draw,
)
