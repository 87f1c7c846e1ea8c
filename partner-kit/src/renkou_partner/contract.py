"""What the exchange knows: kinds, versions, limits and schemas, out of the files in ``published/``."""

import copy
import json
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from renkou_partner.jws import decode, encode

type Json = dict[str, Any]


def published(name: str) -> Json:
    """Return one of the published files."""
    text = files("renkou_partner").joinpath("published", *name.split("/")).read_text("utf-8")
    content: Json = json.loads(text)
    return content


EXCHANGE = published("exchange.json")
KINDS: Json = EXCHANGE["kinds"]
LIMITS: Json = EXCHANGE["limits"]
MESSAGE_TYPE: str = EXCHANGE["message_type"]
ATTACHED_BYTES = 300_000
_BEGINNINGS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
AGREED = sorted(kind for kind, about in KINDS.items() if about["agreed"])
"""Kinds that an agreement has to list."""


def is_numbered(kind: str) -> bool:
    """Whether messages of a kind take a number; an unknown kind does."""
    return bool(KINDS.get(kind, {"numbered": True})["numbered"])


def newest(kind: str) -> int:
    """Return the version in which a kind is sent."""
    return int(max(KINDS[kind]["versions"]))


def sample(kind: str, version: int | None = None, size: str = "least") -> Json:
    """Return an example content; ``size`` is ``least`` or ``most``."""
    found: Json = copy.deepcopy(KINDS[kind]["samples"][str(version or newest(kind))][size])
    return found


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = published(f"schemas/{name}.json")
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def envelope_errors(envelope: object) -> list[str]:
    """Return what is wrong with a signed text, as ``path: message``."""
    return _errors(_validator("envelope"), envelope)


def content_errors(kind: str, version: int, content: object) -> list[str]:
    """Return what is wrong with a content; raises FileNotFoundError for an unknown kind or version."""
    wrong = _errors(_validator(f"{kind}.v{version}"), content)
    return wrong or _rules(content if isinstance(content, dict) else {})


def _rules(content: Json) -> list[str]:
    """What a schema cannot say of a content that meets it (SPEC.md, 5.2)."""
    if content.get("urgent") and content["questions"] != ["registration"]:
        return ["$.urgent: only an inquiry about a registration is urgent"]
    total, wrong = 0, []
    for place, one in enumerate(content.get("attachments", [])):
        try:
            data = decode(one["data"])
        except ValueError:
            data = b""
        total += len(data)
        whole = encode(data) == one["data"] and sha256(data).hexdigest() == one["sha256"]
        if not whole or not data.startswith(_BEGINNINGS[one["media_type"]]):
            wrong.append(f"$.attachments[{place}]: the data is not what it says")
    return wrong if total <= ATTACHED_BYTES else ["$.attachments: too many bytes"]


def _errors(validator: Draft202012Validator, value: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
