"""Facts of a district from a seed: ten for every resident over ten years, of 55 communities; COPY loads them.

Nothing of it is about anyone: counts only, as the feeds bring them. The same size and seed give the same facts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.facts.loading import Connection, load

DISTRICT = 340103
TOWNS, COMMUNITIES = 5, 11
FIRST_YEAR, YEARS = 2016, 10
FACTS_PER_RESIDENT = 10
AREAS = [
    DISTRICT * 1_000_000 + (town + 1) * 1000 + n + 1 for town in range(TOWNS) for n in range(COMMUNITIES)
]
_MONTHS = [year * 100 + month for year in range(FIRST_YEAR, FIRST_YEAR + YEARS) for month in range(1, 13)]


@dataclass(frozen=True)
class Kind:
    """What is counted, and how many facts of it there are for each resident."""

    population: str
    measure: str
    each: float
    aged: bool = False
    sexed: bool = False
    details: tuple[str, ...] = ("",)
    sign: int = 1


def _balance(population: str, opening: float, births: float, deaths: float, moves: float) -> list[Kind]:
    return [
        Kind(population, measure, each, aged=True, sexed=True)
        for measure, each in (
            ("opening", opening),
            ("birth", births),
            ("death", deaths),
            ("in", moves),
            ("out", moves * 0.92),
        )
        if each
    ]


def _stock(measure: str, each: float) -> list[Kind]:
    """A stock: one fact when it begins, and for most one when it ends."""
    return [
        Kind(population, measure, each * share * left, sign=sign)
        for population, share in (("registered", 0.8), ("migrant_in", 0.2))
        for sign, left in ((1, 1.0), (-1, 0.5))
    ]


def _served(
    measure: str, each: float, *, sexed: bool = False, details: tuple[str, ...] = ("",)
) -> list[Kind]:
    return [
        Kind(population, measure, each * share, sexed=sexed, details=details)
        for population, share in (("registered", 0.7), ("migrant_in", 0.3))
    ]


_SCHEMES = ("jiangli_fuzhu", "tebie_fuzhu", "yuer_butie")
_KINDS = [
    *_balance("registered", 1.0, 0.1, 0.07, 0.25),
    *_balance("resident", 1.0, 0.1, 0.07, 0.4),
    *_balance("migrant_in", 0.05, 0.005, 0.002, 0.45),
    *_balance("migrant_out", 0.08, 0.005, 0.002, 0.4),
    *_balance("migrant_out_certified", 0.04, 0, 0, 0.3),
    *(each for name, n in (("entitled", 0.4), ("accepted", 0.36), ("received", 0.34))
      for each in _served(f"service_{name}", n, sexed=True)),
    *(each for name, n in (("entitled", 0.2), ("accepted", 0.18), ("received", 0.17))
      for each in _served(f"examination_{name}", n, sexed=True)),
    *(each for name, n in (("offered", 0.3), ("accepted", 0.27), ("kept", 0.25))
      for each in _served(f"visit_{name}", n)),
    *(each for name, n in (("target", 0.02), ("accepted", 0.019), ("examined", 0.018))
      for each in _served(f"couple_{name}", n)),
    *_served("prepregnancy_examined", 0.03),
    *_served("prepregnancy_high_risk", 0.002),
    *(each for name in ("due", "paid", "due_fen", "paid_fen")
      for each in _served(f"benefit_{name}", 0.15, details=_SCHEMES)),
    *(each for name, n in (("registered", 0.05), ("confirmed", 0.048), ("reached", 0.049))
      for each in _served(f"supply_user_{name}", n)),
    *(each for name, n in (("card_due", 0.2), ("card_open", 0.19), ("married_women", 0.15),
                           ("method_users_married", 0.12), ("method_supplies", 0.04), ("method_iud", 0.05),
                           ("method_sterilisation", 0.02), ("method_implant", 0.01), ("method_other", 0.01))
      for each in _stock(name, n)),
    *(Kind("migrant_in", name, n) for name, n in (("check_due", 0.3), ("check_made", 0.29), ("notice_due", 0.3),
                                                  ("notice_sent", 0.29), ("notice_confirmable", 0.25),
                                                  ("notice_confirmed", 0.24))),
    *(Kind("office", name, n, details=("publicity", "training", "clinic"))
      for name, n in (("activity_held", 0.002), ("activity_reached", 0.002), ("budget_spent", 0.01))),
    *(Kind("office", name, n) for name, n in (("petition_received", 0.002), ("petition_on_time", 0.002),
                                              ("satisfaction_valid", 0.02), ("satisfaction_satisfied", 0.018),
                                              ("awareness_valid", 0.02), ("awareness_correct", 0.018),
                                              ("reply_due", 0.05), ("reply_on_time", 0.048),
                                              ("supply_issued", 0.2))),
]  # fmt: skip


def numbers(residents: int) -> list[tuple[Kind, int]]:
    """Return how many facts of each kind there are; openings one for each, the others make up ten in all."""
    opening = sum(kind.each for kind in _KINDS if kind.measure == "opening")
    others = sum(kind.each for kind in _KINDS if kind.measure != "opening")
    scale = (FACTS_PER_RESIDENT - opening) / others
    return [
        (kind, round(residents * kind.each * (1 if kind.measure == "opening" else scale))) for kind in _KINDS
    ]


def facts(residents: int, seed: int = 1) -> Iterator[str]:
    """Yield rows of ``fact`` in COPY's text form, kind after kind."""
    random = Random(f"facts {residents} {seed}")
    bits = random.getrandbits
    seqs = {"registry": 0, "migrant": 0}
    for kind, number in numbers(residents):
        feed = (
            "migrant"
            if "migrant_out" in kind.population or kind.measure[:5] in ("check", "notic")
            else "registry"
        )
        last = len(kind.details)
        aged, births = kind.aged, kind.measure == "birth"
        tail = f"\t{kind.sign}\t"
        between = f"\t{kind.population}\t{kind.measure}\t"
        opening = kind.measure == "opening"
        for seq in range(seqs[feed] + 1, seqs[feed] + number + 1):
            drawn = bits(60)
            # a square of a uniform number: communities of very different sizes, as they are
            area = AREAS[((drawn & 1023) * (drawn >> 10 & 1023)) * 55 >> 20]
            month = _MONTHS[0] if opening else _MONTHS[(drawn >> 20 & 0xFFFF) * 120 >> 16]
            sex = (drawn >> 36 & 1) + 1 if aged or kind.sexed else 0
            born = parity = 0
            if births:
                born, parity = month, (1, 1, 1, 1, 2, 2, 2, 3)[drawn >> 37 & 7]
            elif aged:
                old = ((drawn >> 37 & 0x3FF) + (drawn >> 47 & 0x3FF)) * 1100 >> 11  # months, up to 91 years
                index = month // 100 * 12 + month % 100 - 1 - old
                born = index // 12 * 100 + index % 12 + 1
            yield (
                f"{feed}\t{seq}\t0\t00000000-0000-7000-8000-{seq:012x}\t{area}"
                f"\t{month // 100}-{month % 100:02d}-{(drawn >> 57) + 1:02d}\t{month}{between}{sex}\t{born}\t{parity}"
                f"{tail}{kind.details[drawn % last]}\n"
            )
        seqs[feed] += number


async def load_facts(connection: Connection, residents: int) -> None:
    """Fill an empty database as its owner: facts, their sums, and the feeds' positions."""
    await load(connection, facts(residents))
