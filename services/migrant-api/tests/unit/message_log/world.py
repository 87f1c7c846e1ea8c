"""Two districts' logs as they come to be when one sends notices to the other, without servers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from hypothesis import strategies as st

from renkou_common.audit import merkle
from renkou_common.audit.root import ROOT_TYPE
from renkou_migrant.credentials.jws import SigningKey, encode_base64url, parse_compact, sign_compact
from renkou_migrant.credentials.trust import (
    MEDIA_TYPE,
    describe_district,
    key_entry,
    sign_trust_list,
)
from renkou_migrant.message_log.domain import GENESIS, Entry, Link, append
from renkou_migrant.message_log.proof import log
from renkou_migrant.message_log.proof.bundle import bundle_of, item_of
from renkou_migrant.message_log.proof.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from renkou_migrant.message_log.proof.entries import entry_members
from renkou_migrant.message_log.proof.signed import MESSAGE_TYPE
from renkou_migrant.partners.description import DESCRIPTION_TYPE, describe

HOME, RESIDENCE = "340103", "310115"
BEGIN = datetime(2026, 3, 1, 4, 0, 0, 123456, UTC)
LONG_AGO = BEGIN - timedelta(days=365)
ANCHOR = SigningKey.generate("anchor-1", "EdDSA")
type Line = dict[str, Any]


@dataclass
class District:
    """One district: its key and its log."""

    code: str
    key: SigningKey
    entries: list[Entry] = field(default_factory=list)

    @property
    def links(self) -> list[Link]:
        return append(0, GENESIS, self.entries)

    def logs(self, text: str, direction: str, outcome: str) -> None:
        """Append a signed text to the log, a second after the entry before."""
        members = json.loads(parse_compact(text, type=MESSAGE_TYPE).payload)
        partner = members["to"] if direction == "out" else members["from"]
        self._append(text, MESSAGE_TYPE, direction, partner, members, outcome)

    def trusts(self, token: str) -> None:
        """Append a trust list to the log."""
        members = {"id": str(UUID(int=7)), "kind": "trust_list", "pair_seq": 0}
        self._append(token, MEDIA_TYPE, "in", "anchor", members, "accepted")

    def takes_description(self, token: str, of: str) -> None:
        """Append a district's signed description to the log."""
        members = {"id": str(UUID(int=8)), "kind": "description", "pair_seq": 0}
        self._append(token, DESCRIPTION_TYPE, "in", of, members, "accepted")

    def takes_audit_root(self, token: str) -> None:
        """Append a root of the register's audit log."""
        members = {"id": str(UUID(int=9)), "kind": "audit_root", "pair_seq": 0}
        self._append(token, ROOT_TYPE, "in", "register", members, "accepted")

    def _append(
        self, text: str, media_type: str, direction: str, partner: str, members: Line, outcome: str
    ) -> None:
        jws = parse_compact(text, type=media_type)
        self.entries.append(
            Entry(
                at=BEGIN + timedelta(seconds=len(self.entries)),
                direction=direction,
                partner=partner,
                message_id=UUID(members["id"]),
                kind=members["kind"],
                pair_seq=members["pair_seq"],
                outcome=outcome,
                digest=sha256(text.encode()).hexdigest(),
                kid=jws.header.kid,
                signature=encode_base64url(jws.signature),
                text=text,
            )
        )

    def checkpoints(self, *lasts: int) -> list[str]:
        """Sign checkpoints up to the given positions."""
        tokens: list[str] = []
        first, previous = 1, None
        hashes = [link.hash for link in self.links]
        for number, last in enumerate(lasts, 1):
            content = Checkpoint(
                self.code,
                number,
                first,
                last,
                hashes[last - 1],
                merkle.root(hashes[first - 1 : last]),
                previous,
                BEGIN + timedelta(seconds=last),
            )
            tokens.append(sign_checkpoint(content, self.key))
            first, previous = last + 1, parse_checkpoint(tokens[-1]).digest
        return tokens

    def export(self, *lasts: int) -> list[Line]:
        """The lines of an export with checkpoints at positions, always one at the end."""
        links = self.links
        at = sorted({*lasts, len(links)} - {0})
        tokens = dict(zip(at, self.checkpoints(*at), strict=True))
        lines: list[Line] = [{"format": log.FORMAT, "district": self.code}]
        for link in links:
            kept = link.entry.kind in ("receipt", "digest", "trust_list", "description", "audit_root")
            lines.append({"entry": entry_members(link), **({"text": link.entry.text} if kept else {})})
            if link.position in tokens:
                lines.append({"checkpoint": tokens[link.position]})
        head = links[-1].hash if links else GENESIS
        return [*lines, {"end": {"position": len(links), "hash": head.hex()}}]

    def bundle(self, message: int, receipts: Sequence[int], *lasts: int) -> Line:
        """The evidence about the entry at a position with the receipts at others."""
        links = self.links
        at = sorted({*lasts, len(links)})
        tokens = self.checkpoints(*at)

        def item(position: int) -> Line:
            number = next(each for each, last in enumerate(at) if position <= last)
            first = at[number - 1] + 1 if number else 1
            covered = [link.hash for link in links[first - 1 : at[number]]]
            return item_of(links[position - 1], number + 1, first, covered)

        def of_kind(kind: str) -> list[Line]:
            return [item(link.position) for link in links if link.entry.kind == kind]

        return bundle_of(
            self.code,
            item(message),
            [*map(item, receipts)],
            of_kind("trust_list"),
            tokens,
            of_kind("description"),
        )


