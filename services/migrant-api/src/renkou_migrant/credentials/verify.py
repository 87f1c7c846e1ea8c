"""Command line: verify a certificate with files only, never a network (离线核验命令行).

    python -m renkou_migrant.credentials.verify --trust-anchor anchor.jwk --trust-list trust-list.jwt \\
        --status-list 340103.jwt [--status-list …] [--at 2026-11-21T12:00:00+08:00] [--json] PRESENTATION|-
    python -m renkou_migrant.credentials.verify --folder F [--audience NAME [--nonce TEXT]] PRESENTATION|-

``--folder`` is kept by ``material_tool``, which refuses older lists; files named one by one are taken as given.
``PRESENTATION`` is an SD-JWT or the text of a QR code; ``-`` reads it from standard input.
Ends with 0 valid, 1 refused, 3 unknown, 2 for arguments or files that can't be used.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from renkou_migrant.credentials.holder import Challenge
from renkou_migrant.credentials.jws import VerifyingKey, parse_json_object
from renkou_migrant.credentials.material import MaterialFolder
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.status_list import StatusList, verify_status_list
from renkou_migrant.credentials.text import describe
from renkou_migrant.credentials.trust import TrustList, verify_trust_list
from renkou_migrant.credentials.verifier import OfflineVerifier, Outcome, VerificationResult

EXIT_CODES = {Outcome.VALID: 0, Outcome.REFUSED: 1, Outcome.UNKNOWN: 3}
UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.folder is None and not (options.trust_anchor and options.trust_list):
        parser.error("--folder, or --trust-anchor and --trust-list, are needed")
    now = options.at or datetime.now(UTC)
    try:
        trust_list, status_lists = _material(options)
    except (CredentialError, OSError, UnicodeDecodeError) as error:
        print(f"{_file_problem(error)}", file=sys.stderr)
        return UNUSABLE
    text = sys.stdin.read() if options.presentation == "-" else options.presentation
    challenge = Challenge(options.audience, options.nonce) if options.audience else None
    result = OfflineVerifier(trust_list, status_lists, now).verify_text(text, challenge=challenge)
    print(_as_json(result) if options.json else _as_text(result, trust_list))
    return EXIT_CODES[result.outcome]


def district_names(trust_list: TrustList) -> dict[str, tuple[str, str]]:
    """Names by district code, for ``text`` and ``document``."""
    return {code: (district.name_zh, district.name_en) for code, district in trust_list.districts.items()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m renkou_migrant.credentials.verify",
        description="Verify a certificate without a network. 离线核验流动人口婚育证明。",
    )
    parser.add_argument("--folder", type=Path, help="folder with anchor and lists, kept by material_tool")
    parser.add_argument("--trust-anchor", type=Path, help="public JWK of the hub's anchor")
    parser.add_argument("--trust-list", type=Path, help="signed trust list")
    parser.add_argument("--status-list", type=Path, action="append", default=[], help="signed status list")
    parser.add_argument("--at", type=rfc3339, help="verify as of this RFC 3339 instant instead of now")
    parser.add_argument("--audience", help="this verifier's name, for certificates bound to a holder's key")
    parser.add_argument("--nonce", help="what the holder was asked to sign")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("presentation", help="the SD-JWT, the text of the QR code, or - for standard input")
    return parser


def rfc3339(text: str) -> datetime:
    """An instant with its offset, as an argument of a command line."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("an offset is needed, such as +08:00")
    return moment


def _material(options: argparse.Namespace) -> tuple[TrustList, list[StatusList]]:
    if options.folder is not None:
        folder = MaterialFolder(options.folder)
        held = folder.trust_list()
        if held is None:
            raise CredentialError(Reason.UNKNOWN_ISSUER, "no trust list yet")
        return held, folder.status_lists(held)
    anchor = VerifyingKey.from_jwk(parse_json_object(options.trust_anchor.read_bytes()))
    trust_list = verify_trust_list(options.trust_list.read_text("ascii").strip(), anchor)
    tokens = [path.read_text("ascii").strip() for path in options.status_list]
    return trust_list, [verify_status_list(token, trust_list) for token in tokens]


def _file_problem(error: Exception) -> str:
    if isinstance(error, CredentialError):
        return f"{error.reason.zh} {error.reason.en} ({error})"
    return f"文件无法读取 A file can't be read: {error}"


def _as_text(result: VerificationResult, trust_list: TrustList) -> str:
    verdict = {
        Outcome.VALID: "有效 VALID",
        Outcome.REFUSED: "拒绝 REFUSED",
        Outcome.UNKNOWN: "不能确认 UNKNOWN",
    }
    detail = f" ({result.detail})" if result.detail else ""
    head = f"{verdict[result.outcome]} [{result.code}] {result.reason.zh} {result.reason.en}{detail}"
    if result.certificate is None:
        return head
    return f"{head}\n\n{describe(result.certificate, district_names(trust_list))}".rstrip("\n")


def _as_json(result: VerificationResult) -> str:
    certificate = result.certificate
    members = {
        "outcome": result.outcome.value,
        "code": result.code,
        "zh": result.reason.zh,
        "en": result.reason.en,
        "detail": result.detail,
        "issuer": certificate.issuer if certificate else None,
        "issued_at": certificate.issued_at if certificate else None,
        "expires_at": certificate.expires_at if certificate else None,
        "disclosed": {group.value: value for group, value in certificate.groups.items()}
        if certificate
        else None,
    }
    return orjson.dumps(members, option=orjson.OPT_INDENT_2).decode()


if __name__ == "__main__":
    sys.exit(main())
