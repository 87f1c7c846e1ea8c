"""registry-api as this service calls it: facts about a person, matching, and births, over HTTP only.

Personal data comes either with the clerk's own token (on behalf of, so that the register's own area rules
decide) or, for the node's automatic notices, with the service token and a stated purpose.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from renkou_common.errors import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidInput,
    NotFound,
    RenkouError,
    Text,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from renkou_common.http.language import caller_language
from renkou_common.identity.service_token import ServiceToken


class PersonFacts(BaseModel):
    """What the register tells about a person for a purpose; members without a purpose are absent."""

    model_config = ConfigDict(frozen=True, extra="allow")

    person_ref: UUID
    name: str
    resident_id: str | None = None
    sex: int
    birth_date: date
    marital_status: str | None = None
    children_count: int = 0
    registered_area: str
    present_area: str | None = None
    present_since: date | None = None
    alive: bool = True
    died_on: date | None = None
    document_kind: str | None = None
    children_birth_dates: tuple[date, ...] | None = None
    registered_area_name: str | None = None


class PersonCard(BaseModel):
    """A person as staff see one: the ID number masked by the register."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    sex: int
    birth_date: date
    resident_id: str | None = Field(default=None, description="masked", examples=["3401**********1234"])


class PersonShown(PersonCard):
    """A person as the register's lists show one."""

    id: UUID
    marital_status: str
    registered_area: str
    present_area: str
    alive: bool


class PersonMatch(BaseModel):
    """A person of the register who was found by number and name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: UUID
    person_ref: UUID
    registered_area: str | None = None


class OwnIds(BaseModel):
    """Under which references the services of the node know the person behind an account."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: UUID
    person_ref: UUID


