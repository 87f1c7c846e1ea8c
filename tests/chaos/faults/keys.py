"""Keys that change and tokens that end while they are in use."""

import asyncio
import json
import time
from datetime import timedelta

from renkou_common.field_keys.keyring import Kind
from renkou_local import field_keys, keys
from renkou_local.hub import admin
from tests.chaos.faults.base import Fault

KNOWN_TO_ALL = 12.0
"""Seconds until every service has the new token key: they ask for an unknown one every ten at most."""
READ_WITHIN = timedelta(seconds=3)
"""Field keys are looked at every second in this run."""


class TokenKey(Fault):
    """The key of bearer tokens is replaced as in deploy/README.md; with the old one, every token in use ends."""

    kind, zh, en = "token_key", "令牌密钥更换, 在用令牌失效", "token key replaced, tokens in use end"

    async def begin(self) -> str:
        district = self.random.choice(self.scene.stack.districts)
        self.file = self.scene.stack.nodes[district].secrets / "token_key.json"
        held = json.loads(self.file.read_text())
        old = held.get("keys", [held])[:1]
        self.new = json.loads(keys.token_key())
        self.signs_from = time.time() + KNOWN_TO_ALL
        self._write([self.new | {"not_before": int(self.signs_from)}, *old])
        return district

    async def heal(self) -> None:
        await asyncio.sleep(max(0.0, self.signs_from + 2 - time.time()))
        self._write([self.new])
        await super().heal()

    def _write(self, jwks: list[dict[str, object]]) -> None:
        finished = self.file.with_suffix(".new")
        finished.write_text(json.dumps({"keys": jwks}))
        finished.chmod(0o600)
        finished.replace(self.file)


class FieldKey(Fault):
    """A new key of protected fields is written with, while the values of the old one are encrypted anew."""

    kind, zh, en = "field_key", "字段密钥更换", "field key changed"

    async def begin(self) -> str:
        district = self.random.choice(self.scene.stack.districts)
        folder = self.scene.stack.nodes[district].secrets
        kind = self.random.choice(list(Kind))
        version = field_keys.add(folder, kind)
        await asyncio.sleep(READ_WITHIN.total_seconds() + 1)
        field_keys.activate(folder, kind, version, settled=READ_WITHIN)
        return f"{district} {kind} {version}"


class HubToken(Fault):
    """The province takes a district's token of the hub back, and gives it a new one later."""

    kind, zh, en = "hub_token", "区县令牌被吊销后重发", "district's token revoked, then issued anew"

    async def begin(self) -> str:
        self.district = self.random.choice(self.scene.stack.districts)
        hub = self.scene.stack.hub
        hub.authority.revoke(self.district)
        await admin.push(hub.authority, hub.url)
        return self.district

    async def heal(self) -> None:
        hub = self.scene.stack.hub
        folder = self.scene.stack.nodes[self.district].secrets
        hub.authority.keep_tokens(admin.members({self.district: folder}))
        await admin.push(hub.authority, hub.url)
        await super().heal()
