"""Verifying an exported audit log without the node: ``… audit --keys audit-keys.json audit.jsonl``. No I/O but files.

An export is a text of lines, each a JSON object: first ``{"format": "renkou-audit/1", "log": …, "after": {"seq": …,
"chain": …}}``, then in order ``{"seq": …, "entry": {…}, "hash": …, "chain": …}`` and, right behind the last entry
it covers, ``{"root": "…"}``, at the end one over everything; at last ``{"end": {"seq": …, "chain": …}}``.

What is shown: every entry is unaltered and in its place, none is missing, none was put in, and every signed root
holds. What its keeper could still do is cut the log off behind the last root that anybody else has: so roots that
were kept elsewhere, or that partners have witnessed, are laid beside it.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from renkou_common.audit import merkle
from renkou_common.audit.chain import GENESIS, chain_hash
from renkou_common.audit.entries import Entry
from renkou_common.audit.root import BadRoot, Root, RootKeys, digest_of, named_log

FORMAT = "renkou-audit/1"
PROVED, NOT_PROVED, UNUSABLE = 0, 1, 2


class Flaw(StrEnum):
    """Why an export proves nothing. Codes are stable."""

    MALFORMED = "malformed"
    ENTRY_MISSING = "entry_missing"
    ENTRY_ALTERED = "entry_altered"
    CHAIN_BROKEN = "chain_broken"
    FILE_INCOMPLETE = "file_incomplete"
    ROOT_UNSIGNED = "root_unsigned"
    ROOT_MISSING = "root_missing"
    ROOT_DIFFERS = "root_differs"
    LOG_CUT_OFF = "log_cut_off"
    OTHER_LOG = "other_log"


_TEXTS: dict[Flaw, tuple[str, str]] = {
    Flaw.MALFORMED: ("文件不是规定的格式", "The file is not in the documented form"),
    Flaw.ENTRY_MISSING: ("日志缺少条目, 或次序被改动", "An entry is missing, or entries were reordered"),
    Flaw.ENTRY_ALTERED: ("日志条目被改动", "An entry was altered"),
    Flaw.CHAIN_BROKEN: ("条目与前一条不相连", "An entry does not follow the one before it"),
    Flaw.FILE_INCOMPLETE: ("导出文件不完整", "The exported file ends before its end"),
    Flaw.ROOT_UNSIGNED: ("根的签名无效或不是所给的密钥", "A root is not signed with one of the keys given"),
    Flaw.ROOT_MISSING: ("缺少签名的根", "A signed root is missing"),
    Flaw.ROOT_DIFFERS: ("日志与签名的根不符", "The log is not what a signed root says"),
    Flaw.LOG_CUT_OFF: ("日志末尾被截去", "The end of the log was cut off"),
    Flaw.OTHER_LOG: ("根属于另一日志", "A root belongs to another log"),
}


class NotProved(Exception):
    """An export proves nothing. ``seq`` is the first place that is wrong, where there is one."""

    def __init__(self, flaw: Flaw, seq: int | None = None, detail: str = "") -> None:
        super().__init__(flaw.value, seq, detail)
        self.flaw = flaw
        self.seq = seq
        self.detail = detail

    @property
    def words(self) -> str:
        """What is wrong, in Chinese and English, naming the first bad place."""
        zh, en = _TEXTS[self.flaw]
        where = f", 首个不符的位置 first bad place: {self.seq}" if self.seq is not None else ""
        return f"不成立 NOT PROVED [{self.flaw}] {zh} {en}{where}{f' ({self.detail})' if self.detail else ''}"


@dataclass(slots=True)
class Report:
    """What an export was found to be: places ``first`` to ``last`` of a log."""

    log: str
    first: int
    start: bytes
    hashes: list[bytes] = field(default_factory=list)
    chains: list[bytes] = field(default_factory=list)
    roots: list[Root] = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None

    @property
    def last(self) -> int:
        """The last place."""
        return self.first + len(self.hashes) - 1

    @property
    def head(self) -> bytes:
        """The chain hash of the last place."""
        return self.chains[-1] if self.chains else self.start

    @property
    def words(self) -> str:
        """What was proved, in Chinese and English."""
        return (
            f"成立 PROVED: 日志 log {self.log}, 条目 entries {self.first}–{self.last}"
            f" ({len(self.hashes)}), 签名的根 signed roots {len(self.roots)},"
            f" {self.since or '-'} – {self.until or '-'}"
        )


def verify(
    lines: Iterable[bytes], keys: RootKeys, noted: Iterable[str] = (), witnessed: Iterable[str] = ()
) -> Report:
    """Verify an export and return what it shows; raises NotProved for the first thing that is wrong.

    ``noted`` are roots of this log that somebody kept; of ``witnessed`` those of other logs are passed over: what a
    partner has witnessed can be of any log of the node.
    """
    reader: _Reader | None = None
    for line in lines:
        members = _object(line)
        if reader is None:
            reader = _Reader(_head(members), keys)
        else:
            reader.take(members)
    if reader is None or not reader.ended:
        raise NotProved(Flaw.FILE_INCOMPLETE, reader.report.last + 1 if reader else None)
    for token in noted:
        check_noted(reader.report, _read(keys, token))
    for token in witnessed:
        if named_log(token) == reader.report.log:
            check_noted(reader.report, _read(keys, token))
    return reader.report


def check_noted(report: Report, root: Root) -> None:
    """Raise NotProved unless a log is still what a root that was kept elsewhere says."""
    if root.log != report.log:
        raise NotProved(Flaw.OTHER_LOG, None, f"root {root.number} is of {root.log}")
    if root.last > report.last:
        raise NotProved(Flaw.LOG_CUT_OFF, report.last + 1, f"root {root.number} covers {root.last} entries")
    _check_root(report, root)


class _Reader:
    """Takes the lines of an export one after the other."""

    def __init__(self, report: Report, keys: RootKeys) -> None:
        self.report = report
        self.ended = False
        self._keys = keys
        self._before: str | None = None

    def take(self, members: Mapping[str, Any]) -> None:
        """Check one line against all before it; raises NotProved."""
        if self.ended:
            raise NotProved(Flaw.MALFORMED, None, "lines after the end")
        if members.keys() == {"seq", "entry", "hash", "chain"}:
            self._entry(members)
        elif members.keys() == {"root"}:
            self._root(str(members["root"]))
        elif members.keys() == {"end"}:
            self._end(members["end"])
        else:
            raise NotProved(Flaw.MALFORMED, self.report.last + 1, "an unknown line")

    def _entry(self, members: Mapping[str, Any]) -> None:
        report, seq = self.report, self.report.last + 1
        if members["seq"] != seq or members["entry"] is None:
            raise NotProved(Flaw.ENTRY_MISSING, seq, f"the file goes on with {members['seq']}")
        try:
            entry = Entry.from_members(members["entry"])
            content, chain = bytes.fromhex(members["hash"]), bytes.fromhex(members["chain"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotProved(Flaw.ENTRY_ALTERED, seq, str(error)) from error
        if entry.hash() != content:
            raise NotProved(Flaw.ENTRY_ALTERED, seq)
        if chain_hash(report.head, seq, content) != chain:
            raise NotProved(Flaw.CHAIN_BROKEN, seq)
        report.hashes.append(content)
        report.chains.append(chain)
        report.since = min(entry.at, report.since or entry.at)
        report.until = max(entry.at, report.until or entry.at)

    def _root(self, token: str) -> None:
        report, root = self.report, _read(self._keys, token)
        if root.log != report.log:
            raise NotProved(Flaw.OTHER_LOG, None, f"root {root.number}")
        if report.roots:
            before = report.roots[-1]
            if root.number != before.number + 1 or root.first != before.last + 1:
                raise NotProved(
                    Flaw.ROOT_MISSING, before.last + 1, f"root {root.number} after {before.number}"
                )
            if root.previous != digest_of(self._before or ""):
                raise NotProved(
                    Flaw.ROOT_DIFFERS, root.first, f"root {root.number} names another one before it"
                )
        elif report.first == 1 and (root.number, root.first, root.previous) != (1, 1, None):
            raise NotProved(Flaw.ROOT_MISSING, 1, f"the first root is {root.number}")
        if root.last != report.last:
            raise NotProved(
                Flaw.ROOT_DIFFERS, min(root.last, report.last) + 1, f"root {root.number} stands elsewhere"
            )
        _check_root(report, root)
        report.roots.append(root)
        self._before = token

    def _end(self, end: Any) -> None:
        report = self.report
        if end != {"seq": report.last, "chain": report.head.hex()}:
            raise NotProved(Flaw.FILE_INCOMPLETE, report.last + 1)
        covered = report.roots[-1].last if report.roots else report.first - 1
        if covered != report.last:
            raise NotProved(Flaw.ROOT_MISSING, covered + 1, "entries behind the last root")
        self.ended = True


def _check_root(report: Report, root: Root) -> None:
    """Compare what a root covers with the log, as far as the export reaches back."""
    if root.last < report.first:
        return
    if report.chains[root.last - report.first] != root.head:
        raise NotProved(Flaw.ROOT_DIFFERS, max(root.first, report.first), f"root {root.number}")
    if root.first >= report.first:
        covered = report.hashes[root.first - report.first : root.last - report.first + 1]
        if merkle.root(covered) != root.root:
            raise NotProved(Flaw.ROOT_DIFFERS, root.first, f"root {root.number}")


def _read(keys: RootKeys, token: str) -> Root:
    try:
        return keys.read(token)
    except BadRoot as error:
        raise NotProved(Flaw.ROOT_UNSIGNED, None, str(error)) from error


def _head(members: Mapping[str, Any]) -> Report:
    try:
        if members.keys() != {"format", "log", "after"} or members["format"] != FORMAT:
            raise NotProved(Flaw.MALFORMED, None, f"not {FORMAT}")
        after, start = int(members["after"]["seq"]), bytes.fromhex(members["after"]["chain"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotProved(Flaw.MALFORMED, None, "the first line") from error
    if after < 0 or (after == 0 and start != GENESIS):
        raise NotProved(Flaw.MALFORMED, None, "the first line")
    return Report(str(members["log"]), after + 1, start)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise NotProved(Flaw.MALFORMED, None, "a line that is no JSON object") from error
    if not isinstance(found, dict):
        raise NotProved(Flaw.MALFORMED, None, "a line that is no JSON object")
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a command its arguments."""
    parser.add_argument(
        "--keys", type=Path, action="append", required=True, help="public keys of roots: a JWK or a JWK set"
    )
    parser.add_argument(
        "--root", type=Path, action="append", default=[], help="a root that somebody kept or witnessed"
    )
    parser.add_argument("file", type=Path)


def verify_file(
    file: Path, keys: Sequence[Path], noted: Iterable[str], witnessed: Iterable[str] = ()
) -> Report:
    """Verify an export with the keys in some files; raises NotProved, OSError or ValueError."""
    jwks: list[Any] = []
    for path in keys:
        document = json.loads(path.read_text("utf-8"))
        jwks += document.get("keys", [document])
    with file.open("rb") as lines:
        return verify(lines, RootKeys(jwks), noted, witnessed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 proved, 1 not proved, 2 files that can't be used."""
    parser = argparse.ArgumentParser(description="Verify an exported audit log, offline. 离线核验审计日志。")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        noted = [path.read_text("ascii").strip() for path in options.root]
        print(verify_file(options.file, options.keys, noted).words)
    except NotProved as refusal:
        print(refusal.words)
        return NOT_PROVED
    except (OSError, ValueError) as error:
        print(f"文件无法读取 A file can't be read: {error}", file=sys.stderr)
        return UNUSABLE
    return PROVED


if __name__ == "__main__":
    sys.exit(main())
