"""The examples in docs/figures are what the program makes."""

from pathlib import Path

from renkou_reporting.outputs import examples

FOLDER = Path(__file__).parents[4] / "docs" / "figures"
PRINTED = {"table-printed.png"}
"""What an office program made of them: looked at, not made here."""


def test_the_examples_in_the_documents_are_up_to_date() -> None:
    made = examples.files()
    kept = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert sorted(kept) == sorted({*made, *PRINTED})
    assert [name for name, content in made.items() if kept[name] != content] == [], "make figure-examples"
