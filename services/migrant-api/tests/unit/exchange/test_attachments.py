"""Files that travel with a message: few, small, and what they say they are."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from renkou_migrant.exchange.attachments import MOST_BYTES, Attachment, MediaType, decoded
from renkou_migrant.exchange.contracts import MessageKind, parse_content

PDF = b"%PDF-1.7 ..."


def told(of: bytes = PDF, **changes: Any) -> dict[str, Any]:
    """An attachment as it stands in a payload."""
    fields = {
        "name": "出生医学证明.pdf",
        "media_type": "application/pdf",
        "sha256": sha256(of).hexdigest(),
        "data": urlsafe_b64encode(of).rstrip(b"=").decode(),
    }
    return fields | changes


def answer(*attachments: dict[str, Any]) -> Any:
    return parse_content(MessageKind.ANSWER, {"known": True, "attachments": list(attachments)})


@given(st.binary(max_size=2000))
def test_what_is_attached_comes_out_again(rest: bytes) -> None:
    made = Attachment.of("a.png", MediaType.PNG, b"\x89PNG\r\n\x1a\n" + rest)
    assert Attachment.model_validate(made.model_dump(mode="json")).raw.endswith(rest)


@pytest.mark.parametrize(
    "changes",
    [
        {"media_type": "image/png"},
        {"media_type": "text/html"},
        {"sha256": "0" * 64},
        {"name": "../../x"},
        {"name": "x" * 101},
        {"data": "JVBERi0="},
        {"data": "***"},
        {"size": 3},
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        answer(told(**changes))


def test_three_files_within_the_size_are_taken_and_no_more() -> None:
    third = PDF + b"x" * (MOST_BYTES // 3 - len(PDF))
    assert len(answer(told(third), told(third), told(third)).attachments) == 3
    with pytest.raises(ValidationError):
        answer(told(third), told(third), told(third + b"x"))
    with pytest.raises(ValidationError):
        answer(*[told()] * 4)


def test_only_one_spelling_of_the_bytes_is_taken() -> None:
    assert decoded("JVBERi0") == b"%PDF-"
    with pytest.raises(ValueError, match="padding"):
        decoded("JVBERi1")  # the last bits are not zero


def test_version_1_knows_no_attachments() -> None:
    with pytest.raises(ValidationError):
        parse_content(MessageKind.ANSWER, {"known": True, "attachments": []}, 1)


@pytest.mark.parametrize("questions", [["person"], ["registration", "person"], ["certificate"]])
def test_only_a_childbirth_registration_is_urgent(questions: list[str]) -> None:
    subject = {"name": "王小雨", "resident_id": None, "home_area": "340103002003"}
    inquiry = {"subject": subject, "questions": ["registration"], "urgent": True}
    assert parse_content(MessageKind.INQUIRY, inquiry)
    with pytest.raises(ValidationError):
        parse_content(MessageKind.INQUIRY, {**inquiry, "questions": questions})
