"""The driver protocol of the conformance suite (partner-kit/SPEC.md) for a real node, through its public APIs.

    python -m tests.conformance.driver

What is sent comes about as in daily work: a clerk registers an arrival, a service, a departure; confirms,
answers or disputes what has come.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from renkou_partner.contract import KINDS
from tests.conformance.node import RunningNode
from tests.e2e.api import Api, ApiError, Json
from tests.e2e.progress import NotYet, until

_AT_ONCE = 8
_UNNUMBERED = {kind for kind, about in KINDS.items() if not about["numbered"]}


class Driver:
    """Answers commands."""

    def __init__(self) -> None:
        self._node: RunningNode | None = None
        self._administrator: Api | None = None
        self._deputy: Api | None = None
        self._desk: Api | None = None
        self._senders: dict[str, Callable[[str], Awaitable[str]]] = {
            "arrival_notice": self._arrival,
            "service_notice": self._service,
            "departure_notice": self._departure,
        }

    @property
    def _clerk(self) -> Api:
        if self._desk is None:
            raise ValueError("not configured")
        return self._desk

    async def answer(self, command: Json) -> Json:
        """Carry one command out; what goes wrong is an answer too."""
        do: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "configure": self._configure,
            "send": self._send,
            "reply": self._reply,
            "received": self._received,
            "sent": self._sent,
            "stop": self._stop,
        }
        try:
            return {"n": command.get("n"), "ok": True, **await do[command["do"]](command)}
        except (ApiError, KeyError, ValueError, NotYet) as error:
            traceback.print_exc()
            return {"n": command.get("n"), "ok": False, "error": repr(error)}

    async def _configure(self, command: Json) -> Json:
        self._node = RunningNode(command)
        self._administrator, self._deputy, self._desk = await self._node.start()
        body: Json = {"trust_list": command["trust_list"]}
        await self._administrator.request("PUT", "migrant", "/trust-list", json=body)
        known = {one["id"] for one in await self._administrator.pages("migrant", "/agreements", limit=200)}
        new = [one for one in command["agreements"] if one["id"] not in known]
        for start in range(0, len(new), _AT_ONCE):
            await asyncio.gather(*map(self._agree, new[start : start + _AT_ONCE]))
        return {
            "name": f"node of {command['district']}",
            "sends": list(self._senders),
            "replies": ["answer", "confirmation", "dispute"],
            "replies_to": {"confirmation": "service_notice", "dispute": "certificate_checked"},
            "restarts": True,
        }

    async def _agree(self, agreement: Json) -> None:
        """Take in what the partner has signed, sign it, activate it: two people, as four eyes have to see it."""
        assert self._administrator is not None
        assert self._deputy is not None
        body = {"document": agreement["document"]}
        await self._administrator.post("migrant", "/agreements/documents", body)
        path = f"/agreements/{agreement['id']}"
        taken = await self._administrator.get("migrant", path)
        signed = await self._deputy.post(
            "migrant", f"{path}/acceptance", {}, key=None, version=taken["version"]
        )
        reason = {"without_check": "conformance suite"}
        await self._administrator.post(
            "migrant", f"{path}/activation", reason, key=None, version=signed["version"]
        )

    async def _send(self, command: Json) -> Json:
        return {"id": await self._senders[command["kind"]](command["to"])}

    async def _arrival(self, home: str) -> str:
        arrival = await self._arrive(home)
        return await self._notice(home, "arrival_notice", arrival)

    async def _service(self, home: str) -> str:
        arrival = await self._arrive(home)
        body = {"kind": "examination", "given_on": _days_ago(1), "share_with_home": True}
        await self._clerk.post("registry", f"/persons/{arrival['person_id']}/services", body)
        return await self._notice(home, "service_notice", arrival)

    async def _departure(self, home: str) -> str:
        arrival = await self._arrive(home)
        path = f"/arrivals/{arrival['id']}/departure"
        await self._clerk.post("migrant", path, {"departed_on": _days_ago(0)}, version=arrival["version"])
        return await self._notice(home, "departure_notice", arrival)

    async def _arrive(self, home: str) -> Json:
        assert self._node is not None
        body: Json = {
            "person": {
                "name": "王小雨",
                "sex": 2,
                "birth_date": "1990-01-05",
                "document_kind": "none",
                "registered_area": home,
            },
            "arrived_on": _days_ago(3),
            "area": await self._community(),
        }
        return await self._clerk.post("migrant", "/arrivals", body, key=str(uuid4()))

    async def _community(self) -> str:
        """Any community of the district."""
        assert self._node is not None
        code = self._node.district
        while len(code) < 12:
            code = str((await self._clerk.get("registry", f"/areas/{code}/children"))["items"][0]["code"])
        return code

    async def _notice(self, home: str, kind: str, arrival: Json) -> str:
        """The id of the notice that an arrival has led to; some are drafted by event, a moment later."""
        found: list[str] = []

        async def drafted() -> bool:
            filters = {"direction": "out", "partner": home, "kind": kind, "arrival_id": arrival["id"]}
            found.extend(one["id"] for one in await self._clerk.pages("migrant", "/notices", **filters))
            return bool(found)

        await until(f"the {kind}", drafted, 20)
        return found[0]

    async def _reply(self, command: Json) -> Json:
        path, bodies = (
            f"/notices/{command['id']}",
            {"answer": {"known": True}, "dispute": {"reason": "查无此人"}},
        )
        stored = await self._clerk.get("migrant", path)
        kind = command["kind"]
        answer = await self._clerk.request(
            "POST",
            "migrant",
            f"{path}/{kind}",
            headers={"If-Match": f'"{stored["version"]}"'},
            json=bodies.get(kind),
        )
        return {"id": answer.json()["replies"][-1]["id"]}

    async def _received(self, command: Json) -> Json:
        listed = await self._listed(direction="in", partner=command["from"])
        for kind in KINDS.keys() - {one["kind"] for one in listed} - _UNNUMBERED:
            listed += await self._listed(direction="in", partner=command["from"], kind=kind)
        listed.sort(key=lambda one: (one["read_at"] is None, one["read_at"] or "", one["number"]))
        by_id = {one["id"]: one for one in listed}
        return {"messages": list(map(_shown, by_id.values()))}

    async def _sent(self, command: Json) -> Json:
        listed = await self._listed(direction="out", partner=command["to"])
        return {"messages": list(map(_shown, sorted(listed, key=lambda one: one["number"] or 0)))}

    async def _listed(self, **filters: Any) -> list[Json]:
        return await self._clerk.pages("migrant", "/notices", limit=200, **filters)

    async def _stop(self, _: Json) -> Json:
        if self._node is not None:
            await self._node.stop()
        return {}


def _shown(one: Json) -> Json:
    """A notice in the words of the protocol."""
    state = "refused" if one["state"] == "dead" else one["state"]
    return {
        "id": one["id"],
        "kind": one["kind"],
        "pair_seq": one["number"],
        "state": state,
        "code": one["code"],
    }


def _days_ago(days: int) -> str:
    return (date.today() - timedelta(days=days)).isoformat()


async def main() -> None:
    """Answer standard input until it ends or says stop; whatever happens, nothing is left running."""
    driver, loop = Driver(), asyncio.get_running_loop()
    try:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command = json.loads(line)
            if command["do"] == "stop":
                return
            print(json.dumps(await driver.answer(command)), flush=True)
    finally:
        await driver.answer({"do": "stop"})


if __name__ == "__main__":
    asyncio.run(main())
