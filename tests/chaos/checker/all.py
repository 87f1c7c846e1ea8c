"""All checks, in the order in which they are made."""

from collections.abc import Awaitable, Callable

from tests.chaos.checker import chains, ends, figures, money, once, register
from tests.chaos.checker.check import Check
from tests.chaos.checker.evidence import Evidence

type Looks = Callable[[Evidence], Awaitable[Check]]
CHECKS: tuple[Looks, ...] = (
    figures.figures,
    once.nothing_lost,
    once.nothing_doubled,
    register.histories,
    register.no_halves,
    register.all_published,
    money.stock,
    money.payments,
    money.closings,
    ends.both_ends_agree,
    chains.audit_chains,
    chains.message_chains,
)


async def check_all(evidence: Evidence) -> list[Check]:
    """Make every check, whatever the ones before found."""
    found = []
    for looks in CHECKS:
        try:
            check = await looks(evidence)
        except Exception as error:  # the others are still worth making
            check = Check(looks.__name__, looks.__name__, 1, [f"could not be made: {error!r}"])
        found.append(check)
        print(
            f"  {'holds' if check.holds else 'FAILS'}: {check.zh} {check.en} ({check.looked_at})", flush=True
        )
        for wrong in check.wrong[:5]:
            print(f"    {wrong[:400]}", flush=True)
    return found
