"""Collects the checks of the modules beside; their order is the order of the report."""

from collections.abc import Awaitable, Callable, Sequence

from renkou_partner.conformance.stage import Check, Scene

type Run = Callable[[Scene], Awaitable[None]]

CHECKS: list[Check] = []


def check(
    name: str,
    section: str,
    title: str,
    *,
    agreements: Sequence[str] = ("wide",),
    peers: int = 1,
    alone: bool = False,
) -> Callable[[Run], Run]:
    """Register a check under an id; ``alone`` runs it after all others, with nothing beside it."""

    def keep(run: Run) -> Run:
        CHECKS.append(Check(name, section, title, run, agreements, peers, alone))
        return run

    return keep
