"""A name in both languages, as answers carry it beside a code."""

from pydantic import BaseModel


class Label(BaseModel):
    """Chinese and English."""

    zh: str
    en: str
