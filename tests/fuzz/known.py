"""What a run has seen: identifiers, versions and areas that later requests are made with."""

import re
from collections import defaultdict
from random import Random
from typing import Any
from urllib.parse import unquote

_KEPT = 60
_PARAMETER = re.compile(r"\{([^}]+)\}")
_NAMED = re.compile(
    r".*(_id|_ref|_code|_number)$|^(area|code|partner|period|indicator|resident_id|month|year)$"
)


class Known:
    """Values by the name under which requests carry them, and versions by path.

    The items of ``/persons`` fill ``{person_id}``, as that is what the paths of one of them are called; every member
    called ``..._id`` fills the parameters and members of that name. ``never`` holds what must not be touched: the
    callers' own accounts.
    """

    def __init__(self, document: dict[str, Any], never: set[str]) -> None:
        self._values: dict[str, list[Any]] = defaultdict(list)
        self._versions: dict[str, str] = {}
        self._never = never
        self._parameter_of: dict[str, str] = {}
        self._existing: dict[str, list[dict[str, str]]] = defaultdict(list)
        for path in document["paths"]:
            before, _, rest = path.partition("{")
            while rest:
                name, _, rest = rest.partition("}")
                self._parameter_of.setdefault(before.rstrip("/"), name)
                before += f"{{{name}}}{rest.partition('{')[0]}"
                rest = rest.partition("{")[2]

    def learn(self, template: str, path: str, answer: Any, etag: str | None) -> None:
        """Keep what a successful answer tells."""
        if etag:
            self._version(path, etag)
        self._exists(template, path)
        collection = template.rstrip("/")
        if isinstance(answer, dict):
            listed = answer.get("items")
            for one in listed if isinstance(listed, list) else [answer]:
                self._one(collection, path, one, listed is not None)
        self._walk(answer, 0)

    def add(self, name: str, value: Any) -> None:
        """Keep one value under a name."""
        if str(value) in self._never or value in (None, ""):
            return
        kept = self._values[name]
        if value in kept:
            return
        if len(kept) >= _KEPT:
            kept.pop(len(kept) // 2)  # the first are the good old ones of the beginning
        kept.append(value)

    def pick(self, name: str, random: Random) -> Any:
        """Return some value for a name, None where none was seen."""
        kept = self._values.get(name)
        return random.choice(kept) if kept else None

    def version(self, path: str, random: Random) -> str:
        """Return the ETag of the record that a path changes, as far as it was seen."""
        while path.count("/") > 0 and path:
            if path in self._versions:
                return self._versions[path]
            path = path.rpartition("/")[0]
        return f'"{random.randint(1, 3)}"'

    def path(self, template: str, given: dict[str, Any], random: Random) -> dict[str, Any]:
        """Return path parameters with records that exist in the place of most of those that were made up.

        Those that were seen together (a person's document) are taken together.
        """
        values, together = dict(given), self._together(template, random)
        for match in _PARAMETER.finditer(template):
            before, name = template[: match.start()].rstrip("/"), match.group(1)
            found = together.get(name) or self.pick(before, random) or self.pick(name, random)
            if found is not None and random.random() < 0.92:
                values[name] = found
        return values

    def _together(self, template: str, random: Random) -> dict[str, str]:
        """Return the parameters of something that exists and that the template is at or under; the longest known."""
        for match in reversed(list(_PARAMETER.finditer(template))):
            if known := self._existing.get(template[: match.end()]):
                return random.choice(known)
        return {}

    def _exists(self, template: str, path: str) -> None:
        """Keep that something was found at a path, and so at all that it lies under."""
        found: dict[str, str] = {}
        parts = path.split("?")[0].strip("/").split("/")
        for number, (name, part) in enumerate(zip(template.strip("/").split("/"), parts, strict=False), 1):
            if not (name.startswith("{") and name.endswith("}")):
                continue
            found[name[1:-1]] = unquote(part)
            if unquote(part) in self._never:
                return
            kept = self._existing["/" + "/".join(template.strip("/").split("/")[:number])]
            if found not in kept:
                if len(kept) >= _KEPT:
                    kept.pop(len(kept) // 2)
                kept.append(dict(found))

    def members(self, value: Any, random: Random, share: float) -> Any:
        """Return a body in which known values stand for some made-up ones."""
        if isinstance(value, dict):
            return {name: self._member(name, each, random, share) for name, each in value.items()}
        if isinstance(value, list):
            return [self.members(each, random, share) for each in value]
        return value

    def _member(self, name: Any, value: Any, random: Random, share: float) -> Any:
        if isinstance(value, dict | list):
            return self.members(value, random, share)
        found = self.pick(name, random) if isinstance(name, str) else None
        return found if found is not None and random.random() < share else value

    def _one(self, collection: str, path: str, record: Any, listed: bool) -> None:
        if not isinstance(record, dict):
            return
        parameter = self._parameter_of.get(collection)
        identifier = record.get("id", record.get("code"))
        if parameter and identifier is not None:
            self.add(collection, identifier)
            self.add(parameter, identifier)
            path = f"{path.rstrip('/')}/{identifier}"
            self._exists(f"{collection}/{{{parameter}}}", path)
        elif listed:
            return
        if isinstance(record.get("version"), int):
            self._version(path, f'"{record["version"]}"')

    def _version(self, path: str, etag: str) -> None:
        if len(self._versions) > 50_000:
            self._versions.clear()
        self._versions[path] = etag

    def _walk(self, value: Any, depth: int) -> None:
        if depth > 4:
            return
        if isinstance(value, dict):
            for name, each in value.items():
                if isinstance(each, str) and _NAMED.match(name) and len(each) < 100 and "*" not in each:
                    self.add(name, each)
                elif isinstance(each, dict | list):
                    self._walk(each, depth + 1)
        elif isinstance(value, list):
            for each in value[:20]:
                self._walk(each, depth + 1)
