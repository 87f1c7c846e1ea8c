"""Numbers are masked wherever they stand in a text, and nothing that only looks like one."""

import pytest

from renkou_common.codes.masking import masked_within


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/340103199003071234", "/3401**********1234"),
        (
            "身份证号34010319900307123X有误, 电话13912345678",
            "身份证号3401**********123X有误, 电话139****5678",
        ),
        ("340103900307123", "3401*******7123"),
        ("person 01a205f7-45ac-7682-89d2-139123456781", "person 01a205f7-45ac-7682-89d2-139123456781"),
        ("01a205f7-45ac-7682-89d2-a13912345678", "01a205f7-45ac-7682-89d2-a13912345678"),
        ("340103001001, 2026-03-02, 12345678901", "340103001001, 2026-03-02, 12345678901"),
    ],
)
def test_numbers_in_a_text_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert masked_within(text) == masked
