"""Independent verifiers agree with ours, both ways, and nobody calls anyone.

``make interop`` installs the npm package (pinned in package-lock.json) and runs this.
"""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest
from openvc.errors import OpenvcError
from openvc.keys import Ed25519SigningKey, P256SigningKey
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.status.token_status_list import check_token_status

from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.holder import Challenge, confirmation
from renkou_migrant.credentials.jws import SigningKey, decode_base64url
from renkou_migrant.credentials.sdjwt import CERTIFICATE_TYPE, DIGEST_COUNT, status_list_uri
from renkou_migrant.credentials.verifier import Outcome

from .cases import (
    AUDIENCE,
    EXPIRES,
    FACTS,
    HOLDER,
    HOME,
    ISSUED,
    KEYS,
    LISTS,
    NONCE,
    OTHER,
    Case,
    bad_cases,
    good_cases,
    verifier,
)

FOLDER = Path(__file__).parent
NODE = Path(sys.executable).parent / "node"
GOOD, BAD = good_cases(), bad_cases()
VALUES = {group.value: value for group, value in FACTS.to_groups().items()}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt of Python to reach the network fails the test; pipes to Node stay."""

    def refuse(*_args: object, **_options: object) -> NoReturn:
        raise AssertionError("a network call was made")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)


def node(task: dict[str, Any]) -> dict[str, Any]:
    """Run the partner in Node, which counts every attempt to reach the network."""
    assert (FOLDER / "node_modules").is_dir(), "run `make interop` once: npm ci in tests/interop"
    done = subprocess.run(
        [str(NODE), "--import", "./no_network.mjs", "partner.mjs"],
        cwd=FOLDER,
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def said_by_node() -> dict[str, Any]:
    """What the npm package says of every case, in one run."""
    cases = [
        {"name": one.name, "presentation": one.presentation, "nonce": one.nonce, "audience": one.audience}
        for one in GOOD + BAD
    ]
    keys = {key.kid: key.public.to_jwk() for key in KEYS.values()}
    answer = node({"do": "verify", "keys": keys, "lists": LISTS, "cases": cases})
    assert answer["attempts"] == []
    results: dict[str, Any] = answer["results"]
    return results


def said_by_python(case: Case) -> dict[str, Any]:
    """The claims that openvc reads; raises for what it refuses."""
    suite = SdJwtVcProofSuite()
    issuer, kid = suite.peek_issuer(case.presentation)
    keys = {(f"renkou:{code}", key.kid): key.public.to_jwk() for code, key in KEYS.items()}
    if kid is None or (issuer, kid) not in keys:
        raise OpenvcError("unknown key")
    key = keys[issuer, kid]
    found = suite.verify(
        case.presentation,
        public_key_jwk=key,
        audience=case.audience if case.nonce else None,
        nonce=case.nonce,
        require_key_binding=case.nonce is not None,
        expected_vct=CERTIFICATE_TYPE,
    )
    claims: dict[str, Any] = dict(found.claims)

    def at_hand(uri: str) -> dict[str, Any]:
        if not uri.startswith(f"{issuer}/"):
            raise OpenvcError("another issuer's list")
        listed: dict[str, Any] = json.loads(decode_base64url(LISTS[uri].split(".")[1]))
        return listed

    status = check_token_status(claims, resolve_status_list_token=at_hand)
    if status is None or status.revoked:
        raise OpenvcError("revoked, or without status")
    return claims


def read_by(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name in VALUES}


def test_a_call_of_the_partner_would_be_noticed() -> None:
    assert node({"do": "call"})["attempts"] == ["fetch"]


@pytest.mark.parametrize("case", GOOD, ids=lambda case: str(case.name))
def test_everybody_accepts_what_is_good_and_reads_the_same(case: Case, said_by_node: dict[str, Any]) -> None:
    expected = {group.value: VALUES[group] for group in case.shown}
    ours = verifier().verify(case.presentation, challenge=case.challenge)
    assert ours.valid, ours
    assert ours.certificate
    assert {group.value: value for group, value in ours.certificate.groups.items()} == expected
    theirs = said_by_node[case.name]
    assert theirs["valid"], theirs
    assert read_by(theirs["claims"]) == expected
    assert read_by(said_by_python(case)) == expected


@pytest.mark.parametrize("case", BAD, ids=lambda case: str(case.name))
def test_everybody_refuses_what_is_bad(case: Case, said_by_node: dict[str, Any]) -> None:
    ours = verifier().verify(case.presentation, challenge=case.challenge)
    assert (ours.outcome, ours.reason) == (Outcome.REFUSED, case.reason)
    with pytest.raises(OpenvcError):
        said_by_python(case)
    theirs = said_by_node[case.name]
    assert theirs["valid"] == case.passed_over, theirs
    if theirs["valid"]:  # it leaves aside what was not signed, and takes nothing false from it
        assert all(VALUES[name] == value for name, value in read_by(theirs["claims"]).items())


def claims_of(code: str) -> dict[str, Any]:
    return {
        "iss": f"renkou:{code}",
        "iat": int(ISSUED.timestamp()),
        "exp": int(EXPIRES.timestamp()),
        "vct": CERTIFICATE_TYPE,
        "status": {"status_list": {"idx": 7, "uri": status_list_uri(code)}},
    }


@pytest.mark.parametrize("code", [HOME, OTHER])
@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize("groups", [[Group.PERSON], [Group.PERSON, Group.CHILDREN_COUNT], list(Group)])
def test_we_accept_what_the_npm_package_issues(code: str, bound: bool, groups: list[Group]) -> None:
    binding = {"audience": AUDIENCE, "nonce": NONCE, "iat": int(time.time())}
    cnf = {"cnf": confirmation(HOLDER.public.to_jwk())} if bound else {}
    answer = node(
        {
            "do": "issue",
            "key": KEYS[code].to_jwk(),
            "holder": HOLDER.to_jwk(),
            "claims": claims_of(code) | cnf | {group.value: VALUES[group] for group in groups},
            "groups": groups,
            "decoys": DIGEST_COUNT - len(groups),
            "show": groups[:2],
            "binding": binding if bound else None,
        }
    )
    assert answer["attempts"] == []
    check_issued(answer["presentation"], groups[:2])


def check_issued(presentation: str, shown: list[Group]) -> None:
    result = verifier().verify(presentation, challenge=Challenge(AUDIENCE, NONCE))
    assert result.valid, result
    assert result.certificate
    assert dict(result.certificate.groups) == {group: VALUES[group] for group in shown}


@pytest.mark.parametrize("code", [HOME, OTHER])
@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize("groups", [[Group.PERSON], list(Group)])
def test_we_accept_what_the_python_package_issues(code: str, bound: bool, groups: list[Group]) -> None:
    suite = SdJwtVcProofSuite()
    presentation = suite.issue(
        claims_of(code) | {group.value: VALUES[group] for group in groups},
        signing_key=foreign_key(KEYS[code]),
        disclosable=[group.value for group in groups],
        holder_jwk=confirmation(HOLDER.public.to_jwk())["jwk"] if bound else None,
        decoys=DIGEST_COUNT - len(groups),
    )
    if bound:
        presentation = suite.create_presentation(
            presentation, holder_key=foreign_key(HOLDER), audience=AUDIENCE, nonce=NONCE
        )
    check_issued(presentation, groups)


def foreign_key(key: SigningKey) -> P256SigningKey | Ed25519SigningKey:
    kind = Ed25519SigningKey if key.algorithm == "EdDSA" else P256SigningKey
    return kind.from_jwk(key.to_jwk(), key.kid)
