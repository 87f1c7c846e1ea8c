"""What a province's operator of a hub does (docs/hub.md tells when and in which order).

    python -m renkou_local.hub init    --folder hub
    python -m renkou_local.hub admit   --folder hub [--days 365] [--url U] 340103=UABC... 310115=UDEF...
    python -m renkou_local.hub renew   --folder hub [--days 365] [340103 ...]
    python -m renkou_local.hub revoke  --folder hub --url U 340103 [--key UABC...]
    python -m renkou_local.hub rotate  --folder hub --url U district|declarer|system|operator
    python -m renkou_local.hub retire  --folder hub --url U district|declarer|system|operator
    python -m renkou_local.hub identity --folder hub
    python -m renkou_local.hub push    --folder hub --url U
    python -m renkou_local.hub declare --folder hub --url U
    python -m renkou_local.hub show    --folder hub

and a district, of whose seed nothing else ever leaves it:

    python -m renkou_local.hub public-key SEED_FILE
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import nats.errors

from renkou_local import nats_keys, secret_files
from renkou_local.hub import admin, tokens
from renkou_local.hub.authority import DISTRICT_DAYS, Authority, Signer
from renkou_local.streams import JetStreamError

RESTART = "The operator's own token changed: copy server/hub-trust.conf to the hub and restart it."


def say(text: str) -> None:
    """One line for the operator."""
    print(text, flush=True)


def _admit(authority: Authority, given: argparse.Namespace) -> None:
    keys = dict(pair.split("=", 1) for pair in given.member)
    for district in authority.admit(keys, given.days):
        say(f"{district}: {authority.folder / 'districts' / f'{district}.token'}")
    if given.url:
        _declare(authority, given)
    else:
        say("not yet declared: python -m renkou_local.hub declare")


def _renew(authority: Authority, given: argparse.Namespace) -> None:
    members = authority.record.members
    newest = {district: members[district][-1] for district in given.member or sorted(members)}
    authority.admit(newest, given.days)
    say(f"renewed: {len(newest)}")


def _revoke(authority: Authority, given: argparse.Namespace) -> None:
    for key in authority.revoke(given.member, given.key):
        say(f"revoked: {given.member} {key}")
    _push(authority, given)


def _rotate(authority: Authority, given: argparse.Namespace) -> None:
    say(f"new signing key: {given.signer} {authority.rotate(given.signer)}")
    _tell(authority, given)


def _retire(authority: Authority, given: argparse.Namespace) -> None:
    for key in authority.retire(given.signer):
        say(f"dropped: {given.signer} {key}")
    _tell(authority, given)


def _tell(authority: Authority, given: argparse.Namespace) -> None:
    if given.signer is Signer.OPERATOR:
        say(RESTART)
    else:
        _push(authority, given)


def _identity(authority: Authority, _: argparse.Namespace) -> None:
    say(f"new identity: {authority.renew_identity()}")
    say(RESTART)


def _push(authority: Authority, given: argparse.Namespace) -> None:
    asyncio.run(admin.push(authority, given.url))
    say("the hub knows")


def _declare(authority: Authority, given: argparse.Namespace) -> None:
    say(f"declared {', '.join(asyncio.run(admin.declare(authority, given.url)))}")


def _init(authority: Authority, _: argparse.Namespace) -> None:
    say(f"for the hub, beside hub.conf: {authority.trust}")


def _show(authority: Authority, _: argparse.Namespace) -> None:
    for district, keys in sorted(authority.record.members.items()):
        token = tokens.read((authority.folder / "districts" / f"{district}.token").read_text())
        until = datetime.fromtimestamp(token["exp"], UTC).date()
        say(f"{district}  {token['sub']}  until {until}  keys {len(keys)}")
    for signer in Signer:
        say(f"signing {signer}: {' '.join(authority.record.signing[signer])}")
    say(f"members {len(authority.record.members)}, keys revoked {len(authority.record.revoked)}")


COMMANDS: dict[str, tuple[Callable[[Authority, argparse.Namespace], None], str]] = {
    "init": (_init, "make what is missing: keys, accounts, the server's configuration"),
    "admit": (_admit, "tokens for districts' public keys; with --url their streams and durables too"),
    "renew": (_renew, "new tokens for the newest keys of these members (of all)"),
    "revoke": (_revoke, "make a member's tokens (of one key) void and cut it off"),
    "rotate": (_rotate, "a new signing key; the older ones stay good"),
    "retire": (_retire, "drop all signing keys but the newest"),
    "identity": (_identity, "a new identity of the operator"),
    "push": (_push, "tell the hub its accounts"),
    "declare": (_declare, "declare streams and durables of all members"),
    "show": (_show, "members, signing keys, revocations"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m renkou_local.hub", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about)
        command.add_argument("--folder", type=Path, required=True, help="the authority's folder")
        if name in ("revoke", "rotate", "retire", "push", "declare"):
            command.add_argument("--url", required=True, help="of the running hub")
        if name in ("admit", "renew"):
            command.add_argument("--days", type=float, default=DISTRICT_DAYS, help="until the tokens expire")
        if name == "admit":
            command.add_argument("--url", help="of the running hub")
            command.add_argument("member", nargs="+", help="CODE=PUBLIC_KEY")
        if name == "renew":
            command.add_argument("member", nargs="*", help="CODE")
        if name == "revoke":
            command.add_argument("member", help="CODE")
            command.add_argument("--key", help="only this public key")
        if name in ("rotate", "retire"):
            command.add_argument("signer", type=Signer, choices=list(Signer))
    key = commands.add_parser("public-key", help="the public key of a seed file")
    key.add_argument("seed_file", type=Path)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "public-key":
            say(nats_keys.public_key(secret_files.read(given.seed_file)))
            return 0
        if given.command != "init" and not (given.folder / "hub.json").exists():
            raise FileNotFoundError(f"no authority in {given.folder}: python -m renkou_local.hub init")
        COMMANDS[given.command][0](Authority(given.folder), given)
    except (OSError, ValueError, KeyError, nats.errors.Error, admin.HubRefused, JetStreamError) as error:
        print(repr(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
