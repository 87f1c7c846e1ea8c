"""Two nodes over a real hub: whoever keeps an audit log and rewrites it is found by what the partner has signed."""

import json
from pathlib import Path

import asyncpg
import pytest

from renkou_common.audit.sealing import last_root, seal, sign_root
from renkou_common.scope import AreaScope
from renkou_migrant.exchange.domain import MessageState
from renkou_migrant.message_log import service
from renkou_migrant.message_log.evidence import cover
from renkou_migrant.message_log.verify import main

from ..districts import Districts
from ..support import HOME, RESIDENCE, Clerk, Node, eventually

NOTHING = AreaScope.nothing()
DIGESTS = "SELECT FROM message_log WHERE kind = 'digest' AND direction = 'in'"
ANEW = """
ALTER TABLE audit_entry DISABLE TRIGGER USER;
ALTER TABLE audit_seal DISABLE TRIGGER USER;
ALTER TABLE audit_root DISABLE TRIGGER USER;
UPDATE audit_entry SET actor_name = 'somebody else' WHERE action = 'read';
TRUNCATE audit_seal;
TRUNCATE audit_root;
"""


async def sealed_and_signed(node: Node) -> None:
    """Do as the worker does within an hour: seal, sign the root, take it into the message log."""
    runtime = node.runtime
    async with runtime.database.transaction(NOTHING) as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtext('renkou.audit.sealing'))")
        while await seal(tx):
            pass
    async with runtime.database.transaction(NOTHING) as tx:
        await sign_root(tx, runtime.audit_key, runtime.audit_log, runtime.clock.now())
        root = await last_root(tx)
        assert root is not None
        now = runtime.clock.now()
        await service.note_audit_root(tx, runtime.cipher, service.OURSELVES, root["token"], now)
        await cover(tx, runtime)


async def keep(auditor: Clerk, audit: Path, messages: Path) -> None:
    """Take both logs out, as an auditor does."""
    taken = await auditor.request("POST", "/audit/exports", json={"reason": "年度审计"})
    assert taken.status_code == 200, taken.text
    audit.write_bytes(taken.content)
    messages.write_bytes((await auditor.request("GET", "/message-log/export")).content)


async def test_a_log_rewritten_by_its_keeper_is_found_by_what_the_partner_signed(
    districts: Districts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node, partner = districts.residence, districts.home
    await districts.start()
    clerk, auditor = await node.clerk(), await node.clerk("auditor")
    notice = await node.service_notice()
    await node.reaches(notice, MessageState.READ)
    await clerk.get(f"/notices/{notice}")
    await sealed_and_signed(node)

    # In its next digest the node tells how far its message log has come; the partner's next one signs that.
    for day in (1, 2):
        await districts.pass_days(day)
        await node.service_notice()
        await partner.service_notice(home_district=RESIDENCE, area=340103002003)
        for one in (node, partner):
            await one.sender.compare()

        async def came(day: int = day) -> bool:
            heard = [len(await each.rows(DIGESTS)) for each in (node, partner)]
            return min(heard) >= day

        await eventually(came, 30)
    (tmp_path / "anchor.jwk").write_text(json.dumps(districts.anchor.public.to_jwk()))
    (tmp_path / "keys.json").write_bytes((await node.client.get("/.well-known/audit-keys.json")).content)
    await keep(auditor, tmp_path / "true.jsonl", tmp_path / "messages.jsonl")
    keys = ["audit", "--keys", str(tmp_path / "keys.json")]
    beside = ["--message-log", str(tmp_path / "messages.jsonl"), "--anchor", str(tmp_path / "anchor.jwk")]
    assert main([*keys, *beside, str(tmp_path / "true.jsonl")]) == 0
    assert f"witnessed by partners: 1 ({HOME})" in capsys.readouterr().out

    owner = await asyncpg.connect(node.owner_url)
    await owner.execute(ANEW)
    await owner.close()
    await sealed_and_signed(node)
    await keep(auditor, tmp_path / "rewritten.jsonl", tmp_path / "messages.jsonl")
    rewritten = str(tmp_path / "rewritten.jsonl")
    assert main([*keys, rewritten]) == 0  # signed with the node's own key, it proves itself
    assert main([*keys, *beside, rewritten]) == 1
    assert "[root_differs]" in capsys.readouterr().out

    # Nor can the root that was witnessed be taken out of the message log, whose place the partner has signed.
    lines = (tmp_path / "messages.jsonl").read_bytes().splitlines()
    without = [line for line in lines if json.loads(line).get("entry", {}).get("kind") != "audit_root"]
    assert len(without) < len(lines)
    (tmp_path / "messages.jsonl").write_bytes(b"\n".join(without))
    assert main([*keys, *beside, rewritten]) == 1
