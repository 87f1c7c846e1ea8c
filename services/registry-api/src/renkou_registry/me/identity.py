"""The person behind a request: whoever signed in with a person's account sees the own record and no other."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security

from renkou_common.errors import Forbidden, Unauthenticated
from renkou_common.identity.http import OWN, bearer, declares
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.accounts import service as accounts
from renkou_registry.persons import service as persons
from renkou_registry.runtime import CurrentRuntime


@dataclass(frozen=True, slots=True)
class Own:
    """The caller as a person: ``access.areas`` are the areas of the own record, every query also names the
    person."""

    access: Access
    person_id: UUID
    ref: UUID


@declares(OWN)
async def _own(request: Request, runtime: CurrentRuntime, _: object = Security(bearer)) -> Own:
    claims, token = await runtime.identity.authenticate(request.headers.get("authorization"))
    if claims.kind != "person":
        raise Forbidden("person_only", "此处仅供本人使用", "Only for persons with their own account")
    everything = AreaScope.everything()
    async with runtime.database.transaction(everything, read_only=True) as tx:
        person_id = await accounts.person_of(tx, claims.subject)
        found = await persons.find_many(tx, [person_id], everything)
    if not found:
        raise Unauthenticated("account_closed", "账号已停用", "The account is closed")
    row = found[0]
    keys = {row["present_area"], row["registered_area"]}
    areas = AreaScope.of([(key, key) for key in keys])
    return Own(Access(claims.subject, claims.kind, claims.name, areas, token), person_id, row["ref"])


Myself = Annotated[Own, Depends(_own)]
