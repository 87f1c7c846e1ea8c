"""The province's authority over a hub: a folder with its keys, its members and what it has revoked.

    hub.json                what is known and public: keys, members, revocations
    keys/operator.seed      identity of the operator; signs only who may sign. Keep it away from the hub
    keys/<PUBLIC KEY>.seed  signing keys, one list for each role in hub.json, the newest last
    server/hub-trust.conf   for deploy/nats/hub.conf: operator and accounts, no secret
    users/                  seed and token of the user that declares streams, and of the system account's
    districts/<code>.token  what a district gets back for its public key; holds no secret

The two accounts have an identity but no seed: it is thrown away when it has been made. Accounts are signed by
the operator's signing key and users by the signing key of their role, whose rights stand in the account
(NATS calls it a scoped signing key). A stolen signing key of districts makes districts, never more, and a
changed right holds for every user as soon as the account is told to the hub.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from renkou_common.messaging.hub import shard
from renkou_local import secret_files
from renkou_local.hub import tokens
from renkou_local.layout import NATS_FILES
from renkou_local.nats_config import DISTRICT
from renkou_local.nats_keys import USER_KEY, Of, new_seed, public_key

ROLES_FILE = NATS_FILES / "hub-roles.json"
DISTRICT_DAYS = 365
DAY = 86_400
CONNECTIONS = 10_000
UNLIMITED = -1


class Signer(StrEnum):
    """What a signing key may sign."""

    OPERATOR = "operator"
    DISTRICT = "district"
    DECLARER = "declarer"
    SYSTEM = "system"


@dataclass
class Record:
    """hub.json: public keys, and of members and revocations the keys of users.

    `issued` is the time in the operator's and the accounts' tokens, `told` a digest of what they say.
    """

    operator: str = ""
    exchange: str = ""
    system: str = ""
    operator_token: str = ""
    issued: int = 0
    told: str = ""
    signing: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)


class Authority:
    """Keys and members of one hub. Opening a folder makes what is missing; nothing is overwritten.

    `now` is the real time in Unix seconds; tokens are about connections, not about the domain's days.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._now = now
        self._file = folder / "hub.json"
        self._identity = folder / "keys" / "operator.seed"
        self.record = Record(**json.loads(self._file.read_text())) if self._file.exists() else Record()
        if not self.record.operator:
            self._begin()
        self._save()

    @property
    def trust(self) -> Path:
        """The file that stands beside `hub.conf`; everybody may read it."""
        return self.folder / "server" / "hub-trust.conf"

    def _begin(self) -> None:
        record = self.record
        identity = secret_files.keep(self._identity, lambda: new_seed(Of.OPERATOR))
        record.operator = public_key(secret_files.read(identity))
        record.exchange = public_key(new_seed(Of.ACCOUNT))
        record.system = public_key(new_seed(Of.ACCOUNT))
        record.signing = {signer: [self._new_signing_key(signer)] for signer in Signer}

    def _save(self) -> None:
        """Write hub.json and the server's configuration; what is signed anew is newer than what was."""
        record = self.record
        signed = {"operator": record.operator, "signing": record.signing, "revoked": record.revoked}
        told = hashlib.sha256(json.dumps(signed, sort_keys=True).encode()).hexdigest()
        if told != record.told:
            record.issued = max(int(self._now()), record.issued + 1)
            record.told = told
        if not record.operator_token or not self._names_operator(tokens.read(record.operator_token)):
            record.operator_token = self._operator()
        _write(self._file, json.dumps(asdict(record), indent=1) + "\n")
        _write(self.trust, self._trust())

    # ------------------------------------------------------------------------------------------ users
    def admit(self, keys: Mapping[str, str], days: float = DISTRICT_DAYS) -> dict[str, str]:
        """Tokens for districts' public keys, also kept in `districts/`; a new key stands beside the old one.

        Raises ValueError for a malformed code or key, and where another district has the key.
        """
        owners = {key: district for district, known in self.record.members.items() for key in known}
        for district, key in keys.items():
            if not DISTRICT.fullmatch(district) or not USER_KEY.fullmatch(key):
                raise ValueError(f"not a district and its public nkey: {district}={key}")
            if owners.setdefault(key, district) != district:
                raise ValueError(f"the key of {district} is another district's")
        made = {}
        for district, key in keys.items():
            known = self.record.members.setdefault(district, [])
            if key not in known:
                known.append(key)
            made[district] = self._user(Signer.DISTRICT, key, district, days)
            _write(self.folder / "districts" / f"{district}.token", made[district])
        self._save()
        return made

    def keep_tokens(self, members: Mapping[str, tuple[Path, str]]) -> None:
        """Leave each member's token in its file while it is good for its key; otherwise write a new one there."""
        due = {
            district: key
            for district, (path, key) in members.items()
            if not self._good(path, key, Signer.DISTRICT)
        }
        for district, token in self.admit(due).items():
            _write(members[district][0], token)

    def user(self, signer: Signer) -> tuple[Path, Path]:
        """Seed and token file of the declaring or the system account's user, renewed when they need to be."""
        seed, token = (self.folder / "users" / f"{signer}_{what}" for what in ("seed", "token"))
        key = public_key(secret_files.read(secret_files.keep(seed, new_seed)))
        if not self._good(token, key, signer):
            _write(token, self._user(signer, key, signer, DISTRICT_DAYS))
        return seed, token

    def _user(self, signer: Signer, key: str, name: str, days: float) -> str:
        record = self.record
        body: dict[str, Any] = {
            "issuer_account": record.system if signer is Signer.SYSTEM else record.exchange
        }
        if signer is Signer.DISTRICT:
            body["tags"] = [f"shard:{shard(name)}"]
        issued = max(int(self._now()), record.revoked.get(key, 0) + 1)
        return tokens.sign(
            self._seed(record.signing[signer][-1]),
            subject=key,
            name=name,
            kind="user",
            body=body,
            issued=issued,
            expires=int(issued + days * DAY),
        )

    def _good(self, path: Path, key: str, signer: Signer) -> bool:
        """Whether a token is of this key, of the newest signing key, not revoked, and has 30 days to go."""
        if not path.exists():
            return False
        claims = tokens.read(path.read_text())
        return bool(
            claims["sub"] == key
            and claims["iss"] == self.record.signing[signer][-1]
            and claims["iat"] > self.record.revoked.get(key, 0)
            and claims["exp"] > self._now() + 30 * DAY
        )

    def revoke(self, district: str, key: str | None = None) -> list[str]:
        """Make every token of a district (of one of its keys) void; returns the keys. Then tell the hub.

        Raises ValueError for a district or key that is no member's.
        """
        known = self.record.members.get(district, [])
        keys = [each for each in known if key in (None, each)]
        if not keys:
            raise ValueError(f"no such member or key: {district} {key or ''}".rstrip())
        for each in keys:
            known.remove(each)
            self.record.revoked[each] = int(self._now())
        if not known:
            (self.folder / "districts" / f"{district}.token").unlink(missing_ok=True)
        self._save()
        return keys

    # --------------------------------------------------------------------------------------- rotation
    def rotate(self, signer: Signer) -> str:
        """A new signing key, from now on the one that signs; the older ones stay good until `retire`."""
        key = self._new_signing_key(signer)
        self.record.signing[signer].append(key)
        self._save()
        return key

    def retire(self, signer: Signer) -> list[str]:
        """Drop all signing keys but the newest: what they signed is void. Returns them. Then tell the hub."""
        *old, newest = self.record.signing[signer]
        self.record.signing[signer] = [newest]
        self._save()
        for key in old:
            (self.folder / "keys" / f"{key}.seed").unlink(missing_ok=True)
        return old

    def renew_identity(self) -> str:
        """A new identity of the operator with the same signing keys: accounts and users stay as they are."""
        self._identity.unlink(missing_ok=True)
        identity = secret_files.keep(self._identity, lambda: new_seed(Of.OPERATOR))
        self.record.operator = public_key(secret_files.read(identity))
        self._save()
        return self.record.operator

    def _new_signing_key(self, signer: Signer) -> str:
        seed = new_seed(Of.OPERATOR if signer is Signer.OPERATOR else Of.ACCOUNT)
        key = public_key(seed)
        secret_files.keep(self.folder / "keys" / f"{key}.seed", lambda: seed)
        return key

    def _seed(self, key: str) -> str:
        return secret_files.read(self.folder / "keys" / f"{key}.seed")

    # --------------------------------------------------------------------------- operator and accounts
    def accounts(self) -> dict[str, str]:
        """The tokens of the exchange's account and the system account as they are now, by public key."""
        return {
            self.record.exchange: self._account("EXCHANGE", self.record.exchange, _exchange_limits()),
            self.record.system: self._account("SYS", self.record.system, _limits()),
        }

    def _account(self, name: str, key: str, limits: Mapping[str, Any]) -> str:
        roles = (Signer.SYSTEM,) if key == self.record.system else (Signer.DISTRICT, Signer.DECLARER)
        body: dict[str, Any] = {
            "limits": limits,
            "signing_keys": [_scope(role, each) for role in roles for each in self.record.signing[role]],
        }
        if key == self.record.exchange and self.record.revoked:
            body["revocations"] = self.record.revoked
        seed = self._seed(self.record.signing[Signer.OPERATOR][-1])
        return tokens.sign(seed, subject=key, name=name, kind="account", body=body, issued=self.record.issued)

    def _names_operator(self, claims: tokens.Claims) -> bool:
        keys = self.record.signing[Signer.OPERATOR]
        return bool(claims["sub"] == self.record.operator and claims["nats"]["signing_keys"] == keys)

    def _operator(self) -> str:
        """The operator's token: who may sign accounts, and which account is the system's."""
        if not self._identity.exists():
            raise FileNotFoundError(f"the operator's identity is needed for this change: {self._identity}")
        return tokens.sign(
            secret_files.read(self._identity),
            subject=self.record.operator,
            name="renkou",
            kind="operator",
            body={
                "signing_keys": self.record.signing[Signer.OPERATOR],
                "system_account": self.record.system,
                "strict_signing_key_usage": True,
            },
            issued=self.record.issued,
        )

    def _trust(self) -> str:
        accounts = "".join(f"  {key}: {token}\n" for key, token in self.accounts().items())
        return (
            "# Written by `python -m renkou_local.hub`; holds no secret.\n"
            f"operator: {self.record.operator_token}\n"
            f"system_account: {self.record.system}\n"
            f"resolver_preload {{\n{accounts}}}\n"
        )


