"""What only several rows of a roster together show."""

from renkou_registry.imports.persons_sheet import SHEET, RosterRow
from renkou_registry.imports.roster import RosterCheck
from renkou_registry.imports.sheet import Layout

LAYOUT = Layout(SHEET, [field.title for field in SHEET.fields])


def seen(*rows: tuple[str, str]) -> tuple[list[tuple[int, str]], RosterCheck]:
    """(row, code) of everything found in rows of (household, relation)."""
    check = RosterCheck()
    found = []
    for number, (household, relation) in enumerate(rows, 2):
        row = LAYOUT.read(number, [household, "张三", "", "", "", "", "", "", relation])
        before = len(row.findings)
        check.see(row, RosterRow.of(row))
        found += [(each.row, each.finding.code) for each in row.findings[before:]]
    return found, check


def test_a_head_may_stand_below_the_others() -> None:
    found, check = seen(("1", "子"), ("1", "配偶"), ("1", "户主"))
    assert (found, check.missing_heads([])) == ([], [])


def test_a_household_without_a_head_blames_each_of_its_rows() -> None:
    _, check = seen(("1", "子"), ("2", "户主"), ("1", "女"))
    assert [(each.row, each.finding.code) for each in check.missing_heads([])] == [
        (2, "household_head_missing"),
        (4, "household_head_missing"),
    ]
    assert check.missing_heads(["1"]) == []


def test_a_second_head_is_refused() -> None:
    found, _ = seen(("1", "户主"), ("2", "户主"), ("1", "户主"))
    assert found == [(4, "household_two_heads")]
