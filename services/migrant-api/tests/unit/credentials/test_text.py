"""What a person reads: both languages, only what was disclosed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from renkou_migrant.credentials import sdjwt
from renkou_migrant.credentials.groups import ALL_GROUPS, CertificateFacts, Group
from renkou_migrant.credentials.text import describe, disclosed_lines, issue_lines, read_unverified

from .world import World

FACTS = CertificateFacts(
    name="王伟",
    sex=1,
    birth_date=date(1990, 1, 1),
    area_code="340103",
    area_name="合肥市庐阳区",
    marital_status="10",
    children_count=0,
)
NAMES = {"340103": ("合肥市庐阳区", "Luyang, Hefei")}


def test_everything_is_readable_in_both_languages(world: World) -> None:
    text = describe(read_unverified(world.issue()), NAMES)
    for expected in (
        "姓名 Name: 欧阳娜娜",
        "性别 Sex: 女 female",
        "公民身份号码 ID number: 34010319960503124X",
        "户籍地 Registered area: 安徽省合肥市庐阳区 340103",
        "婚姻状况 Marital status: 初婚 first marriage",
        "子女数 Number of children: 2",
        "2018-01-02, 2022-03-04",
        "签发地 Issued by: 合肥市庐阳区 340103 Luyang, Hefei",
    ):
        assert expected in text
    assert "voluntary" in text
    assert "contracept" not in text
    assert "避孕" not in text


@pytest.mark.parametrize("group", ALL_GROUPS)
def test_a_group_that_is_not_shown_has_no_line(world: World, group: Group) -> None:
    others = [one for one in ALL_GROUPS if one is not group]
    lines = disclosed_lines(read_unverified(sdjwt.present(world.issue(), others)))
    labels = [line.label_zh for line in lines]
    hidden = ["姓名", "性别", "出生日期"] if group is Group.PERSON else [group.zh]
    assert not set(hidden) & set(labels)
    assert len(labels) == 8 - len(hidden)


def test_the_last_valid_day_is_the_day_before_exp_in_china(world: World) -> None:
    china_midnight = datetime(2029, 2, 28, 16, 0, tzinfo=UTC)
    for expires_at, day in (
        (china_midnight, "2029-02-28"),
        (china_midnight + timedelta(seconds=1), "2029-03-01"),
    ):
        lines = issue_lines(read_unverified(world.issue(expires_at=expires_at)), NAMES)
        assert {line.label_en: line.value for line in lines}["Valid until"] == day


def test_a_childless_holder_who_shows_birth_dates_shows_none(world: World) -> None:
    facts = replace(FACTS, children_birth_dates=())
    text = describe(read_unverified(world.issue(facts=facts)))
    assert "子女出生日期 Children's dates of birth: 无 none" in text
    assert "签发地 Issued by: 340103\n" in text


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("合肥市庐阳区", "340103"), "合肥市庐阳区 340103"),
        (("340103", "340103"), "340103"),
        (("", "Luyang, Hefei"), "340103 Luyang, Hefei"),
    ],
)
def test_a_district_without_a_name_in_a_language_is_named_once(
    world: World, names: tuple[str, str], told: str
) -> None:
    issuer = issue_lines(read_unverified(world.issue()), {"340103": names})[0]
    assert issuer.value == told