@dataclass
class World:
    """A residence that sends and a home district that receives."""

    home: District = field(
        default_factory=lambda: District(HOME, SigningKey.generate("340103-sig-1", "EdDSA"))
    )
    residence: District = field(
        default_factory=lambda: District(RESIDENCE, SigningKey.generate("310115-sig-1", "EdDSA"))
    )
    sent: int = 0

    def __post_init__(self) -> None:
        self.home.trusts(self.trust_list)
        self.residence.trusts(self.trust_list)

    @cached_property
    def trust_list(self) -> str:
        """Both districts' keys."""
        return sign_trust_list(
            [members(one.code, one.key) for one in (self.home, self.residence)],
            sequence=1,
            issued_at=LONG_AGO + timedelta(days=1),
            expires_at=BEGIN + timedelta(days=365),
            anchor=ANCHOR,
        )

    def signed(self, by: District, to: District, kind: str, number: int, payload: Line, each: int) -> str:
        """A signed text; ``each`` makes its id."""
        members = {
            "id": str(UUID(int=(number << 16) + each)),
            "kind": kind,
            "version": 1,
            "from": by.code,
            "to": to.code,
            "pair_seq": number,
            "thread": str(UUID(int=1)),
            "in_reply_to": None,
            "created_at": (BEGIN + timedelta(seconds=len(by.entries))).isoformat(),
            "expires_at": (BEGIN + timedelta(days=90)).isoformat(),
            "agreement": None,
            "payload": payload,
        }
        return sign_compact(orjson.dumps(members), key=by.key, type=MESSAGE_TYPE)

    def notice(self) -> str:
        """The residence sends a notice, the home district takes it in."""
        self.sent += 1
        text = self.signed(self.residence, self.home, "birth_notice", self.sent, {"n": self.sent}, 1)
        self.residence.logs(text, "out", "sealed")
        self.home.logs(text, "in", "accepted")
        return text

    def receipt(self, *texts: str, state: str = "read") -> str:
        """The home district signs a receipt for notices, the residence takes it in."""
        items = [
            {
                "id": json.loads(parse_compact(text, type=MESSAGE_TYPE).payload)["id"],
                "digest": sha256(text.encode()).hexdigest(),
                "state": state,
                "code": "not_agreed" if state == "refused" else None,
            }
            for text in texts
        ]
        each = len(self.home.entries) + 100
        text = self.signed(self.home, self.residence, "receipt", 0, {"items": items}, each)
        self.home.logs(text, "out", "sealed")
        self.residence.logs(text, "in", "received")
        return text

    def digest(self) -> str:
        """The home district signs how far it has seen the residence's log go."""
        link = self.residence.links[-1]
        seen = {"position": link.position, "hash": link.hash.hex()}
        each = len(self.home.entries) + 100
        text = self.signed(self.home, self.residence, "digest", 0, {"witnessed": seen}, each)
        self.home.logs(text, "out", "sealed")
        self.residence.logs(text, "in", "received")
        return text


def members(code: str, *keys: SigningKey) -> Line:
    """What a trust list and a description say of a district."""
    certificate = SigningKey.generate("c-1").public.to_jwk()
    encryption = {"kty": "OKP", "crv": "X25519", "x": encode_base64url(bytes(32)), "kid": "enc-1"}
    return describe_district(
        code=code,
        name_zh=f"{code}区",
        name_en=f"District {code}",
        certificate_keys=[key_entry(certificate, LONG_AGO)],
        exchange_signing_keys=[key_entry(key.public.to_jwk(), LONG_AGO) for key in keys],
        exchange_encryption_keys=[key_entry(encryption, LONG_AGO)],
    )


def described(code: str, *keys: SigningKey, at: datetime = BEGIN) -> str:
    """A district's description of itself with these keys, signed by the first one."""
    return describe(
        members(code, *keys),
        kinds={},
        office="",
        contact="",
        issued_at=at,
        valid_until=at + timedelta(days=365),
        key=keys[0],
    )


def grown(steps: str) -> World:
    """A world after steps: n a notice, r a receipt for all notices so far, d a digest."""
    world, texts = World(), []
    for step in steps:
        if step == "n":
            texts.append(world.notice())
        elif step == "r" and texts:
            world.receipt(*texts)
        elif step == "d":
            world.digest()
    return world


def encoded(lines: Sequence[Line]) -> list[bytes]:
    """Lines as they stand in a file."""
    return [orjson.dumps(line) for line in lines]


def alter(value: Any, data: st.DataObject) -> None:
    """Change one leaf of a JSON object to something else."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    keys = [key for key in keys if value[key] != []]
    key = data.draw(st.sampled_from(keys))
    leaf = value[key]
    if isinstance(leaf, dict | list):
        alter(leaf, data)
    elif isinstance(leaf, int):
        value[key] = leaf + data.draw(st.sampled_from([-1, 1, 100]))
    else:
        at = data.draw(st.integers(0, len(leaf) - 1))
        others = [each for each in "0123456789abcdefgZ-" if each.lower() != leaf[at].lower()]
        value[key] = leaf[:at] + data.draw(st.sampled_from(others)) + leaf[at + 1 :]
