"""The envelope keeps its content provable on the way."""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from renkou_common.messaging.envelope import (
    MAX_BODY_BYTES,
    EnvelopeError,
    build_body,
    complete_envelope,
    parse_body,
    parse_envelope,
)


class Payload(BaseModel):
    note: str = ""
    number: float = 0
    deeper: dict[str, int] = {}


def _body(payload: Payload, event_id: UUID | None = None) -> tuple[str, bytes]:
    return build_body(
        event_id=event_id or uuid4(),
        event_type="registry.birth.recorded.v1",
        source="renkou:340103/registry-api",
        subject="人",
        time=datetime(2026, 3, 1, tzinfo=UTC),
        data=payload,
    )


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=50)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(
    texts, numbers, st.dictionaries(texts, st.integers(-(2**53), 2**53), max_size=4), st.integers(1, 2**53)
)
def test_what_was_put_in_comes_out_with_the_same_hash(
    note: str, number: float, deeper: dict[str, int], seq: int
) -> None:
    event_id = uuid4()
    body, content_hash = _body(Payload(note=note, number=number, deeper=deeper), event_id)
    text = complete_envelope(body, seq, content_hash)
    for raw in (text, text.encode(), orjson.loads(text)):
        event = parse_envelope(raw)
        assert (event.seq, event.id, event.content_hash) == (seq, event_id, content_hash)
        assert event.data == {"note": note, "number": number, "deeper": deeper}
        assert event.body == body
    assert parse_body(body, seq) == event


def test_the_hash_is_that_of_the_text_without_number_and_hash() -> None:
    body, content_hash = _body(Payload(note="张"))
    assert content_hash == sha256(body.encode()).digest()
    envelope = orjson.loads(complete_envelope(body, 7, content_hash))
    assert envelope["contenthash"] == content_hash.hex()
    assert list(envelope)[-2:] == ["feedseq", "contenthash"]


def test_a_changed_member_does_not_pass() -> None:
    body, content_hash = _body(Payload(note="a"))
    for name, value in [
        ("subject", "other"),
        ("data", {"note": "b"}),
        ("type", "registry.death.recorded.v1"),
    ]:
        envelope = orjson.loads(complete_envelope(body, 1, content_hash))
        envelope[name] = value
        with pytest.raises(EnvelopeError, match="content hash"):
            parse_envelope(envelope)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"1", b"null", b'{"feedseq": 1}', b'{"feedseq": 1, "contenthash": "zz"}'],
)
def test_what_is_no_envelope_is_refused(raw: bytes) -> None:
    with pytest.raises(EnvelopeError):
        parse_envelope(raw)


@pytest.mark.parametrize("seq", [0, -1, True, 1.5, "1", None])
def test_a_number_that_is_none_is_refused(seq: object) -> None:
    body, content_hash = _body(Payload())
    envelope = orjson.loads(body) | {"feedseq": seq, "contenthash": content_hash.hex()}
    with pytest.raises(EnvelopeError):
        parse_envelope(envelope)


def test_a_body_that_no_message_could_carry_is_refused_when_written() -> None:
    with pytest.raises(EnvelopeError, match="bytes"):
        _body(Payload(note="x" * MAX_BODY_BYTES))
