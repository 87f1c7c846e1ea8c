"""Accounts that exist before anybody can sign in; called by `migrate` as the owner role."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.identity.roles import Role
from renkou_common.messaging.outbox import Outbox
from renkou_registry.auth.passwords import hash_now, matches_now
from renkou_registry.roles.service import settle_built_in
from renkou_registry.staff import repository, service
from renkou_registry.staff.domain import FIRST_ADMINISTRATOR, RoleInArea


async def built_in_roles(tx: Transaction, outbox: Outbox) -> list[str]:
    """Bring the built-in roles to what this version of the program says and tell of their holders' new rights.

    Returns the codes of the roles whose scopes changed.
    """
    changed = await settle_built_in(tx)
    for code in changed:
        await service.announce_holders(tx, outbox, code)
    return changed


async def first_administrator(tx: Transaction, outbox: Outbox, district: str, secret: str) -> bool:
    """Create the account ``administrator`` with a one-time password; False where it is there already."""
    if await repository.username_exists(tx, FIRST_ADMINISTRATOR):
        return False
    await service.create(
        tx,
        outbox,
        username=FIRST_ADMINISTRATOR,
        display_name="区管理员",
        password_hash=hash_now(secret),
        assignments=(RoleInArea(Role.ADMINISTRATOR.value, AreaCode(district)),),
    )
    return True


async def service_client(tx: Transaction, new_id: UUID, client_id: str, secrets: Sequence[str]) -> None:
    """Create a service's account, or bring its secrets (one, or two while one follows the other) to what the file
    says."""
    stored = await repository.service_secret_hashes(tx, client_id)
    if len(stored) != len(secrets) or not all(map(matches_now, stored, secrets)):
        first, second = [hash_now(each) for each in secrets] + [None] * (2 - len(secrets))
        assert first is not None
        await repository.put_service_client(tx, new_id, client_id, first, second)
