"""The envelope of an event: CloudEvents 1.0, structured JSON, with two extension attributes.

``feedseq`` is the gapless number in the feed (1, 2, ...), ``contenthash`` the hexadecimal SHA-256 of the JSON
text without these two attributes. The text is written by orjson without blanks and keeps the order of its
members, so that a reader gets the hashed text back by taking the two attributes out again.

    EnvelopeError(ValueError)
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

CONTENT_TYPE = "application/cloudevents+json"
MAX_BODY_BYTES = 512 * 1024
"""Largest body accepted on append: a message has to fit into NATS's default max_payload of 1 MiB."""

_NUMBER, _HASH = b',"feedseq":', b',"contenthash":"'
_LONGEST_TAIL = 128


class EnvelopeError(ValueError):
    """An envelope that is not readable, misses an attribute or does not match its own content hash."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a consumer gets it. ``data`` is the parsed payload, ``body`` the text that was hashed.

    ``partitions`` are those of a consumer in several copies for which the event is to be applied; None for all.
    ``prepared`` is what the consumer made of the payload ahead, None where it didn't.
    """

    seq: int
    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    data: dict[str, Any]
    content_hash: bytes
    body: str = ""
    partitions: frozenset[int] | None = None
    prepared: Any = None


def build_body(
    *, event_id: UUID, event_type: str, source: str, subject: str, time: datetime, data: BaseModel
) -> tuple[str, bytes]:
    """Return the envelope without ``feedseq`` and ``contenthash`` as JSON text, and its SHA-256.

    Raises EnvelopeError where the text would be larger than MAX_BODY_BYTES.
    """
    body = orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(event_id),
            "type": event_type,
            "source": source,
            "subject": subject,
            "time": time.isoformat(),
            "datacontenttype": "application/json",
            "data": orjson.Fragment(data.__pydantic_serializer__.to_json(data)),
        }
    )
    if len(body) > MAX_BODY_BYTES:
        raise EnvelopeError(f"{event_type} for {subject} has {len(body)} bytes, more than {MAX_BODY_BYTES}")
    return body.decode(), sha256(body).digest()


def complete_envelope(body: str, seq: int, content_hash: bytes) -> str:
    """Return the JSON text that goes out: the body with its number and hash appended."""
    return f'{body[:-1]},"feedseq":{seq},"contenthash":"{content_hash.hex()}"}}'


def parse_envelope(raw: bytes | str | dict[str, Any]) -> Event:
    """Read an envelope (JSON text or parsed object) and check its content hash; raises EnvelopeError.

    Of a text that ends with number and hash, as :func:`complete_envelope` writes it, what stands before is what
    was hashed; any other is written anew for that.
    """
    found = None if isinstance(raw, dict) else _parse_complete(raw)
    if found is not None:
        return found
    try:
        envelope = dict(raw) if isinstance(raw, dict) else orjson.loads(raw)
        seq = envelope.pop("feedseq")
        declared = bytes.fromhex(envelope.pop("contenthash"))
        body = orjson.dumps(envelope)
        event = Event(
            seq=seq,
            id=UUID(envelope["id"]),
            type=envelope["type"],
            source=envelope["source"],
            subject=envelope["subject"],
            time=datetime.fromisoformat(envelope["time"]),
            data=envelope["data"],
            content_hash=sha256(body).digest(),
            body=body.decode(),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EnvelopeError(f"not an event envelope: {error!r}") from error
    if type(seq) is not int or seq < 1 or not isinstance(event.data, dict):
        raise EnvelopeError("not an event envelope: feedseq or data has a wrong type")
    if declared != event.content_hash:
        raise EnvelopeError(f"event {event.id} (feedseq {seq}) does not match its content hash")
    return event


def open_envelope(text: bytes) -> tuple[int, bytes, bytes, dict[str, Any]]:
    """Return number, content hash, hashed text and members of an envelope that ends with number and hash.

    For whoever reads millions: nothing but the hash is checked. Raises EnvelopeError for any other text.
    """
    place = text.rfind(_NUMBER, -_LONGEST_TAIL)
    if place < 0 or text[-82:-66] != _HASH or text[-2:] != b'"}':
        raise EnvelopeError("an envelope that does not end with number and content hash")
    body = text[:place] + b"}"
    digest = sha256(body).digest()
    try:
        seq, declared = int(text[place + len(_NUMBER) : -82]), bytes.fromhex(text[-66:-2].decode())
        envelope: dict[str, Any] = orjson.loads(body)
    except ValueError as error:
        raise EnvelopeError(f"not an event envelope: {error!r}") from error
    if declared != digest or seq < 1 or type(envelope) is not dict:
        raise EnvelopeError(f"the event numbered {seq} does not match its content hash")
    return seq, digest, body, envelope


def _parse_complete(raw: bytes | str) -> Event | None:
    """Read a text that ends with number and hash; None for one that does not, or is not readable."""
    try:
        seq, digest, body, envelope = open_envelope(raw.encode() if isinstance(raw, str) else raw)
        data = envelope["data"]
        if type(data) is not dict or "feedseq" in envelope or "contenthash" in envelope:
            return None
        return Event(
            seq=seq,
            id=UUID(envelope["id"]),
            type=envelope["type"],
            source=envelope["source"],
            subject=envelope["subject"],
            time=datetime.fromisoformat(envelope["time"]),
            data=data,
            content_hash=digest,
            body=body.decode(),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def parse_body(body: str, seq: int) -> Event:
    """Read a stored body (without number and hash) as the event numbered ``seq``; raises EnvelopeError."""
    return parse_envelope(complete_envelope(body, seq, sha256(body.encode()).digest()))
