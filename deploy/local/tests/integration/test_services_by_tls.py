"""The three services as Compose runs them, by TLS only: each asks the others by the node's own authority."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import yaml
from tests.e2e.intruder import Found, strange_authority, try_services

from renkou_common.tls import client_context
from renkou_local import keys, secret_files
from renkou_local.certificates import make_certificates
from renkou_local.databases import SERVICES, create_node_databases
from renkou_local.layout import REPOSITORY
from renkou_local.node import Brokers, NodeConfig
from renkou_local.ports import PortBook
from renkou_local.postgres import EmbeddedPostgres

pytestmark = pytest.mark.endurance  # migrates three databases, one with every division of the country

DISTRICT = "340103"
CHOSEN = "a password that its holder chose"


@dataclass
class Running:
    """A node whose HTTP processes run."""

    config: NodeConfig
    urls: dict[str, str]

    @property
    def authority(self) -> Path:
        return self.config.secrets / "node_ca.pem"


def by_tls(config: NodeConfig, service: str, urls: dict[str, str]) -> dict[str, str]:
    """What Compose tells a process beside what the local stack does."""
    certificate = config.folder / "tls" / f"{service}-api"
    return {
        "RENKOU_REGISTRY_URL": urls["registry"],
        "RENKOU_MIGRANT_URL": urls["migrant"],
        "RENKOU_SERVICE_CA_FILE": str(config.secrets / "node_ca.pem"),
        "RENKOU_HTTP_CERTIFICATE_FILE": f"{certificate}.pem",
        "RENKOU_HTTP_KEY_FILE": f"{certificate}_key.pem",
        "RENKOU_HTTP_PROCESSES": "2",
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def node(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("by-tls")
    anchor = secret_files.keep(folder / "anchor.json", keys.trust_anchor)
    config = NodeConfig(DISTRICT, folder, PortBook(folder / "ports.json"), anchor)
    config.prepare()
    make_certificates(config.folder, DISTRICT)
    url = postgres.url().replace(f":{postgres.superuser_password}@", "@")
    databases = await create_node_databases(url, postgres.superuser_password, DISTRICT, config.secrets)
    urls = {name: plain.replace("http:", "https:") for name, plain in config.node().urls.items()}

    async def start(service: str, role: str) -> asyncio.subprocess.Process:
        told = config.environment(service, role, databases[service], Brokers("nats://127.0.0.1:1", ""))
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"renkou_{service}.{role}"),
            env=os.environ | told | by_tls(config, service, urls),
            stdout=asyncio.subprocess.DEVNULL,
        )

    for service in SERVICES:
        assert await (await start(service, "migrate")).wait() == 0
    async with AsyncExitStack() as stack:
        for service in SERVICES:
            process = await start(service, "main")
            stack.push_async_callback(process.wait)
            stack.callback(process.terminate)
        running = Running(config, urls)
        async with asyncio.timeout(90):
            for service in SERVICES:
                while not await is_well(running, service):  # starts a Python each time
                    pass
        yield running


async def is_well(node: Running, service: str) -> bool:
    """Ask as the health check of docker-compose.yml does."""
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    _, *command, script = compose["services"][f"{service}-api"]["healthcheck"]["test"]
    script = script.replace("https://127.0.0.1:8000", node.urls[service])
    script = re.sub("/run/secrets/node_ca.pem", str(node.authority), script)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command[1:], script, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait() == 0


async def test_a_token_of_registry_api_is_checked_by_the_others_with_keys_that_came_by_tls(
    node: Running,
) -> None:
    one_time = secret_files.read(node.config.node().administrator_secret_file)
    async with httpx.AsyncClient(verify=client_context(node.authority), trust_env=False) as http:

        async def signed_in(password: str) -> dict[str, str]:
            body = {"username": "administrator", "password": password}
            answer = await http.post(f"{node.urls['registry']}/auth/token", json=body)
            assert answer.status_code == 200, answer.text
            return {"Authorization": f"Bearer {answer.json()['access_token']}"}

        body = {"current": one_time, "new": CHOSEN}
        chosen = await http.post(
            f"{node.urls['registry']}/auth/password", json=body, headers=await signed_in(one_time)
        )
        assert chosen.status_code == 204
        token = await signed_in(CHOSEN)
        for service, path in (("migrant", "/partners"), ("reporting", "/feeds/status")):
            unsigned = await http.get(f"{node.urls[service]}{path}")
            signed = await http.get(f"{node.urls[service]}{path}", headers=token)
            forged = await http.get(f"{node.urls[service]}{path}", headers={"Authorization": "Bearer x.y.z"})
            assert (unsigned.status_code, forged.status_code) == (401, 401)
            assert signed.status_code in (200, 403), signed.text


async def test_nobody_is_answered_in_plain_text_nor_believed_under_another_authority_or_name(
    node: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Found()
    monkeypatch.setenv("RENKOU_REGISTRY_URL", node.urls["registry"])
    monkeypatch.setenv("RENKOU_MIGRANT_URL", node.urls["migrant"])
    monkeypatch.setenv("RENKOU_SERVICE_CA_FILE", str(node.authority))
    await try_services(found, strange_authority())
    assert found.let_in == []
    assert (len(found.worked), len(found.refused)) == (1, 6)
