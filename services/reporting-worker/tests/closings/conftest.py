"""A district whose January can be closed, and the two people who sign."""

from collections.abc import AsyncIterator

import pytest_asyncio

from ..support import LineMaker, Reporting
from .steps import POLICE, District


@pytest_asyncio.fixture(loop_scope="session")
async def district(reporting: Reporting, line: LineMaker) -> AsyncIterator[District]:
    """Two subdistricts with people, births and deaths; nobody of it in the way of a closing."""
    lines = []
    for number, area in enumerate(("340103001001", "340103001002", "340103002001"), 1):
        lines.append(
            line("resident", "opening", "2025-12-31", 10_000 * number, area=area, sex=1,
                 birth_month="1990-01")
        )  # fmt: skip
        for sex in (1, 2):
            lines.append(
                line("resident", "birth", "2026-01-15", 20 * number, area=area, sex=sex, parity=1,
                     birth_month="2026-01")
            )  # fmt: skip
        lines.append(line("resident", "death", "2026-01-20", 12, area=area, sex=1, birth_month="1990-01"))
    await reporting.take_in("registry", lines)
    await (await reporting.desk()).hand_in(POLICE)
    statistician = await reporting.staff("statistician", "340103")
    administrator = await reporting.staff("administrator", "340103")
    yield District(reporting, statistician, administrator, line)
