"""No service fetches an address that a caller names: who asks other servers is listed, and where the address is from.

A request has no member that is an address at all, so that there is nothing to fetch.
"""

import ast
from collections.abc import Iterator

from renkou_local.api_page import documents
from renkou_local.layout import REPOSITORY

ASKING = {
    "renkou_common/identity/service_token.py": {"self._url"},
    "renkou_common/messaging/feed.py": {"url"},
    "renkou_migrant/registry_client.py": {"url"},
    "renkou_registry/oidc/provider.py": {"url"},
    "renkou_reporting/areas/sync.py": {"f'{self._url}{path}'"},
    "renkou_reporting/bootstrap.py": {"f'{settings.registry_url.rstrip('/')}/.well-known/jwks.json'"},
    "renkou_reporting/explain/client.py": {"f'{url.rstrip('/')}/figure-cases'"},
    "renkou_reporting/province/pulling.py": {"f'{source.url.rstrip('/')}/published/feed'"},
    "renkou_reporting/reconciliation/register.py": {"self._url"},
}
"""Modules that ask other servers, and how the address is written there: each begins with what a setting says (the
services' own URLs, the sign-in provider's issuer and what it says of itself, the province's
file of districts). Whoever adds one says where its address comes from.
"""
CLIENTS = (
    "httpx",
    "urllib.request",
    "http.client",
    "requests",
    "aiohttp",
    "urllib3",
    "socket",
    "ftplib",
    "smtplib",
)
ANSWERED_PATHS = {"FindingAnswer.link", "EnrolmentOut.uri"}
"""Members of our answers: a path, and what an authenticator reads; nothing in a request is an address."""
ADDRESS_LIKE = ("url", "uri", "href", "link", "callback", "webhook", "endpoint", "hostname")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for source in sorted([REPOSITORY / "libs" / "common" / "src", *(REPOSITORY / "services").glob("*/src")]):
        for path in sorted(source.rglob("*.py")):
            yield str(path.relative_to(source)), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def addresses(tree: ast.Module) -> set[str]:
    """How the address is written of each request that a module sends."""
    found = set()
    for call in calls(tree):
        if not isinstance(call.func, ast.Attribute) or not ast.unparse(call.func.value).endswith(
            ("http", "client")
        ):
            continue
        if call.func.attr in ("get", "post", "put", "patch", "delete", "head", "options"):
            found.add(ast.unparse(call.args[0]))
        elif call.func.attr in ("request", "stream"):
            found.add(ast.unparse(call.args[1]))
    return found


def imported(tree: ast.Module) -> set[str]:
    return {
        name
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }


def test_whoever_asks_another_server_is_listed_with_its_address() -> None:
    found = {
        path: addresses(tree) for path, tree in modules() if "httpx" in imported(tree) and addresses(tree)
    }
    assert found == ASKING


def test_there_is_one_way_out() -> None:
    others = {
        path: used
        for path, tree in modules()
        if (used := {name for name in imported(tree) if name in CLIENTS[1:]})
    }
    assert others == {
        "renkou_common/http/serving.py": {"socket"},  # listens
        "renkou_reporting/copies/membership.py": {"socket"},  # asks for this machine's name
    }


def test_no_redirect_and_no_proxy_of_the_environment_leads_elsewhere() -> None:
    for path, tree in modules():
        for call in calls(tree):
            options = {each.arg: ast.unparse(each.value) for each in call.keywords}
            assert options.get("follow_redirects", "False") == "False", path
            if ast.unparse(call.func).endswith("AsyncClient"):
                assert options.get("trust_env") == "False", path


def test_no_request_has_a_member_that_is_an_address() -> None:
    found = {
        f"{name.rsplit('__', 1)[-1]}.{member}"
        for document in documents().values()
        for name, schema in document["components"]["schemas"].items()
        for member, described in schema.get("properties", {}).items()
        if any(word in member.lower() for word in ADDRESS_LIKE) or "uri" in str(described.get("format", ""))
    }
    assert found == ANSWERED_PATHS
