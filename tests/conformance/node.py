"""A real node on embedded servers: registry-api and migrant-api with their workers, on the suite's hub."""

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx

from renkou_local import secret_files
from renkou_local.nats import EmbeddedNats
from renkou_local.node import Brokers, Node, NodeConfig
from renkou_local.ports import PortBook
from renkou_local.postgres import EmbeddedPostgres
from renkou_local.processes import ProcessSpec
from renkou_local.supervisor import Supervisor
from tests.e2e.api import Api, ApiError, Json
from tests.e2e.progress import until


class RunningNode:
    """One district's node in a folder; started again on the same folder it goes on where it was."""

    def __init__(self, command: Json) -> None:
        self.district = str(command["district"])
        self._command = command
        self._folder = Path(command["folder"]).resolve()
        self._stack = AsyncExitStack()

    async def start(self) -> tuple[Api, Api, Api]:
        """Start everything; returns the signed-in administrator, deputy and clerk."""
        config = self._configure()
        postgres = EmbeddedPostgres(self._folder / "postgres", durable=False)
        nats = EmbeddedNats(self._folder / "nats", {self.district: config.secrets})
        supervisor = Supervisor()
        self._stack.push_async_callback(supervisor.stop)
        await postgres.prepare()
        nats.prepare()
        await supervisor.start([postgres.spec(), nats.spec()])
        await nats.declare_streams()
        databases = await postgres.create_node_databases(self.district, config.secrets)
        brokers = Brokers(nats.url, self._command["hub"]["url"])
        await supervisor.run(self._wanted(config.migrations(databases, brokers)))
        for role in ("main", "worker"):
            await supervisor.start(self._wanted(config.processes(databases, brokers, role)))
        return await self._sign_in(config.node())

    async def stop(self) -> None:
        """Stop everything."""
        await self._stack.aclose()

    def _configure(self) -> NodeConfig:
        """The keys that the suite hands out take the place of those that a node would make."""
        anchor = self._folder / "anchor.json"
        own = self._folder / self.district / "secrets"
        secret_files.keep(anchor, lambda: json.dumps(self._command["anchor"]))
        secret_files.keep(own / "exchange_keys.json", lambda: json.dumps(self._command["keys"]))
        ports = PortBook(self._folder / "ports.json")
        config = NodeConfig(self.district, self._folder, ports, anchor, hurried=True, log_level="WARNING")
        config.prepare()
        return config

    def _wanted(self, specs: Sequence[ProcessSpec]) -> list[ProcessSpec]:
        """All but the figures; migrant-api on the hub of the suite and with its pace."""
        hub, resend = self._command["hub"], self._command["resend"]
        names = {
            "RENKOU_HUB_SEED_FILE": hub["seed_file"],
            "RENKOU_HUB_TOKEN_FILE": hub["token_file"],
            **({"RENKOU_HUB_CA_FILE": hub["ca_file"]} if "ca_file" in hub else {}),
            "RENKOU_RETRANSMIT_FIRST_SECONDS": str(resend["first_seconds"]),
            "RENKOU_RETRANSMIT_LONGEST_SECONDS": str(resend["longest_seconds"]),
        }
        by_service = {"registry": {}, "migrant": names}
        return [
            replace(spec, env={**spec.env, **by_service[service]})
            for spec in specs
            if (service := spec.name.split("-")[1]) in by_service
        ]

    async def _sign_in(self, node: Node) -> tuple[Api, Api, Api]:
        self._http = await self._stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        urls = {"registry": node.registry_url, "migrant": node.migrant_url}
        one_time = secret_files.read(node.administrator_secret_file)
        administrator = await self._staff(Api(self._http, urls), "administrator", one_time)
        deputy = await self._employ(administrator, "deputy", "administrator")
        clerk = await self._employ(administrator, "clerk", "subdistrict_clerk")
        await until("staff rights at migrant-api", lambda: _has_rights(deputy, clerk))
        return administrator, deputy, clerk

    async def _employ(self, administrator: Api, username: str, role: str) -> Api:
        """A member of staff, signed in; made at the first start."""
        initial = self._folder / "passwords" / f"{username}-initial"
        if not initial.exists():
            body = {
                "username": username,
                "display_name": "计生办",
                "password": secret_files.read(secret_files.keep(initial, secret_files.password)),
                "assignments": [{"role": role, "area": self.district}],
            }
            await administrator.post("registry", "/staff", body)
        return await self._staff(Api(self._http, administrator.urls), username, secret_files.read(initial))

    async def _staff(self, api: Api, username: str, one_time: str) -> Api:
        """Sign in; at first with a one-time password that has to be replaced."""
        lasting = self._folder / "passwords" / username
        if lasting.exists():
            await api.sign_in(username, secret_files.read(lasting))
            return api
        await api.sign_in(username, one_time)
        new = secret_files.password()
        await api.post("registry", "/auth/password", {"current": one_time, "new": new}, key=None)
        secret_files.keep(lasting, lambda: new)
        await api.sign_in(username, new)
        return api


async def _has_rights(deputy: Api, clerk: Api) -> bool:
    """Rights reach migrant-api by event."""
    try:
        await deputy.get("migrant", "/partners")
        await clerk.get("migrant", "/notices", limit=1)
    except ApiError as error:
        if error.status != 403:
            raise
        return False
    return True
