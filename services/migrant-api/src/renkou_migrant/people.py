"""Persons as this service needs them: read from the register for the caller, never stored here."""

from uuid import UUID

from renkou_common.errors import Forbidden, NotFound, Unavailable
from renkou_migrant.registry_client import PersonCard, PersonFacts
from renkou_migrant.runtime import Runtime


async def person_card(runtime: Runtime, person_id: UUID, token: str) -> PersonCard | None:
    """Return name and masked number as the register shows them to this caller.

    None where the caller may not see the person, or while the register cannot be reached: the record itself
    is shown all the same.
    """
    try:
        return await runtime.registry.person(person_id, token=token)
    except (Forbidden, NotFound, Unavailable):
        return None


async def facts_of(
    runtime: Runtime, person_id: UUID, person_ref: UUID, purpose: str, token: str
) -> PersonFacts:
    """Return the facts of a person on whose record here the caller works.

    Read in the caller's name; where the person has left the caller's area in the register meanwhile, in the
    name of this service. Raises NotFound where the register has nobody like that (any more).
    """
    try:
        return await runtime.registry.facts(person_id, purpose, token=token)
    except NotFound:
        return await runtime.registry.facts_by_ref(person_ref, purpose)
