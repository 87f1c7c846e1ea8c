"""Entering a birth that a partner reported, under the home register's own rules and in the clerk's name."""

from uuid import UUID

from renkou_common.errors import Conflict, NotFound
from renkou_migrant.exchange.service import BirthToRegister
from renkou_migrant.runtime import Runtime

PURPOSE = "birth_notice"


async def register(runtime: Runtime, birth: BirthToRegister, token: str) -> UUID:
    """Find the mother by number and name and register the birth; returns the life event's id.

    The key is the notice's, so that confirming again after a crash makes no second birth. Raises Conflict
    where the register has no such mother: the notice is then to be disputed or answered by other means.
    """
    subject, child = birth.notice.subject, birth.notice.child
    if subject.resident_id is None:
        raise _mother_unknown()
    try:
        mother = await runtime.registry.match(subject.resident_id, subject.name, PURPOSE, token=token)
    except NotFound as error:
        raise _mother_unknown() from error
    body = {
        "mother_id": str(mother.person_id),
        "happened_on": child.birth_date.isoformat(),
        "parity": child.parity,
        "child": {"name": child.name, "sex": child.sex},
    }
    return await runtime.registry.register_birth(body, token=token, key=birth.key)


def _mother_unknown() -> Conflict:
    return Conflict(
        "mother_unknown",
        "本区登记中没有这位母亲, 请提出异议",
        "The register has no such mother; dispute the notice instead",
    )
