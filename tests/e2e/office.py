"""Opens a district's office as its administrator would: accounts, partners' keys, the agreement."""

import asyncio
import json
import secrets
import sys
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import httpx

from tests.e2e.api import Api, ApiError, Json
from tests.e2e.progress import until

NOTICE_KINDS = ["arrival_notice", "certificate_checked", "service_notice", "birth_notice", "departure_notice"]


@dataclass
class Office:
    """The signed-in staff of one district."""

    district: str
    administrator: Api
    deputy: Api
    clerk: Api
    approver: Api
    statistician: Api


async def first_sign_in(
    http: httpx.AsyncClient, urls: dict[str, str], username: str, secret: str, patience: float
) -> Api:
    """Sign in with a one-time password, replace it as demanded, sign in for work."""
    api = Api(http, urls, patience=patience)
    answer = await api.sign_in(username, secret)
    if answer["password_change_required"]:
        lasting = secrets.token_urlsafe(18)
        await api.post("registry", "/auth/password", {"current": secret, "new": lasting}, key=None)
        await api.sign_in(username, lasting)
    return api


async def _employ(
    http: httpx.AsyncClient, administrator: Api, username: str, name: str, role: str, area: str
) -> Api:
    secret = secrets.token_urlsafe(18)
    body = {
        "username": username,
        "display_name": name,
        "password": secret,
        "assignments": [{"role": role, "area": area}],
    }
    await administrator.post("registry", "/staff", body)
    return await first_sign_in(http, administrator.urls, username, secret, administrator.patience)


async def employ(
    http: httpx.AsyncClient, office: Office, username: str, name: str, role: str, area: str
) -> Api:
    """Make one more staff account and return it signed in."""
    return await _employ(http, office.administrator, username, name, role, area)


async def open_office(
    http: httpx.AsyncClient, district: str, urls: dict[str, str], secret: str, patience: float = 0.0
) -> Office:
    """Turn a node that was just migrated into one that two clerks and a statistician can work with."""
    administrator = await first_sign_in(http, urls, "administrator", secret, patience)
    deputy = await _employ(http, administrator, "deputy", "协作事务负责人", "administrator", district)
    clerk = await _employ(http, administrator, "clerk", "计生办经办人", "subdistrict_clerk", district)
    approver = await _employ(http, administrator, "approver", "计生办负责人", "subdistrict_clerk", district)
    statistician = await _employ(http, administrator, "statistician", "区统计员", "statistician", district)
    office = Office(district, administrator, deputy, clerk, approver, statistician)
    await until("staff rights in every service", lambda: _rights_known(office))
    return office


async def _rights_known(office: Office) -> bool:
    """Rights reach the other services by event; ask each until it knows."""
    try:
        await office.administrator.get("migrant", "/partners")
        await office.deputy.get("migrant", "/partners")
        await office.clerk.get("migrant", "/notices", limit=1)
        await office.statistician.get("reporting", "/indicators")
        await office.statistician.get("reporting", "/feeds/status")
    except ApiError as error:
        if error.status != 403:
            raise
        return False
    return True


async def trust_each_other(
    offices: list[Office], anchor: Path, folder: Path, sequence: int, issued_at: datetime
) -> None:
    """Collect the nodes' descriptions, sign the trust list as the hub's operator, give it to every node."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptions = []
    for office in offices:
        path = folder / f"{office.district}.json"
        own = await office.administrator.get("migrant", "/partners/self")
        path.write_text(json.dumps(own["description"], ensure_ascii=False), encoding="utf-8")
        descriptions.append(str(path))
    out = folder / "trust-list.jwt"
    tool = "renkou_migrant.credentials.trust_tool"
    arguments = ["sign", "--anchor", str(anchor), "--sequence", str(sequence), "--out", str(out)]
    arguments += ["--issued-at", issued_at.isoformat(), "--valid-days", "1600"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", tool, *arguments, "--description", *descriptions
    )
    if await process.wait() != 0:
        raise RuntimeError("the trust list could not be signed")
    for office in offices:
        body: Json = {"trust_list": out.read_text(encoding="utf-8").strip()}
        await office.administrator.request("PUT", "migrant", "/trust-list", json=body)


async def agree(offices: list[Office], start: date, end: date) -> None:
    """Make the two-way agreement (双向管理协议) as two districts do: check, draft, sign, hand over, sign, activate."""
    proposer, partner = offices
    for office, other in ((proposer, partner), (partner, proposer)):
        await _exchange_descriptions(office, other)
        await _check(office, other.district)
    drafted = await proposer.administrator.post(
        "migrant",
        "/agreements",
        {
            "partner": partner.district,
            "valid_from": start.isoformat(),
            "valid_to": end.isoformat(),
            "legal_basis": "双向管理协议与本人同意",
            "kinds": [{"kind": kind, "direction": "both"} for kind in NOTICE_KINDS],
        },
    )
    path = f"/agreements/{drafted['id']}"
    await _step(proposer.deputy, f"{path}/proposal", {})
    await _hand_over(proposer, partner, path)
    await _step(partner.deputy, f"{path}/acceptance", {})
    await _hand_over(partner, proposer, path)
    for office in offices:
        await _step(office.administrator, f"{path}/activation", {})


async def _step(api: Api, path: str, body: Json) -> None:
    version = (await api.get("migrant", path.rsplit("/", 1)[0]))["version"]
    await api.post("migrant", path, body, key=None, version=version)


async def _hand_over(office: Office, other: Office, path: str) -> None:
    """Carry the signed document to the other district, as a file would be."""
    document = await office.administrator.get("migrant", f"{path}/document")
    await other.administrator.post("migrant", "/agreements/documents", {"document": document})


async def _exchange_descriptions(office: Office, other: Office) -> None:
    own = await other.administrator.get("migrant", "/exchange/description")
    body: Json = {"description": own["signed"]}
    await office.administrator.post("migrant", "/partners/descriptions", body, key=None)


async def _check(office: Office, partner: str) -> None:
    """Have test messages go over the hub until the partner has passed."""
    path = f"/partners/{partner}/checks"
    started = await office.administrator.post("migrant", path, {})

    async def passed() -> bool:
        found = await office.administrator.get("migrant", f"{path}/{started['id']}")
        if found["verdict"] == "failed":
            raise RuntimeError(f"{partner} does not pass the check: {found['steps']}")
        return bool(found["verdict"] == "passed")

    await until(f"check with {partner}", passed)
