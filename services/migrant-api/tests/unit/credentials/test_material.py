"""What an offline verifier keeps: lists are verified, never go back, and run out instead of lying."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from renkou_migrant.credentials import material_tool, verify
from renkou_migrant.credentials.holder import confirmation, prove
from renkou_migrant.credentials.jws import SigningKey, decode_base64url
from renkou_migrant.credentials.material import MaterialFolder
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.status_list import build_status_list
from renkou_migrant.credentials.trust import sign_trust_list
from renkou_migrant.credentials.verifier import OfflineVerifier

from .world import HOME, KEYS_FROM, KEYS_TO, NOW, World

AT = "2026-06-01T12:00:00+08:00"


@pytest.fixture
def folder(world: World, tmp_path: Path) -> MaterialFolder:
    made = MaterialFolder(tmp_path / "material")
    made.begin(world.anchor.public)
    return made


def trust(world: World, sequence: int, without: str = "") -> str:
    districts = orjson.loads(decode_base64url(world.trust_token.split(".")[1]))["districts"]
    kept = [one for one in districts if one["code"] != without]
    return sign_trust_list(
        kept, sequence=sequence, issued_at=KEYS_FROM, expires_at=KEYS_TO, anchor=world.anchor
    )


def statuses(world: World, sequence: int, revoked: Sequence[int] = ()) -> str:
    return build_status_list(
        revoked,
        district=HOME,
        sequence=sequence,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=1),
        key=world.keys[HOME],
        size=1024,
    )


def test_lists_are_kept_and_verify_without_anything_else(world: World, folder: MaterialFolder) -> None:
    assert folder.trust_list() is None
    folder.accept_trust_list(world.trust_token)
    assert folder.accept_status_lists(world.status_tokens.values()) == []
    held = folder.trust_list()
    assert held
    verifier = OfflineVerifier(held, folder.status_lists(held), NOW)
    assert verifier.verify(world.minimal()).valid
    assert verifier.verify(world.minimal(status_index=99)).reason is Reason.REVOKED


def test_an_older_trust_list_is_refused_and_so_is_another_of_the_same_number(
    world: World, folder: MaterialFolder
) -> None:
    folder.accept_trust_list(trust(world, 4))
    for token, reason in (
        (trust(world, 3), Reason.LIST_ROLLED_BACK),
        (trust(world, 4, without="310115"), Reason.LIST_CONFLICT),
    ):
        with pytest.raises(CredentialError) as caught:
            folder.accept_trust_list(token)
        assert caught.value.reason is reason
    held = folder.trust_list()
    assert held
    assert (held.sequence, len(held.districts)) == (4, 2)


def test_an_older_status_list_is_refused_and_so_is_another_of_the_same_number(
    world: World, folder: MaterialFolder
) -> None:
    folder.accept_trust_list(world.trust_token)
    newest = statuses(world, 9, [5])
    assert folder.accept_status_lists([newest]) == []
    refused = folder.accept_status_lists([statuses(world, 8), statuses(world, 9), "x", newest])
    assert [(one.position, one.error.reason) for one in refused] == [
        (0, Reason.LIST_ROLLED_BACK),
        (1, Reason.LIST_CONFLICT),
        (2, Reason.MALFORMED),
    ]
    held = folder.trust_list()
    assert held
    (kept,) = folder.status_lists(held)
    assert kept.is_revoked(5)


def test_a_list_of_a_district_taken_off_the_trust_list_no_longer_counts(
    world: World, folder: MaterialFolder
) -> None:
    folder.accept_trust_list(world.trust_token)
    folder.accept_status_lists(world.status_tokens.values())
    held = folder.accept_trust_list(trust(world, 4, without=HOME))
    assert [one.issuer for one in folder.status_lists(held)] == ["renkou:310115"]


def test_a_list_of_another_anchor_and_another_anchor_are_refused(
    world: World, folder: MaterialFolder
) -> None:
    other = SigningKey.generate("hub-1", "EdDSA")
    with pytest.raises(FileExistsError):
        folder.begin(other.public)
    folder.begin(world.anchor.public)
    forged = sign_trust_list([], sequence=9, issued_at=KEYS_FROM, expires_at=KEYS_TO, anchor=other)
    with pytest.raises(CredentialError):
        folder.accept_trust_list(forged)
    with pytest.raises(CredentialError):
        folder.accept_status_lists(world.status_tokens.values())


def test_the_command_lines_keep_lists_and_verify_with_them(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "anchor.jwk").write_bytes(orjson.dumps(world.anchor.public.to_jwk()))
    kept, material = str(tmp_path / "F"), tmp_path / "material.json"
    lists = list(world.status_tokens.values())
    material.write_bytes(orjson.dumps({"trust_list": world.trust_token, "status_lists": lists}))
    begin = ["begin", "--folder", kept, "--anchor", str(tmp_path / "anchor.jwk")]
    assert material_tool.main(begin) == 0
    assert material_tool.main(["show", "--folder", kept]) == 0
    assert verify.main(["--folder", kept, "--at", AT, world.minimal()]) == verify.UNUSABLE
    assert material_tool.main(["accept", "--folder", kept, str(material)]) == 0
    assert verify.main(["--folder", kept, "--at", AT, world.minimal()]) == 0
    assert verify.main(["--folder", kept, "--at", "2026-06-09T12:00:00+08:00", world.minimal()]) == 3
    material.write_bytes(orjson.dumps({"status_lists": [statuses(world, 1)]}))
    assert material_tool.main(["accept", "--folder", kept, str(material)]) == 1
    assert "list_rolled_back" in capsys.readouterr().err
    assert material_tool.main(["accept", "--folder", kept, str(tmp_path / "none.json")]) == 2
    assert material_tool.main(["show", "--folder", kept]) == 0
    assert f"renkou:{HOME}/status-lists/1 12" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        verify.main([world.minimal()])


def test_the_command_line_asks_the_holder(world: World, tmp_path: Path) -> None:
    folder = MaterialFolder(tmp_path)
    folder.begin(world.anchor.public)
    folder.accept_trust_list(world.trust_token)
    folder.accept_status_lists(world.status_tokens.values())
    key = SigningKey.generate("holder")
    bound = world.issue(cnf=confirmation(key.public.to_jwk()))
    shown = prove(bound, key=key, audience="counter 7", nonce="n" * 20, now=NOW)
    base = ["--folder", str(tmp_path), "--at", AT]
    assert verify.main([*base, "--audience", "counter 7", "--nonce", "n" * 20, shown]) == 0
    assert verify.main([*base, "--audience", "counter 8", shown]) == 1
    assert verify.main([*base, bound]) == 1
