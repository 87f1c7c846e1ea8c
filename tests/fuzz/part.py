"""A part of a run: some operations of all three services, each under many requests, then chains of them.

    python -m tests.fuzz.part WORLD PARTS SEED CASES PART...

prints one JSON line for each part that is done. A part is named by seed and number: the same requests are made up
again, though the records that they meet may be others.
"""

import copy
import gc
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky, HypothesisException
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz import sheets
from tests.fuzz.apps import BASE, Apps
from tests.fuzz.curl import curl
from tests.fuzz.known import Known
from tests.fuzz.mixing import Parts, mixed
from tests.fuzz.world import Credentials, World

type AnyCase = Case[Any]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PER_SLICE = 28  # operations; enough parts to share out and to go on from
CHAINED = 0.1  # of the cases are made by chains
WRONG = 0.2  # of the others are against the description on purpose
_STEPS = 6
_MIXED = (
    10  # requests of each that Schemathesis makes up: itself, and others out of all that were made up so far
)
_WRONG_SENT = 3
_SLOW_SECONDS = 20.0
_SECONDS_EACH = (
    30.0  # of answering an operation's own requests in a part: what is left of them goes to chains
)


@dataclass
class Tally:
    """What happened: answers by operation and status, what failed with a line that repeats it."""

    cases: int = 0
    answers: dict[str, Counter[str]] = field(default_factory=dict)
    failures: dict[str, dict[str, Any]] = field(default_factory=dict)
    unsendable: int = 0
    slowest: list[tuple[float, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cut_short: dict[str, int] = field(default_factory=dict)

    def count(self, label: str, response: Response) -> None:
        """Note one answer."""
        self.cases += 1
        self.seconds[label] += response.elapsed
        self.answers.setdefault(label, Counter())[str(response.status_code)] += 1
        if len(self.slowest) < 5 or response.elapsed > self.slowest[-1][0]:
            self.slowest = sorted([*self.slowest, (round(response.elapsed, 3), label)], reverse=True)[:5]

    def fail(self, label: str, kind: str, told: str, curl: str) -> None:
        """Note one failure; the same one again is only counted."""
        key = f"{label}: {kind}"
        known = self.failures.setdefault(key, {"times": 0, "told": told, "curl": curl})
        known["times"] += 1

    def as_json(self) -> dict[str, Any]:
        """Return it for the report."""
        return {
            "cases": self.cases,
            "answers": {label: dict(found) for label, found in self.answers.items()},
            "failures": self.failures,
            "unsendable": self.unsendable,
            "slowest": self.slowest,
            "cut_short": self.cut_short,
        }


class Fuzzer:
    """Sends what Schemathesis makes up, with records that exist, as each of the callers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.apps = Apps(world)
        self.apps.open()
        self.schemas = {
            name: schemathesis.openapi.from_dict(copy.deepcopy(document))
            for name, document in self.apps.documents.items()
        }
        never = set(world.never)
        self._known = {name: Known(document, never) for name, document in self.apps.documents.items()}
        self._examples = {name: _examples(document) for name, document in self.apps.documents.items()}
        self._refused: dict[str, Counter[str]] = {}
        self._let_in: dict[str, set[str]] = {}
        self._served: dict[str, Counter[str]] = {}
        self._machines: dict[str, Any] = {}
        self.random = Random(0)
        self.tally = Tally()
        for known in self._known.values():
            for area in world.communities:
                known.add("area", area)
                known.add("present_area", area)
                known.add("registered_area", area)
        self._operations: list[tuple[str, Any]] = [
            (name, cast(Any, found).ok())
            for name, schema in self.schemas.items()
            for found in schema.get_all_operations()
        ]

    def look_around(self) -> None:
        """Read every list, then what lies under what was found, as the district's staff, to know what exists."""
        quiet, self.tally = self.tally, Tally()
        reads = [(name, each) for name, each in self._operations if each.method == "get"]
        for name, operation in reads:
            if "{" not in operation.path:
                self._look(name, operation.path, operation.path)
        for _ in range(2):
            for name, operation in reads:
                if "{" in operation.path:
                    found = self._known[name].path(operation.path, {}, self.random)
                    with suppress(KeyError):  # nothing of the kind was seen
                        path = operation.path.format_map(
                            {key: quote(str(each)) for key, each in found.items()}
                        )
                        self._look(name, operation.path, path)
        self.tally = quiet
        self.apps.last_errors()

    def _look(self, name: str, template: str, path: str) -> None:
        """Read a path as the first of the district's staff who may, with the district as area or without."""
        eyes = [each for each in self._world.callers if each.name.endswith(".district")]
        for caller in self.random.sample(eyes, len(eyes)):
            for params in ({"area": self._world.communities[-1]}, {}):
                asked = requests.Request("GET", BASE + path, params=params)
                asked.headers = {"Authorization": self.apps.authorization(caller) or ""}
                response = self.apps.send(name, asked.prepare())
                if response.status_code == 200:
                    self._served.setdefault(f"{name} GET {template}", Counter())[caller.name] += 1
                    self._learn(name, template, path, response)
                    return
                if response.status_code == 403:
                    break

    def slices(self) -> int:
        """Return how many parts hold every operation once."""
        return -(-len(self._operations) // PER_SLICE)

    def run(self, number: int, seed_of_run: int, cases: int) -> Tally:
        """Do a part and return what happened."""
        self.tally = Tally()
        self.random = Random(f"{seed_of_run}/{number}")
        slices = self.slices()
        mine = self._operations[number % slices :: slices]
        each = max(2.0, cases * (1 - CHAINED) / len(mine))
        for name, operation in mine:
            drawn = self.random.getrandbits(32)
            self._single(name, operation, GenerationMode.POSITIVE, round(each * (1 - WRONG)), drawn)
            self._single(name, operation, GenerationMode.NEGATIVE, round(each * WRONG), drawn)
        chained = number % len(self.schemas)
        self._chains(
            list(self.schemas)[chained], max(0, cases - self.tally.cases), self.random.getrandbits(32)
        )
        return self.tally

    def _single(self, name: str, operation: Any, mode: GenerationMode, cases: int, drawn: int) -> None:
        """Send requests to one operation.

        Making one up takes four times as long as having it answered. So what was made up is mixed: a further request
        has its path, query, head and body (and the body its members) from different ones, and other known records.
        """
        right, label = _right(name, operation), f"{name} {operation.label}"
        wrong = mode is GenerationMode.NEGATIVE
        times = _WRONG_SENT if wrong else _MIXED
        made: list[Parts] = []

        @seed(drawn)
        @_bounded(max(1, round(cases / times)))
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: AnyCase) -> None:
            made.append(Parts.of(case))
            for turn in range(times):
                if self.tally.seconds[label] > _SECONDS_EACH:
                    self.tally.cut_short[label] = sum(self.tally.answers[label].values())
                    raise _EnoughError
                if turn and not wrong:
                    case = mixed(operation, made, self.random)
                if not wrong:
                    self._make_real(name, case)
                anybody = turn == 1 or (wrong and turn == 2)
                caller = (
                    self.random.choice(self._world.callers) if anybody else self._one_who_may(right, label)
                )
                self.send(name, case, caller)

        try:
            with suppress(_EnoughError, Flaky):
                ask()
        except HypothesisException as error:  # nothing to make up, such as wrong data for no parameters
            if "atisf" not in f"{type(error).__name__}{error}":
                raise

    def _chains(self, name: str, cases: int, drawn: int) -> None:
        fuzzer, machine = self, self._machine(name)
        until = self.tally.cases + cases

        class Chain(machine):  # type: ignore[misc, valid-type]
            def setup(self) -> None:
                self.caller = fuzzer._worker()

            def call(self, case: AnyCase, **_: Any) -> Response:
                if fuzzer.tally.cases >= until:
                    raise _EnoughError
                if fuzzer.random.random() < 0.5:
                    fuzzer._make_real(name, case, path=False)
                right, label = _right(name, case.operation), f"{name} {case.operation.label}"
                if fuzzer.random.random() < 0.5:  # first somebody who may not be let in, then who goes on
                    fuzzer.send(name, case, fuzzer.random.choice(fuzzer._world.callers))
                response = fuzzer.send(name, case, self.caller)
                if response is None or response.status_code in (401, 403):
                    self.caller = fuzzer._one_who_may(right, label)
                    response = fuzzer.send(name, case, self.caller)
                return response or Response(400, {}, b"", _nothing(), 0.0, verify=False)

            def validate_response(self, response: Response, case: AnyCase, *_: Any, **__: Any) -> None:
                """Done where it was sent."""

        draws = Random(drawn)
        while self.tally.cases < until:
            before = self.tally.cases
            seed(draws.getrandbits(32))(Chain)
            # What follows depends on what the services answered, so a chain cannot be made up a second time.
            with suppress(_EnoughError, Flaky):
                Chain.run(settings=settings(_bounded(40), stateful_step_count=_STEPS))
            if self.tally.cases == before:
                break

    def _machine(self, name: str) -> Any:
        if name not in self._machines:
            self._machines[name] = self.schemas[name].as_state_machine()
        return self._machines[name]

    def send(self, name: str, case: AnyCase, caller: Credentials) -> Response | None:
        """Send a case as a caller and check the answer; None where it is no request at all."""
        label = f"{name} {case.operation.label}"
        try:
            sent = case.as_transport_kwargs(base_url=BASE)
            asked = requests.Request(**{key: value for key, value in sent.items() if key in _KEYS}).prepare()
        except (ValueError, requests.RequestException, TypeError):
            self.tally.unsendable += 1
            return None
        token = self.apps.authorization(caller)
        asked.headers.pop("Authorization", None)
        if token is not None:
            asked.headers["Authorization"] = token
        try:
            response = self.apps.send(name, asked)
        except TimeoutError:
            self.tally.fail(label, "no answer in time", "", curl(name, asked, caller))
            return None
        self.tally.count(label, response)
        self._check(name, label, case, asked, response, caller)
        if response.status_code in (401, 403):
            self._refused.setdefault(_right(name, case.operation), Counter())[caller.name] += 1
            if response.status_code == 401:
                self.apps.refused(caller)
            return response
        if response.status_code < 300 or response.status_code in (
            404,
            409,
            412,
        ):  # 422 may come before the right
            self._let_in.setdefault(_right(name, case.operation), set()).add(caller.name)
        if 200 <= response.status_code < 300:
            self._served.setdefault(label, Counter())[caller.name] += 1
            self._learn(name, case.operation.path, case.formatted_path, response)
        return response

    def _check(
        self,
        name: str,
        label: str,
        case: AnyCase,
        asked: requests.PreparedRequest,
        response: Response,
        caller: Credentials,
    ) -> None:
        logged = self.apps.last_errors()
        if response.elapsed > _SLOW_SECONDS + _asked_to_wait(case):
            self.tally.fail(label, "slow", f"{response.elapsed:.1f} s", curl(name, asked, caller))
        try:
            case.validate_response(response, checks=list(CHECKS))
        except FailureGroup as group:
            for failure in group.exceptions:
                kind = f"{response.status_code} {getattr(failure, 'title', type(failure).__name__)}"
                if response.status_code >= 500 and logged:
                    kind += f" {logged[-1].strip().splitlines()[-1][:120]}"
                told = "\n".join([str(failure)[:1500], *logged])
                self.tally.fail(label, kind, told, curl(name, asked, caller))

    def _make_real(self, name: str, case: AnyCase, *, path: bool = True) -> None:
        """Put records that exist, their versions and the examples of the documents into a made-up request."""
        known, draw = self._known[name], self.random
        if path and case.path_parameters:
            case.path_parameters = known.path(case.operation.path, dict(case.path_parameters), draw)
        query = {
            key: each
            for key, each in (case.query or {}).items()
            if not self._optional(case, key) or draw.random() < 0.3
        }
        case.query = {key: _instead(known, key, each, draw) for key, each in query.items()}
        if case.query.get("wait") and draw.random() < 0.98:  # answers that are waited for are the same ones
            case.query["wait"] = "0"
        names = {header.lower() for header in self._headers(case)}
        if "if-match" in names and draw.random() < 0.95:
            case.headers["If-Match"] = known.version(case.formatted_path, draw)
        if "idempotency-key" in names and draw.random() < 0.9:
            case.headers["Idempotency-Key"] = str(UUID(int=draw.getrandbits(128), version=4))
        if isinstance(case.body, dict) and "json" in (case.media_type or ""):
            case.body = self._body(name, case, known)

    def _body(self, name: str, case: AnyCase, known: Known) -> Any:
        draw = self.random
        examples = self._examples[name].get(case.operation.label, [])
        body: Any = case.body
        if examples and draw.random() < 0.6:
            body = copy.deepcopy(draw.choice(examples))
            for key, value in cast(dict[str, Any], case.body).items():
                if draw.random() < 0.12:
                    body[key] = value
        return known.members(body, draw, 0.9) if draw.random() < 0.8 else body

    def _optional(self, case: AnyCase, name: str) -> bool:
        for each in case.operation.definition.raw.get("parameters", []):
            if each.get("name") == name and each.get("in") == "query":
                return not each.get("required")
        return False

    def _headers(self, case: AnyCase) -> list[str]:
        described = case.operation.definition.raw.get("parameters", [])
        return [each["name"] for each in described if each.get("in") == "header"]

    def _one_who_may(self, right: str, label: str) -> Credentials:
        """Return a caller whom the operation served; one that was let in where its right was asked for, till it did;
        one that was not refused, till somebody was.
        """
        refused = self._refused.get(right, Counter())
        callers = self._world.callers
        if label in self._served and self.random.random() < 0.8:
            return self.random.choice([each for each in callers if each.name in self._served[label]])
        if right in self._let_in and self.random.random() < 0.95:
            callers = [each for each in callers if each.name in self._let_in[right]]
            return self.random.choice(callers)
        return min(callers, key=lambda each: (min(refused[each.name], 5), self.random.random()))

    def _worker(self) -> Credentials:
        return self.random.choice([each for each in self._world.callers if each.body is not None])

    def _learn(self, name: str, template: str, path: str, response: Response) -> None:
        etag = next(iter(response.headers.get("etag", [])), None)
        answer = None
        if "".join(response.headers.get("content-type", [])).startswith("application/json"):
            answer = json.loads(response.content) if response.content else None
        for each, known in self._known.items():
            if each == name:
                known.learn(template, path, answer, etag)
            elif name == "registry":
                known._walk(answer, 0)
                if template == "/persons" and isinstance(answer, dict):
                    for one in answer.get("items", [answer])[:10]:
                        known.add("person_id", one.get("id"))


class _EnoughError(Exception):
    """A part has had its cases."""


_KEYS = ("method", "url", "headers", "params", "json", "data", "files")


def _right(name: str, operation: Any) -> str:
    """Return what an operation asks of a caller, as its description says; its path where it asks for none."""
    return f"{name} {operation.definition.raw.get('x-right') or operation.path}"


def _instead(known: Known, name: str, value: Any, draw: Random) -> Any:
    found = known.pick(name, draw)
    return found if found is not None and draw.random() < 0.9 else value


def _nothing() -> requests.PreparedRequest:
    return requests.Request("GET", BASE).prepare()


def _bounded(cases: int) -> settings:
    return settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def _examples(document: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the example bodies of each operation."""
    found: dict[str, list[Any]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            schema = content.get("schema", {})
            if "$ref" in schema:
                schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
            examples = [*schema.get("examples", []), *([content["example"]] if "example" in content else [])]
            found[f"{method.upper()} {path}"] = [each for each in examples if isinstance(each, dict)]
    return found


def _asked_to_wait(case: AnyCase) -> float:
    """Seconds for which the request itself asks to be held."""
    wait = str((case.query or {}).get("wait") or 0)
    return float(wait) if wait.isdecimal() else 0.0


def main(say: Callable[[str], None] = lambda line: print(line, flush=True)) -> None:
    """Do the parts that are asked for on the command line, or, with ``-``, those whose numbers come in."""
    file, seed_of_run, cases = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    sheets.register()
    fuzzer = Fuzzer(World.read(file))
    fuzzer.look_around()
    gc.collect()
    gc.freeze()  # the descriptions and all that was compiled of them stay to the end
    say(json.dumps({"ready": True, "slices": fuzzer.slices()}))
    for line in sys.stdin:
        started = time.monotonic()
        number = int(line)
        done = fuzzer.run(number, seed_of_run, cases).as_json()
        say(json.dumps({"part": number, "seconds": round(time.monotonic() - started, 1), **done}))
    fuzzer.apps.close()


if __name__ == "__main__":
    main()
