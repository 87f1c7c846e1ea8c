"""Command line: keep an offline verifier's lists, newer ones only (离线核验材料工具).

    python -m renkou_migrant.credentials.material_tool begin --folder F --anchor anchor.jwk
    python -m renkou_migrant.credentials.material_tool accept --folder F verification-material.json
    python -m renkou_migrant.credentials.material_tool show --folder F

``accept`` takes what any district hands out at ``GET /public/verification-material``, carried over on
whatever is at hand. Ends with 0, 1 where a list was refused, 2 for files that can't be used.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from renkou_migrant.credentials.jws import VerifyingKey, parse_json_object
from renkou_migrant.credentials.material import MaterialFolder
from renkou_migrant.credentials.reasons import CredentialError

REFUSED, UNUSABLE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except CredentialError as error:
        print(f"{error.reason.zh} {error.reason.en} ({error})", file=sys.stderr)
        return REFUSED
    except (OSError, UnicodeError) as error:
        print(f"文件无法使用 A file can't be used: {error!r}", file=sys.stderr)
        return UNUSABLE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m renkou_migrant.credentials.material_tool",
        description="Lists of an offline verifier. 离线核验材料。",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    begin = commands.add_parser("begin", help="make the folder with the anchor")
    begin.add_argument("--anchor", type=Path, required=True, help="public JWK of the hub's anchor")
    begin.set_defaults(run=_begin)
    accept = commands.add_parser("accept", help="keep newer lists")
    accept.add_argument("material", type=Path, help="JSON with trust_list and status_lists")
    accept.set_defaults(run=_accept)
    show = commands.add_parser("show", help="what the folder holds and until when it is good")
    show.set_defaults(run=_show)
    for command in (begin, accept, show):
        command.add_argument("--folder", type=Path, required=True)
    return parser


def _begin(options: argparse.Namespace) -> int:
    MaterialFolder(options.folder).begin(
        VerifyingKey.from_jwk(parse_json_object(options.anchor.read_bytes()))
    )
    return 0


def _accept(options: argparse.Namespace) -> int:
    folder, material = MaterialFolder(options.folder), parse_json_object(options.material.read_bytes())
    trust_list, status_lists = material.get("trust_list"), material.get("status_lists")
    if isinstance(trust_list, str):
        folder.accept_trust_list(trust_list.strip())
    refused = folder.accept_status_lists(
        [token for token in status_lists if isinstance(token, str)] if isinstance(status_lists, list) else []
    )
    for one in refused:
        print(f"[{one.position}] {one.error.reason.zh} {one.error.reason.en} ({one.error})", file=sys.stderr)
    return REFUSED if refused else 0


def _show(options: argparse.Namespace) -> int:
    folder = MaterialFolder(options.folder)
    trust_list = folder.trust_list()
    if trust_list is None:
        print("尚无信任名单 no trust list yet")
        return 0
    print(f"trust list {trust_list.sequence}, until {trust_list.expires_at}")
    for one in folder.status_lists(trust_list):
        print(f"{one.uri} {one.sequence}, until {one.expires_at}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
