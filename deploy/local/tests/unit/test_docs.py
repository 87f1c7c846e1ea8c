"""The pages name every endpoint and every setting of the three services."""

import re

import pytest
from pydantic_settings import BaseSettings

from renkou_local import holdings_page, protected_page, records_page
from renkou_local.api_page import documents, page
from renkou_local.layout import DEPLOY, REPOSITORY
from renkou_local.records_page import missing
from renkou_migrant.settings import MigrantSettings
from renkou_registry.settings import RegistrySettings
from renkou_reporting.settings import ReportingSettings

DOCS = REPOSITORY / "docs"


def test_the_page_of_endpoints_says_what_the_services_say() -> None:
    assert (DOCS / "api.md").read_text(encoding="utf-8") == page()


def test_every_path_of_every_service_is_on_it() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    paths = [path for document in documents().values() for path in document["paths"]]
    assert len(paths) > 50
    assert [path for path in paths if f"`{path}`" not in text] == []


def test_each_operation_has_a_title_in_both_languages_and_names_the_right_that_it_asks_for() -> None:
    wrong = []
    for service, document in documents().items():
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                rights = {
                    right
                    for each in operation.get("security", [])
                    for found in each.values()
                    for right in found
                }
                described = operation.get("description", "")
                if not path.startswith("/health/") and not re.search("[一-鿿]", operation["summary"]):
                    wrong.append((service, method, path, "title"))
                wrong += [(service, method, path, right) for right in rights if f"`{right}`" not in described]
    assert wrong == []


def test_the_page_of_records_names_every_endpoint_table_and_event_of_the_register() -> None:
    assert missing() == []
    assert (DOCS / "records.md").read_text(encoding="utf-8") == records_page.page()


def test_the_page_of_holdings_says_what_the_services_say() -> None:
    assert (DOCS / "holdings.md").read_text(encoding="utf-8") == holdings_page.page()


def test_the_page_of_protected_columns_says_what_the_services_say() -> None:
    assert (DOCS / "protected-columns.md").read_text(encoding="utf-8") == protected_page.page()


RECORDS = (
    "Person",
    "Household",
    "Separated from registration",
    "Populations",
    "Life events",
    "Card of a woman",
    "Follow-up card",
    "Services given",
    "Pre-pregnancy check",
    "Supplies ledger",
    "Childbirth registration",
    "Only-child parents' honour certificate",
    "Benefit schemes",
    "Employers and their yearly statements",
    "Rented housing and its agreements",
    "Activities",
    "Petitions",
    "Surveys",
    "Budget lines",
)
"""What the field keeps of people, households and an office, in the field's own order."""


def test_every_record_of_the_field_has_its_endpoints_tables_and_events() -> None:
    lines = (DOCS / "records.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    found = [next((row for row in rows if row[0].startswith(record)), [record]) for record in RECORDS]
    assert [row[0] for row in found if len(row) < 4 or "-" in row[1:]] == []
    places = [rows.index(row) for row in found]
    assert places == sorted(places)


@pytest.mark.parametrize("settings", [RegistrySettings, MigrantSettings, ReportingSettings])
def test_every_setting_is_on_the_operators_page(settings: type[BaseSettings]) -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    names = [f"RENKOU_{name.upper()}" for name in settings.model_fields]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_decision_says_what_why_what_it_costs_and_which_check_keeps_it() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(each.name[:4]) for each in pages] == list(range(1, len(pages) + 1))
    for each in pages:
        text = each.read_text(encoding="utf-8")
        for heading in ("**What.**", "**Why.**", "**What it costs.**", "**Which check keeps it.**"):
            assert heading in text, f"{each.name}: {heading}"


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = [
        *DOCS.rglob("*.md"),
        REPOSITORY / "README.md",
        REPOSITORY / "CONTRIBUTING.md",
        DEPLOY / "README.md",
    ]
    for each in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", each.read_text(encoding="utf-8")):
            assert (each.parent / target).exists(), f"{each.name}: {target}"
