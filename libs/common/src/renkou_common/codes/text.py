"""Clean-up shared by all codes: blanks and full-width forms that arrive from spreadsheets."""

_FULL_WIDTH = {ord("０") + i: ord("0") + i for i in range(10)} | {
    ord("Ａ") + i: ord("A") + i for i in range(26)
}
_FULL_WIDTH |= {ord("ａ") + i: ord("a") + i for i in range(26)}


def half_width(text: str) -> str:
    """Full-width digits and Latin letters become ASCII; every blank (also U+3000) is removed."""
    if text.isascii() and text.isalnum():  # nearly always, and this runs for every code of every row
        return text
    return "".join(text.translate(_FULL_WIDTH).split())
