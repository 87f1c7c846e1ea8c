"""Free text that staff enter here: no place for numbers of people."""

import re
from collections.abc import Iterator

from renkou_common.errors import FieldError, InvalidInput, Text

_LONG_NUMBER = re.compile(r"\d{11}")


def text_errors(pointer: str, text: str) -> Iterator[FieldError]:
    """Yield an error where free text holds a number as long as a phone or ID number."""
    if _LONG_NUMBER.search(text):
        yield FieldError(
            pointer,
            "personal_number",
            Text("不得填写证件号码或电话号码", "must not hold an ID number or a phone number"),
        )


def free_of_numbers(text: str, pointer: str = "/reason") -> str:
    """Return a free text; raises InvalidInput where it holds such a number."""
    if found := list(text_errors(pointer, text)):
        raise InvalidInput.fields(found)
    return text
