"""Two districts of a test, and what is done at both ends at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from renkou_common.clock import SHANGHAI
from renkou_local.hub.server import EmbeddedHub
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.exchange.versions import Supported

from .agreements import agree, terms_between
from .support import HOME, RESIDENCE, MovableClock, Node, eventually, trust_list


@dataclass
class Districts:
    """Two districts. Whoever comes from ``home`` lives in ``residence``."""

    home: Node
    residence: Node
    clock: MovableClock
    anchor: SigningKey
    hub: EmbeddedHub | None = None

    async def start(self) -> None:
        """Start the exchange at both ends."""
        self.home.start()
        self.residence.start()
        await self.home.connected()
        await self.residence.connected()

    async def agree(self, **changes: Any) -> UUID:
        """Make an agreement as the offices do: about every kind, both ways, unless told otherwise."""
        terms = terms_between(HOME, RESIDENCE, self.home.runtime.clock.today(), **changes)
        return await agree(self.residence.runtime, self.home.runtime, terms)

    async def hand_over(self) -> None:
        """Carry everything that waits in either direction, until nothing is left."""
        while True:
            out, back = await self.residence.sealed(), await self.home.sealed()
            there = await self.residence.receipts()
            await self.home.take(self.residence, *out.values(), *there)
            here = await self.home.receipts()
            await self.residence.take(self.home, *back.values(), *here)
            if not (out or back or there or here):
                return

    async def compare(self) -> None:
        """Let both send the digests that are due, and carry what follows from them."""
        await self.home.sender.compare()
        await self.residence.sender.compare()
        await self.hand_over()

    async def pass_days(self, days: int) -> None:
        """Move the domain's clock to ``days`` after now, at both ends."""
        await self.pass_time(timedelta(days=days))

    async def pass_time(self, passed: timedelta) -> None:
        """Move the domain's clock to a time after now, at both ends."""
        self.clock.set(passed.total_seconds())
        moved = datetime.now(SHANGHAI) + passed - timedelta(seconds=5)

        async def seen() -> bool:
            return min(one.runtime.clock.now() for one in (self.home, self.residence)) > moved

        await eventually(seen)

    async def trust_again(self, sequence: int, *, home_claims: Supported | None = None) -> None:
        """Have both accept a new trust list with the keys that they have now.

        ``home_claims``: versions that the list names for the home district, whatever it really understands.
        """
        home = replace(self.home.runtime, understood=home_claims) if home_claims else self.home.runtime
        token = trust_list(self.anchor, [home, self.residence.runtime], sequence)
        await self.home.accept(token)
        await self.residence.accept(token)


type OpenDistricts = Callable[..., Awaitable[Districts]]
type SignList = Callable[..., str]
