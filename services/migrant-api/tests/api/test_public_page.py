"""The page for anybody: what it shows, what it does not, and what it keeps."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from renkou_common.clock import Clock
from renkou_migrant.main import create_app
from renkou_migrant.public_page.routes import FILES

from ..support import EVERYTHING
from .offices import Office, Staff
from .test_certificates import HOME_COMMUNITY

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def asked(office: Office, text: str) -> httpx.Response:
    answer = await office.migrant.post("/verify", content=urlencode({"text": text}), headers=FORM)
    assert answer.status_code == 200, answer.text
    return answer


def verdict(answer: httpx.Response) -> str:
    found = re.search(r'<section id="result" class="(\w+)"', answer.text)
    assert found
    return found[1]


def words(answer: httpx.Response) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


@pytest.fixture
async def code(home: Office, clerk: Staff) -> str:
    """The text of somebody's code that shows the person and the ID number."""
    made = await clerk.certificate(await clerk.person(HOME_COMMUNITY))
    await home.status_list()
    return (await clerk.get(f"/certificates/{made['id']}/qr.txt", groups="person,id_number")).text


async def test_a_code_is_verified_in_both_languages_and_shows_what_was_chosen(
    home: Office, code: str
) -> None:
    answer = await asked(home, code)
    assert verdict(answer) == "valid"
    told = words(answer)
    for expected in (
        "证明有效",
        "The certificate is valid.",
        "欧阳娜娜",
        "女 female",
        "1996-05-03",
        "合肥市庐阳区",
    ):
        assert expected in told
    assert re.search(r"3\*{15}\d[\dX]", told)
    for hidden in ("初婚", "Marital", "Number of children"):
        assert hidden not in told


async def test_nothing_is_stored_and_no_browser_keeps_it(home: Office, code: str) -> None:
    async def kept() -> list[object]:
        async with home.runtime.database.transaction(EVERYTHING) as tx:
            tables = ("certificate_check", "outbox", "certificate_step", "idempotency_record")
            return [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]

    before = await kept()
    answer = await asked(home, code)
    assert answer.headers["cache-control"] == "no-store"
    assert await kept() == before


async def test_an_altered_code_is_refused_and_nothing_of_it_believed(home: Office, code: str) -> None:
    for text in (code[:-1] + ("0" if code[-1] != "0" else "1"), "RK1:", "<script>alert(1)</script>"):
        answer = await asked(home, text)
        assert verdict(answer) == "refused"
        assert "欧阳" not in answer.text
        assert "<script>alert" not in answer.text


async def test_nothing_sent_is_the_empty_page_again(home: Office) -> None:
    answer = await asked(home, "  ")
    assert answer.status_code == 200
    assert 'id="result"' not in answer.text
    assert '<form id="form"' in answer.text


async def test_a_revoked_one_shows_who_issued_it_and_not_what_it_said(home: Office, clerk: Staff) -> None:
    made = await clerk.certificate(await clerk.person(HOME_COMMUNITY))
    text = (await clerk.get(f"/certificates/{made['id']}/qr.txt")).text
    await clerk.change(f"/certificates/{made['id']}/revocation", {"reason": "holder_request"}, 1)
    await home.status_list()
    answer = await asked(home, text)
    assert verdict(answer) == "refused"
    assert "合肥市庐阳区" in answer.text
    assert "欧阳" not in answer.text


async def test_stale_lists_make_it_unknown(home: Office, code: str, tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text(repr((home.runtime.settings.status_list_days + 1) * 86_400.0))
    later = replace(home.runtime, clock=Clock(offset))
    transport = httpx.ASGITransport(app=create_app(home.runtime.settings, later))
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        answer = await asked(replace(home, migrant=client), code)
    assert verdict(answer) == "unknown"
    assert "out of date" in words(answer)


async def test_it_loads_nothing_from_elsewhere(home: Office) -> None:
    page = await home.migrant.get("/verify")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["permissions-policy"].startswith("camera=(self)")
    assert set(re.findall(r'(?:src|href)="(/[^"]*)"', page.text)) <= {f"/verify/{name}" for name in FILES}
    assert "://" not in page.text
    for name, kind in FILES.items():
        answer = await home.migrant.get(f"/verify/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert "Apache License" in (await home.migrant.get("/verify/jsqr.LICENSE")).text
    script = (await home.migrant.get("/verify/verify.js")).text
    assert "://" not in script
    assert "fetch(" not in script
    assert (await home.migrant.get("/verify/..%2Fpage.py")).status_code == 404


async def test_it_is_labelled_for_readers_and_works_without_scripts(home: Office) -> None:
    page = (await home.migrant.get("/verify")).text
    assert '<html lang="zh-CN">' in page
    assert '<form id="form" method="post" action="/verify">' in page
    for control in re.findall(r'<(?:textarea|input)[^>]* id="(\w+)"', page):
        assert f'for="{control}"' in page
    assert re.search(r'id="said" role="status" aria-live="polite"', page)
