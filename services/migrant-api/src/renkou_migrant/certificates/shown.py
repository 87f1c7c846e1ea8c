"""What a certificate shows to whom: the chosen groups as SD-JWT, text, QR code or printed page."""

import asyncio
from collections.abc import Mapping, Sequence

from renkou_common.errors import Conflict, InvalidInput
from renkou_common.printing.fonts import Fonts
from renkou_migrant.credentials import qr, sdjwt
from renkou_migrant.credentials.document import render_document
from renkou_migrant.credentials.groups import MINIMAL_GROUPS, Group
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.text import describe, read_unverified
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.runtime import Runtime


def groups_of(text: str | None) -> Sequence[Group]:
    """Return the groups named in ``person,marital_status``; only the person where none is named.

    Raises InvalidInput for a name that is no group.
    """
    if text is None:
        return MINIMAL_GROUPS
    found = []
    for name in text.split(","):
        try:
            found.append(Group(name.strip()))
        except ValueError as error:
            allowed = ", ".join(Group)
            raise InvalidInput.field(
                "/query/groups", "unknown_group", f"只能是 {allowed}", f"must be among {allowed}"
            ) from error
    return found


def presentation(full: str, groups: Sequence[Group]) -> str:
    """Return the presentation that shows these groups only."""
    return sdjwt.present(full, groups)


def packed(full: str, groups: Sequence[Group]) -> str:
    """Return the text of the QR code; raises Conflict where it does not fit into one."""
    try:
        return qr.pack(presentation(full, groups))
    except CredentialError as error:
        raise _unshowable(error) from error


def qr_image(text: str) -> bytes:
    """Return the QR code as PNG; raises Conflict where the text does not fit into one."""
    try:
        return qr.qr_png(text)
    except CredentialError as error:
        raise _unshowable(error) from error


def qr_drawing(text: str) -> str:
    """Return the QR code as SVG; raises Conflict where the text does not fit into one."""
    try:
        return qr.qr_svg(text).decode("utf-8")
    except CredentialError as error:
        raise _unshowable(error) from error


def readable(full: str, groups: Sequence[Group], names: Mapping[str, tuple[str, str]]) -> str:
    """Return the presentation as lines of text."""
    return describe(read_unverified(presentation(full, groups)), names)


async def document(
    runtime: Runtime, full: str, groups: Sequence[Group], names: Mapping[str, tuple[str, str]]
) -> bytes:
    """Return the printed page as PDF, made in a thread; raises Conflict where its QR code is too large."""
    try:
        fonts = await asyncio.to_thread(Fonts.of, runtime.settings.rare_fonts_dir)
        return await asyncio.to_thread(render_document, presentation(full, groups), names, fonts)
    except CredentialError as error:
        raise _unshowable(error) from error


def district_names(runtime: Runtime, trust: TrustList | None) -> dict[str, tuple[str, str]]:
    """Return the names of all known districts, this one's from its settings."""
    settings, own = runtime.settings, str(runtime.district)
    known = trust.districts.values() if trust else ()
    names = {district.code: (district.name_zh, district.name_en) for district in known}
    if settings.district_name_zh or own not in names:
        names[own] = (settings.district_name_zh or own, settings.district_name_en or own)
    return names


def _unshowable(error: CredentialError) -> Conflict:
    return Conflict(error.reason.value, error.reason.zh, error.reason.en)
