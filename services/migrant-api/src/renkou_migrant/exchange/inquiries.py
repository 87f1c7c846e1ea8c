"""Asking the home district, or the district of the workplace, about somebody who lives here (协查)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.exchange.attachments import Attachment
from renkou_migrant.exchange.carried import Inquiry, Question, Subject
from renkou_migrant.exchange.contents import encrypt
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.repository import Draft
from renkou_migrant.exchange.service import covering_content, write
from renkou_migrant.runtime import Runtime

PURPOSE = "inquiry"


class Asked(StrEnum):
    """Whom an inquiry goes to."""

    HOME = "home"  # 户籍地
    WORKPLACE = "workplace"  # 工作地


@dataclass(frozen=True, slots=True)
class About:
    """The stay of the person asked about; ``office`` is whom to ask."""

    arrival_id: UUID
    person_ref: UUID
    area: int
    office: str


async def ask(
    tx: Transaction,
    runtime: Runtime,
    about: About,
    subject: Subject,
    questions: list[Question],
    note: str | None,
    *,
    urgent: bool,
    attachments: list[Attachment],
) -> UUID:
    """Draft an inquiry; raises Conflict where no agreement in force covers one, InvalidInput where it says more
    than the agreement lets go."""
    content = Inquiry(subject=subject, questions=questions, note=note, urgent=urgent, attachments=attachments)
    agreement_id = await covering_content(tx, runtime, about.office, MessageKind.INQUIRY, content)
    draft = Draft(
        id=new_id(),
        partner=about.office,
        kind=MessageKind.INQUIRY,
        thread=about.arrival_id,
        area=about.area,
        agreement_id=agreement_id,
        drafted_at=runtime.clock.now(),
        content=encrypt(runtime, content),
        person_ref=about.person_ref,
        arrival_id=about.arrival_id,
    )
    return await write(tx, runtime, draft)
