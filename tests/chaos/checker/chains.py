"""Audit logs and message logs, taken out as an auditor does and verified offline by the published commands."""

import asyncio
import json
import sys
from pathlib import Path
from uuid import uuid4

from tests.chaos.checker.check import Check
from tests.chaos.checker.evidence import Evidence

AUDIT = "renkou_common.audit.verify"
MESSAGES = "renkou_migrant.message_log.verify"


async def audit_chains(evidence: Evidence) -> Check:
    """Verify the audit log of both services of each district."""
    check = Check("审计链可核验", "audit chains verify")
    for district, auditor in evidence.auditors.items():
        for service in ("registry", "migrant"):
            keys = evidence.folder / f"audit-keys-{service}-{district}.json"
            keys.write_bytes(await auditor.content(service, "/.well-known/audit-keys.json"))
            log = evidence.folder / f"audit-{service}-{district}.jsonl"
            headers = {"Idempotency-Key": str(uuid4())}
            body = {"reason": "故障演练后核验"}
            answer = await auditor.request("POST", service, "/audit/exports", json=body, headers=headers)
            log.write_bytes(answer.content)
            check.looked_at += sum(b'"entry"' in line for line in answer.content.splitlines())
            await _verify(check, AUDIT, "--keys", str(keys), str(log))
    return check


async def message_chains(evidence: Evidence) -> Check:
    """Verify the message log of each district, each laid beside its partner's."""
    check = Check("消息链可核验且两端一致", "message chains verify and agree with the partner's")
    logs: dict[str, Path] = {}
    for district, auditor in evidence.auditors.items():
        logs[district] = evidence.folder / f"messages-{district}.jsonl"
        logs[district].write_bytes(await auditor.content("migrant", "/message-log/export"))
        check.looked_at += len(logs[district].read_bytes().splitlines())
    anchor = str(evidence.stack.nodes[evidence.districts[0]].secrets / "trust_anchor.json")
    for district, log in logs.items():
        (other,) = (each for code, each in logs.items() if code != district)
        await _verify(check, MESSAGES, "log", "--anchor", anchor, "--partner-log", str(other), str(log))
    return check


async def _verify(check: Check, module: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    if process.returncode != 0:
        check.wrong.append(json.dumps([*arguments[-1:], told.decode().strip()], ensure_ascii=False))
