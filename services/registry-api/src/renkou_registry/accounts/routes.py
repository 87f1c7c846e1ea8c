"""HTTP of persons' accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from renkou_common.http.caller import CurrentClient
from renkou_common.http.idempotency import RequestKey, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.accounts import service
from renkou_registry.accounts.repository import Account
from renkou_registry.accounts.schemas import AccountOpened, AccountOut, Activation
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["accounts 居民账号"])
Opener = Annotated[Access, Depends(requires(Scope.ACCOUNT_OPEN))]


def _values(account: Account) -> dict[str, object]:
    return {
        "person_id": account.person_id,
        "account": account.account,
        "active": account.active,
        "activated": account.password_hash is not None,
        "code_expires_at": account.code_expires_at,
        "opened_at": account.opened_at,
    }


@router.post("/persons/{person_id}/account", status_code=201, summary="Open a person's account 开通居民账号")
async def open_account(
    person_id: UUID,
    runtime: CurrentRuntime,
    access: Opener,
    _key: Annotated[RequestKey, Depends(request_key)],
) -> AccountOpened:
    """Open the account of a person who has come in person, or give a new code; sent twice, the last code
    counts. Needs `account:open`."""
    async with runtime.database.transaction(access.areas) as tx:
        opened = await service.open_for(runtime, tx, access, person_id)
    return AccountOpened.model_validate(_values(opened.account) | {"code": opened.code})


@router.get("/persons/{person_id}/account", summary="A person's account 居民账号状态")
async def read_account(person_id: UUID, runtime: CurrentRuntime, access: Opener) -> AccountOut:
    """Read whether a person has an account. Needs `account:open`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.of_person(tx, access, person_id)
    return AccountOut.model_validate(_values(found))


@router.post("/persons/{person_id}/account/closing", status_code=204, summary="Close an account 停用账号")
async def close_account(person_id: UUID, runtime: CurrentRuntime, access: Opener) -> None:
    """Close an account at once, at the person's wish; twice is as good as once. Needs `account:open`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.close(runtime, tx, access, person_id)


@router.post("/public/accounts/activation", status_code=204, summary="Choose a password 激活账号")
async def activate_account(body: Activation, runtime: CurrentRuntime, client: CurrentClient) -> None:
    """Choose a password with the one-time code; then sign in at POST /auth/token with `account`."""
    await service.activate(runtime, client, body.account, body.code, body.password)
