"""A certificate's history: what was recorded, and the end that comes by itself."""

from datetime import date, timedelta
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Text
from renkou_migrant.certificates import repository
from renkou_migrant.certificates.domain import CertificateState, LimitedBy
from renkou_migrant.certificates.records import (
    Actor,
    ActorKind,
    CertificateStep,
    Recorded,
    StoredCertificate,
)
from renkou_migrant.runtime import Runtime

_TEXTS: dict[str, Text] = {
    CertificateStep.ISSUED: Text("签发", "issued"),
    CertificateStep.PRINTED: Text("取出纸质件", "form for paper handed out"),
    CertificateStep.FACTS_CHANGED: Text("登记内容变化", "facts have changed"),
    CertificateStep.REVOKED: Text("撤销", "revoked"),
    CertificateStep.REPLACED: Text("换发", "replaced"),
    CertificateStep.RENEWED: Text("到期换领", "renewed"),
    CertificateStep.DEATH_RECORDED: Text("因死亡失效", "lapsed by death"),
    CertificateStep.DEATH_RETRACTED: Text("死亡登记撤回", "death retracted"),
    CertificateStep.MERGED: Text("随登记记录合并转入", "came with a record that was joined to this one"),
    CertificateStep.SEPARATED: Text("随登记记录拆分转回", "went back with a record that was separated"),
    CertificateState.EXPIRED: Text("到期失效", "expired"),
    CertificateState.LAPSED_AGE: Text("满五十周岁失效", "lapsed at the age of 50"),
}


async def note(
    tx: Transaction,
    runtime: Runtime,
    certificate_id: UUID,
    step: CertificateStep,
    on: date,
    actor: Actor,
    reason: str | None = None,
    words: str | None = None,
) -> None:
    """Write a step."""
    now = runtime.clock.now()
    await repository.STEPS.add(tx, certificate_id, Recorded(step, on, now, actor, reason, words))


async def of(tx: Transaction, runtime: Runtime, found: StoredCertificate) -> list[Recorded]:
    """Return every step in order, with the expiry or the 50th birthday where that has ended it."""
    recorded = await repository.STEPS.read(tx, found.id)
    state = found.state(runtime.clock.today())
    if state in (CertificateState.EXPIRED, CertificateState.LAPSED_AGE):
        on = found.valid_to + timedelta(days=1)
        reason = "age" if found.limited_by is LimitedBy.AGE else "term"
        recorded.append(Recorded(state, on, found.validity.expires_at, Actor(ActorKind.SYSTEM), reason))
    return recorded


def text_of(step: str) -> Text:
    """Return what a step is called."""
    return _TEXTS[step]
