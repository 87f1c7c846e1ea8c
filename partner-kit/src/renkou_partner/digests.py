"""What is held of a pair, as a digest tells it (SPEC.md, 13)."""

from collections.abc import Iterable
from hashlib import sha256

from renkou_partner.contract import Json
from renkou_partner.store import Store


def held(store: Store, partner: str, asked: Json) -> Json:
    """Return the content of the answer to a partner's digest that asks for one."""
    sent = [row["digest"] for row in store.sent_to(partner)]
    received = [row for row in store.received_from(partner) if row["applied"] is not None]
    taken = [row["digest"] for row in sorted(received, key=lambda row: int(row["pair_seq"]))]
    return {
        "sent": {"upto": len(sent), "hash": chain(sent), "first": 1},
        "taken": {"upto": len(taken), "hash": chain(taken), "highest": len(taken), "gone": 0},
        "asks": None,
        "answers": asked["asks"],
        "seen": asked["taken"]["upto"],
    }


def chain(digests: Iterable[str]) -> str:
    """The hash of a digest up to the last of these messages: SHA-256 of the one before and the message's."""
    value = bytes(32)
    for one in digests:
        value = sha256(value + bytes.fromhex(one)).digest()
    return value.hex()
