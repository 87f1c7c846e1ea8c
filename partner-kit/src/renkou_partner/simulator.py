"""A small partner district to talk to while an implementation is being written.

    python -m renkou_partner.simulator --folder .local/simulator
    python -m renkou_partner.simulator --folder .local/simulator --fault sends-twice --script answers.json

It starts a hub for two districts, itself and yours, and writes what yours needs to ``<folder>/you/configure.json``:
keys, trust list, agreement, the way to the hub; the same members as `configure` of the driver protocol. It prints
what it takes in, answers by the script, and sends what you type: the name of a kind and Enter. With --configure it
joins a hub that is there instead. Its state is in ``<folder>/simulator/``. With --tls its own hub speaks TLS only;
--hub-ca names the authority of a hub that is there and does so (or `ca_file` under `hub` in the file).

A script is a list: {"when": "inquiry", "reply": "answer", "content": {"known": true}, "after_seconds": 2}.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Collection
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from joserfc.jwk import OKPKey

from renkou_partner import trust
from renkou_partner.agreement import day_of, grant_of, propose, terms_of
from renkou_partner.contract import AGREED, KINDS, LIMITS, Json, sample
from renkou_partner.exchange import Exchange
from renkou_partner.faults import Fault
from renkou_partner.hub import Hub, HubAccess
from renkou_partner.partner import Partner
from renkou_partner.settings import Settings
from renkou_partner.store import Store

SIMULATOR, YOU = "310115", "340103"


def default_script() -> list[Json]:
    """Answer, confirm or dispute everything in the first way that fits."""
    return [
        {"when": kind, "reply": about["replied_by"][0], "content": sample(about["replied_by"][0])}
        for kind, about in KINDS.items()
        if about["replied_by"] and about["agreed"]
    ]


def introduce(hub: Hub, folder: Path) -> dict[str, Json]:
    """Make keys, trust list and agreement of both districts; returns what each is configured with.

    What was made before in the folder is kept, so that both know each other again.
    """
    keys = {district: trust.new_keys(district) for district in (SIMULATOR, YOU)}
    anchor = trust.new_key("anchor-1")
    entries = {
        district: [(str(jwk["use"]), trust.entry(jwk)) for jwk in own["keys"]]
        for district, own in keys.items()
    }
    token = trust.sign_list(
        [trust.description(district, found) for district, found in entries.items()], anchor, sequence=1
    )
    today = day_of(datetime.now(UTC))
    parties = (SIMULATOR, YOU)
    grants = [grant_of(kind, sender) for kind in AGREED for sender in parties]
    terms = terms_of(
        parties, today - timedelta(days=1), today + timedelta(days=365), grants, "双向管理协议(演示)"
    )
    agreement = propose(terms, OKPKey.import_key(keys[SIMULATOR]["keys"][0]), SIMULATOR)
    configured: dict[str, Json] = {}
    for district, name in ((SIMULATOR, "simulator"), (YOU, "you")):
        file = folder / name / "configure.json"
        made = {
            "district": district,
            "folder": str(folder / name),
            "keys": keys[district],
            "anchor": trust.public(anchor),
            "trust_list": token,
            "agreements": [agreement],
            "resend": {
                "first_seconds": LIMITS["resend_first_seconds"],
                "longest_seconds": LIMITS["resend_longest_seconds"],
            },
        }
        kept = json.loads(file.read_text("utf-8")) if file.exists() else made
        configured[district] = kept | {"hub": hub.access(district).to_json()}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(configured[district], ensure_ascii=False, indent=1) + "\n", "utf-8")
    return configured


class Simulator:
    """A partner that answers by a script and says what happens."""

    def __init__(self, configure: Json, script: list[Json], faults: Collection[Fault]) -> None:
        self._script = script
        file = Path(configure["folder"]) / "partner.sqlite"
        self.partner = Partner(Settings.of(configure), Store(file), faults)
        self._exchange = Exchange(self.partner, HubAccess(**configure["hub"]), self._took)
        self._replies: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Exchange until cancelled."""
        await self._exchange.run()

    def _took(self, envelope: Json) -> None:
        print(f"{envelope['from']} {envelope['pair_seq']:>4} {envelope['kind']} {envelope['id']}", flush=True)
        if envelope["kind"] == "receipt":
            for item in envelope["payload"]["items"]:
                print(f"      {item['state']} {item.get('code') or ''} {item['id']}", flush=True)
        for step in self._script:
            if step["when"] == envelope["kind"]:
                task = asyncio.create_task(self._reply(envelope["id"], step))
                self._replies.add(task)
                task.add_done_callback(self._replies.discard)

    async def _reply(self, message_id: str, step: Json) -> None:
        await asyncio.sleep(step.get("after_seconds", 0))
        try:
            reply = self.partner.reply(message_id, step["reply"], step.get("content"))
        except ValueError as error:
            print(f"      not replied: {error}", flush=True)
        else:
            print(f"      replied: {step['reply']} {reply}", flush=True)

    def say(self, kind: str) -> None:
        """Send a message of a kind with an example content."""
        if kind not in AGREED:
            print(f"kinds: {', '.join(AGREED)}", flush=True)
            return
        parties = self.partner.settings.agreements[0].terms["parties"]
        partner = next(one for one in parties if one != self.partner.settings.district)
        print(f"sent: {kind} {self.partner.send(partner, kind)}", flush=True)


async def _listen(simulator: Simulator) -> None:
    """Send what is typed; goes on without a keyboard."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip():
            simulator.say(line.strip())


async def main(given: argparse.Namespace) -> None:
    """Run until interrupted."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    script: list[Json] = json.loads(given.script.read_text("utf-8")) if given.script else default_script()
    async with AsyncExitStack() as stack:
        if given.configure:
            configure: Json = json.loads(given.configure.read_text("utf-8"))
            if given.hub_ca:
                configure["hub"]["ca_file"] = str(given.hub_ca)
        else:
            hub = await stack.enter_async_context(Hub([SIMULATOR, YOU], given.folder, tls=given.tls))
            configure = introduce(hub, given.folder)[SIMULATOR]
            print(
                f"hub {hub.server.url}; you are {YOU}: {given.folder / 'you' / 'configure.json'}", flush=True
            )
        simulator = Simulator(configure, script, given.fault)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(simulator.run())
            tasks.create_task(_listen(simulator))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m renkou_partner.simulator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=Path(".local/simulator"))
    parser.add_argument("--configure", type=Path, help="join the hub that this file describes")
    parser.add_argument(
        "--hub-ca", type=Path, help="certificate authority of that hub (PEM); then by TLS only"
    )
    parser.add_argument("--tls", action="store_true", help="let a hub of its own speak TLS only")
    parser.add_argument(
        "--script", type=Path, help="JSON with the answers; without it everything is answered"
    )
    parser.add_argument("--fault", type=Fault, action="append", default=[], choices=list(Fault))
    with suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args()))
