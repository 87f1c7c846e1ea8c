"""The QR code of a packed presentation, as picture (二维码图像)."""

import io

import segno

from renkou_migrant.credentials.packing import MAX_TEXT, PREFIX, pack, unpack
from renkou_migrant.credentials.reasons import CredentialError, Reason

__all__ = ["MAX_TEXT", "PREFIX", "make_qr", "pack", "qr_png", "qr_svg", "unpack"]

ERROR_CORRECTION = "m"
QUIET_ZONE = 4


def qr_png(text: str, *, pixels_per_module: int = 6) -> bytes:
    """The QR image of a packed text as PNG, error correction M, quiet zone of 4 modules."""
    out = io.BytesIO()
    make_qr(text).save(out, kind="png", scale=pixels_per_module, border=QUIET_ZONE)
    return out.getvalue()


def qr_svg(text: str) -> bytes:
    """The same as SVG, one unit per module."""
    out = io.BytesIO()
    make_qr(text).save(out, kind="svg", scale=1, border=QUIET_ZONE, xmldecl=False, nl=False)
    return out.getvalue()


def make_qr(text: str) -> segno.QRCode:
    """The QR code, alphanumeric mode, exactly level M. Raises ``CredentialError(TOO_LARGE)``."""
    try:
        return segno.make_qr(text, error=ERROR_CORRECTION, mode="alphanumeric", boost_error=False)
    except segno.DataOverflowError as error:
        raise CredentialError(Reason.TOO_LARGE) from error
