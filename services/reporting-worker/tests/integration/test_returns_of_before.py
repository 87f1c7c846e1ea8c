"""Returns handed in before there were forms stay in the figures, and can be read and withdrawn."""

import asyncio
import os
from pathlib import Path
from uuid import UUID, uuid4

from alembic import command

from renkou_common.database import Database
from renkou_common.migration import alembic_config, upgrade
from renkou_reporting.migrate import SCRIPTS

from ..support import DISTRICT, EVERYWHERE, DatabaseFactory, running

BY = UUID("00000000-0000-7000-8000-000000000001")


async def test_a_return_of_before_is_one_of_the_generic_form(
    database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    access = await database_factory("reporting", DISTRICT)
    os.environ["RENKOU_APP_ROLE"] = access.app_role
    return_id, event = uuid4(), uuid4()
    await asyncio.to_thread(command.upgrade, alembic_config(SCRIPTS, access.owner_url), "0002")
    owner = Database(access.owner_url, pool_size=1)
    await owner.open()
    async with owner.transaction(EVERYWHERE) as tx:
        await tx.execute(
            "INSERT INTO aggregate_return (id, title, source, area, month, line_count, submitted_by,"
            " submitted_at) VALUES ($1, '期初人口', '统计局', 340103000000, 202512, 1, $2, now())",
            return_id,
            BY,
        )
        await tx.execute(
            "INSERT INTO return_line VALUES ($1, 0, 340103001000, '2025-12-31', 'registered', 'opening', 2,"
            " 199005, 0, 5000)",
            return_id,
        )
        await tx.execute("INSERT INTO return_entry VALUES (1, $1, $2, 1)", event, return_id)
        await tx.execute("INSERT INTO feed_position VALUES ('returns', 1)")
        await tx.execute(
            "INSERT INTO fact VALUES ('returns', 1, 0, $1, 340103001000, '2025-12-31', 202512, 'registered',"
            " 'opening', 2, 199005, 0, 5000)",
            event,
        )
    await owner.close()
    await asyncio.to_thread(upgrade, SCRIPTS, access.owner_url)
    async with running(access, tmp_path) as reporting:
        signer = await reporting.staff("administrator", "340103")
        read = (await signer.get(f"/returns/{return_id}")).json()
        assert (read["form"], read["period"], read["state"], read["title"]) == (
            "counts",
            "2025-12",
            "signed",
            "期初人口",
        )
        assert read["findings"] == []
        assert read["lines"] == [
            {
                "area": "340103001",
                "on": "2025-12-31",
                "population": "registered",
                "measure": "opening",
                "sex": 2,
                "birth_month": "1990-05",
                "parity": 0,
                "detail": "",
                "value": 5000,
            }
        ]
        withdrawn = await signer.step(read, "withdrawal", reason="重复")
        assert withdrawn.json()["state"] == "withdrawn"
        facts = await reporting.rows("SELECT sum(value)::int AS value FROM fact")
        assert facts[0]["value"] == 0
