"""HTTP of what other districts may be told about the caller, and what they were told (向其他区县提供的本人信息)."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import Agreement
from renkou_migrant.agreements.fields import carried
from renkou_migrant.agreements.words import Sentence, field_words, kind_words, sentences
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.exchange import service as exchange
from renkou_migrant.exchange.contents import decrypt
from renkou_migrant.exchange.repository import StoredMessage
from renkou_migrant.me.identity import Myself
from renkou_migrant.me.routes import OWN
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/me/exchange", tags=["me 本人"])


class MayBeTold(BaseModel):
    """One thing that a district may be told, in words, and since and until when."""

    receiver: str
    receiver_zh: str
    receiver_en: str
    kind: str
    kind_zh: str
    kind_en: str
    zh: str
    en: str
    valid_from: date
    valid_to: date
    suspended: bool
    about_you: bool = Field(description="whether the receiver is a district from which you came to live here")

    @classmethod
    def of(
        cls, agreement: Agreement, one: Sentence, names: dict[str, tuple[str, str]], homes: set[str]
    ) -> Self:
        """Return the answer for a sentence of an agreement."""
        receiver_zh, receiver_en = names.get(one.receiver, (one.receiver, one.receiver))
        kind_zh, kind_en = kind_words(one.kind)
        return cls(
            receiver=one.receiver,
            receiver_zh=receiver_zh,
            receiver_en=receiver_en,
            kind=one.kind,
            kind_zh=kind_zh,
            kind_en=kind_en,
            zh=one.zh,
            en=one.en,
            valid_from=agreement.terms.valid_from,
            valid_to=agreement.terms.valid_to,
            suspended=agreement.suspended,
            about_you=one.receiver in homes,
        )


class MayBeToldList(BaseModel):
    """What other districts may be told; those from which the caller came first."""

    items: list[MayBeTold]


class Told(BaseModel):
    """A message about the caller to another district."""

    id: UUID
    receiver: str
    kind: str
    kind_zh: str
    kind_en: str
    state: str
    sent_at: datetime | None = Field(description="null: it has not left")
    agreement_id: UUID | None
    told_zh: str = Field(description="the members that it carries, in words")
    told_en: str
    content: dict[str, Any] | None = Field(description="what it says")

    @classmethod
    def of(cls, stored: StoredMessage, content: dict[str, Any] | None) -> Self:
        """Return the answer for a message and its decrypted content."""
        kind_zh, kind_en = kind_words(stored.message.kind)
        said = content or {}
        corrected = said.get("content")
        told_zh, told_en = field_words(carried(corrected if isinstance(corrected, dict) else said))
        return cls(
            id=stored.message.id,
            receiver=stored.message.partner,
            kind=stored.message.kind,
            kind_zh=kind_zh,
            kind_en=kind_en,
            state=stored.message.state,
            sent_at=stored.message.sent_at,
            agreement_id=stored.agreement_id,
            told_zh=told_zh,
            told_en=told_en,
            content=content,
        )


class ToldPage(BaseModel):
    """Messages about the caller, the latest first."""

    items: list[Told]
    next: str | None = Field(description="value of `after` for the next page")


@router.get("/agreed", summary="What other districts may be told 可向其他区县提供的内容")
async def read_agreed(runtime: CurrentRuntime, me: Myself) -> MayBeToldList:
    """Read which districts may be told what about people here, by which agreements. For the person."""
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        found = await agreements.active(tx)
        names = await partners.names(tx, runtime)
        homes = await arrivals.home_districts(tx, me.person_id)
    today, own = runtime.clock.today(), runtime.settings.district
    items = [
        MayBeTold.of(agreement, one, names, homes)
        for agreement in found
        if agreement.covers(today)
        for one in sentences(agreement, names)
        if one.sender == own
    ]
    return MayBeToldList(items=sorted(items, key=lambda one: (not one.about_you, one.receiver, one.kind)))


@router.get("/told", summary="What other districts were told about me 已向其他区县提供的本人信息")
async def read_told(
    runtime: CurrentRuntime,
    me: Myself,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ToldPage:
    """Read every message about oneself to another district, with what it says. For the person."""
    before = decode_key(after, int)
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        refs = await arrivals.refs_of(tx, me.person_id)
        found = await exchange.told_about(tx, refs, before, limit + 1)
    return ToldPage(
        items=[Told.of(one, decrypt(runtime, one.content)) for one in found[:limit]],
        next=encode_cursor(found[limit - 1].position) if len(found) > limit else None,
    )
