"""Requests and answers of a holder who shows an own certificate."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from renkou_migrant.credentials.groups import Group


class PresentationCreate(BaseModel):
    """What the holder chooses to show; the rest stays hidden, and that something is hidden does not show."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"groups": ["person", "marital_status"]}]}
    )

    groups: Annotated[
        list[Group],
        Field(min_length=1, max_length=6),
        AfterValidator(lambda named: list(dict.fromkeys(named))),
    ]


class PresentationRead(BaseModel):
    """The same thing three times: as text to send, as the text of a QR code, and as its drawing."""

    groups: list[Group]
    presentation: str = Field(description="SD-JWT with these groups only")
    qr_text: str | None = Field(
        description="the same, packed for a QR code; null for a certificate bound to a key, which is shown"
        " with a proof of that key (its form for paper: `qr.png`, `document.pdf`)"
    )
    qr_svg: str | None = Field(description="the code as SVG, one unit per module, quiet zone of four")
