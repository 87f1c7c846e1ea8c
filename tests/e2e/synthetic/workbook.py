"""Writes a roster as the .xlsx that a clerk would hand in: Chinese headings and labels, all as text."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import xlsxwriter

from renkou_common.codes.kinship import RELATIONS
from renkou_common.codes.lists import DOCUMENT_KINDS, MARITAL_STATUSES, SEXES
from renkou_common.codes.nationalities import NATIONALITIES

from .mistakes import COLUMN_OF, TEN_MISTAKES, Cells, Mistake, MistakeMaker, WrongRow
from .people import Person, Roster

HEADINGS = (
    "户号",
    "姓名",
    "性别",
    "出生日期",
    "证件类型",
    "证件号码",
    "民族",
    "婚姻状况",
    "与户主关系",
    "户籍地编码",
    "户籍地详细地址",
    "现居住地编码",
    "现居住地详细地址",
    "现居住起始日期",
    "联系电话",
    "生育子女数",
    "工作单位",
)
SHEET_NAME = "人口登记表"
FIRST_DATA_ROW = 2


def write_xlsx(
    roster: Roster, path: Path, bad_share: float = 0.01, mistakes: tuple[Mistake, ...] = TEN_MISTAKES
) -> list[WrongRow]:
    """Writes the roster with a share of wrong rows, spread evenly over the mistakes; returns those in order.

    Which rows are wrong and how depends on the roster's seed only. All other rows are correct.
    """
    maker = MistakeMaker(roster, Random(f"mistakes {roster.seed} {roster.district}"))
    chosen = maker.choose(round(len(roster.people) * bad_share), mistakes)
    wrong: list[WrongRow] = []
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet(SHEET_NAME)
        text = workbook.add_format({"num_format": "@"})
        sheet.set_column(0, len(HEADINGS) - 1, 16, text)
        sheet.write_row(0, 0, HEADINGS, workbook.add_format({"bold": True}))
        for index, cells in enumerate(_rows(roster, maker, chosen, wrong)):
            for column, heading in enumerate(HEADINGS):
                value = cells[heading]
                if isinstance(value, float):
                    sheet.write_number(index + 1, column, value)
                elif value:
                    sheet.write_string(index + 1, column, value, text)
    return wrong


def cells_of(person: Person) -> Cells:
    """A person as the cells of a row, by heading."""
    values = (
        person.household_number,
        person.name,
        SEXES.entry(person.sex).zh,
        person.birth_date.isoformat(),
        DOCUMENT_KINDS.entry(person.document_kind).zh,
        person.document_number,
        NATIONALITIES.entry(person.nationality).zh,
        MARITAL_STATUSES.entry(person.marital_status).zh,
        RELATIONS.entry(person.relation).zh,
        person.registered_area,
        person.registered_street,
        person.present_area,
        person.present_street,
        person.present_since.isoformat(),
        person.phone,
        "" if person.children_born is None else str(person.children_born),
        person.employer,
    )
    return dict(zip(HEADINGS, values, strict=True))


def _rows(
    roster: Roster, maker: MistakeMaker, chosen: dict[int, Mistake], wrong: list[WrongRow]
) -> Iterator[Cells]:
    for index, person in enumerate(roster.people):
        mistake = chosen.get(index)
        if mistake is None:
            yield cells_of(person)
            continue
        original = maker.original_of(index, chosen) if mistake is Mistake.DUPLICATE_ID else None
        wrong.append(
            WrongRow(
                row=index + FIRST_DATA_ROW,
                index=index,
                mistake=mistake,
                column=COLUMN_OF[mistake],
                duplicate_of=None if original is None else original + FIRST_DATA_ROW,
            )
        )
        if original is None:
            yield maker.spoil(person, mistake, cells_of(person), cells_of)
        else:
            yield cells_of(_repeat(person, roster.people[original]))


def _repeat(person: Person, original: Person) -> Person:
    """The person under the original's number, with the birth date that it says: nothing else is wrong."""
    return replace(
        person,
        document_number=original.document_number,
        birth_date=original.birth_date,
        present_since=max(person.present_since, original.birth_date),
        children_born=original.children_born,
    )
