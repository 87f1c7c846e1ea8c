"""The person behind a request, as registry-api knows the account."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security

from renkou_common.errors import Forbidden
from renkou_common.identity.http import OWN, bearer, declares
from renkou_migrant.certificates.records import Actor, ActorKind
from renkou_migrant.runtime import CurrentRuntime


@dataclass(frozen=True, slots=True)
class Holder:
    """The caller: a person of the register. ``account`` is what the person signed in with."""

    person_id: UUID
    person_ref: UUID
    account: UUID

    @property
    def actor(self) -> Actor:
        """The person as one who did something."""
        return Actor(ActorKind.PERSON, self.account)


@declares(OWN)
async def _holder(request: Request, runtime: CurrentRuntime, _: object = Security(bearer)) -> Holder:
    claims, token = await runtime.identity.authenticate(request.headers.get("authorization"))
    if claims.kind != "person":
        raise Forbidden("person_only", "此处仅供本人使用", "Only for persons with their own account")
    ids = await runtime.registry.own_ids(token=token)
    return Holder(ids.person_id, ids.person_ref, claims.subject)


Myself = Annotated[Holder, Depends(_holder)]
