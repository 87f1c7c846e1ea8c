"""Command line: prove something from the message log, with files only (消息日志离线核验命令行).

    python -m renkou_migrant.message_log.verify evidence --anchor anchor.jwk evidence.json [--content]
    python -m renkou_migrant.message_log.verify log --anchor anchor.jwk message-log.jsonl \\
        [--checkpoint kept.jwt …] [--witness digest.jwt …] [--partner-log their-message-log.jsonl]
    python -m renkou_migrant.message_log.verify audit --keys audit-keys.json [--root kept.jwt …] audit.jsonl \\
        [--message-log message-log.jsonl --anchor anchor.jwk [--witness digest.jwt …]]

``evidence.json`` is an answer of ``POST /notices/{id}/evidence``, ``message-log.jsonl`` of
``GET /message-log/export``, ``audit.jsonl`` of ``POST /audit/exports``. ``--checkpoint`` is a checkpoint that somebody
kept, ``--root`` such a root, ``--witness`` a digest that a partner signed. Needs Python 3.13, cryptography and orjson,
no network, no node. Ends with 0 proved, 1 not proved, 2 for arguments or files that can't be used.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from renkou_common.audit import verify as audit_log
from renkou_common.audit.root import named_log
from renkou_migrant.credentials.jws import VerifyingKey, parse_json_object
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.message_log.proof.bundle import verify_bundle
from renkou_migrant.message_log.proof.flaws import ProofError
from renkou_migrant.message_log.proof.log import LogReport, compare_logs, verify_log, witnessed_roots
from renkou_migrant.message_log.proof.text import describe_evidence, describe_log, refusal

PROVED, NOT_PROVED, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        print(options.run(options))
    except ProofError as error:
        print(refusal(error))
        return NOT_PROVED
    except audit_log.NotProved as error:
        print(error.words)
        return NOT_PROVED
    except CredentialError as error:
        print(f"{error.reason.zh} {error.reason.en} ({error})", file=sys.stderr)
        return UNUSABLE
    except (OSError, ValueError) as error:
        print(f"文件无法读取 A file can't be read: {error}", file=sys.stderr)
        return UNUSABLE
    return PROVED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m renkou_migrant.message_log.verify",
        description="Prove something from the message log, offline. 离线核验消息日志。",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    evidence = commands.add_parser("evidence", help="one message: what, by whom, when, received when")
    evidence.add_argument("--content", action="store_true", help="print what the message says, too")
    evidence.add_argument(
        "--trust-list", type=Path, action="append", default=[], help="newer trust list at hand"
    )
    evidence.set_defaults(run=_evidence)
    log = commands.add_parser("log", help="a whole log: nothing altered, removed, inserted or cut off")
    log.add_argument("--witness", type=Path, action="append", default=[], help="a partner's signed digest")
    log.add_argument("--partner-log", type=Path, help="the partner's export, to lay beside it")
    log.set_defaults(run=_log)
    audit = commands.add_parser(
        "audit", help="an audit log: no entry altered, removed, put in, moved or cut off"
    )
    audit_log.add_arguments(audit)
    audit.add_argument(
        "--message-log", type=Path, help="export of the message log: what partners have witnessed"
    )
    audit.add_argument("--anchor", type=Path, help="public JWK of the hub's anchor, with --message-log")
    audit.add_argument("--witness", type=Path, action="append", default=[], help="a partner's signed digest")
    audit.set_defaults(run=_audit)
    for command in (evidence, log):
        command.add_argument("--anchor", type=Path, required=True, help="public JWK of the hub's anchor")
        command.add_argument(
            "--checkpoint", type=Path, action="append", default=[], help="a checkpoint that somebody kept"
        )
        command.add_argument("file", type=Path)
    return parser


def _evidence(options: argparse.Namespace) -> str:
    try:
        content = parse_json_object(options.file.read_bytes())
    except CredentialError as error:
        raise CredentialError(error.reason, str(options.file)) from error
    found = verify_bundle(
        content,
        _anchor(options.anchor),
        noted=_texts(options.checkpoint),
        newer_lists=_texts(options.trust_list),
    )
    words = describe_evidence(found)
    if options.content:
        payload = orjson.dumps(found.message.payload, option=orjson.OPT_INDENT_2).decode()
        words = f"{words}\n内容 content:\n{payload}"
    return words


def _log(options: argparse.Namespace) -> str:
    anchor = _anchor(options.anchor)
    noted, witnesses = _texts(options.checkpoint), _texts(options.witness)
    with options.file.open("rb") as lines:
        found = verify_log(lines, anchor, noted, witnesses)
    words = describe_log(found)
    if options.partner_log is None:
        return words
    with options.partner_log.open("rb") as lines:
        other: LogReport = verify_log(lines, anchor)
    both = compare_logs(found, other)
    return f"{words}\n与 {other.district} 的日志一致 agrees with the log of {other.district}: {both} messages"


def _audit(options: argparse.Namespace) -> str:
    witnessed = []
    if options.message_log is not None:
        with options.message_log.open("rb") as log:
            found = verify_log(log, _anchor(options.anchor), (), _texts(options.witness))
        witnessed = witnessed_roots(found)
    report = audit_log.verify_file(
        options.file, options.keys, _texts(options.root), [token for token, _ in witnessed]
    )
    if options.message_log is None:
        return report.words
    of_log = [by for token, by in witnessed if named_log(token) == report.log]
    names = ", ".join(sorted({name for by in of_log for name in by})) or "-"
    return f"{report.words}\n伙伴区见证的根 roots witnessed by partners: {len(of_log)} ({names})"


def _anchor(path: Path) -> VerifyingKey:
    return VerifyingKey.from_jwk(parse_json_object(path.read_bytes()))


def _texts(paths: Sequence[Path]) -> list[str]:
    return [path.read_text("ascii").strip() for path in paths]


if __name__ == "__main__":
    sys.exit(main())
