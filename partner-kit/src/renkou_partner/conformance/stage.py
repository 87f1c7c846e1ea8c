"""Sets the stage: keys, trust list, agreements, hub, the implementation and a peer of its own for each check.

A district for each check keeps checks apart: numbers are counted by pair, so that one that fails holds up none
of the others, and they can run side by side.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from joserfc.jwk import OKPKey

from renkou_partner import trust
from renkou_partner.agreement import day_of, grant_of, propose, terms_of
from renkou_partner.conformance.implementation import Implementation
from renkou_partner.conformance.peer import Failed, Peer, PeerKeys
from renkou_partner.contract import AGREED, Json
from renkou_partner.hub import Hub

IMPLEMENTATION = "340103"
_CITIES = {
    "1101": [1, 2, 5, 6, 7, 8, 9, *range(11, 20)],
    "1201": [*range(1, 7), *range(10, 20)],
    "3101": [1, 4, 5, 6, 7, 9, 10, *range(12, 19), 20, 51],
    "3201": [2, 4, 5, 6, 11, *range(13, 19)],
    "4401": [3, 4, 5, 6, *range(11, 16), 17, 18],
    "4201": [*range(2, 8), *range(11, 18)],
    "5001": [*range(1, 21), 51, 52, 53, 54, 55, 56],
}
DISTRICTS = [f"{city}{number:02d}" for city, numbers in _CITIES.items() for number in numbers]
"""Real codes of districts, as software that knows the divisions may refuse others."""

RESEND_FIRST_SECONDS, RESEND_LONGEST_SECONDS = 0.5, 1.0
QUIET_SECONDS = 2.5 * RESEND_LONGEST_SECONDS


class NotApplicable(Exception):
    """The implementation says that it does not do what a check is about."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it is about, and what it needs."""

    id: str
    section: str
    title: str
    run: Callable[["Scene"], Awaitable[None]]
    agreements: Sequence[str] = ("wide",)
    peers: int = 1
    alone: bool = False


@dataclass
class Scene:
    """What a check works with. ``peer`` is its own; ``others`` are further districts of the trust list."""

    stage: "Stage"
    peer: Peer
    others: list[Peer] = field(default_factory=list)

    @property
    def implementation(self) -> Implementation:
        """Who is tested."""
        return self.stage.implementation

    @property
    def kind(self) -> str:
        """A kind that the implementation can send."""
        kinds = self.implementation.about["sends"]
        if not kinds:
            raise NotApplicable("it sends nothing of its own accord")
        return str(kinds[0])

    async def read(self, *expected: str) -> None:
        """Fail unless the implementation has taken in exactly these messages of the peer, in this order."""
        taken = [one for one in await self.implementation.received(self.peer.district) if was_taken(one)]
        found = [one["id"] for one in taken]
        if found != list(expected):
            names = {message_id: f"message {place + 1}" for place, message_id in enumerate(expected)}
            shown = [names.get(one, "something else") for one in found]
            raise Failed(f"taken in: {shown or 'nothing'}; expected: {list(names.values()) or 'nothing'}")

    async def goes_on(self, *before: str) -> None:
        """Fail unless a good message is still taken in, after exactly those before."""
        good = await self.peer.say()
        await self.peer.receipted(good)
        await self.read(*before, good.id)

    async def sent_state(self, message_id: str) -> str:
        """State of a message that the implementation has sent, as it shows it."""
        for one in await self.implementation.sent(self.peer.district):
            if one["id"] == message_id:
                return str(one["state"])
        raise Failed(f"the driver does not list {message_id} among what was sent")

    async def silence(self, message_id: str) -> None:
        """Fail if a message comes once more although it was settled; what was on its way may still come."""
        await asyncio.sleep(RESEND_LONGEST_SECONDS)
        before = len(self.peer.copies(message_id))
        await asyncio.sleep(QUIET_SECONDS)
        more = len(self.peer.copies(message_id)) - before
        if more:
            raise Failed(f"sent {more} more times after the receipt")


