"""Deny by default: an endpoint that declares no right has to be one of the few that need none, for a reason."""

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from renkou_common.identity.http import OWN, SIGNED_IN, declared_rights
from renkou_common.identity.roles import Scope
from renkou_local.api_page import applications, documents

PUBLIC = {
    "GET /openapi.json": "the description of the API holds no record",
    "GET /docs": "the same description to read",
    "GET /health/live": "asked by the supervisor, answers with nothing but that it lives",
    "GET /health/ready": "asked by the supervisor",
    "GET /metrics": "answers callers on the same machine only",
    "POST /auth/token": "who signs in has no token yet",
    "GET /.well-known/audit-keys.json": "public keys",
    "POST /auth/refresh": "who renews a sign-in shows the refresh token, not an access token",
    "GET /auth/oidc": "who signs in has to know where: a name and an address, no secret",
    "POST /auth/oidc": "who signs in shows what the provider gave, and has no token yet",
    "GET /.well-known/jwks.json": "public keys",
    "POST /public/accounts/activation": "a person without an account shows the code that the office handed out",
    "GET /public/benefit-notices/{notice_id}": "a public notice, shown to everybody by law with masked names",
    "GET /public/verification-material": "public keys and lists by which anybody verifies a certificate",
    "GET /public/status-lists/{name}": "signed bits without names, fetched by verifiers everywhere",
    "GET /verify": "the page on which anybody verifies a certificate that was shown to them",
    "POST /verify": "the same; nothing but what was shown is answered",
    "GET /verify/{name}": "files of that page",
    "GET /published/keys": "public keys",
}
KNOWN = {*Scope, OWN, SIGNED_IN}


def endpoints() -> list[tuple[str, str, frozenset[str]]]:
    """Every endpoint of every service: service, "METHOD path", the rights it declares."""
    found = []
    for service, app in applications().items():
        for context in iter_route_contexts(app.routes):
            route = context.original_route
            rights = declared_rights(route.dependant) if isinstance(route, APIRoute) else ()
            held = frozenset(rights)
            methods = sorted((context.methods or set()) - {"HEAD", "OPTIONS"})
            found += [(service, f"{method} {context.path}", held) for method in methods]
    return found


def test_every_endpoint_declares_a_right_or_is_public_for_a_reason() -> None:
    every = endpoints()
    assert len(every) > 400
    assert [(service, each) for service, each, rights in every if not rights and each not in PUBLIC] == []


def test_nothing_is_called_public_that_declares_a_right_or_is_not_there() -> None:
    assert set(PUBLIC) == {each for _, each, rights in endpoints() if not rights}


def test_declared_rights_are_scopes_that_roles_can_hold_or_the_callers_own() -> None:
    assert {right for _, _, rights in endpoints() for right in rights} <= KNOWN


@pytest.mark.parametrize("service", list(documents()))
def test_the_description_shows_each_endpoints_right(service: str) -> None:
    shown = {
        f"{method.upper()} {path}": frozenset(operation.get("x-right", "").split())
        for path, operations in documents()[service]["paths"].items()
        for method, operation in operations.items()
    }
    declared = {each: rights for name, each, rights in endpoints() if name == service}
    assert {each: declared[each] for each in shown} == shown
