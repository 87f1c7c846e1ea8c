"""The worker's task: looks every few seconds for deletions that can go on."""

from renkou_registry import background
from renkou_registry.privacy.erasure.carrying import erase_once
from renkou_registry.runtime import Runtime

_EVERY_SECONDS = 5.0


async def run_erasures(runtime: Runtime) -> None:
    """Carry deletions out until cancelled; a lost database is waited for, and what it refused is tried again."""
    await background.again_and_again(runtime, "deletions on request", erase_once, _EVERY_SECONDS)
