"""The driver protocol of the conformance suite (SPEC.md, 16), spoken for this package's own partner.

    python -m renkou_partner.driver [--fault NAME ...]

One JSON object a line on standard input, one answer a line on standard output, in order.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Collection
from pathlib import Path

import structlog

from renkou_partner.contract import AGREED, KINDS, Json
from renkou_partner.exchange import Exchange
from renkou_partner.faults import Fault
from renkou_partner.hub import HubAccess
from renkou_partner.partner import Partner
from renkou_partner.settings import Settings
from renkou_partner.store import Row, Store


class Driver:
    """Answers commands."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self._faults = faults
        self._exchange: Exchange | None = None
        self._running: asyncio.Task[None] | None = None

    async def answer(self, command: Json) -> Json:
        """Carry one command out; what goes wrong is an answer too."""
        try:
            do = {
                "configure": self._configure,
                "send": self._send,
                "reply": self._reply,
                "received": self._received,
                "sent": self._sent,
                "stop": self._stop,
            }[command["do"]]
            return {"n": command.get("n"), "ok": True, **await do(command)}
        except (KeyError, ValueError, TypeError) as error:
            return {"n": command.get("n"), "ok": False, "error": repr(error)}

    @property
    def _partner(self) -> Partner:
        if self._exchange is None:
            raise ValueError("not configured")
        return self._exchange.partner

    async def _configure(self, command: Json) -> Json:
        partner = Partner(Settings.of(command), self._store(Path(command["folder"])), self._faults)
        self._exchange = Exchange(partner, HubAccess(**command["hub"]))
        self._running = asyncio.create_task(self._exchange.run())
        return {
            "name": "renkou_partner simulator",
            "sends": AGREED,
            "replies": sorted(kind for kind, about in KINDS.items() if about["reply"]),
            "restarts": True,
        }

    def _store(self, folder: Path) -> Store:
        folder.mkdir(parents=True, exist_ok=True)
        return Store(None if Fault.FORGETS in self._faults else folder / "partner.sqlite")

    async def _send(self, command: Json) -> Json:
        return {"id": self._partner.send(command["to"], command["kind"])}

    async def _reply(self, command: Json) -> Json:
        return {"id": self._partner.reply(command["id"], command["kind"])}

    async def _received(self, command: Json) -> Json:
        return {"messages": list(map(_shown, self._partner.store.received_from(command["from"])))}

    async def _sent(self, command: Json) -> Json:
        return {"messages": list(map(_shown, self._partner.store.sent_to(command["to"])))}

    async def _stop(self, _: Json) -> Json:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        return {}


def _shown(row: Row) -> Json:
    return {name: row[name] for name in ("id", "kind", "pair_seq", "state", "code")}


async def main(faults: Collection[Fault]) -> None:
    """Answer standard input until it ends or says stop."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    driver = Driver(faults)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        print(json.dumps(await driver.answer(command)), flush=True)
        if command["do"] == "stop":
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fault", type=Fault, action="append", default=[], choices=list(Fault))
    asyncio.run(main(parser.parse_args().fault))
