"""Partners who witness the message log witness what the register's audit log had come to, too."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from renkou_common.audit import merkle
from renkou_common.audit.chain import GENESIS, follow
from renkou_common.audit.entries import Entry as AuditEntry
from renkou_common.audit.root import AuditKey, Root
from renkou_common.audit.verify import FORMAT
from renkou_migrant.credentials.jws import encode_base64url
from renkou_migrant.message_log.proof.flaws import Flaw
from renkou_migrant.message_log.proof.log import verify_log, witnessed_roots
from renkou_migrant.message_log.verify import main

from .test_log import flaw_of
from .world import ANCHOR, BEGIN, HOME, RESIDENCE, encoded, grown

LOG = f"{RESIDENCE}/registry-api"
_PRIVATE = Ed25519PrivateKey.generate()
KEY = AuditKey(
    {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": encode_base64url(_PRIVATE.public_key().public_bytes_raw()),
        "d": encode_base64url(_PRIVATE.private_bytes_raw()),
    }
)


def read_by(clerk: int, number: int) -> AuditEntry:
    at, person = BEGIN + timedelta(minutes=number), UUID(int=number)
    return AuditEntry(
        *(number, at, UUID(int=clerk), "staff", "clerk", None, None, "10.0.0.8", None, None, "visit", None),
        *("read", "record", (person,), None, None, 1, ()),
    )


def audit_log(entries: Sequence[AuditEntry]) -> tuple[list[bytes], str]:
    """The export of an audit log under one root, and the root."""
    links = follow(0, GENESIS, (each.hash() for each in entries))
    last = links[-1]
    root = Root(LOG, 1, 1, last.seq, last.chain, merkle.root([each.hash for each in links]), None, BEGIN)
    token = KEY.sign(root)
    lines: list[object] = [{"format": FORMAT, "log": LOG, "after": {"seq": 0, "chain": GENESIS.hex()}}]
    lines += [
        {"seq": link.seq, "entry": each.members(), "hash": link.hash.hex(), "chain": link.chain.hex()}
        for link, each in zip(links, entries, strict=True)
    ]
    lines += [{"root": token}, {"end": {"seq": last.seq, "chain": last.chain.hex()}}]
    return [json.dumps(each).encode() for each in lines], token


TRUE = [read_by(1, number) for number in range(1, 7)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an auditor has: the message log in which partners' digests stand, keys, and audit logs."""
    found = tmp_path_factory.mktemp("witnessed")
    world = grown("nn")
    lines, root = audit_log(TRUE)
    world.residence.takes_audit_root(root)
    world.digest()
    (found / "messages.jsonl").write_bytes(b"\n".join(encoded(world.residence.export())))
    (found / "anchor.jwk").write_text(json.dumps(ANCHOR.public.to_jwk()))
    (found / "keys.json").write_text(json.dumps({"keys": [KEY.public]}))
    (found / "true.jsonl").write_bytes(b"\n".join(lines))
    for name, entries in {
        "altered": [*TRUE[:2], read_by(2, 3), *TRUE[3:]],
        "removed": [*TRUE[:2], *TRUE[3:], read_by(1, 9)],
        "reordered": [TRUE[1], TRUE[0], *TRUE[2:]],
        "cut off": TRUE[:-1],
    }.items():
        (found / f"{name}.jsonl").write_bytes(b"\n".join(audit_log(entries)[0]))
    return found


def verified(folder: Path, name: str, *, witnessed: bool = True) -> int:
    beside = ["--message-log", str(folder / "messages.jsonl"), "--anchor", str(folder / "anchor.jwk")]
    keys = ["audit", "--keys", str(folder / "keys.json")]
    return main([*keys, *(beside if witnessed else []), str(folder / f"{name}.jsonl")])


def test_the_true_log_is_what_partners_have_witnessed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(folder, "true") == 0
    assert f"伙伴区见证的根 roots witnessed by partners: 1 ({HOME})" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("altered", "root_differs"),
        ("removed", "root_differs"),
        ("reordered", "root_differs"),
        ("cut off", "log_cut_off"),
    ],
)
def test_a_log_that_its_keeper_signed_anew_is_not_what_partners_have_witnessed(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, code: str
) -> None:
    assert verified(folder, name, witnessed=False) == 0
    assert verified(folder, name) == 1
    assert f"[{code}]" in capsys.readouterr().out


def test_a_root_behind_the_last_digest_is_not_witnessed_yet_and_another_text_is_found() -> None:
    world = grown("nnd")
    world.residence.takes_audit_root(audit_log(TRUE)[1])
    lines = world.residence.export()
    report = verify_log(encoded(lines), ANCHOR.public)
    assert (len(report.audit_roots), witnessed_roots(report)) == (1, [])
    (place,) = (at for at, line in enumerate(lines) if line.get("entry", {}).get("kind") == "audit_root")
    lines[place]["text"] = audit_log(TRUE[:-1])[1]
    assert flaw_of(lines) is Flaw.TEXT_DIFFERS
