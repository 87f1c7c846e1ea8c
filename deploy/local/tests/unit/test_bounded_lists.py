"""Every list that a service answers with has an end: a page with a greatest size, or something that bounds it."""

from collections.abc import Iterator
from typing import Any

from renkou_local.api_page import documents

PAGE_SIZES = {"limit", "size", "page_size"}
BOUNDED = {
    "one record: what was noted of it, the register allows only so much": """
        /persons/{person_id}/details /persons/{person_id}/kin /persons/{person_id}/kin/history
        /persons/{person_id}/households /persons/{person_id}/events /persons/{person_id}/addresses
        /persons/{person_id}/merges /persons/{person_id}/service-offers
        /persons/{person_id}/childbirth-registrations /persons/{person_id}/honour-certificates
        /cards/{card_id}/methods /cards/{card_id}/expected-deliveries /benefit-enrolments/{enrolment_id}/dues
        /employers/{employer_id}/statements /rentals/{rental_id}/agreements /agreements/{agreement_id}/history
        /agreements/{agreement_id}/words /threads/{thread_id} /visit-batches/{batch_id}
        /closings/{closing_id}/checks /closings/{closing_id}/frozen /persons/{person_id}/consents
        /staff/{staff_id}/sessions
    """,
    "one's own record": """
        /me/honour-certificates /me/household /me/consents /me/corrections /me/benefit-enrolments /me/services
        /me/childbirth-registrations /me/prepregnancy-checks /me/privacy-requests /me/exchange/agreed /auth/sessions
    """,
    "code lists, kinds, forms, keys and definitions, which are set up and not entered daily": """
        /code-lists /roles /scopes /imports/kinds /exports/lists /external-lists/profiles /stock /certificate-keys
        /indicators /indicators/{code}/versions /measures /forms /forms/{code}/versions /forecasts/scenarios
        /legal-bases /purposes /purposes/{code}/versions /privacy/processing /retention/rules /retention/due
    """,
    "figures: as many as areas, periods and indicators asked for, which the request limits": """
        /areas /figures/series /figures/table /figures/change /figures/change/versions /figures/restatement
        /accounts/series /forecasts /targets/progress /scorecards/{scorecard_id}/scores
        /scorecards/{scorecard_id}/scores/{area} /published/{period}/{version}
        /published/{period}/{version}/differences /province/figures /province/districts /feeds/status
        /overdue-notices/counts /privacy/sharing
    """,
    "records that an office keeps back by hand, one at a time": """
        /retention/holds /persons/{person_id}/restriction
    """,
}
"""Lists without pages, by what bounds them. Whoever adds a list pages it, or says here why it needs no pages."""


def lists() -> Iterator[tuple[str, set[str]]]:
    """Path and query parameters of every route that answers with a list."""
    for document in documents().values():
        schemas = document["components"]["schemas"]

        def resolved(schema: dict[str, Any], schemas: dict[str, Any] = schemas) -> dict[str, Any]:
            while "$ref" in schema:
                schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
            return schema

        for path, operations in document["paths"].items():
            operation = operations.get("get", {"responses": {}})
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
            answer = resolved(content.get("schema", {}))
            items = resolved(answer.get("properties", {}).get("items", {}))
            if "array" in (answer.get("type"), items.get("type")):
                yield (
                    path,
                    {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"},
                )


def test_a_list_has_pages_or_something_that_bounds_it() -> None:
    unpaged = {path for path, parameters in lists() if not parameters & PAGE_SIZES}
    assert unpaged == {path for paths in BOUNDED.values() for path in paths.split()}


def test_a_page_has_a_greatest_size() -> None:
    endless = [
        (path, each["name"])
        for document in documents().values()
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for each in operation.get("parameters", [])
        if each["in"] == "query" and each["name"] in PAGE_SIZES
        if not any("maximum" in schema for schema in [each["schema"], *each["schema"].get("anyOf", [])])
    ]
    assert endless == []
