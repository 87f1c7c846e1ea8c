"""The worked example of the documentation: the commands print what the page says."""

import re
from pathlib import Path

import pytest

from renkou_migrant.message_log.verify import main

DOCS = Path(__file__).parents[5] / "docs"
COMMAND = "$ python -m renkou_migrant.message_log.verify "


def shown() -> list[tuple[list[str], str]]:
    """Commands of the page with what it says they print."""
    blocks = re.findall(r"```console\n(.*?)```", (DOCS / "evidence.md").read_text("utf-8"), re.DOTALL)
    found = []
    for block in blocks:
        before, _, rest = block.partition(COMMAND)
        assert rest, before
        command, _, output = rest.partition("\n")
        found.append((command.split(), output))
    return found


@pytest.mark.parametrize(("arguments", "output"), shown(), ids=["evidence", "log"])
def test_the_example_is_proved_as_the_page_says(
    arguments: list[str], output: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(DOCS / "evidence-example")
    assert main(arguments) == 0
    assert capsys.readouterr().out == output
