"""Preconditions of a change: ``If-Match`` against the record's version."""

import re
from typing import Annotated

from fastapi import Header

from renkou_common.errors import InvalidInput, PreconditionRequired, VersionMismatch

_ETAG = re.compile(r'^"(\d{1,18})"$')


def etag(version: int) -> str:
    """Return the strong entity tag of a record's version."""
    return f'"{version}"'


async def _parse_if_match(
    if_match: Annotated[str | None, Header(description='The version read, "3"')] = None,
) -> int:
    if if_match is None:
        raise PreconditionRequired(
            "if_match_required", "修改需带 If-Match 请求头", "A change needs the header If-Match"
        )
    match = _ETAG.match(if_match.strip())
    if match is None:
        raise InvalidInput.field("/headers/If-Match", "etag", '应形如 "3"', 'must look like "3"')
    return int(match.group(1))


expected_version = _parse_if_match


def check_version(expected: int, current: int) -> None:
    """Raise :class:`VersionMismatch` unless the caller saw the current version.

    A service that notes what each version changed asks :func:`.changes.check_current` instead.
    """
    if expected != current:
        raise VersionMismatch(current)
