"""From facts to cases: asked of the services that keep them, in the caller's name.

Nothing about a person is kept here: what a service shows is handed through to the caller and forgotten.
"""

from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from renkou_common.errors import Forbidden, Unavailable
from renkou_common.http.language import caller_language
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_reporting.explain.client import NAMES, cases_of
from renkou_reporting.explain.schemas import (
    CaseAnswer,
    CasesAnswer,
    CaseSource,
    CasesRequest,
    Refusal,
)
from renkou_reporting.returns import service as returns
from renkou_reporting.returns.domain import FEED as RETURNS
from renkou_reporting.runtime import Runtime


async def show(
    runtime: Runtime, access: Access, returns_within: AreaScope | None, asked: CasesRequest
) -> CasesAnswer:
    """Return the cases of facts by feed; ``returns_within``: where the caller may read returns, None for nowhere.

    A service that refuses the caller shows nothing and says why; what else it answers, and that it cannot be
    reached, is raised as :func:`cases_of` does.
    """
    items: list[CaseAnswer] = []
    sources: list[CaseSource] = []
    for feed in (*NAMES, RETURNS):
        wanted = list(dict.fromkeys(fact.event_id for fact in asked.facts if fact.feed == feed))
        if not wanted:
            continue
        refused = None
        found: list[CaseAnswer] = []
        if feed == RETURNS:
            found = await _of_returns(runtime, returns_within, wanted)
        else:
            try:
                found = await _of_service(runtime, access, feed, wanted, asked)
            except Forbidden as error:
                zh = caller_language.get().startswith("zh")
                refused = Refusal(code=error.code, detail=error.detail.zh if zh else error.detail.en)
        items += found
        sources.append(
            CaseSource(
                feed=feed,
                asked=len(wanted),
                shown=len(found),
                hidden=len(wanted) - len(found),
                refused=refused,
            )
        )
    return CasesAnswer(items=items, hidden=sum(each.hidden for each in sources), sources=sources)


async def _of_service(
    runtime: Runtime, access: Access, feed: str, event_ids: Sequence[UUID], asked: CasesRequest
) -> list[CaseAnswer]:
    settings = runtime.settings
    url = settings.registry_url if feed == "registry" else settings.migrant_url
    answer = await cases_of(runtime.http, url, feed, access.token, event_ids, asked.purpose)
    try:
        return [CaseAnswer.model_validate({**each, "feed": feed}) for each in answer["items"]]
    except (TypeError, ValidationError):  # without its cause: that would quote what was answered
        zh, en = NAMES[feed]
        raise Unavailable(
            f"{feed}_unavailable", f"{zh}暂不可用", f"{en} answered in a form not understood"
        ) from None


async def _of_returns(
    runtime: Runtime, within: AreaScope | None, event_ids: Sequence[UUID]
) -> list[CaseAnswer]:
    if within is None:
        return []
    async with runtime.database.transaction(within, read_only=True) as tx:
        found = await returns.of_events(tx, within, event_ids)
    return [
        CaseAnswer(
            feed=RETURNS,
            event_id=event_id,
            kind="return",
            kind_label="汇总报表",
            kind_label_en="aggregate return",
            record_id=return_id,
            path=f"/returns/{return_id}",
        )
        for event_id, return_id in found
    ]
