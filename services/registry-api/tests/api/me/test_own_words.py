"""Everything on paper is called by its name in the field, in Chinese and English, never by a field's own name."""

import io
import re
from typing import Any

import pypdf
import pytest
import pytest_asyncio

from renkou_common.printing.fonts import Fonts
from renkou_common.scope import AreaScope
from renkou_registry.me.copy import columns_of, full_copy
from renkou_registry.me.paper import LEFT_OUT, known_of, print_copy, shown
from renkou_registry.me.repository import sources
from renkou_registry.me.words import FIELDS, TITLES

from ...support import Json, Registry
from ..duplicates.records import Records, open_records

BARE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|^[a-z][a-z_]+$")
"""Ids, and codes without a word."""
LABEL = re.compile(r"[\u4e00-\u9fff（）、]+[^_]* [A-Za-z][^_]*")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records(registry: Registry) -> Records:
    return await open_records(registry)


def keys_of(value: Any) -> set[str]:
    """Every name under which something stands, at any depth."""
    if isinstance(value, dict):
        return {str(name) for name in value} | {key for each in value.values() for key in keys_of(each)}
    if isinstance(value, list):
        return {key for each in value for key in keys_of(each)}
    return set()


def test_every_column_of_the_copy_has_a_label_in_both_languages() -> None:
    names = {name for table in sources() for name in columns_of(table)} - LEFT_OUT
    missing = sorted(names - FIELDS.keys())
    assert missing == [], " ".join(missing)


def test_no_label_is_a_bare_field_name() -> None:
    assert [label for label in FIELDS.values() if not LABEL.fullmatch(label)] == []


async def copy_of(records: Records, person: Json) -> Json:
    runtime = records.registry.runtime
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        return await full_copy(runtime, tx, person["id"])


async def test_what_stands_inside_of_records_has_labels_too(records: Records) -> None:
    found = await copy_of(records, await records.woman())
    names = {key for rows in found["records"].values() for row in rows for key in keys_of(row)} - LEFT_OUT
    missing = sorted(names - FIELDS.keys())
    assert missing == [], " ".join(missing)
    labels = {label for rows in found["records"].values() for row in rows for label, _ in shown(row)}
    assert [label for label in sorted(labels) if not LABEL.fullmatch(label)] == []


async def test_no_id_and_no_code_without_its_word_stands_on_paper(records: Records) -> None:
    found = await copy_of(records, await records.woman())
    known = known_of(found)
    bare = [
        (table, label, text)
        for table, rows in found["records"].items()
        for row in rows
        for label, text in shown(row, table, known)
        if BARE.search(text) and table != "person_key"  # a name's pinyin is what it looks like
    ]
    assert bare == []


async def test_relatives_and_schemes_stand_by_name_and_records_by_their_number_on_paper(
    records: Records,
) -> None:
    found = await copy_of(records, await records.woman())
    known = known_of(found)
    texts = {
        (table, name): text
        for table, rows in found["records"].items()
        for row in rows
        for name, value in row.items()
        for _, text in shown({name: value}, table, known)
    }
    assert texts["honour_certificate", "child_id"] == "端木小雅"
    assert texts["benefit_enrolment", "scheme_id"] in found["names"].values()
    assert texts["visit", "card_id"] == "育龄妇女信息卡 1"


@pytest.mark.endurance
async def test_the_paper_of_a_record_of_every_kind_has_every_title(records: Records) -> None:
    found = await copy_of(records, await records.woman())

    def paper_of(*tables: str) -> str:
        """What is read on the paper of some tables; of more than 256 characters the reader would lose some."""
        some = found | {"records": {table: found["records"][table] for table in tables}}
        pages = print_copy(some, Fonts(), records.registry.runtime.clock.now(), "340103")
        read = pypdf.PdfReader(io.BytesIO(pages)).pages
        return "".join(page.extract_text().replace("\0", "") for page in read)

    assert [table for table in found["records"] if TITLES[table][0] not in paper_of(table)] == []
    text = paper_of("life_event", "person")
    assert text.index(TITLES["person"][0]) < text.index(TITLES["life_event"][0])
    assert "女 female" in text
