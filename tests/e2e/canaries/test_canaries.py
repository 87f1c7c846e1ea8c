"""After a full run of two districts nothing protected lies in the clear anywhere: every file and every answer is read.

Names and streets stand in the registers in the clear: that they are found there shows that the search finds.
"""

import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from renkou_local.stack import Stack
from tests.e2e.canaries import places
from tests.e2e.canaries.search import Needles
from tests.e2e.canaries.told import (
    BANK,
    EXPECTED,
    HEALTH,
    NAME,
    NUMBER,
    PASSWORD,
    PHONE,
    PROCESSES,
    STREET,
    Told,
)
from tests.e2e.journey import HOME, RESIDENCE

pytestmark = pytest.mark.endurance

PROTECTED = ("number", "phone", "health", "expected", "password", "secret", "bank")
CLEAR = ("name", "street")
PROTECTED_AND_CLEAR = (*(name for name in PROTECTED if name != "secret"), *CLEAR, "ref")


@pytest.fixture(scope="module")
async def told(http: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """The whole run, with a folder for temporary files of its own."""
    folder = tmp_path_factory.mktemp("canaries")
    temporary = folder / "temporary"
    temporary.mkdir(mode=0o777)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", None)
        async with Stack(folder, [HOME, RESIDENCE], demo_clock=True, durable=False) as stack:
            run = Told(http, stack)
            await run.everything()
            yield run


@pytest.fixture(scope="module")
def needles(told: Told) -> Needles:
    """What is looked for."""
    return Needles(
        {
            "number": [NUMBER],
            "phone": [PHONE],
            "health": [HEALTH],
            "expected": [EXPECTED],
            "password": [PASSWORD],
            "secret": told.secrets(),
            "bank": [BANK],
            "name": [NAME],
            "street": [STREET],
            "ref": [told.woman["ref"]],
        }
    )


async def test_no_file_of_the_nodes_holds_anything_protected(told: Told, needles: Needles) -> None:
    connection = await told.stack.postgres.connect()
    await connection.execute("CHECKPOINT")
    await connection.close()
    found: dict[str, set[str]] = defaultdict(set)
    wrong = []
    for path in places.files(told.stack):
        kind = places.kind(told.stack, path)
        cluster = kind == "postgres" and "base" in path.parts  # secrets: in the dumps and the write-ahead log
        names = needles.within(path.read_bytes(), *(PROTECTED_AND_CLEAR if cluster else ()))
        found[kind] |= names
        allowed = set(CLEAR) | {"ref"} if kind in {"postgres", "wal"} else {"ref"}
        if names - allowed:
            wrong.append((str(path.relative_to(told.stack.data_dir)), sorted(names - allowed)))
    assert not wrong
    for kind, there in (("postgres", set(CLEAR)), ("wal", set(CLEAR)), ("nats", {"ref"})):
        assert found[kind] >= there, f"what must be in {kind} was not found"
    logs = {f"logs of {HOME}-{each}" for each in PROCESSES} | {
        "logs of postgres",
        "logs of nats",
        "logs of hub",
    }
    assert logs | {"hub", "temporary"} <= set(found), sorted(found)


async def test_no_dump_of_a_database_holds_anything_protected(told: Told, needles: Needles) -> None:
    seen = set()
    for database in await places.databases(told.stack):
        names = needles.within(await places.dump(told.stack, database))
        assert names <= set(CLEAR) | {"ref"}, database
        if not database.startswith("registry"):
            assert names <= {"ref"}, database
        seen.add((database, *sorted(names)))
    assert (f"registry_{HOME}", "name", "ref", "street") in seen


async def test_no_answer_to_anybody_and_no_error_repeats_anything_protected(
    told: Told, needles: Needles
) -> None:
    answers = await places.told_anybody(told.http, told.stack)
    assert {url: names for url, said in answers.items() if (names := needles.within(said))} == {}
    repeated = [
        (answer.request.url.path, answer.text)
        for answer in told.refusals
        if needles.within(answer.content + str(answer.headers).encode(), *PROTECTED)
    ]
    assert repeated == []
    assert len(told.refusals) > 15


async def test_no_event_and_no_entry_of_the_audit_log_holds_anything_protected(
    told: Told, needles: Needles
) -> None:
    events = str(await told.walk.events()).encode()
    assert needles.within(events) == {"ref"}
    exported = await told.walk.auditor.send("POST", "/audit/exports", {"reason": "年度检查"})
    assert needles.within(exported.content, *PROTECTED) == set()
    assert told.woman["id"] in exported.text


async def test_what_is_put_there_on_purpose_is_found(told: Told, needles: Needles, tmp_path: Path) -> None:
    connection = await told.stack.postgres.connect(f"registry_{HOME}")
    try:
        with pytest.raises(Exception, match="invalid input syntax"):
            await connection.execute(f"SELECT 'x{told.number}'::integer")
        await connection.execute("CREATE TABLE planted AS SELECT $1::text AS in_the_clear", told.number)
        await connection.execute("CHECKPOINT")
        found: dict[str, set[str]] = defaultdict(set)
        for path in places.files(told.stack):
            found[places.kind(told.stack, path)] |= needles.within(path.read_bytes(), "number")
        assert {kind for kind, names in found.items() if names} == {"logs of postgres", "postgres", "wal"}
        assert "number" in needles.within(await places.dump(told.stack, f"registry_{HOME}"))
    finally:
        await connection.close()
