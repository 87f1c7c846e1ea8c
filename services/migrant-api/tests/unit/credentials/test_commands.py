"""The command lines: verify with files only, and sign a trust list."""

import io
import socket
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import orjson
import pytest

from renkou_migrant.credentials import qr, trust_tool, verify
from renkou_migrant.credentials.jws import decode_base64url

from .world import World

AT = "2026-06-01T12:00:00+08:00"


@pytest.fixture
def files(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The verifier's files; any attempt to open a socket fails."""
    (tmp_path / "anchor.jwk").write_bytes(orjson.dumps(world.anchor.public.to_jwk()))
    (tmp_path / "trust-list.jwt").write_text(world.trust_token + "\n")
    for code, token in world.status_tokens.items():
        (tmp_path / f"{code}.jwt").write_text(token)

    def refuse(*_args: object, **_options: object) -> NoReturn:
        raise AssertionError("a network call was made")

    monkeypatch.setattr(socket, "socket", refuse)
    return tmp_path


def run(
    files: Path,
    presentation: str,
    *options: str,
    at: str = AT,
    lists: Sequence[str] = ("340103.jwt", "310115.jwt"),
) -> int:
    status = [part for name in lists for part in ("--status-list", str(files / name))]
    base = ["--trust-anchor", str(files / "anchor.jwk"), "--trust-list", str(files / "trust-list.jwt")]
    return verify.main([*base, *status, "--at", at, *options, presentation])


def test_a_valid_certificate_ends_with_0_and_is_shown(
    world: World, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, world.minimal()) == 0
    printed = capsys.readouterr().out
    assert "有效 VALID [valid]" in printed
    assert "姓名 Name: 欧阳娜娜" in printed
    assert "Marital" not in printed


def test_the_text_of_a_qr_code_is_read_from_standard_input(
    world: World, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(qr.pack(world.minimal()) + "\n"))
    assert run(files, "-", "--json") == 0
    result = orjson.loads(capsys.readouterr().out)
    assert (result["outcome"], result["issuer"]) == ("valid", "renkou:340103")
    assert list(result["disclosed"]) == ["person"]


def test_a_revoked_certificate_ends_with_1_and_its_reason(
    world: World, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, world.minimal(status_index=99)) == 1
    assert "拒绝 REFUSED [revoked]" in capsys.readouterr().out


def test_a_forged_certificate_ends_with_1_and_shows_nothing_of_it(
    world: World, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, world.issue(key=world.keys["310115"]), "--json") == 1
    result = orjson.loads(capsys.readouterr().out)
    assert (result["code"], result["disclosed"]) == ("unknown_key", None)


def test_without_a_current_status_list_it_ends_with_3(
    world: World, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, world.minimal(), lists=()) == 3
    assert run(files, world.minimal(), at="2026-06-09T12:00:00+08:00") == 3
    assert "不能确认 UNKNOWN" in capsys.readouterr().out


def test_files_that_cannot_be_used_end_with_2(
    world: World, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "340103.jwt").write_text("nonsense")
    assert run(files, world.minimal()) == 2
    (files / "trust-list.jwt").unlink()
    assert run(files, world.minimal()) == 2
    assert "A file can't be read" in capsys.readouterr().err


def test_a_time_needs_an_offset(world: World, files: Path) -> None:
    with pytest.raises(SystemExit):
        run(files, world.minimal(), at="2026-06-01T12:00:00")


def test_an_operator_makes_an_anchor_and_signs_a_list(
    world: World, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public, out = files / "new.private.jwk", files / "new.jwk", files / "new-list.jwt"
    make = ["new-anchor", "--kid", "hub-2", "--private", str(private), "--public", str(public)]
    assert trust_tool.main(make) == 0
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert trust_tool.main(make) == 2
    districts = orjson.loads(decode_base64url(world.trust_token.split(".")[1]))["districts"]
    paths = []
    for district in districts:
        paths.append(files / f"{district['code']}.json")
        paths[-1].write_bytes(orjson.dumps(district))
    sign = ["sign", "--anchor", str(private), "--sequence", "1", "--out", str(out), "--issued-at", AT]
    assert trust_tool.main([*sign, "--description", *map(str, paths)]) == 0
    assert trust_tool.main(["show", "--anchor", str(public), str(out)]) == 0
    printed = capsys.readouterr().out
    assert "sequence 1, 2026-06-01" in printed
    assert "310115 上海市浦东新区 Pudong, Shanghai" in printed
    assert trust_tool.main(["show", "--anchor", str(files / "anchor.jwk"), str(out)]) == 2


def test_a_wrong_description_is_not_signed(
    world: World, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "private.jwk").write_bytes(orjson.dumps(world.anchor.to_jwk()))
    (files / "wrong.json").write_text('{"code": "340103"}')
    sign = [
        "sign",
        "--anchor",
        str(files / "private.jwk"),
        "--sequence",
        "1",
        "--out",
        str(files / "out.jwt"),
    ]
    assert trust_tool.main([*sign, "--description", str(files / "wrong.json")]) == 2
    assert "malformed" in capsys.readouterr().err
    assert not (files / "out.jwt").exists()