class RegistryClient:
    """Calls registry-api. Every method raises Unavailable when it cannot be reached."""

    def __init__(self, base_url: str, http: httpx.AsyncClient, token: ServiceToken) -> None:
        self._base = base_url.rstrip("/")
        self._http = http
        self.service_token = token

    async def token_keys(self) -> dict[str, Any]:
        """Return the JWK set with which bearer tokens are checked."""
        return await _send(self._http, "GET", f"{self._base}/.well-known/jwks.json")

    async def facts(self, person_id: UUID, purpose: str, *, token: str) -> PersonFacts:
        """Return facts about a person whom the clerk behind ``token`` may see; NotFound otherwise."""
        answer = await self._call("GET", f"/persons/{person_id}/facts", token, params={"purpose": purpose})
        return _parse(PersonFacts, answer)

    async def facts_by_ref(self, person_ref: UUID, purpose: str) -> PersonFacts:
        """Return facts by the reference that events carry, as the service itself; NotFound where gone."""
        path = f"/persons/by-ref/{person_ref}/facts"
        return _parse(PersonFacts, await self._call_as_service("GET", path, params={"purpose": purpose}))

    async def match(
        self, resident_id: str, name: str, purpose: str, *, token: str | None = None
    ) -> PersonMatch:
        """Find a person by number and name; NotFound where the register has nobody like that."""
        body = {"resident_id": resident_id, "name": name, "purpose": purpose}
        if token is None:
            answer = await self._call_as_service("POST", "/persons/match", json=body)
        else:
            answer = await self._call("POST", "/persons/match", token, json=body)
        if answer.get("result") != "exact":
            raise NotFound.of("人员", "person")
        return _parse(PersonMatch, answer)

    async def person(self, person_id: UUID, *, token: str) -> PersonCard:
        """Return the person as the clerk behind ``token`` sees one; NotFound outside the clerk's area."""
        return _parse(PersonCard, await self._call("GET", f"/persons/{person_id}", token))

    async def persons_of_cases(
        self, person_ids: Sequence[UUID], purpose: str, *, token: str
    ) -> dict[UUID, PersonShown]:
        """Return those of some persons whom the clerk behind ``token`` may read; the register logs the reading."""
        body = {"person_ids": [str(each) for each in person_ids], "purpose": purpose}
        answer = await self._call("POST", "/figure-cases/persons", token, json=body)
        found = [_parse(PersonShown, each) for each in answer["items"]]
        return {person.id: person for person in found}

    async def newest_audit_root(self) -> str | None:
        """Return the newest signed root of the register's audit log, None where there is none yet."""
        try:
            answer = await self._call_as_service("GET", "/audit/roots/newest")
        except NotFound:
            return None
        return str(answer["token"])

    async def own_ids(self, *, token: str) -> OwnIds:
        """Return the person whose account is behind ``token``."""
        return _parse(OwnIds, await self._call("GET", "/me/ids", token))

    async def register_person(self, person: dict[str, Any], *, token: str, key: str) -> UUID:
        """Enter a person on behalf of the clerk, once per ``key``; returns the person's id."""
        headers = {"Idempotency-Key": key}
        answer = await self._call("POST", "/persons", token, json=person, headers=headers)
        return UUID(str(answer["id"]))

    async def register_birth(self, birth: dict[str, Any], *, token: str, key: str) -> UUID:
        """Register a birth on behalf of the clerk, once per ``key``; returns the life event's id."""
        headers = {"Idempotency-Key": key}
        answer = await self._call("POST", "/life-events/births", token, json=birth, headers=headers)
        return UUID(str(answer["id"]))

    async def request_correction(self, wanted: dict[str, Any], *, token: str, key: str) -> UUID:
        """Ask on behalf of the clerk that an event be corrected or taken back; returns the request's id."""
        headers = {"Idempotency-Key": key}
        answer = await self._call("POST", "/corrections", token, json=wanted, headers=headers)
        return UUID(str(answer["id"]))

    async def _call(self, method: str, path: str, token: str, **options: Any) -> dict[str, Any]:
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {token}"}
        return await _send(self._http, method, f"{self._base}{path}", headers=headers, **options)

    async def _call_as_service(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            return await self._call(method, path, await self.service_token(), **options)
        except Unauthenticated:
            self.service_token.forget()
            return await self._call(method, path, await self.service_token(), **options)


def _parse[T: BaseModel](model: type[T], answer: dict[str, Any]) -> T:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise _unavailable("registry-api answered in a form not understood") from error


async def _send(http: httpx.AsyncClient, method: str, url: str, **options: Any) -> dict[str, Any]:
    headers = {"Accept-Language": caller_language.get(), **options.pop("headers", {})}
    try:
        response = await http.request(method, url, headers=headers, **options)
    except httpx.HTTPError as error:
        raise _unavailable(repr(error)) from error
    try:
        answer = response.json()
    except ValueError as error:
        raise _unavailable(f"status {response.status_code}, no JSON") from error
    if response.is_success and isinstance(answer, dict):
        return answer
    again_after = response.headers.get("Retry-After", "")
    seconds = int(again_after) if again_after.isdecimal() else 60
    raise _error_of(response.status_code, answer if isinstance(answer, dict) else {}, seconds)


def _unavailable(reason: str) -> Unavailable:
    return Unavailable(
        "registry_unavailable", "人口登记服务暂不可用", f"registry-api is not available: {reason}"
    )


def _error_of(status: int, problem: dict[str, Any], again_after: int) -> RenkouError:
    """Pass a problem of registry-api on under its own code; its detail is in the caller's language."""
    code = str(problem.get("code", f"registry_{status}"))
    detail = str(problem.get("detail", problem.get("title", "")))
    if status == 429:
        return TooMany(code, detail, detail, again_after)
    kinds: dict[int, type[RenkouError]] = {
        401: Unauthenticated,
        403: Forbidden,
        404: NotFound,
        409: Conflict,
        422: InvalidInput,
    }
    kind = kinds.get(status)
    if kind is None:
        return _unavailable(f"status {status} {code}")
    found = [
        FieldError(
            str(one["pointer"]), str(one.get("code", "")), Text(str(one["detail"]), str(one["detail"]))
        )
        for one in problem.get("errors", [])
        if isinstance(one, dict) and "pointer" in one and "detail" in one
    ]
    return kind(code, detail, detail, found)
