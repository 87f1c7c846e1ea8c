"""Command line for a hub's operator: make an anchor, sign a trust list, look into one (信任名单工具).

    python -m renkou_migrant.credentials.trust_tool new-anchor --kid hub-1 --private anchor.private.jwk \\
        --public anchor.jwk
    python -m renkou_migrant.credentials.trust_tool sign --anchor anchor.private.jwk --sequence 7 \\
        --description 340103.json 310115.json --out trust-list.jwt [--valid-days 365] [--issued-at INSTANT]
    python -m renkou_migrant.credentials.trust_tool show --anchor anchor.jwk trust-list.jwt

Ends with 0, or 2 with the reason on standard error.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from renkou_migrant.credentials.jws import SigningKey, VerifyingKey, parse_json_object
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.trust import sign_trust_list, verify_trust_list
from renkou_migrant.credentials.verify import rfc3339

UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except CredentialError as error:
        print(f"{error.reason.zh} {error.reason.en} ({error})", file=sys.stderr)
        return UNUSABLE
    except (OSError, KeyError, UnicodeDecodeError) as error:
        print(f"文件无法使用 A file can't be used: {error!r}", file=sys.stderr)
        return UNUSABLE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m renkou_migrant.credentials.trust_tool",
        description="Anchor and trust list of a hub. 信任锚与信任名单。",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    anchor = commands.add_parser("new-anchor", help="generate an Ed25519 anchor")
    anchor.add_argument("--kid", required=True)
    anchor.add_argument("--private", type=Path, required=True, help="written with mode 0600, never replaced")
    anchor.add_argument("--public", type=Path, required=True)
    anchor.set_defaults(run=_new_anchor)
    sign = commands.add_parser("sign", help="sign a trust list out of districts' descriptions")
    sign.add_argument("--anchor", type=Path, required=True, help="private JWK")
    sign.add_argument("--sequence", type=int, required=True, help="higher than that of every earlier list")
    sign.add_argument("--description", type=Path, nargs="+", required=True)
    sign.add_argument("--out", type=Path, required=True)
    sign.add_argument("--valid-days", type=int, default=365)
    sign.add_argument("--issued-at", type=rfc3339, help="RFC 3339 with offset, instead of now")
    sign.set_defaults(run=_sign)
    show = commands.add_parser("show", help="verify a trust list and print what it holds")
    show.add_argument("--anchor", type=Path, required=True, help="public JWK")
    show.add_argument("trust_list", type=Path)
    show.set_defaults(run=_show)
    return parser


def _new_anchor(options: argparse.Namespace) -> None:
    key = SigningKey.generate(options.kid, "EdDSA")
    descriptor = os.open(options.private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(key.to_jwk(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    options.public.write_bytes(
        orjson.dumps(key.public.to_jwk(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )


def _sign(options: argparse.Namespace) -> None:
    issued_at = options.issued_at or datetime.now(UTC)
    token = sign_trust_list(
        [parse_json_object(path.read_bytes()) for path in options.description],
        sequence=options.sequence,
        issued_at=issued_at,
        expires_at=issued_at + timedelta(days=options.valid_days),
        anchor=SigningKey.from_jwk(parse_json_object(options.anchor.read_bytes())),
    )
    options.out.write_text(token + "\n", "ascii")


def _show(options: argparse.Namespace) -> None:
    anchor = VerifyingKey.from_jwk(parse_json_object(options.anchor.read_bytes()))
    trust_list = verify_trust_list(options.trust_list.read_text("ascii").strip(), anchor)
    print(f"sequence {trust_list.sequence}, {trust_list.issued_at} to {trust_list.expires_at}")
    for district in trust_list.districts.values():
        kids = ", ".join([*district.certificate_keys, *district.exchange_signing_keys])
        print(f"{district.code} {district.name_zh} {district.name_en}: {kids}")


if __name__ == "__main__":
    sys.exit(main())
