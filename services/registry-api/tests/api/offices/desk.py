"""What every register of an office has in common: entered once, changed by who saw it, seen where it lies."""

from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import Any

from renkou_common.codes.credit_code import check_character, organisation_check_character
from renkou_common.messaging.envelope import Event, parse_body
from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry

HERE = "340103001001"
_NUMBERS = count(1)


def credit_code() -> str:
    """A valid code nobody else in this run has."""
    organisation = f"{next(_NUMBERS):08d}"
    first_17 = f"91340103{organisation}{organisation_check_character(organisation)}"
    return first_17 + check_character(first_17)


@dataclass
class Offices:
    """Walks through a register and reads what was published."""

    registry: Registry

    async def events(self, subject: str) -> list[Event]:
        async with self.registry.runtime.database.transaction(AreaScope.nothing()) as tx:
            rows = await tx.fetch("SELECT body FROM outbox WHERE subject = $1 ORDER BY position", subject)
        return [parse_body(row["body"], number) for number, row in enumerate(rows, 1)]

    async def counts(self, subject: str) -> dict[str, int]:
        """The sums of all published lines of a record, by measure; nothing that is zero."""
        sums: Counter[str] = Counter()
        for event in await self.events(subject):
            for line in event.data["lines"]:
                assert line["population"] == "office"
                sums[line["measure"]] += line["value"]
        return {measure: value for measure, value in sums.items() if value}

    async def enter(self, caller: Caller, path: str, **body: Any) -> Json:
        answer = await caller.post(path, json=body)
        assert answer.status_code == 201, answer.text
        entered: Json = answer.json()
        return entered

    async def walk(
        self, caller: Caller, stranger: Caller, path: str, body: Json, change: Json, area: str = HERE
    ) -> Json:
        """Enter twice under one key, page, read, change with and without the version; return the record."""
        key = f"one record only {next(_NUMBERS)}"
        first = await caller.post(path, json=body, key=key)
        assert first.status_code == 201, first.text
        again = await caller.post(path, json=body, key=key)
        record: Json = first.json()
        assert (again.status_code, again.json()["id"]) == (201, record["id"])
        one = f"{path}/{record['id']}"
        assert first.headers["Location"] == one
        read = await caller.get(one)
        assert (read.status_code, read.headers["ETag"]) == (200, '"1"')
        assert read.json() == record
        assert (await stranger.get(one)).status_code == 404
        assert (await stranger.get(path, params={"area": area})).status_code == 404
        assert record["id"] in await self.listed(caller, path, area)
        assert (await caller.patch(one, version=None, json=change)).status_code == 428
        changed = await caller.patch(one, version=1, json=change)
        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"'), changed.text
        stale = await caller.patch(one, version=1, json=change)
        assert (stale.status_code, stale.json()["code"], stale.headers["ETag"]) == (
            412,
            "version_mismatch",
            '"2"',
        )
        assert {error["code"] for error in stale.json()["errors"]} == {"changed_meanwhile"}
        unknown = await caller.post(path, json=body | {"colour": "red"})
        assert unknown.status_code == 422
        assert "/colour" in {error["pointer"] for error in unknown.json()["errors"]}
        now: Json = changed.json()
        return now

    async def listed(self, caller: Caller, path: str, area: str, **query: str) -> list[str]:
        """The ids of a whole list, read page by page."""
        found: list[str] = []
        after: str | None = None
        while True:
            asked = {"area": area, "limit": "3"} | query | ({"after": after} if after else {})
            answer = await caller.get(path, params=asked)
            assert answer.status_code == 200, answer.text
            found += [each["id"] for each in answer.json()["items"]]
            after = answer.json()["next"]
            if after is None:
                assert len(found) == len(set(found))
                return found
