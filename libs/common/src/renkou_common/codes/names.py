"""Personal names: stored as received.

Chinese names may hold any character of GB 18030-2022 and other names any script, so there is no pattern to
match and no Unicode normalisation (NFKC would change real names). Only separators and controls are tidied.
"""

import unicodedata

from renkou_common.codes.findings import CodeError

SEPARATOR = "·"  # U+00B7, between the parts of a name of another language
MAXIMUM_LENGTH = 100

_LOOK_ALIKES = dict.fromkeys(map(ord, "•‧・･．∙⋅●"), SEPARATOR)


class PersonNameError(CodeError):
    """A name that cannot be stored: empty or too long."""


def clean_name(text: str) -> str:
    """The name to store: separators (• ‧ ・ ･ ．) become `·`, control characters go, ends are trimmed.

    Raises PersonNameError: `name_empty`, `name_too_long` (over 100 characters).
    """
    spaced = "".join(" " if character in "\t\n\r\u3000\u00a0" else character for character in text)
    visible = "".join(character for character in spaced if not _is_control(character))
    name = visible.translate(_LOOK_ALIKES).strip()
    if not name:
        raise PersonNameError("name_empty", "姓名为空", "the name is empty")
    if len(name) > MAXIMUM_LENGTH:
        raise PersonNameError(
            "name_too_long",
            f"姓名超过 {MAXIMUM_LENGTH} 个字符",
            f"the name is longer than {MAXIMUM_LENGTH} characters",
        )
    return name


def _is_control(character: str) -> bool:
    """Controls and invisible formatting; variation selectors (category Mn) choose a glyph and stay."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")
