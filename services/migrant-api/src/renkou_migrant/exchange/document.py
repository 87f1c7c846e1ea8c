"""Writes what partners with other software need of the contracts: schemas, an AsyncAPI 3 document, a list.

    python -m renkou_migrant.exchange.document partner-kit/src/renkou_partner/published

``exchange.json`` lists kinds, versions, clocks and limits with samples; ``schemas/`` holds a JSON Schema for the
envelope and for the content of each kind and version; ``asyncapi.json`` describes the subjects at the hub. Run
it after a change of a contract; a test compares.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from renkou_common.clock import SHANGHAI
from renkou_migrant.agreements.purposes import needs
from renkou_migrant.exchange.contracts import (
    AGREED,
    PURPOSES,
    REPLIES,
    TESTS,
    UNNUMBERED,
    VERSIONS,
    MessageKind,
    model_of,
)
from renkou_migrant.exchange.domain import ANSWERABLE, CONFIRMABLE, DISPUTABLE, ReplyTimes
from renkou_migrant.exchange.protocol.reception import WINDOW
from renkou_migrant.exchange.protocol.sending import SEND_WINDOW
from renkou_migrant.exchange.samples import least, most
from renkou_migrant.exchange.wire import MAX_SEALED, MESSAGE_TYPE
from renkou_migrant.settings import MigrantSettings

type Json = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REPLIES_TO = {
    MessageKind.ANSWER: ANSWERABLE,
    MessageKind.CONFIRMATION: CONFIRMABLE,
    MessageKind.DISPUTE: DISPUTABLE,
}
_UUID = {"type": "string", "format": "uuid"}
_INSTANT = {"type": "string", "format": "date-time", "description": "RFC 3339 with an offset"}
_DISTRICT = {"type": "string", "pattern": "^[0-9]{6}$"}


def contents() -> dict[tuple[MessageKind, int], type[BaseModel]]:
    """Return the model of each kind and version that is understood."""
    return {
        (kind, version): model_of(kind, version) for kind in MessageKind for version in sorted(VERSIONS[kind])
    }


def envelope_schema() -> Json:
    """Return the JSON Schema of the signed text, whatever its kind."""
    optional = {"anyOf": [_UUID, {"type": "null"}]}
    properties: Json = {
        "id": {**_UUID, "description": "of the message, in every kind"},
        "kind": {"type": "string", "maxLength": 60},
        "version": {"type": "integer", "minimum": 1},
        "from": {**_DISTRICT, "description": "the district that signs"},
        "to": {**_DISTRICT, "description": "the district that can open it"},
        "pair_seq": {
            "type": "integer",
            "minimum": 0,
            "exclusiveMaximum": 2**53,
            "description": "number from this sender to this receiver, from 1 without gaps; 0 for unnumbered kinds",
        },
        "thread": {**_UUID, "description": "what belongs together"},
        "in_reply_to": {**optional, "description": "id of the message replied to or amended"},
        "created_at": _INSTANT,
        "expires_at": _INSTANT,
        "agreement": {**optional, "description": "the agreement relied on; null for unnumbered kinds only"},
        "payload": {"type": "object", "description": "content by kind and version"},
    }
    return {
        "$schema": _DRAFT,
        "title": "Envelope",
        "description": "The text that a district signs",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def exchange() -> Json:
    """Return kinds, versions, clocks and limits for programs to read."""
    settings = {name: field.default for name, field in MigrantSettings.model_fields.items()}
    return {
        "message_type": MESSAGE_TYPE,
        "limits": {
            "sealed_bytes": MAX_SEALED,
            "window": WINDOW,
            "send_window": SEND_WINDOW,
            "clock_skew_seconds": settings["clock_skew_seconds"],
            "lifetime_days": settings["message_lifetime_days"],
            "resend_first_seconds": settings["retransmit_first_seconds"],
            "resend_longest_seconds": settings["retransmit_longest_seconds"],
        },
        "kinds": {kind.value: _kind(kind) for kind in MessageKind},
    }


def _kind(kind: MessageKind) -> Json:
    models = {version: contents()[kind, version] for version in sorted(VERSIONS[kind])}
    purpose = PURPOSES.get(kind)
    return {
        "versions": list(models),
        "numbered": kind not in UNNUMBERED,
        "agreed": kind in AGREED,
        "grant": _grant(kind) if kind in AGREED else None,
        "test": kind in TESTS,
        "reply": kind in REPLIES,
        "replied_by": sorted(reply.value for reply, targets in _REPLIES_TO.items() if kind in targets),
        "reply_days": _reply_days(kind),
        "meaning": _text(models[max(models)]),
        "purpose": None if purpose is None else purpose.model_dump(),
        "samples": {
            str(version): {"least": least(model), "most": most(model)} for version, model in models.items()
        },
    }


def _grant(kind: MessageKind) -> Json:
    """What an agreement may let go by a kind: its purpose, and the members at most and at least."""
    needed = needs(kind)
    return {
        "purpose": needed.purpose,
        "legal_basis": needed.legal_basis,
        "fields": sorted(needed.fields),
        "required": sorted(needed.required),
        "answer_fields": sorted(needed.answer),
    }


def _reply_days(kind: MessageKind) -> int | None:
    """Days from the signature to the last day in time, by the default clocks."""
    signed_at = datetime(2026, 1, 5, tzinfo=SHANGHAI)
    due_on = ReplyTimes().due_on(kind, signed_at)
    return None if due_on is None else (due_on - signed_at.date()).days


def _text(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def asyncapi() -> Json:
    """Return the AsyncAPI 3.0 document of the hub's subjects."""
    schemas: Json = {"Envelope": {k: v for k, v in envelope_schema().items() if k != "$schema"}}
    messages: Json = {}
    for (kind, version), model in contents().items():
        content = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(content.pop("$defs", {}))
        schemas[model.__name__] = content
        messages[f"{kind.value}.v{version}"] = _message(kind, version, model)
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Renkou exchange between districts",
            "version": "1.0.0",
            "description": "Bytes, order, receipts and refusals: partner-kit/SPEC.md",
        },
        "defaultContentType": "application/jose",
        "servers": {
            "hub": {"host": "hub.example:4222", "protocol": "nats", "description": "NATS with JetStream"}
        },
        "channels": {
            "exchange": {
                "address": "in.{receiver}.{sender}",
                "description": "The hub lets a district publish under its own code as sender only",
                "parameters": {
                    "receiver": {"description": "six-digit code of the district that can open it"},
                    "sender": {"description": "six-digit code of the district that sends it"},
                },
                "messages": references,
            }
        },
        "operations": {
            "send": {
                "action": "send",
                "channel": {"$ref": "#/channels/exchange"},
                "summary": "Publish to in.<partner>.<own code> and wait for JetStream's answer",
            },
            "receive": {
                "action": "receive",
                "channel": {"$ref": "#/channels/exchange"},
                "summary": "Pull from the durable in-<own code>, acknowledge after it is stored",
            },
        },
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _message(kind: MessageKind, version: int, model: type[BaseModel]) -> Json:
    bound = {
        "kind": {"const": kind.value},
        "version": {"const": version},
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
    }
    return {
        "name": f"{kind.value}.v{version}",
        "summary": _text(model),
        "description": "Travels as JWE; the payload below is the text of the JWS inside it",
        "contentType": "application/jose",
        "headers": {
            "type": "object",
            "properties": {
                "Nats-Msg-Id": {
                    "type": "string",
                    "description": "a fresh one each time, also for the same message",
                },
                "Nats-Expected-Stream": {"type": "string"},
            },
        },
        "payload": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, {"properties": bound}]},
    }


def rendered() -> dict[str, str]:
    """Return the generated files by name."""
    files: dict[str, Json] = {
        "exchange.json": exchange(),
        "asyncapi.json": asyncapi(),
        "schemas/envelope.json": envelope_schema(),
    }
    for (kind, version), model in contents().items():
        files[f"schemas/{kind.value}.v{version}.json"] = {"$schema": _DRAFT, **model.model_json_schema()}
    return {name: json.dumps(one, ensure_ascii=False, indent=1) + "\n" for name, one in files.items()}


def main(folder: str) -> None:
    """Write the generated files into ``folder`` and remove schemas of what is no more."""
    files = rendered()
    root = Path(folder)
    (root / "schemas").mkdir(parents=True, exist_ok=True)
    for path in root.rglob("*.json"):
        if path.relative_to(root).as_posix() not in files:
            path.unlink()
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
