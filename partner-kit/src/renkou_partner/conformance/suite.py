"""Runs checks on a stage: side by side what has a district of its own, then one by one what concerns everybody."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from renkou_common.messaging.nats_client import BrokerError

# Each module registers its checks, in this order.
from renkou_partner.conformance import comparing, enduring, ignoring, refusing, registry, sending, taking_in  # noqa: F401
from renkou_partner.conformance.implementation import DriverError, Implementation
from renkou_partner.conformance.peer import Failed
from renkou_partner.conformance.report import Report, Result
from renkou_partner.conformance.stage import Check, NotApplicable, Stage

PATIENCE_SECONDS = 15.0


def select(names: Sequence[str] = ()) -> list[Check]:
    """Return the checks whose id begins with one of the names; all of them without any."""
    return [one for one in registry.CHECKS if not names or one.id.startswith(tuple(names))]


async def run(
    implementation: Implementation,
    *,
    only: Sequence[str] = (),
    at_once: int = 8,
    patience: float = PATIENCE_SECONDS,
    tls: bool = False,
    tell: Callable[[Result], None] = lambda _: None,
) -> Report:
    """Start the implementation, run the checks, stop everything; returns the report.

    ``patience`` is how many seconds to wait for anything that has to come. With ``tls`` the hub speaks TLS only. Raises
    DriverError where the implementation cannot even be configured.
    """
    checks, begun = select(only), time.monotonic()
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    places = asyncio.Semaphore(at_once)
    async with Stage(implementation, checks, patience=patience, tls=tls) as stage:

        async def one(check: Check) -> Result:
            async with places:
                result = await _run(check, stage)
            tell(result)
            return result

        results = await asyncio.gather(*(one(check) for check in checks if not check.alone))
        results += [await one(check) for check in checks if check.alone]
    order = {check.id: place for place, check in enumerate(checks)}
    results.sort(key=lambda result: order[result.id])
    name = str(implementation.about.get("name", "unnamed"))
    return Report(name, started_at, round(time.monotonic() - begun, 1), results)


async def _run(check: Check, stage: Stage) -> Result:
    begun = time.monotonic()
    try:
        await check.run(stage.scenes[check.id])
    except NotApplicable as reason:
        return Result.of(check, "not applicable", str(reason), time.monotonic() - begun)
    except (Failed, DriverError, BrokerError) as error:
        return Result.of(check, "failed", str(error), time.monotonic() - begun)
    except (KeyError, TypeError, ValueError) as error:
        detail = f"the driver's answer cannot be used: {error!r}"
        return Result.of(check, "failed", detail, time.monotonic() - begun)
    return Result.of(check, "passed", "", time.monotonic() - begun)
