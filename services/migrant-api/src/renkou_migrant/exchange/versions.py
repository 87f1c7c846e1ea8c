"""Versions of messages (消息版本): which one goes to a partner, and how one becomes another. No I/O.

Stored content is of the newest version. What goes out is in the highest version that both ends understand, by
the partner's description; what comes in an earlier version is brought up to the newest. A version only adds
members, each with a value that says nothing; what an earlier version can't say is never left out silently.

    NotExpressible   the partner can't be told this; carries the ``code`` kept with the message
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contracts import CONTENTS, MessageKind, model_of, newest

ADDED: dict[tuple[MessageKind, int], dict[str, Any]] = {
    (MessageKind.INQUIRY, 2): {"urgent": False, "attachments": []},
    (MessageKind.ANSWER, 2): {"attachments": []},
    (MessageKind.DISPUTE, 2): {"attachments": []},
}
"""What a version of a kind added to the one before, each with the value that says nothing."""

type Supported = Mapping[MessageKind, frozenset[int]]
"""Versions by kind that a node of this software takes in and sends."""

type Understood = Mapping[str, frozenset[int]]
"""Versions by kind, as a description names them; empty for a partner whose description names none."""


class NotExpressible(Exception):
    """A partner does not understand a kind, or no version of it that could say this."""

    def __init__(self, code: Refused) -> None:
        super().__init__(code)
        self.code = code


def common(kind: MessageKind, ours: frozenset[int], theirs: Understood) -> int:
    """Return the highest version of a kind that both understand; raises NotExpressible.

    A description that names no versions at all is from before there were any other than the first.
    """
    partner = theirs.get(kind, frozenset()) if theirs else frozenset({1})
    both = ours & partner
    if not both:
        raise NotExpressible(Refused.PARTNER_LACKS_VERSION if partner else Refused.PARTNER_LACKS_KIND)
    return max(both)


def upgrade(kind: MessageKind, members: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Return content of a version as content of the newest."""
    found = dict(members)
    for each in range(version + 1, newest(kind) + 1):
        found = ADDED[kind, each] | found
    return found


def downgrade(kind: MessageKind, members: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Return content of the newest version as content of an earlier one; raises NotExpressible."""
    found = dict(members)
    for each in range(newest(kind), version, -1):
        for name, nothing in ADDED[kind, each].items():
            if found.pop(name, nothing) != nothing:
                raise NotExpressible(Refused(f"partner_lacks_{name}"))
    return found


def read(kind: MessageKind, version: int, payload: object) -> BaseModel:
    """Return the content of a message that came in a version as the newest model.

    Raises pydantic.ValidationError for what is not that version's content, KeyError for an unknown version.
    """
    checked = model_of(kind, version).model_validate(payload)
    if version == newest(kind):
        return checked
    return CONTENTS[kind].model_validate(upgrade(kind, checked.model_dump(mode="json"), version))


def write(
    kind: MessageKind, members: Mapping[str, Any], version: int, ours: frozenset[int], theirs: Understood
) -> tuple[int, dict[str, Any]]:
    """Return version and payload in which stored content goes to a partner; raises NotExpressible.

    ``version`` is that of ``members``. What a correction puts in place is written as the kind itself would be.
    """
    chosen = common(kind, ours, theirs)
    payload = downgrade(kind, upgrade(kind, members, version), chosen)
    if kind is MessageKind.CORRECTION:
        payload["content"] = _plain(payload["content"], theirs)
    return chosen, payload


def _plain(content: Mapping[str, Any], theirs: Understood) -> dict[str, Any]:
    """Leave out of a corrected content what says nothing, where the partner may not know the member."""
    found = dict(content)
    for (kind, version), added in ADDED.items():
        if version in theirs.get(kind, frozenset()):
            continue
        for name, nothing in added.items():
            if found.get(name) == nothing:
                del found[name]
    return found
