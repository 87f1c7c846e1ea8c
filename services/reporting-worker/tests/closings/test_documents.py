"""A published version leaves the node as a signed file that an outsider checks, and by a feed for the level above."""

import json
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from renkou_local import keys as local_keys
from renkou_reporting.published.__main__ import main
from renkou_reporting.published.signing import decode, encode

from ..support import PROVINCE_SECRET, Json
from .steps import PERIOD, District


async def exported(district: District, folder: Path) -> tuple[Path, Path]:
    """The signed file of January's newest version, and the district's keys."""
    file, keys = folder / "figures.json", folder / "keys.json"
    answer = await district.statistician.get(f"/published/{PERIOD}/latest/document")
    assert answer.status_code == 200, answer.text
    file.write_bytes(answer.content)
    keys.write_bytes((await district.reporting.client.get("/published/keys")).content)
    return file, keys


async def test_an_outsider_verifies_the_exported_file(
    district: District, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await district.closed()
    file, keys = await exported(district, tmp_path)
    assert main(["verify", str(file), "--keys", str(keys)]) == 0
    told = capsys.readouterr().out
    assert "good: 340103 2026-01 v1" in told
    assert str(district.administrator.id) in told
    assert main(["verify", str(file)]) == 0
    assert "compare with the district's" in capsys.readouterr().out


async def test_any_jose_library_verifies_it_too(district: District, tmp_path: Path) -> None:
    await district.closed()
    file, keys = await exported(district, tmp_path)
    content = json.loads(file.read_text())
    key_set = KeySet.import_key_set(json.loads(keys.read_text()))
    registry = jws.JWSRegistry(algorithms=["Ed25519"])
    registry.max_payload_length = len(content["payload"])
    found = jws.deserialize_json(content, key_set, registry=registry)
    document = json.loads(found.payload)
    births = {(row[0], row[3]): row[6] for row in document["figures"] if row[1:3] == ["resident", "births"]}
    assert births["340103", ""] == (await district.figure("births"))["value"] == "240"


async def test_a_changed_digit_or_another_key_is_refused(district: District, tmp_path: Path) -> None:
    await district.closed()
    file, _ = await exported(district, tmp_path)
    content = json.loads(file.read_text())
    other = tmp_path / "changed.json"
    for changed in (
        content | {"payload": encode(decode(content["payload"]).replace(b'"240"', b'"241"'))},
        content | {"signature": content["signature"][:-4] + "AAAA"},
        {"payload": content["payload"]},
    ):
        other.write_text(json.dumps(changed))
        assert main(["verify", str(other)]) == 1
    foreign = tmp_path / "foreign.json"
    foreign.write_text(json.dumps({"keys": [json.loads(local_keys.public_text(local_keys.token_key()))]}))
    assert main(["verify", str(file), "--keys", str(foreign)]) == 1
    other.write_text("no json")
    assert main(["verify", str(other)]) == 2


async def test_a_restated_file_names_the_version_before(district: District, tmp_path: Path) -> None:
    closing_id = await district.closed()
    await district.late([district.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)])
    await district.restate(closing_id, "补报")
    versions = (await district.statistician.get("/published", params={"period": PERIOD})).json()["items"]
    assert [one["version"] for one in versions] == [2, 1]
    document = json.loads(decode(json.loads((await exported(district, tmp_path))[0].read_text())["payload"]))
    assert document["previous"] == versions[1]["hash"]
    assert document["reason"] == "补报"
    assert [one["role"] for one in document["signatures"]] == ["statistician", "second"]
    assert any(one["indicator"] == "births" for one in document["differences"])


async def test_the_level_above_reads_version_after_version(district: District) -> None:
    closing_id = await district.closed()
    await district.late([district.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)])
    await district.restate(closing_id, "补报")
    client = district.reporting.client

    async def page(after: str | None, secret: str = PROVINCE_SECRET) -> Json:
        asked = {"limit": "1"} | ({"after": after} if after else {})
        answer = await client.get(
            "/published/feed", params=asked, headers={"Authorization": f"Bearer {secret}"}
        )
        found: Json = answer.json() | {"status": answer.status_code}
        return found

    first = await page(None)
    second = await page(first["next_after"])
    nothing = await page(second["next_after"])
    assert [one["number"] for one in first["items"] + second["items"]] == [1, 2]
    assert (nothing["items"], nothing["next_after"]) == ([], second["next_after"])
    assert (await page(None, "a guess"))["status"] == 401
    assert (await client.get("/published/feed")).status_code == 401
    assert (await district.statistician.get("/published/feed")).status_code == 200