def _scope(role: Signer, key: str) -> dict[str, Any]:
    """A signing key whose users have the rights of a role, and none that their token could add."""
    rights = json.loads(ROLES_FILE.read_text())[role]
    template = {
        "pub": {"allow": rights["publish"]},
        "sub": {"allow": rights["subscribe"]},
        "subs": rights["subscriptions"],
        "payload": rights["payload"],
        "data": UNLIMITED,
        "allowed_connection_types": ["STANDARD"],
    }
    return {"kind": "user_scope", "key": key, "role": role, "template": template}


def _limits() -> dict[str, Any]:
    """No leaf node, import or export: an account of clients."""
    return {
        "subs": UNLIMITED,
        "data": UNLIMITED,
        "payload": UNLIMITED,
        "conn": CONNECTIONS,
        "leaf": 0,
        "imports": 0,
        "exports": 0,
        "wildcards": False,
        "disallow_bearer": True,
    }


def _exchange_limits() -> dict[str, Any]:
    """JetStream on disk only, every stream with a limit of its own."""
    return _limits() | {
        "mem_storage": 0,
        "disk_storage": UNLIMITED,
        "streams": UNLIMITED,
        "consumer": UNLIMITED,
        "max_ack_pending": UNLIMITED,
        "max_bytes_required": True,
    }


def _write(path: Path, text: str) -> None:
    """Replace a file that holds no secret, if that changes it; whole or not at all."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)