class Stage:
    """Everything that runs while the checks do."""

    def __init__(
        self,
        implementation: Implementation,
        checks: Sequence[Check],
        *,
        patience: float,
        tls: bool = False,
    ) -> None:
        self._stack = AsyncExitStack()
        self.implementation = implementation
        self._checks = checks
        self._patience = patience
        self._tls = tls
        self._tasks: list[asyncio.Task[None]] = []
        self._configure: Json = {}
        self._agreed: list[Json] = []
        self.scenes: dict[str, Scene] = {}

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="renkou-conformance-")))
        count = sum(check.peers for check in self._checks)
        districts = DISTRICTS[:count]
        if count > len(districts):
            raise ValueError(f"{count} districts are needed, {len(districts)} are known")
        self.hub = await self._stack.enter_async_context(Hub([IMPLEMENTATION, *districts], tls=self._tls))
        peers = self._make_peers(districts)
        own, anchor = trust.new_keys(IMPLEMENTATION), trust.new_key("anchor-1")
        token = self._trust_list(own, peers, anchor)
        trusted = trust.verify_list(token, trust.public(anchor))
        for peer in peers:
            peer.trusted = trusted
        self._tasks = [asyncio.create_task(peer.run()) for peer in peers]
        self._stack.push_async_callback(self._end_tasks)
        self._configure = {
            "district": IMPLEMENTATION,
            "folder": str(folder / "implementation"),
            "hub": self.hub.access(IMPLEMENTATION).to_json(),
            "keys": own,
            "anchor": trust.public(anchor),
            "trust_list": token,
            "agreements": self._agreed,
            "resend": {"first_seconds": RESEND_FIRST_SECONDS, "longest_seconds": RESEND_LONGEST_SECONDS},
        }
        self._stack.push_async_callback(self.implementation.stop)
        await self.implementation.start(self._configure)

    def _make_peers(self, districts: Sequence[str]) -> list[Peer]:
        peers: list[Peer] = []
        free = iter(districts)
        for check in self._checks:
            own = [self._peer(next(free)) for _ in range(check.peers)]
            self._agreed += [made for one in own for made in _agreements(one, check.agreements)]
            self.scenes[check.id] = Scene(self, own[0], own[1:])
            peers += own
        return peers

    def _peer(self, district: str) -> Peer:
        return Peer(
            district,
            PeerKeys.new(district),
            self.hub.access(district),
            implementation=IMPLEMENTATION,
            patience=self._patience,
        )

    def _trust_list(self, own: Json, peers: Sequence[Peer], anchor: Json) -> str:
        entries = [(str(jwk["use"]), trust.entry(jwk)) for jwk in own["keys"]]
        descriptions = [trust.description(IMPLEMENTATION, entries)]
        certificate = trust.certificate_entry("suite")
        descriptions += [trust.description(one.district, one.keys.entries(), certificate) for one in peers]
        return trust.sign_list(descriptions, anchor, sequence=1)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def restart(self) -> None:
        """Stop the implementation and start it again on the same folder."""
        await self.implementation.stop()
        await self.implementation.start(self._configure)


def _agreements(peer: Peer, names: Sequence[str]) -> list[Json]:
    """The agreements with a peer as it hands them over, each with the peer's signature; notes their ids."""
    today = day_of(datetime.now(UTC))
    parties = (peer.district, IMPLEMENTATION)
    spans = {
        "wide": (today - timedelta(days=2), today + timedelta(days=365), AGREED, "fields"),
        "narrow": (today - timedelta(days=2), today + timedelta(days=365), AGREED[:1], "required"),
        "future": (today + timedelta(days=30), today + timedelta(days=60), AGREED, "fields"),
    }
    made = []
    for name in names:
        first, last, kinds, fields = spans[name]
        grants = [grant_of(kind, sender, fields) for kind in kinds for sender in parties]
        terms = terms_of(parties, first, last, grants, f"双向管理协议(测试 {name})")
        made.append(propose(terms, OKPKey.import_key(peer.keys.now), peer.district))
        peer.agreements[name] = made[-1]["id"]
    return made


def was_taken(shown: Json) -> bool:
    """Whether a received message was taken in, whatever was replied to it since."""
    return shown["state"] in ("read", "answered", "confirmed", "disputed")
